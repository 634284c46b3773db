/// An error as the stand-in of CodePipeline answers it.
public struct LocalServiceError: Error, Sendable, CustomStringConvertible {
    /// The error code, such as `ValidationException`.
    package let code: String
    /// What's wrong.
    package let message: String
    let status: Int

    init(code: String, message: String, status: Int = 400) {
        self.code = code
        self.message = message
        self.status = status
    }

    /// The code and the message.
    public var description: String { "\(code): \(message)" }

    static func validation(_ message: String) -> LocalServiceError {
        LocalServiceError(code: "ValidationException", message: message)
    }
    static func actionTypeNotFound(_ type: ActionTypeKey) -> LocalServiceError {
        LocalServiceError(code: "ActionTypeNotFoundException", message: "\(type) is not available")
    }
    static func jobNotFound(_ id: String) -> LocalServiceError {
        LocalServiceError(code: "JobNotFoundException", message: "The job '\(id)' does not exist")
    }
    static func invalidNonce(_ id: String) -> LocalServiceError {
        LocalServiceError(code: "InvalidNonceException", message: "The nonce for the job '\(id)' is not valid")
    }
    static func pipelineNotFound(_ name: String) -> LocalServiceError {
        LocalServiceError(
            code: "PipelineNotFoundException",
            message: "Account '\(LocalCodePipeline.accountID)' does not have a pipeline with name '\(name)'"
        )
    }
    static func executionNotFound(_ id: String) -> LocalServiceError {
        LocalServiceError(code: "PipelineExecutionNotFoundException", message: "No pipeline execution with id '\(id)'")
    }
    static func stageNotFound(_ name: String) -> LocalServiceError {
        LocalServiceError(code: "StageNotFoundException", message: "The pipeline has no stage '\(name)'")
    }
    static func stageNotRetryable(_ message: String) -> LocalServiceError {
        LocalServiceError(code: "StageNotRetryableException", message: message)
    }
    static func invalidAction(_ message: String) -> LocalServiceError {
        LocalServiceError(code: "InvalidActionDeclarationException", message: message)
    }
    static func invalidStage(_ message: String) -> LocalServiceError {
        LocalServiceError(code: "InvalidStageDeclarationException", message: message)
    }
    static func invalidStructure(_ message: String) -> LocalServiceError {
        LocalServiceError(code: "InvalidStructureException", message: message)
    }
    static var invalidNextToken: LocalServiceError {
        LocalServiceError(code: "InvalidNextTokenException", message: "The next token is not valid")
    }
}

/// The four parts by which an action type is known.
struct ActionTypeKey: Sendable, Hashable, CustomStringConvertible {
    var category: String
    var owner: String
    var provider: String
    var version: String

    init(category: String, owner: String = "Custom", provider: String, version: String) {
        self.category = category
        self.owner = owner
        self.provider = provider
        self.version = version
    }

    /// Reads an `ActionTypeId`, or the members of that name in a request, that has been validated.
    init(_ json: JSON?) {
        category = json?["category"]?.string ?? ""
        owner = json?["owner"]?.string ?? "Custom"
        provider = json?["provider"]?.string ?? ""
        version = json?["version"]?.string ?? ""
    }

    var json: JSON {
        [
            "category": .string(category), "owner": .string(owner), "provider": .string(provider),
            "version": .string(version),
        ]
    }

    var description: String {
        "ActionType (Category: '\(category)', Owner: '\(owner)', Provider: '\(provider)', Version: '\(version)')"
    }
}
