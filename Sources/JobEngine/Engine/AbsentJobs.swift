/// The actions whose jobs this worker has put back into the queue, until it takes them again.
actor AbsentJobs {
    private var returns: [String: AsyncStream<Void>.Continuation] = [:]

    /// Notes that an action's job is about to be put back.
    ///
    /// - Returns: What ends when the action's next job has come back to this worker.
    func leave(_ actionExecutionID: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        returns.updateValue(continuation, forKey: actionExecutionID)?.finish()
        return stream
    }

    /// Notes that an action's job has come back, or is waited for no more.
    func returned(_ actionExecutionID: String) {
        returns.removeValue(forKey: actionExecutionID)?.finish()
    }
}
