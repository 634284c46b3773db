import Foundation
import Testing

@testable import JobEngine

/// The picture of a job's states in `Docs/architecture.md` is made of the code.
@Suite("Docs/architecture.md")
struct ArchitectureTests {
    /// What is drawn as one arrow each: from where to where, and by which events.
    private static var arrows: [(from: JobState, to: JobState, events: [JobEvent])] {
        JobState.allCases.flatMap { from in
            JobState.allCases.compactMap { to in
                // These two may come at any time.
                let events = JobEvent.allCases.filter { event in
                    event != .released && event != .requeued && from != to && from.after(event).state == to
                }
                return events.isEmpty ? nil : (from, to, events)
            }
        }
    }

    static var picture: String {
        let lines = arrows.map { "    \($0.from) --> \($0.to): \($0.events.map(\.rawValue).joined(separator: ", "))" }
        return (["```mermaid", "stateDiagram-v2", "    [*] --> offered"] + lines + ["```"]).joined(separator: "\n")
    }

    @Test func `has the picture of a job's states`() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Docs/architecture.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        #expect(text.contains(Self.picture), "\(Self.picture)")
    }
}
