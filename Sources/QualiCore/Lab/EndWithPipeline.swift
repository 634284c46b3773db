/// When a sandbox ends together with the pipeline's execution that has started it.
public enum EndWithPipeline: String, CaseIterable, Sendable, Codable {
    /// When the execution is over and hasn't succeeded.
    case onFailure = "OnFailure"
    /// When the execution is over.
    case always = "Always"
    /// Not for that.
    case never = "Never"
}
