import Foundation
public import SandboxAPI

/// The lab as a handler uses it: with patience for its short troubles, and with its errors in a pipeline author's words.
public struct LabAccess: Sendable {
    /// The lab's client.
    public let client: SandboxClient
    /// The same session for reads that are repeated until a deadline: a lab that takes a request and doesn't answer must
    /// not outlast it by much.
    let watchingClient: SandboxClient
    /// The shared watcher of sandboxes.
    public let watcher: SandboxWatcher
    /// The shared watcher of executions.
    public let executionWatcher: ExecutionWatcher
    /// The CloudShell portal, for links.
    public let portal: PortalLinks
    /// The pause between reads of one thing's state.
    public let statusInterval: Duration
    /// How long a lab in trouble is asked again before a job fails.
    public let patience: Duration
    /// The pause between looks for something that the lab may list late.
    ///
    /// It doesn't shrink with ``statusInterval``: a busy lab may act late on a request whose reply was lost.
    var pauseBetweenLooks: Duration { max(statusInterval, .seconds(5)) }
    /// Keeps starts of the same command apart.
    let starts = ExclusiveAccess()
    /// Keeps jobs from taking one another's executions for their own.
    let claims = ExecutionClaims()
    /// Masks the worker's own secrets, before a text is cut.
    var redact: @Sendable (String) -> String = { $0 }

    /// Creates an access.
    public init(
        client: SandboxClient,
        watcher: SandboxWatcher,
        executionWatcher: ExecutionWatcher,
        portal: PortalLinks,
        statusInterval: Duration,
        patience: Duration
    ) {
        self.client = client
        watchingClient = client.unrepeated(timeout: SandboxWatcher.readTimeout)
        self.watcher = watcher
        self.executionWatcher = executionWatcher
        self.portal = portal
        self.statusInterval = statusInterval
        self.patience = patience
    }

    /// Reads something, again and again while the lab is in passing trouble.
    ///
    /// - Parameter what: What can't be done if the read fails, as in "The sandbox can't be read".
    /// - Throws: ``JobFailure`` once patience is at its end or the error isn't a passing one.
    func read<Value: Sendable>(
        _ what: String,
        clock: any WorkerClock,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let deadline = clock.now.addingTimeInterval(patience.timeInterval)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(15))
        while true {
            do {
                return try await body()
            } catch let error as SandboxAPIError {
                guard error.isTransient, clock.now < deadline else { throw JobFailure(what, error) }
            }
            try await clock.sleep(for: backoff.pause())
        }
    }

    /// The lab's own words on what went wrong in a sandbox, newest last.
    ///
    /// The activity feed lags behind the state, so it is asked a few times.
    ///
    /// - Returns: At most ten events; empty if there is none, `nil` if the feed can't be read.
    func errorEvents(of sandboxID: String, after eventID: String?, _ clock: any WorkerClock) async throws -> [String]? {
        var isReadable = false
        for attempt in 1...3 {
            if attempt > 1 { try await clock.sleep(for: min(statusInterval, .seconds(2))) }
            do {
                let events = try await client.errorEvents(sandboxID: sandboxID, afterEventID: eventID)
                isReadable = true
                if !events.isEmpty {
                    return events.suffix(10).map { event in
                        let output = event.output?.trimmingWhitespace ?? ""
                        return output.isEmpty ? event.text : "\(event.text): \(output.cut(to: 600))"
                    }
                }
            } catch let error as SandboxAPIError where !error.isTransient {
                return nil
            } catch is SandboxAPIError {
            }
        }
        return isReadable ? [] : nil
    }
}

/// Links into the CloudShell portal.
public struct PortalLinks: Sendable, Hashable {
    private let base: String

    /// Creates links into the portal at `url`, such as `https://cloudshell.example.com`.
    public init(url: String) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    /// The portal that runs on the host of a Sandbox API, at the web's usual port.
    public init(besideAPI url: String) {
        let scheme = url.lowercased().hasPrefix("https://") ? "https" : "http"
        let host = URLComponents(string: url)?.percentEncodedHost ?? ""
        self.init(url: "\(scheme)://\(host)")
    }

    /// The page of a sandbox.
    ///
    /// Its id is the last segment of the address (Quali's help on `GET /sandboxes/{id}`).
    public func sandbox(_ id: String) -> String { "\(base)/RM/Diagram/Index/\(id)" }

    /// The form that CodePipeline fills with an action's external execution id.
    public var executionURLTemplate: String { sandbox("{ExternalExecutionId}") }

    /// The portal's own address.
    public var home: String { base }
}

extension Duration {
    /// The duration in seconds.
    var timeInterval: TimeInterval {
        let (seconds, attoseconds) = components
        return TimeInterval(seconds) + TimeInterval(attoseconds) * 1e-18
    }

    /// The duration in words, as in "15 minutes".
    var inMinutes: String {
        let minutes = Int((timeInterval / 60).rounded())
        return minutes == 1 ? "1 minute" : "\(minutes) minutes"
    }
}
