import AWSLite

/// Finds the sandbox that a run or end action is about: by its property `SandboxId`, else by its input artifact.
enum SandboxReference {
    static func resolve(_ sandboxID: String?, _ artifacts: JobArtifacts) async throws -> String {
        if let sandboxID {
            guard isID(sandboxID) else {
                throw JobFailure(
                    .configurationError,
                    "The property 'SandboxId' is '\(sandboxID.cut(to: 100))', but should be the id of a sandbox: \(idShape)."
                )
            }
            return sandboxID
        }
        guard let artifact = artifacts.inputs.first else {
            throw JobFailure(
                .configurationError,
                """
                The action has neither an input artifact nor the property 'SandboxId'. Give it the output artifact of \
                the Quali-Start-Sandbox action, or its variable as in 'SandboxId' = '#{lab.SandboxId}'.
                """
            )
        }
        guard artifacts.inputs.count == 1 else {
            throw JobFailure(
                .configurationError,
                "The action has \(artifacts.inputs.count) input artifacts, but should have the sandbox's alone."
            )
        }
        return try await artifacts.read(artifact) { try await SandboxDocument.sandboxID(in: $0, of: artifact.name) }
    }

    /// What an id looks like, in words.
    static let idShape = "letters, digits and hyphens, such as 'a1b2c3d4-0000-4000-8000-1234567890ab'"

    /// Whether a text has the shape of a sandbox's id; whoever makes an artifact mustn't choose what the lab is asked.
    ///
    /// The lab's ids are GUIDs. Others of the same characters are taken as well.
    static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}
