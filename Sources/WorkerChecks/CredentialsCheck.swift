import AWSLite
import Foundation
import HTTPTransport
import QualiCore

/// Whether there are AWS credentials, where from and until when.
struct CredentialsCheck: Sendable {
    /// The line.
    let result: CheckResult
    /// Whether there are any.
    let isFound: Bool
    /// What is secret in them.
    private(set) var secrets: [Secret] = []

    private static let name = "AWS credentials"

    /// Asks the sources of credentials once.
    static func run(_ credentials: any AWSCredentialProvider, _ names: ParameterNames, timeout: Duration) async throws
        -> Self
    {
        do {
            let found = try await withDeadline(timeout) { try await credentials.credentials() }
            return Self(found, source: (credentials as? CredentialProviderChain)?.sourceName, names)
        } catch let error as AWSCredentialError {
            return Self(reason: CheckText.line(error.description, limit: 1_000), isTransient: error.isTransient)
        } catch is DeadlineExceeded {
            let seconds = Int(timeout / .seconds(1))
            return Self(reason: "their source gives none within \(seconds) s", isTransient: true)
        } catch let error as CancellationError {
            throw error
        } catch {
            return Self(reason: CheckText.line("\(error)"), isTransient: true)
        }
    }

    private init(_ credentials: AWSCredentials, source: String?, _ names: ParameterNames) {
        let origin = source == Self.environment ? names.environment : source ?? "a source without a name"
        isFound = true
        secrets = [credentials.secretAccessKey, credentials.sessionToken].compactMap { $0 }
        let what = "access key \(credentials.accessKeyID) from \(origin)"
        if let end = credentials.expiration {
            result = .ok(Self.name, "\(what), good until \(CheckText.time(end))")
        } else if credentials.sessionToken != nil, Self.isStatic(source) {
            result = .warning(
                Self.name,
                "\(what), a temporary one that nobody renews",
                fix: "use a source that renews itself: a role of this host, or AWS_PROFILE with a role"
            )
        } else {
            result = .ok(Self.name, "\(what), without an end")
        }
    }

    /// Nothing was tried.
    init(notTried reason: String) {
        isFound = false
        result = .notTried(Self.name, reason)
    }

    private init(reason: String, isTransient: Bool) {
        isFound = false
        result = .failed(
            Self.name,
            reason,
            fix: isTransient
                ? "see that the source of the credentials works: aws sts get-caller-identity"
                : "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give this host a role"
        )
    }

    private static let environment = "the environment"

    /// Whether a source has what somebody wrote down.
    private static func isStatic(_ source: String?) -> Bool {
        source == environment || source?.hasSuffix(" file") == true
    }
}
