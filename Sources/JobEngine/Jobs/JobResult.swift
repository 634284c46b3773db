/// What a job that went well hands to its pipeline.
public struct JobResult: Sendable, Hashable, Codable {
    /// A sentence or two for the CodePipeline console; cut to 2,048 characters.
    public var summary: String
    /// What the console's link opens.
    public var externalExecutionID: String?
    /// Variables for later actions, as `#{namespace.name}`; names may hold letters, digits, `@`, `-` and `_`.
    public var outputVariables: [String: String]

    /// Creates a result.
    public init(summary: String, externalExecutionID: String? = nil, outputVariables: [String: String] = [:]) {
        self.summary = summary
        self.externalExecutionID = externalExecutionID
        self.outputVariables = outputVariables
    }
}
