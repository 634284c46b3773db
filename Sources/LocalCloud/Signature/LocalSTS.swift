import Foundation

/// A stand-in of the Security Token Service that tells whose an access key is, and nothing else.
package final class LocalSTS: LocalService {
    /// The operations that it has.
    static let operations = ["GetCallerIdentity"]
    /// The user to whom all lasting keys belong.
    package static let callerARN = "arn:aws:iam::\(LocalCodePipeline.accountID):user/local-cloud"

    /// `sts`.
    package let name = "sts"
    private let verifier: SignatureVerifier

    init(
        region: String,
        clock: LocalClock,
        registry: CredentialRegistry,
        signingTime: @escaping @Sendable () -> Date
    ) {
        verifier = SignatureVerifier(
            service: "sts",
            region: region,
            registry: registry,
            tolerance: .seconds(300),
            signingTime: signingTime,
            clock: clock
        )
    }

    /// The `Action` of the form in the body.
    package func operation(of request: LocalRequest) -> String {
        let form = LocalRequest(method: "", path: "", query: String(decoding: request.body, as: UTF8.self))
        return form.queryValue("Action") ?? "Unknown"
    }

    /// Answers a call of the API.
    package func reply(to request: LocalRequest) async -> LocalReply {
        let operation = operation(of: request)
        guard request.method == "POST", Self.operations.contains(operation) else {
            return errorReply(status: 400, code: "InvalidAction", message: "Could not find operation \(operation)")
        }
        switch verifier.caller(of: request) {
        case .success(let caller):
            return Self.xml(
                """
                <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
                  <GetCallerIdentityResult>
                    <Arn>\(Self.callerARN)</Arn>
                    <UserId>\(caller.accessKeyID)</UserId>
                    <Account>\(LocalCodePipeline.accountID)</Account>
                  </GetCallerIdentityResult>
                  <ResponseMetadata><RequestId>\(Random.uuid())</RequestId></ResponseMetadata>
                </GetCallerIdentityResponse>
                """,
                status: 200
            )
        case .failure(let refusal):
            let code =
                switch refusal.reason {
                case .missing: "MissingAuthenticationToken"
                case .incomplete: "IncompleteSignature"
                case .unknownKey, .invalidToken: "InvalidClientTokenId"
                case .mismatch, .skewed, .bodyMismatch: "SignatureDoesNotMatch"
                case .expired: "ExpiredToken"
                }
            return errorReply(status: 403, code: code, message: refusal.message)
        }
    }

    /// An error as the Query protocol has it.
    package func errorReply(status: Int, code: String, message: String) -> LocalReply {
        let text = message.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        return Self.xml(
            """
            <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <Error><Type>Sender</Type><Code>\(code)</Code><Message>\(text)</Message></Error>
              <RequestId>\(Random.uuid())</RequestId>
            </ErrorResponse>
            """,
            status: status
        )
    }

    private static func xml(_ text: String, status: Int) -> LocalReply {
        .text(text, status: status, contentType: "text/xml")
    }
}
