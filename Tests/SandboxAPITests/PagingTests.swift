import HTTPTransport
import SandboxAPI
import Testing

@Suite struct PagingTests {
    private func event(_ id: String, _ type: String = "error") -> String {
        #"{"id": \#(id), "event_type": "\#(type)", "event_text": "e\#(id.filter(\.isNumber))"}"#
    }

    private func page(_ events: [String], next: String? = nil) -> HTTPReply {
        let more = next.map { #""more_pages": "true", "next_event_id": \#($0)"# } ?? #""more_pages": false"#
        return .json(#"{"events": [\#(events.joined(separator: ","))], \#(more)}"#)
    }

    @Test func `Errors are read from all pages, each once`() async throws {
        let lab = StubLab(
            page([event("1"), event("2")], next: "2"),
            page([event("2"), event("3")], next: #""4""#),
            page([event("4")])
        )
        let events = try await makeClient(lab).errorEvents(sandboxID: "S")
        #expect(events.map(\.text) == ["e1", "e2", "e3", "e4"])
        #expect(
            await lab.others.map(\.path) == [
                "/api/v2/sandboxes/S/activity?error_only=true",
                "/api/v2/sandboxes/S/activity?error_only=true&from_event_id=2",
                "/api/v2/sandboxes/S/activity?error_only=true&from_event_id=4",
            ]
        )
    }

    @Test func `The event that is known already doesn't come again, nor one before it, nor a success`() async throws {
        let lab = StubLab(page([event("6"), event("7"), event("8", "success"), event("9"), event(#""x1""#)]))
        let events = try await makeClient(lab).errorEvents(sandboxID: "S", afterEventID: "7")
        #expect(events.map(\.id) == ["9", "x1"])
        #expect(await lab.others.map(\.path) == ["/api/v2/sandboxes/S/activity?error_only=true&from_event_id=7"])
    }

    @Test func `The known event is left out where ids are GUIDs`() async throws {
        let lab = StubLab(page([event(#""a-1""#), event(#""b-2""#)]))
        let events = try await makeClient(lab).errorEvents(sandboxID: "S", afterEventID: "a-1")
        #expect(events.map(\.id) == ["b-2"])
    }

    @Test(.timeLimit(.minutes(1))) func `A feed that always says that there is more comes to an end`() async throws {
        let lab = StubLab { _, number in self.page([self.event("1")], next: number < 10 ? "1" : nil) }
        #expect(try await makeClient(lab).allActivity(sandboxID: "S").map(\.id) == ["1"])
        #expect(await lab.others.count == 2)
        let empty = StubLab { _, number in self.page([], next: number < 10 ? "\(number)" : nil) }
        #expect(try await makeClient(empty).allActivity(sandboxID: "S").isEmpty)
        #expect(await empty.others.count == 1)
    }

    @Test func `The output is read from all pages`() async throws {
        let lab = StubLab(
            .json(#"{"entries": [{"id": "a", "text": "1"}], "more_pages": true, "next_entry_id": "b"}"#),
            .json(#"{"entries": [{"id": "b", "text": "2"}], "more_pages": false, "next_entry_id": "c"}"#)
        )
        #expect(try await makeClient(lab).allOutput(sandboxID: "S").map(\.text) == ["1", "2"])
        #expect(await lab.others.last?.path == "/api/v2/sandboxes/S/output?from_entry_id=b")
    }
}
