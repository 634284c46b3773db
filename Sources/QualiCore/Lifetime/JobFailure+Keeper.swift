extension JobFailure {
    /// How long a message may be for the service, in Unicode scalars.
    private static let longestMessage = 5_000

    /// The failure of a job that works with a sandbox: it names the sandbox, and says what its keeper has to say of it.
    ///
    /// At its end is what becomes of the sandbox, unless `isEnding` says that the job has seen to its end.
    func about(_ sandboxID: String, _ keeper: SandboxKeeper?, isEnding: Bool = false) async -> JobFailure {
        var failure = self
        failure.externalExecutionID = sandboxID
        if let warning = await keeper?.warning(of: sandboxID), !message.contains(warning) {
            failure.message += " \(warning)"
        }
        guard !isOfClosedJob, !isEnding, let fate = await keeper?.fate(of: sandboxID) else { return failure }
        // A command's output may be as long as there is room.
        let room = Self.longestMessage - fate.unicodeScalars.count - 1
        failure.message = failure.message.cut(to: room) + (message.contains("\n") ? "\n" : " ") + fate
        return failure
    }
}
