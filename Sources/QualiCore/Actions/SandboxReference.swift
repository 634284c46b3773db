import AWSLite

/// The sandbox that a run or end action is about, found by its property `SandboxId`, else by the input artifact that holds
/// one.
package struct SandboxReference: Sendable, Hashable {
    /// The sandbox.
    let id: String
    /// The pipeline's execution that has started it, where an artifact says so.
    var executionID: String?

    /// Finds it.
    ///
    /// - Throws: ``JobFailure`` that says what is wrong with the property or the artifacts; `CancellationError`.
    static func resolve(_ sandboxID: String?, _ artifacts: JobArtifacts) async throws -> SandboxReference {
        if let sandboxID {
            guard isID(sandboxID) else {
                throw JobFailure(
                    .configurationError,
                    "The property 'SandboxId' is '\(sandboxID.cut(to: 100))', but should be the id of a sandbox: \(idShape)."
                )
            }
            return SandboxReference(id: sandboxID)
        }
        guard let artifact = artifacts.inputs.first else {
            throw JobFailure(
                .configurationError,
                """
                The action has neither an input artifact nor the property 'SandboxId'. Give it the output artifact of \
                the Quali-Start-Sandbox action or, where the action's definition has that property, its variable as in \
                'SandboxId' = '#{lab.SandboxId}'.
                """
            )
        }
        return artifacts.inputs.count == 1
            ? try await read(artifact, artifacts) : try await onlySandbox(in: artifacts)
    }

    /// The execution that has started it, if that is known to be another one than a job's.
    func executionID(otherThan job: JobInfo) -> String? {
        executionID.flatMap { $0.lowercased() == job.place.pipelineExecutionID.lowercased() ? nil : $0 }
    }

    private static func read(
        _ artifact: CodePipeline.Artifact,
        _ artifacts: JobArtifacts
    ) async throws -> SandboxReference {
        try await artifacts.read(artifact) { try await SandboxDocument.reference(in: $0, of: artifact.name) }
    }

    /// The one sandbox that some artifacts hold.
    ///
    /// An artifact that is too large, foreign or absent holds none. Any other trouble proves nothing, so it stays trouble.
    private static func onlySandbox(in artifacts: JobArtifacts) async throws -> SandboxReference {
        var found: [(artifact: String, sandbox: SandboxReference)] = []
        var reasons: [String] = []
        for artifact in artifacts.inputs {
            do {
                found.append((artifact.name, try await read(artifact, artifacts)))
            } catch let failure as JobFailure where failure.provesAbsence {
                reasons.append(failure.message.replacing(SandboxDocument.advice, with: "").cut(to: 500))
            }
        }
        let count = "The action has \(artifacts.inputs.count) input artifacts"
        guard let first = found.first else {
            throw JobFailure(
                .configurationError,
                "\(count), but none that holds a sandbox. \(reasons.joined(separator: " ")) One of them should be "
                    + "\(SandboxDocument.shape)."
            )
        }
        guard Set(found.map { $0.sandbox.id.lowercased() }).count == 1 else {
            let list = found.map { "'\($0.artifact)' has '\($0.sandbox.id)'" }.joined(separator: ", ")
            throw JobFailure(
                .configurationError,
                """
                \(count) with different sandboxes: \(list). Leave it the one that it is for, or name the sandbox by the \
                property 'SandboxId' where the action's definition has it.
                """
            )
        }
        return found.map(\.sandbox).first { $0.executionID != nil } ?? first.sandbox
    }

    /// What an id looks like, in words.
    package static let idShape = "letters, digits and hyphens, such as 'a1b2c3d4-0000-4000-8000-1234567890ab'"

    /// Whether a text has the shape of a sandbox's id; whoever makes an artifact mustn't choose what the lab is asked.
    ///
    /// The lab's ids are GUIDs. Others of the same characters are taken as well.
    package static func isID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}

extension JobFailure {
    /// Whether it is certain that an artifact holds no sandbox.
    fileprivate var provesAbsence: Bool {
        !isPassing && (type == .configurationError || type == .revisionUnavailable)
    }
}
