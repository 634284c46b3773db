import AWSLite
import HTTPTransport
import SandboxAPI

extension JobFailure {
    /// The failure of a job whose request the lab didn't fulfil.
    ///
    /// - Parameters:
    ///   - what: The thing that can't be done, as in "The sandbox can't be started".
    ///   - error: What the lab has said, or why it said nothing.
    ///   - parameters: What the worker's parameters are called.
    ///   - externalExecutionID: The sandbox, if there is one.
    init(
        _ what: String,
        _ error: SandboxAPIError,
        _ parameters: ParameterNames,
        externalExecutionID: String? = nil
    ) {
        let (type, advice): (CodePipeline.FailureType, String) =
            switch error.code {
            case _ where error.isForeign:
                (.systemUnavailable, "Check the worker's \(parameters.labURL) and what stands before the lab.")
            case .authentication where !error.isTransient:
                (
                    .permissionError,
                    """
                    Check the worker's \(parameters.labUser), \(parameters.labPassword) and \(parameters.labDomain).
                    """
                )
            case .forbidden:
                (.permissionError, "Check what the worker's CloudShell user may see and do in its domain.")
            case .notFound:
                (.configurationError, "Check the name or id; only what belongs to public blueprints is visible here.")
            case .invalidInputs, .badRequest, .unsupported:
                (.configurationError, "Check the action's configuration.")
            case .conflict:
                (.jobFailed, "Another sandbox holds what this one needs at this time.")
            case .configuration:
                (.systemUnavailable, "Check the worker's settings.")
            case .transport where error.underlying?.code == .tlsFailed:
                (.systemUnavailable, Self.adviceOnTLS(error.underlying?.message ?? "", parameters))
            case .authentication, .transport, .server, .rateQuota, .malformedReply:
                (
                    .systemUnavailable,
                    "The lab is unreachable, busy or in trouble; run the action again when it is well."
                )
            default:
                (.jobFailed, "")
            }
        self.init(type, "\(what): \(error.message.closedSentence)\(advice.isEmpty ? "" : " " + advice)")
        self.externalExecutionID = externalExecutionID
    }

    private static func adviceOnTLS(_ words: String, _ parameters: ParameterNames) -> String {
        switch TLSRefusal.reason(in: words) {
        case .version: "The lab and this host have no version of TLS in common; the lab should speak TLS 1.2 or 1.3."
        case .strength:
            "The lab and this host have no ciphers in common, or its key or certificate is too weak for this host."
        case .clientCertificate: "What stands before the lab wants a client's certificate, and the worker has none."
        case .name:
            """
            The lab's certificate isn't for the host in the worker's \(parameters.labURL): write a name there that it is \
            for\(parameters.certificateCheck.map { "; \($0) tells them" } ?? "").
            """
        case nil: "If the lab's certificate is of a private CA, set the worker's \(parameters.labCertificates)."
        }
    }
}

extension LabAccess {
    /// The failure of a job whose request the lab didn't fulfil.
    func failure(_ what: String, _ error: SandboxAPIError, externalExecutionID: String? = nil) -> JobFailure {
        JobFailure(what, error, parameters, externalExecutionID: externalExecutionID)
    }
}

extension SandboxAPIError: KindOfTrouble {
    var kindOfTrouble: String { code.rawValue }

    /// What a job waits for that has met it.
    var wordsOfWaiting: String { "the lab: \(message.cut(to: 300))" }
}

extension String {
    /// The text, ended with a full stop if nothing ends it.
    var closedSentence: String {
        let trimmed = trimmingWhitespace
        guard let last = trimmed.last else { return trimmed }
        return ".!?…".contains(last) ? trimmed : trimmed + "."
    }
}
