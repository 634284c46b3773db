extension JobFailure {
    /// The failure of a job that works with a sandbox: it names the sandbox, and says what its keeper has to say of it.
    func about(_ sandboxID: String, _ keeper: SandboxKeeper?) async -> JobFailure {
        var failure = self
        failure.externalExecutionID = sandboxID
        if let warning = await keeper?.warning(of: sandboxID), !message.contains(warning) {
            failure.message += " \(warning)"
        }
        return failure
    }
}
