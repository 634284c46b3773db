/// How a command has ended, in the words of the output variable `CommandStatus`.
enum CommandStatus: String, Sendable {
    /// The output variable.
    static let variable = "CommandStatus"

    /// It ended well.
    case completed = "Completed"
    /// The lab ended it in any other way.
    case failed = "Failed"
}
