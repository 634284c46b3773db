import Foundation
import HTTPTransport
package import SandboxAPI

/// The lab as a handler uses it: with patience for its short troubles, and with its errors in a pipeline author's words.
package struct LabAccess: Sendable {
    /// The lab's client.
    package private(set) var client: SandboxClient
    /// The same session for reads that are repeated until a deadline: a lab that takes a request and doesn't answer must
    /// not outlast it by much.
    private(set) var watchingClient: SandboxClient
    /// The same session for calls that are repeated here, so that each failure is told.
    private var repeatedClient: SandboxClient
    /// The trouble of all jobs with the lab.
    let outage = OutageLog(.askingLab)
    /// The trouble of all jobs with CodePipeline's list of a pipeline's actions.
    let actionsOutage = OutageLog(.readingActions)
    /// The shared watcher of sandboxes.
    package let watcher: SandboxWatcher
    /// The shared watcher of executions.
    package let executionWatcher: ExecutionWatcher
    /// The CloudShell portal, for links.
    package let portal: PortalLinks
    /// The pause between reads of one thing's state.
    package let statusInterval: Duration
    /// How long a lab in trouble is asked again before a job fails.
    package let patience: Duration
    /// How long a lab that refuses the worker's login is waited for before something is left in it.
    static let longestUndo: Duration = .seconds(86_400)
    /// The pause between looks for something that the lab may list late.
    ///
    /// It doesn't shrink with ``statusInterval``: a busy lab may act late on a request whose reply was lost.
    var pauseBetweenLooks: Duration { max(statusInterval, .seconds(5)) }
    /// How run actions find their components.
    package var componentMatch = ComponentMatch.whole
    /// What messages call the worker's parameters.
    package var parameters = ParameterNames()
    /// Blueprints by their names or ids, as jobs start sandboxes from them.
    let blueprints = SharedReads<String, Blueprint>()
    /// The components of sandboxes by their ids, as jobs look for theirs.
    let components = SharedReads<String, [NamedComponent]>()
    /// The commands of sandboxes with their executions.
    let commands = CommandLists()
    /// Keeps starts of the same command apart.
    let starts = ExclusiveAccess()
    /// Keeps jobs from taking one another's executions for their own.
    let claims = ExecutionClaims()
    /// What attributes, inputs, arguments and items of addresses are called whose values mustn't be shown.
    var secretNames = SecretNames.standard
    /// Counts what becomes of sandboxes; `nil` where no worker does.
    var metrics: LabMetrics?
    /// Masks the worker's own secrets, before a text is cut.
    var redact: @Sendable (String) -> String = { $0 }

    /// Creates an access.
    package init(
        client: SandboxClient,
        watcher: SandboxWatcher,
        executionWatcher: ExecutionWatcher,
        portal: PortalLinks,
        statusInterval: Duration,
        patience: Duration
    ) {
        self.client = client
        watchingClient = client.unrepeated(timeout: SandboxWatcher.readTimeout)
        repeatedClient = client.unrepeated()
        self.watcher = watcher
        self.executionWatcher = executionWatcher
        self.portal = portal
        self.statusInterval = statusInterval
        self.patience = patience
    }

    /// The same access, for calls that go before others: those that give equipment back.
    var urgent: LabAccess {
        var lab = self
        lab.client = client.urgent
        lab.watchingClient = watchingClient.urgent
        lab.repeatedClient = repeatedClient.urgent
        return lab
    }

    /// Reads what is good to know; `nil` where the lab doesn't tell it.
    ///
    /// - Throws: `CancellationError` alone: who is stopped knows nothing, and has nobody to tell it.
    static func ifTold<Value>(_ read: () async throws -> Value) async throws -> Value? {
        do {
            return try await read()
        } catch let error as CancellationError {
            throw error
        } catch {
            return nil
        }
    }

    /// Reads something, again and again while the lab is in passing trouble.
    ///
    /// - Parameters:
    ///   - what: What can't be done if the read fails, as in "The sandbox can't be read".
    ///   - waiter: Who waits.
    ///   - deadline: How long that is, if it is known from the job's checkpoint: then the job may be put back
    ///     meanwhile.
    ///   - body: Reads it once.
    /// - Returns: What `body` has read.
    /// - Throws: ``JobFailure`` once patience is at its end or the error isn't a passing one.
    func read<Value: Sendable>(
        _ what: String,
        _ waiter: Waiter,
        until deadline: Date? = nil,
        _ body: (SandboxClient) async throws -> Value
    ) async throws -> Value {
        let judge = patience(of: waiter, until: deadline)
        do {
            return try await waiter.persist(
                outage,
                Backoff(first: .seconds(1), longest: .seconds(15)),
                mayPutBack: deadline.map { $0 > waiter.clock.now } ?? false,
                judge: judge
            ) {
                try await body(repeatedClient)
            }
        } catch let error as SandboxAPIError {
            var failure = failure(what, error)
            if case .passing = judge(error) { failure.isPassing = true }
            throw failure
        }
    }

    /// How long which trouble is borne from now on: short troubles for the lab's patience, or until a deadline, and a refused
    /// login, which only its operator can mend, for the action's own time.
    func patience(of waiter: Waiter, until deadline: Date? = nil) -> @Sendable (any Error) -> Waiter.Verdict {
        let now = waiter.clock.now
        let patienceEnd = max(now.addingTimeInterval(patience.timeInterval), deadline ?? now)
        let limit = max(now.addingTimeInterval(waiter.limit.timeInterval), patienceEnd)
        return { error in
            guard let error = error as? SandboxAPIError, error.isTransient || error.isRefusedLogin else {
                return .lasting
            }
            return .passing(until: error.isRefusedLogin ? limit : patienceEnd, error.wordsOfWaiting)
        }
    }

    /// Marks the values among those given by a pipeline that mustn't be shown, and has them masked in all that the job says.
    ///
    /// `passwords` has the names of those of a password's type; it is `nil` where the types are unknown, so that all
    /// are hidden.
    @discardableResult
    func hide<Checkpoint>(
        _ inputs: [Input],
        ofPasswordType passwords: [String]?,
        _ context: JobContext<Checkpoint>
    ) -> [Input] {
        var inputs = inputs
        inputs.hide(named: secretNames, and: passwords)
        context.hide(inputs.filter(\.isHidden).map { Secret($0.value) })
        return inputs
    }

    /// The names of those whose type alone tells that their values mustn't be shown.
    func passwords(_ inputs: [(name: String, type: ValueType?)]) -> [String] {
        inputs.filter { $0.type?.isPassword == true && !secretNames.contains($0.name) }.map(\.name)
    }

    /// The lab's own words on what went wrong in a sandbox, newest last.
    ///
    /// The activity feed lags behind the state, so it is asked a few times.
    ///
    /// - Returns: At most ten events; empty if there is none, `nil` if the feed can't be read.
    func errorEvents(of sandboxID: String, after eventID: String?, _ waiter: Waiter) async throws -> [String]? {
        var isReadable = false
        for attempt in 1...3 {
            if attempt > 1 { try await waiter.clock.sleep(for: min(statusInterval, .seconds(2))) }
            do {
                let events = try await client.errorEvents(sandboxID: sandboxID, afterEventID: eventID)
                outage.succeeded(at: waiter.clock.now, waiter.logger)
                isReadable = true
                if !events.isEmpty {
                    return events.suffix(10).map { event in
                        let text = waiter.redact(redact(event.text)).cut(to: 1_000)
                        let output = waiter.redact(redact(event.output?.trimmingWhitespace ?? ""))
                        return output.isEmpty ? text : "\(text): \(output.cut(to: 600))"
                    }
                }
            } catch let error as SandboxAPIError where !error.isTransient {
                return nil
            } catch let error as SandboxAPIError {
                outage.failed(error, at: waiter.clock.now, waiter.logger)
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
    package init(besideAPI url: String) {
        let scheme = url.lowercased().hasPrefix("https://") ? "https" : "http"
        let host = URLComponents(string: url)?.percentEncodedHost ?? ""
        self.init(url: "\(scheme)://\(host)")
    }

    /// The page of a sandbox.
    ///
    /// Its id is the last segment of the address (Quali's help on `GET /sandboxes/{id}`).
    public func sandbox(_ id: String) -> String { "\(base)/RM/Diagram/Index/\(id)" }

    /// The form that CodePipeline fills with an action's external execution id.
    package var executionURLTemplate: String { sandbox("{ExternalExecutionId}") }

    /// The portal's own address.
    package var home: String { base }
}

extension Duration {
    /// The duration in words, as in "15 minutes".
    var inMinutes: String {
        let minutes = Int((timeInterval / 60).rounded())
        return minutes == 1 ? "1 minute" : "\(minutes) minutes"
    }
}
