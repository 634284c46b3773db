import AWSLite
/// Finds the sandbox that a run or end action is about: by its property `SandboxId`, else by its input artifact.
enum SandboxReference {
    static func resolve(_ sandboxID: String?, _ artifacts: JobArtifacts) async throws -> String {
        if let sandboxID { return sandboxID }
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
        return try SandboxDocument.sandboxID(in: await artifacts.read(artifact), of: artifact.name)
    }
}
