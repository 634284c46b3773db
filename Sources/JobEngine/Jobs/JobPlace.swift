/// Where in the account's pipelines a job belongs.
public struct JobPlace: Sendable, Codable, Hashable {
    /// The pipeline's name.
    public var pipeline: String
    /// The stage's name.
    public var stage: String
    /// The action's name.
    public var action: String
    /// The pipeline's execution.
    public var pipelineExecutionID: String

    /// Creates a place.
    package init(pipeline: String, stage: String, action: String, pipelineExecutionID: String) {
        self.pipeline = pipeline
        self.stage = stage
        self.action = action
        self.pipelineExecutionID = pipelineExecutionID
    }
}

/// One execution of one pipeline.
package struct PipelineExecutionID: Sendable, Codable, Hashable {
    /// The pipeline's name.
    package let pipeline: String
    /// The execution's id, which is unique in the account.
    package let id: String

    /// Names an execution.
    package init(pipeline: String, id: String) {
        self.pipeline = pipeline
        self.id = id
    }

    /// The execution that a place is in.
    package init(_ place: JobPlace) {
        self.init(pipeline: place.pipeline, id: place.pipelineExecutionID)
    }
}

/// How far a job has come, for people.
public struct JobProgress: Sendable, Codable, Hashable {
    /// A sentence such as "Setting up".
    public var summary: String
    /// 0 to 100, if known.
    public var percentComplete: Int?
    /// What the console's link opens.
    public var externalExecutionID: String?

    /// Creates a progress note.
    public init(_ summary: String, percentComplete: Int? = nil, externalExecutionID: String? = nil) {
        self.summary = summary
        self.percentComplete = percentComplete
        self.externalExecutionID = externalExecutionID
    }
}
