import TestSupport
import Testing

@testable import JobEngine

/// Every event in every state.
@Suite("A job's state")
struct JobStateTests {
    /// What each event comes to, in the order of the states below; `.` where it means nothing.
    ///
    /// `C` counts a claim, `X` cancels the handler, `W` ends the wait, `U` undoes, `F` frees room.
    private static let table: [JobEvent: String] = [
        //            offered        acknowledging  unanswered     lost           doubted        claimed
        //            running        waiting        completed      reporting      unclaimed      reclaiming
        //            undoing        requeued       released
        .asks: """
        acknowledging  .              acknowledging  acknowledging  acknowledging  .
        .              .              .              .              reclaiming     .
        .              .              .
        """,
        .claimed: """
        .              claimed:C      .              .              .              .
        .              .              .              .              .              reporting:C
        .              .              .
        """,
        .lost: """
        lost           lost           lost           .              lost           .
        .              .              .              .              .              unclaimed
        .              .              .
        """,
        .unanswered: """
        unanswered     unanswered     .              .              .              .
        .              .              .              .              .              unclaimed
        .              .              .
        """,
        .doubted: """
        doubted        doubted        doubted        .              .              .
        .              .              .              .              .              unclaimed
        .              .              .
        """,
        .runs: """
        .              .              .              .              .              running
        .              running:W      .              .              .              .
        .              .              .
        """,
        .waits: """
        .              .              .              .              .              .
        waiting        .              .              .              .              .
        .              .              .
        """,
        .completes: """
        completed      .              completed      .              completed      completed
        completed      .              .              .              .              .
        .              .              .
        """,
        .reports: """
        .              .              .              .              .              .
        .              .              reporting      .              reporting      reporting
        .              .              .
        """,
        .requeued: """
        requeued:F     requeued:F     requeued:F     requeued:F     requeued:F     requeued:F
        requeued:F     requeued:F     requeued:F     requeued:F     requeued:F     requeued:F
        requeued:F     .              .
        """,
        .unwanted: """
        .              .              .              .              .              .
        .              .              .              undoing        undoing        .
        .              .              .
        """,
        .unclaimed: """
        .              .              .              .              .              .
        .              .              .              unclaimed      .              .
        .              .              .
        """,
        .abandoned: """
        .              .              .              .              .              .
        running:X      running:W      .              .              .              .
        .              undoing:U      .
        """,
        .stops: """
        .              .              .              .              .              .
        .              running:W      .              .              .              .
        .              .              .
        """,
        .released: """
        released:F     released:F     released:F     released:F     released:F     released:F
        released:F     released:F     released:F     released:F     released:F     released:F
        released:F     released       .
        """,
    ]

    private static let letters: [JobEffect: Character] = [
        .countsClaim: "C", .cancelsHandler: "X", .endsWait: "W", .undoes: "U", .freesRoom: "F",
    ]

    @Test(arguments: JobEvent.allCases)
    func `is defined for every event`(event: JobEvent) throws {
        let cells = try #require(Self.table[event]).split(whereSeparator: \.isWhitespace)
        #expect(cells.count == JobState.allCases.count)
        for (state, cell) in zip(JobState.allCases, cells) {
            let (next, effects) = state.after(event)
            let letters = String(effects.compactMap { Self.letters[$0] })
            let isNothing = next == state && effects.isEmpty
            let found = isNothing ? "." : next.rawValue + (letters.isEmpty ? "" : ":\(letters)")
            #expect(found == cell, "\(state) after \(event)")
        }
    }

    @Test func `leads from an offer to a release, by events alone`() {
        var reached: Set<JobState> = [.offered]
        for _ in JobState.allCases {
            for event in JobEvent.allCases { reached.formUnion(reached.map { $0.after(event).state }) }
        }
        #expect(reached == Set(JobState.allCases))
        for state in JobState.allCases { #expect(state.after(.released).state == .released) }
    }

    @Test func `takes room until it is released or in the queue, whatever happened to it`() {
        // Each path of up to five events that change anything.
        func walk(_ events: [JobEvent], _ state: JobState) {
            let table = JobTable(capacity: 10, clock: ManualClock())
            table.resume([.record("1")])
            for event in events { table.apply(event, to: "1") }
            let isInQueue = events.contains(.requeued)
            #expect(table.inUse == (state == .released || isInQueue ? 0 : 1), "\(events)")
            guard events.count < 5 else { return }
            for event in JobEvent.allCases {
                let next = state.after(event).state
                if next != state { walk(events + [event], next) }
            }
        }
        walk([], .claimed)
    }
}
