import Foundation

extension LabWorld {
    mutating func start(
        _ blueprint: LabBlueprint,
        isPersistent: Bool,
        _ request: LocalRequest,
        _ session: Session,
        _ now: Date,
        _ writer: LabWriter
    ) throws(LabError) -> LocalReply {
        let body = (try? JSON(parsing: request.body)) ?? .null
        let order = try order(body, blueprint, isPersistent, now)
        try checkUsers(order.users, session)
        if case .refused(let message) = blueprint.approval { throw invalid(message) }
        try checkLimits(session)
        try checkConflicts(blueprint)
        let isAtOnce = blueprint.estimatedSetup == .zero && blueprint.beforeSetup == .zero
        var awaitsApproval = false
        if case .awaited = blueprint.approval { awaitsApproval = true }
        let isLater = order.start > now || awaitsApproval
        let sandbox = LabSandbox(
            id: Random.uuid(),
            name: order.name,
            blueprint: blueprint,
            owner: session.account.username,
            domain: session.domain,
            inputs: order.inputs,
            permittedUsers: [session.account.username] + order.users.filter { $0 != session.account.username },
            startTime: order.start,
            endTime: order.duration.map { order.start + $0 },
            state: isLater ? .pending : .beforeSetup,
            stateSince: now,
            stage: .none,
            components: blueprint.components.map { template in
                LabSandbox.Component(
                    id: Random.uuid(),
                    template: template,
                    name: template.name,
                    address: template.kind == .application ? "" : template.address,
                    isDeployed: template.kind != .application
                )
            },
            awaitsApproval: awaitsApproval,
            emptyReads: behavior.emptyFirstReads,
            missingLists: behavior.listLag
        )
        let index = sandboxes.count
        sandboxPlaces[sandbox.id] = index
        sandboxes.append(sandbox)
        dues.append(.distantPast)
        touch(index)
        note(index, now, "Sandbox '\(sandbox.name)' has started")
        // The reply tells of a sandbox whose setup has not begun, unless there's none.
        if isAtOnce, !isLater { settle(now) }
        return .json(writer.sandbox(sandboxes[index]))
    }

    private struct Order {
        var name: String
        var duration: TimeInterval?
        var start: Date
        var inputs: [(name: String, value: String)]
        var users: [String]
    }

    /// Reads what a start asks for: first the name is checked, then the duration, then the inputs.
    private func order(_ body: JSON, _ blueprint: LabBlueprint, _ isPersistent: Bool, _ now: Date) throws(LabError)
        -> Order
    {
        guard let name = body["name"]?.string, !name.isEmpty else {
            throw invalid(
                isPersistent
                    ? "Reservation name must be specified in request body"
                    : "Reservation name and duration must be specified in request body"
            )
        }
        var duration: TimeInterval?
        if isPersistent {
            guard blueprint.isPersistentCapable else { throw invalid("Blueprint is not persistent") }
        } else {
            guard let text = body["duration"]?.string, let value = LabTime.duration(text), value > 0 else {
                throw invalid("Duration format must be a valid 'ISO 8601' (e.g 'PT23H' or 'PT4H2M')")
            }
            duration = value
        }
        var start = now
        if behavior.knowsStartTime, let text = body["start_time"]?.string {
            guard let date = LabTime.date(text) else { throw invalid("Parameter is not a valid start time") }
            start = max(now, date)
        }
        let given = pairs(body["params"])
        var inputs = given
        for input in blueprint.inputs where !given.contains(where: { $0.name == input.name }) {
            guard let value = input.defaultValue else { throw invalid("Blueprint has invalid inputs") }
            inputs.append((input.name, value))
        }
        let users = body["permitted_users"]?.array?.compactMap(\.string) ?? []
        return Order(name: name, duration: duration, start: start, inputs: inputs, users: users)
    }

    /// Refuses too many permitted users, and those who have no access to the domain; the words are guesses.
    private func checkUsers(_ users: [String], _ session: Session) throws(LabError) {
        guard users.count <= behavior.mostPermittedUsers else {
            throw invalid("The number of permitted users exceeds \(behavior.mostPermittedUsers)")
        }
        guard behavior.checksPermittedUsers else { return }
        let known = accounts.filter { $0.domains.contains(session.domain) }.map(\.username)
        if let user = users.first(where: { !known.contains($0) }) {
            throw invalid("Permitted user '\(user)' has no access to the domain '\(session.domain)'")
        }
    }

    private func checkLimits(_ session: Session) throws(LabError) {
        guard behavior.licenceLimit != nil || behavior.userLimit != nil else { return }
        let live = sandboxes.filter(\.isLive)
        let own = live.filter { $0.owner == session.account.username }
        for (limit, count) in [(behavior.licenceLimit, live.count), (behavior.userLimit, own.count)] {
            if let limit, count >= limit.sandboxes { throw LabError(status: limit.status, message: limit.message) }
        }
    }

    private mutating func checkConflicts(_ blueprint: LabBlueprint) throws(LabError) {
        let conflict = LabError(status: behavior.conflictStatus, message: behavior.conflictMessage)
        if let left = conflictsLeft[blueprint.id], left > 0 {
            conflictsLeft[blueprint.id] = left - 1
            throw conflict
        }
        let wanted = Set(blueprint.components.filter(\.isExclusive).map(\.name))
        guard !wanted.isEmpty else { return }
        let taken = sandboxes.filter(\.isLive).flatMap(\.components).filter(\.template.isExclusive).map(\.template.name)
        guard wanted.isDisjoint(with: taken) else { throw conflict }
    }

    func invalid(_ message: String) -> LabError { LabError(status: behavior.validationStatus, message: message) }

    /// Reads `[{name, value}]`.
    func pairs(_ list: JSON?) -> [(name: String, value: String)] {
        (list?.array ?? []).compactMap { item in
            item["name"]?.string.map { ($0, item["value"].map { $0.string ?? $0.text } ?? "") }
        }
    }

    // MARK: Reads

    mutating func list(
        _ request: LocalRequest,
        _ session: Session,
        _ writer: LabWriter,
        _ now: Date
    ) -> LocalReply {
        let historic = request.queryValue("show_historic") == "true"
        return list(session, writer, now, after: historic ? past(writer) : "") { historic || $0.state != .ended }
    }

    /// The sandboxes that had ended before the first one, as lists have them: each some 670 bytes.
    private func past(_ writer: LabWriter) -> String {
        guard behavior.pastSandboxes > 0 else { return "" }
        let parts = writer.pastSummary(id: "@").text.split(separator: "@")
        var items = ""
        for number in 0..<behavior.pastSandboxes {
            let id = "00000000-0000-4000-8000-" + String(1_000_000_000_000 + number).suffix(12)
            items += (number == 0 ? "" : ",") + parts.joined(separator: id)
        }
        return items
    }

    mutating func list(of owner: String, _ session: Session, _ writer: LabWriter, _ now: Date) -> LocalReply {
        list(session, writer, now) { $0.owner == owner && $0.state != .ended }
    }

    private mutating func list(
        _ session: Session,
        _ writer: LabWriter,
        _ now: Date,
        after others: String = "",
        where condition: (LabSandbox) -> Bool
    ) -> LocalReply {
        var items = others
        for index in sandboxes.indices {
            guard sandboxes[index].domain == session.domain, isPublic(sandboxes[index]),
                isVisible(sandboxes[index], session)
            else { continue }
            guard sandboxes[index].missingLists == 0 else {
                sandboxes[index].missingLists -= 1
                continue
            }
            guard condition(sandboxes[index]) else { continue }
            sandboxes[index].firstListed = sandboxes[index].firstListed ?? now
            if !items.isEmpty { items += "," }
            items += summary(index, writer)
            if let stale = sandboxes[index].stale, stale.reads > 0 { sandboxes[index].stale?.reads -= 1 }
        }
        return .text("[\(items)]", contentType: "application/json")
    }

    /// A sandbox as lists have it: written anew when its state has changed, for a list may be long.
    private mutating func summary(_ index: Int, _ writer: LabWriter) -> String {
        let state = writer.state(of: sandboxes[index])
        if let summary = sandboxes[index].summary, summary.state == state { return summary.text }
        let text = writer.summary(sandboxes[index]).text
        sandboxes[index].summary = (state, text)
        return text
    }

    mutating func read(_ index: Int, _ writer: LabWriter) throws(LabError) -> LocalReply {
        if sandboxes[index].emptyReads > 0 {
            sandboxes[index].emptyReads -= 1
            return LocalLab.emptyReply
        }
        let sandbox = sandboxes[index]
        if let stale = sandbox.stale, stale.reads > 0 {
            sandboxes[index].stale?.reads -= 1
        } else if sandbox.state == .ended {
            switch behavior.afterEnd {
            case .ended: break
            case .notFound: throw .notFound
            case .emptyBody: return LocalLab.emptyReply
            }
        }
        return .json(writer.sandbox(sandbox))
    }

    // MARK: Changes

    mutating func stop(_ index: Int, _ now: Date, _ writer: LabWriter) throws(LabError) -> LocalReply {
        sandboxes[index].stopRequests += 1
        guard sandboxes[index].stopRequests > behavior.failingStops else {
            throw LabError(status: 500, message: "Sandbox could not be stopped")
        }
        if sandboxes[index].isUnstopped {
            let state = sandboxes[index].state
            sandboxes[index].wasStopped = true
            sandboxes[index].stale = (state, behavior.staleReadsAfterStop)
            tearDown(index, now)
            touch(index)
        } else if behavior.refusesRepeatedStop {
            throw invalid("Sandbox is not active")
        }
        return .json(["result": "success", "_links": ["all": writer.link("/sandboxes")]])
    }

    mutating func extend(_ index: Int, _ request: LocalRequest, _ now: Date, _ writer: LabWriter) throws(LabError)
        -> LocalReply
    {
        let body = (try? JSON(parsing: request.body)) ?? .null
        guard let text = body["extended_time"]?.string, let extra = LabTime.duration(text), extra > 0,
            let end = sandboxes[index].endTime, sandboxes[index].isUnstopped
        else { throw invalid("Parameter is not a valid extended time") }
        sandboxes[index].endTime = end + extra
        touch(index)
        let sandbox = sandboxes[index]
        return .json([
            "id": .string(sandbox.id),
            "name": .string(sandbox.name),
            "start_time": .string(writer.time(sandbox.startTime)),
            "end_time": .string(writer.time(end + extra)),
            "remaining_time": .string(LabTime.text((end + extra).timeIntervalSince(now))),
        ])
    }
}
