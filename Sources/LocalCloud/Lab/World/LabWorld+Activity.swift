import Foundation

extension LabWorld {
    mutating func activity(_ index: Int, _ request: LocalRequest, _ writer: LabWriter) throws(LabError) -> LocalReply {
        if behavior.activityNeverEnds { return endlessActivity(request, writer) }
        var events: [LabSandbox.Event] = []
        var hidden: LabSandbox.Event?
        for place in sandboxes[index].events.indices {
            guard sandboxes[index].events[place].hiddenReads == 0 else {
                hidden = hidden ?? sandboxes[index].events[place]
                sandboxes[index].events[place].hiddenReads -= 1
                continue
            }
            events.append(sandboxes[index].events[place])
        }
        // Never past an event that is still to be shown.
        let next = hidden?.id ?? (events.last?.id ?? lastEventID) + 1
        if request.queryValue("error_only") == "true" { events.removeAll { !$0.isError } }
        if let from = request.queryValue("from_event_id") {
            let known = sandboxes[index].events.first { $0.guid == from.lowercased() }
            guard let from = known?.id ?? Int(from) else { throw invalid("Parameter is not a valid event id") }
            events.removeAll { $0.id < from }
        }
        if let since = try since(request, writer) { events.removeAll { $0.time < since } }
        try cut(&events, request)
        let page = events.prefix(behavior.pageSize)
        let more = events.count > page.count
        return .json(
            .members([
                behavior.eventCountKey: writer.number(page.count),
                "more_pages": writer.bool(more),
                "next_event_id": more ? writer.id(of: events[page.endIndex]) : writer.number(next),
                "events": .array(page.map(writer.event)),
            ])
        )
    }

    /// A page of one event, after which there is more.
    private func endlessActivity(_ request: LocalRequest, _ writer: LabWriter) -> LocalReply {
        let id = request.queryValue("from_event_id").flatMap { Int($0) } ?? 1
        let event = LabSandbox.Event(
            id: id,
            guid: "\(id)",
            isError: true,
            text: "Event \(id)",
            output: nil,
            time: writer.now,
            hiddenReads: 0
        )
        return .json(
            .members([
                behavior.eventCountKey: writer.number(1),
                "more_pages": writer.bool(true),
                "next_event_id": writer.number(id + 1),
                "events": .array([writer.event(event)]),
            ])
        )
    }

    func console(_ index: Int, _ request: LocalRequest, _ writer: LabWriter) throws(LabError) -> LocalReply {
        let sandbox = sandboxes[index]
        guard sandbox.isLive else { throw .notFound }
        var lines = sandbox.lines
        if let from = request.queryValue("from_entry_id") {
            // A reader that has seen everything asks from the id that the next line will have: there's none yet.
            let start = lines.firstIndex { $0.id == from } ?? Int(from).map { max(0, $0) } ?? lines.count
            lines.removeFirst(min(start, lines.count))
        }
        if let since = try since(request, writer) { lines.removeAll { $0.time < since } }
        try cut(&lines, request)
        let page = lines.prefix(behavior.pageSize)
        let more = lines.count > page.count
        return .json(
            .members([
                "number_of_returned_entries": writer.number(page.count),
                "more_pages": writer.bool(more),
                "next_entry_id": .string(more ? lines[page.endIndex].id : String(sandbox.lines.count)),
                "entries": .array(page.map(writer.line)),
                "_links": ["self": writer.link("/sandboxes/\(sandbox.id)/output")],
            ])
        )
    }

    /// Reads `since`, documented as a length of time and used as a time.
    private func since(_ request: LocalRequest, _ writer: LabWriter) throws(LabError) -> Date? {
        guard let text = request.queryValue("since") else { return nil }
        if let duration = LabTime.duration(text) { return writer.now - duration }
        guard let date = LabTime.date(text) else { throw invalid("Parameter is not a valid time") }
        return date
    }

    private func cut<Item>(_ items: inout [Item], _ request: LocalRequest) throws(LabError) {
        guard let text = request.queryValue("tail") else { return }
        guard let tail = Int(text), tail >= 0 else { throw invalid("Parameter is not a valid tail") }
        items = items.suffix(tail)
    }
}
