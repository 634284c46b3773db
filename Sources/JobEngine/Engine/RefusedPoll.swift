import AWSLite

/// A poll that CodePipeline finds invalid, with what usually is the cause: whether the action type has a queryable
/// property isn't what the worker was told.
struct RefusedPoll: KindOfTrouble, CustomStringConvertible {
    let error: AWSError
    let action: JobAction

    /// Wraps a failure of polling, if it is such a refusal.
    init?(_ error: any Error, of action: JobAction) {
        guard let error = error as? AWSError, error.code == .validation else { return nil }
        self.error = error
        self.action = action
    }

    var kindOfTrouble: String { error.kindOfTrouble }

    var description: String {
        guard let name = action.queryParameters.keys.first else {
            return "\(error) - If the action type has a queryable property, it must be polled with a value of that; "
                + "this worker was given none."
        }
        return "\(error) - If the action type has no queryable property \(name), it can't be polled with one; "
            + "this worker was given a value of it."
    }
}
