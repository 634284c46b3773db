import HTTPTransport
import QualiCore
import SandboxAPI

/// Whether the lab takes the user, speaks version 2 of its API, and has something to start.
struct LabCheck: Sendable {
    private static let titles = ["lab login", "lab API", "lab blueprints"]

    private let lab: SandboxClient.Configuration
    private let names: ParameterNames
    private let client: SandboxClient
    private var lookAround: String {
        "check \(names.labURL) and what stands before the lab: a gateway, a filter, a portal"
    }

    /// - Throws: `SandboxAPIError` for an address that makes no sense.
    init(
        _ lab: SandboxClient.Configuration,
        _ names: ParameterNames,
        _ httpClient: any HTTPClient,
        timeout: Duration
    ) throws {
        self.lab = lab
        self.names = names
        var configuration = lab
        configuration.timeout = timeout
        configuration.retry.attempts = 1
        client = try SandboxClient(configuration, httpClient: httpClient)
    }

    /// Nothing was tried.
    static func notTried(_ reason: String) -> [CheckResult] { titles.map { .notTried($0, reason) } }

    /// Logs in, asks for the blueprints, and logs out.
    func run() async throws -> [CheckResult] {
        do {
            try await client.login()
        } catch let error as SandboxAPIError {
            return [failedLogin(error)] + Self.notTried("the login failed").dropFirst()
        }
        let results = await Result { () async throws -> [CheckResult] in try await blueprints() }
        await client.logout()
        return [.ok("lab login", "as \(lab.username) in the domain \(lab.domain)")] + (try results.get())
    }

    private func blueprints() async throws -> [CheckResult] {
        do {
            let count = try await client.blueprints().count
            let api = CheckResult.ok("lab API", "version 2 answers at \(client.url)/api/v2")
            guard count > 0 else {
                return [
                    api,
                    .warning(
                        "lab blueprints",
                        "none that \(lab.username) may see in the domain \(lab.domain) is public, and the API starts "
                            + "public ones alone",
                        fix: "make a blueprint public in the portal (its properties, Public), or set \(names.labDomain)"
                    ),
                ]
            }
            return [api, .ok("lab blueprints", count == 1 ? "one is public" : "\(count) are public")]
        } catch let error as SandboxAPIError {
            return [
                .failed(
                    "lab API",
                    CheckText.line(error.description),
                    fix: error.isForeign
                        ? lookAround
                        : "check that \(names.labURL) is a lab with version 2 of the Sandbox API: "
                            + "\(client.url)/api/v2/explore/"
                ),
                .notTried("lab blueprints", "the API doesn't answer"),
            ]
        }
    }

    private func failedLogin(_ error: SandboxAPIError) -> CheckResult {
        let name = "lab login"
        let evidence = CheckText.line(error.message)
        switch error.code {
        case .authentication, .forbidden:
            return .failed(
                name,
                evidence,
                fix:
                    "check \(names.labUser), \(names.labPassword) and \(names.labDomain): the lab doesn't say which is "
                    + "wrong"
            )
        case .transport where error.underlying?.code == .timedOut:
            return .failed(name, evidence, fix: "see that the lab's Sandbox API service runs, and isn't overloaded")
        case .malformedReply, .configuration, .notFound, .unsupported, .server, .badRequest:
            return .failed(
                name,
                evidence,
                fix: "set \(names.labURL) to the Sandbox API's address and port, such as https://\(lab.host):3443; "
                    + "its own page is at /api/v2/explore/"
                    + (error.isForeign ? "; \(lookAround)" : "")
            )
        default:
            return .failed(name, evidence, fix: "see that the lab's Sandbox API service runs")
        }
    }
}

extension Result where Failure == any Error {
    /// Keeps what an asynchronous body returns or throws.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

extension SandboxClient.Configuration {
    /// The lab's host, for an example of an address.
    fileprivate var host: String {
        let authority = (try? LabURL(url))?.authority ?? "lab.example.com"
        return authority.hasPrefix("[") ? authority : String(authority.prefix { $0 != ":" })
    }
}
