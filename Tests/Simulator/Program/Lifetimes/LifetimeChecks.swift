import Foundation
import LocalCloud
import QualiCore

/// What has to be true of how long sandboxes live.
final class LifetimeChecks: @unchecked Sendable {
    /// How an execution stands, and since when.
    private struct Span {
        var status: String
        var since: Duration

        var isOver: Bool { status != "InProgress" && status != "Stopping" }
    }

    /// The action that has started a sandbox.
    struct Origin {
        var action: ActionReport
        var execution: ExecutionReport
        var terms: Terms

        /// The sandbox that the action says is its own.
        var sandboxID: String? {
            [action.outputVariables["SandboxId"], action.externalExecutionID].compactMap { $0 }.first { !$0.isEmpty }
        }
    }

    /// What an action says of its sandbox's life.
    struct Terms {
        var end: EndWithPipeline
        var duration: Duration
        var longest: Duration?
    }

    private let cloud: LocalCloud
    private let scenario: Scenario
    private let plan: Lifetimes
    private let fail: (String) -> Void
    /// The sandboxes of people.
    var foreign: Set<String> = []
    private var spans: [String: [Span]] = [:]
    /// The starts by their tags, and the tags of starts.
    private var owners: [SandboxTag: (execution: String, action: String)] = [:]
    private var tags: [String: SandboxTag] = [:]
    /// When an execution last changed.
    private(set) var lastChange: Duration = .zero
    /// Until when trouble excuses that something isn't done.
    private(set) var excusedUntil: Duration = .zero
    /// The same for extensions alone.
    private var leasesExcusedUntil: Duration = .zero
    /// What workers have asked the lab to end, once that was found right.
    private var ended: Set<String> = []
    /// What a later attempt has replaced, though that may have ended since.
    private var onceReplaced: Set<String> = []
    /// What has ended, in whatever way, and was looked at.
    private var over: Set<String> = []
    /// When each worker has last read a sandbox, by both.
    private var reads: [String: Duration] = [:]
    /// When a sandbox was last extended.
    private var extensions: [String: Duration] = [:]
    /// By how long sandboxes are reserved for longer, since two workers have extended them in the same moment.
    private var doubled: [String: TimeInterval] = [:]
    private let begin = VirtualExecutor.shared.now

    init(cloud: LocalCloud, scenario: Scenario, plan: Lifetimes, fail: @escaping (String) -> Void) {
        (self.cloud, self.scenario, self.plan, self.fail) = (cloud, scenario, plan, fail)
        if let refused = plan.refusedExtensions { leasesExcusedUntil = refused.upperBound }
    }

    private var now: Duration { .nanoseconds(VirtualExecutor.shared.now - begin) }

    // MARK: Excuses

    /// The pause between searches for sandboxes of which no journal tells.
    private var searchPause: Duration { min(plan.grace, .seconds(600)) }
    /// What one look takes beside the pause before it.
    private static let callTime: Duration = .seconds(30)
    private var twoLooks: Duration { plan.interval * 2 + Self.callTime }
    /// By how much a worker's idea of AWS's time may be wrong.
    private var clockError: Duration { scenario.hosts.contains { $0.boxSkew != nil } ? .seconds(620) : .seconds(2) }

    /// Something is in the way until then.
    ///
    /// `isLost` says whether somebody who has not started a sandbox may have to find it afterwards.
    func trouble(until time: Duration, isLost: Bool) {
        excusedUntil = max(excusedUntil, time + (isLost ? searchPause * 2 + twoLooks : plan.interval))
    }

    /// A request meets a fault.
    func fault(_ operation: String, until time: Duration) {
        switch operation {
        // A stop that seems to have been taken is repeated after five minutes.
        case "stopSandbox": trouble(until: time + .seconds(330), isLost: false)
        case "extendSandbox": leasesExcusedUntil = max(leasesExcusedUntil, time + plan.interval)
        case "sandbox": trouble(until: time + .seconds(60), isLost: false)
        case "sandboxes", "login", "ListPipelines", "ListPipelineExecutions", "ListActionExecutions":
            trouble(until: time + .seconds(60), isLost: true)
        default: break
        }
    }

    /// Whether workers may do what it takes.
    ///
    /// `calls` are what they call.
    private func isAllowed(_ calls: [String]) -> Bool {
        if scenario.deniesExecutions, calls.contains("ListActionExecutions") { return false }
        // Without the right to search, what a lost journal has known is nobody's.
        let hasLosses = scenario.hosts.contains { !$0.downfalls.isEmpty || $0.copy != nil }
        if plan.deniedCalls.contains("ListPipelines"), hasLosses || scenario.hosts.count > 1 { return false }
        if scenario.deniesExecutions, hasLosses { return false }
        return plan.deniedCalls.isDisjoint(with: calls)
    }

    // MARK: Executions

    /// Notes how executions stand.
    func note(_ reports: [ExecutionReport], at time: Duration) {
        for report in reports {
            for action in report.actions where action.name == "Start" && tags[action.id] == nil {
                let tag = SandboxTag(actionExecutionID: action.id)
                tags[action.id] = tag
                owners[tag] = (report.id, action.id)
            }
            guard spans[report.id]?.last?.status != report.status else { continue }
            spans[report.id, default: []].append(Span(status: report.status, since: time))
            lastChange = time
        }
    }

    /// Whose a sandbox is, by its tag.
    private func origin(of sandbox: LabSandbox) -> Origin? {
        guard !foreign.contains(sandbox.id), let tag = SandboxTag(endOf: sandbox.name), let owner = owners[tag],
            let report = cloud.codePipeline.execution(owner.execution),
            let action = report.actions.first(where: { $0.id == owner.action })
        else { return nil }
        return Origin(action: action, execution: report, terms: terms(action.configuration))
    }

    private func terms(_ configuration: [String: String]) -> Terms {
        let options = configuration["OptionsJSON"].flatMap { try? JSON(parsing: Data($0.utf8)) }
        let minutes = configuration["DurationInMinutes"].flatMap(Int.init) ?? 0
        return Terms(
            end: options?["EndWithPipeline"]?.string.flatMap(EndWithPipeline.init(rawValue:)) ?? plan.endWithPipeline,
            duration: .seconds(60 * minutes),
            longest: options?["MaxDurationInMinutes"]?.integer.map { .seconds(60 * $0) }
        )
    }

    /// A sandbox that an action has named as its own, for somebody to copy.
    func namedSandbox() -> LabSandbox? {
        cloud.lab.sandboxesNotStopped.first { sandbox in
            origin(of: sandbox).map { $0.action.status == "Succeeded" && $0.sandboxID == sandbox.id } ?? false
        }
    }

    /// Whether a sandbox is provably the one of its action, as far as it can be told at all.
    private func isProven(_ sandbox: LabSandbox, _ origin: Origin) -> Bool {
        if let named = origin.sandboxID { return named == sandbox.id }
        return cloud.lab.sandboxesNotStopped.count { $0.name == sandbox.name } == 1
    }

    private func ends(_ terms: Terms, with status: String) -> Bool {
        switch terms.end {
        case .never: false
        case .always: true
        case .onFailure: status != "Succeeded"
        }
    }

    private func laterAttempts(_ origin: Origin) -> [ActionReport] {
        let actions = origin.execution.actions
        guard let place = actions.firstIndex(where: { $0.id == origin.action.id }) else { return [] }
        return actions[(place + 1)...].filter { $0.name == origin.action.name }
    }

    /// Since when a later attempt of the action has been ready in the same execution, as CodePipeline knows it.
    private func replaced(_ origin: Origin) -> Date? {
        laterAttempts(origin).filter { $0.status == "Succeeded" }.map(\.updated).min()
    }

    /// Whether a later attempt has been ready in the same execution, though CodePipeline mayn't know that yet.
    private func isReplaced(_ origin: Origin) -> Bool {
        laterAttempts(origin).contains { attempt in
            let tag = SandboxTag(actionExecutionID: attempt.id)
            return attempt.status == "Succeeded"
                || cloud.lab.sandboxes.contains { tag.marks($0.name) && $0.state == .ready && !foreign.contains($0.id) }
        }
    }

    // MARK: At each look

    /// Checks all that is there.
    func check(at time: Duration, lives: [Life]) {
        let working = lives.filter { !$0.isOver && !$0.isStopping }
        if working.isEmpty || working.contains(where: \.isRefusedByLab) { trouble(until: time, isLost: true) }
        for sandbox in cloud.lab.sandboxes where !foreign.contains(sandbox.id) && !over.contains(sandbox.id) {
            guard let origin = origin(of: sandbox) else { continue }
            guard sandbox.isUnstopped else {
                checkReservation(of: sandbox, origin)
                continue
            }
            if isReplaced(origin) { onceReplaced.insert(sandbox.id) }
            guard isProven(sandbox, origin) else { continue }
            checkOutlived(sandbox, origin)
            checkReplaced(sandbox, origin)
        }
    }

    /// No sandbox outlives its execution by more than the grace and two looks.
    private func checkOutlived(_ sandbox: LabSandbox, _ origin: Origin) {
        guard isAllowed(["ListPipelineExecutions", "ListActionExecutions"]),
            let span = spans[origin.execution.id]?.last,
            span.isOver, ends(origin.terms, with: span.status)
        else { return }
        let limit = max(span.since + plan.grace, excusedUntil) + twoLooks + clockError
        if now > limit {
            fail(
                "Outlived: '\(sandbox.name)' runs though its execution is \(span.status) since \(span.since), "
                    + "the grace is \(plan.grace), and nothing has been in the way since \(excusedUntil)"
            )
        }
    }

    /// What a later attempt has replaced is ended.
    private func checkReplaced(_ sandbox: LabSandbox, _ origin: Origin) {
        guard isAllowed(["ListActionExecutions"]), origin.terms.end != .never, let ready = replaced(origin) else {
            return
        }
        // An execution that isn't told of is looked for by its sandboxes' tags all the same.
        let since = now - .seconds(Date().timeIntervalSince(ready))
        if now > max(since, excusedUntil) + twoLooks + clockError {
            fail("Not replaced: '\(sandbox.name)' runs though a later attempt is ready since \(since)")
        }
    }

    /// A lease that may still be extended doesn't run out while its execution goes on.
    private func checkReservation(of sandbox: LabSandbox, _ origin: Origin) {
        over.insert(sandbox.id)
        guard !sandbox.wasStopped, let end = sandbox.endTime,
            let longest = origin.terms.longest, isAllowed(["ListPipelineExecutions"]), isProven(sandbox, origin),
            end < sandbox.startTime + longest / .seconds(1) - 60, let span = spans[origin.execution.id]?.last,
            !span.isOver
        else { return }
        let time = now - .seconds(Date().timeIntervalSince(end))
        let excuse = max(excusedUntil, leasesExcusedUntil, span.since) + twoLooks + clockError
        if excuse < time { fail("Run out: '\(sandbox.name)' at \(time), though its execution is \(span.status)") }
    }

    // MARK: At each change

    /// A worker has asked the lab to end a sandbox.
    ///
    /// `hasTwin` says whether a box has repeated its start, and the other one runs.
    func checkEnd(of id: String, hasTwin: Bool, by life: Life) {
        guard let sandbox = cloud.lab.sandbox(id: id) else { return }
        guard !foreign.contains(id) else { return fail("Touched: \(life.name) ends somebody's '\(sandbox.name)'") }
        guard !ended.contains(id) else { return }
        if !sandbox.isUnstopped { ended.insert(id) }
        guard let origin = origin(of: sandbox), let spans = spans[origin.execution.id], let span = spans.last else {
            return fail("Touched: \(life.name) ends '\(sandbox.name)', which is nobody's")
        }
        if hasTwin || isRightToEnd(sandbox, origin, spans, span) { return }
        fail(
            "Needed: \(life.name) ends '\(sandbox.name)', whose action is \(origin.action.status) "
                + "and whose execution is \(span.status) since \(span.since)"
        )
    }

    private func isRightToEnd(_ sandbox: LabSandbox, _ origin: Origin, _ spans: [Span], _ span: Span) -> Bool {
        if origin.execution.actions.contains(where: { $0.name == "End" }) { return true }
        // A start that has failed, or was abandoned, ends its own; so does one whose setup fails, or takes too long.
        if ["Failed", "Abandoned"].contains(origin.action.status) { return true }
        if origin.action.status == "InProgress" {
            if case .succeeds = scenario.blueprint.setup { return clocksJump }
            return true
        }
        if origin.terms.end != .never, onceReplaced.contains(sandbox.id) || isReplaced(origin) { return true }
        func isDue(_ span: Span, at time: Duration) -> Bool {
            span.isOver && ends(origin.terms, with: span.status) && span.since + plan.grace <= time + clockError
        }
        if isDue(span, at: now) { return true }
        // Somebody may have retried it while the request was on its way.
        let onTheWay: Duration = excusedUntil > now ? .seconds(400) : .seconds(15)
        guard !span.isOver, span.since + onTheWay > now, spans.count > 1 else { return false }
        return isDue(spans[spans.count - 2], at: span.since)
    }

    private var clocksJump: Bool { scenario.hosts.contains { !$0.jumps.isEmpty || $0.skew != .zero } }

    /// A worker asks how a sandbox is.
    func noteRead(of id: String, by life: Life) {
        reads["\(life.name) \(id)"] = now
    }

    /// A worker has extended a sandbox.
    ///
    /// The lab extends one by some minutes, and not to a time. So what two workers do in the same moment adds up.
    func checkExtension(of id: String, by life: Life) {
        guard let sandbox = cloud.lab.sandbox(id: id), let end = sandbox.endTime else { return }
        if let other = extensions[id], let read = reads["\(life.name) \(id)"], read <= other {
            doubled[id, default: 0] += (origin(of: sandbox)?.terms.duration ?? .zero) / .seconds(1)
        }
        extensions[id] = now
        guard let origin = origin(of: sandbox), isProven(sandbox, origin) else {
            return fail("Touched: \(life.name) extends '\(sandbox.name)', which isn't ours")
        }
        guard let longest = origin.terms.longest else {
            return fail("Extended: \(life.name) extends '\(sandbox.name)', whose action doesn't say that")
        }
        let length = end.timeIntervalSince(sandbox.startTime)
        if length > longest / .seconds(1) + doubled[id, default: 0] + 1 {
            fail("Extended: '\(sandbox.name)' to \(length / 60) minutes in all")
        }
        let left = end.timeIntervalSinceNow
        if left > (origin.terms.duration + clockError) / .seconds(1) + doubled[id, default: 0] {
            fail("Extended: '\(sandbox.name)' is reserved for \(left / 60) minutes from now on")
        }
        guard let span = spans[origin.execution.id]?.last, span.isOver else { return }
        let patience = excusedUntil > span.since ? plan.interval * 11 + .seconds(60) : twoLooks
        if now > span.since + patience {
            fail("Extended: '\(sandbox.name)', whose execution is \(span.status) since \(span.since)")
        }
    }

    // MARK: At the end

    private var leases: [(LabSandbox, Terms)] {
        cloud.lab.sandboxesNotStopped.compactMap { sandbox in
            guard let terms = origin(of: sandbox)?.terms, terms.longest != nil else { return nil }
            return (sandbox, terms)
        }
    }

    /// The length of the longest lease.
    var longestLease: Duration { leases.map(\.1.duration).max() ?? .zero }

    /// No sandbox with a lease outlives the fleet by more than the lease.
    func checkLeases(since lost: Duration, at time: Duration) {
        for (sandbox, terms) in leases
        where time > lost + terms.duration + clockError + .seconds(doubled[sandbox.id, default: 0]) {
            fail("Outlived: '\(sandbox.name)' runs \(time - lost) after the last worker's end")
        }
    }

    /// The names of the sandboxes that run though their executions are over.
    var leaks: [String] {
        cloud.lab.sandboxesNotStopped.filter { sandbox in
            origin(of: sandbox).flatMap { spans[$0.execution.id]?.last }?.isOver == true
        }
        .map(\.name)
    }

    /// What is somebody's was left alone.
    func atEnd() {
        for id in foreign where (cloud.lab.sandbox(id: id)?.stopRequests ?? 0) > 0 {
            fail("Touched: somebody's sandbox '\(cloud.lab.sandbox(id: id)?.name ?? id)' was ended")
        }
    }
}
