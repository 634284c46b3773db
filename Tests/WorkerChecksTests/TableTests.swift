import Testing

@testable import WorkerChecks

@Suite struct TableTests {
    private static let id = "a937583f-d534-43ba-a190-3f13f144213f"
    private static let long = "Waits for the sandbox's setup, which https://lab.example.com/RM/Diagram/Index/1 shows"
    private static let table = Table(
        heading: ["EXECUTION", "ACTION", "STEP", "SANDBOX"],
        [["12345678", "Nightly/Lab/StartTheSandbox", long, id], ["87654321", "P/S/A", "Claimed", ""]],
        free: [1: .max, 2: 3]
    )

    private static func lines(_ width: Int?) -> [String] {
        table.text(width: width).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func `a table that goes into a file isn't cut`() throws {
        let lines = Self.lines(nil)
        try #require(lines.count == 3)
        #expect(lines[1] == "12345678   Nightly/Lab/StartTheSandbox  \(Self.long)  \(Self.id)")
        #expect(lines[2].hasSuffix("  Claimed"))
    }

    @Test func `on a wide terminal the widest free text is folded, and ids stay whole`() throws {
        let lines = Self.lines(140)
        #expect(lines.allSatisfy { $0.count <= 140 })
        try #require(lines.count == 4, "\(lines)")
        #expect(lines[1].hasPrefix("12345678   Nightly/Lab/StartTheSandbox  Waits for the sandbox's setup"))
        #expect(lines[1].hasSuffix("  " + Self.id))
        #expect(lines[2].hasPrefix(String(repeating: " ", count: 40)))
    }

    @Test func `at 80 columns a cell has so many lines at most, and says that there are more`() throws {
        let lines = Self.lines(80)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines[1].hasPrefix("12345678") && lines[1].hasSuffix("  " + Self.id))
        try #require(lines.count == 5, "\(lines)")
        #expect(lines[3].hasSuffix("…"))
    }

    @Test func `where there is no room for columns, each row is a list`() {
        #expect(
            Self.table.text(width: 60) == """
                EXECUTION  12345678
                ACTION     Nightly/Lab/StartTheSandbox
                STEP       Waits for the sandbox's setup, which
                           https://lab.example.com/RM/Diagram/Index/1 shows
                SANDBOX    \(Self.id)

                EXECUTION  87654321
                ACTION     P/S/A
                STEP       Claimed
                """
        )
        #expect(
            Table([["✓ a name of some length", "one two three"]], free: [1: .max]).text(width: 30) == """
                ✓ a name of some length
                    one two three
                """
        )
    }

    @Test(arguments: [60, 80, 140]) func `a check's results fit, but for a fix that is a command`(width: Int) {
        let evidence = String(repeating: "seen that ", count: 20) + "end"
        let report = CheckReport(results: [
            .ok("right codepipeline:AcknowledgeJob", evidence), .failed("lab", "no", fix: evidence),
        ])
        let lines = report.text(inColor: false, width: width).split(separator: "\n").map(String.init)
        let (fixes, others) = (lines.filter { $0.hasPrefix("    fix: ") }, lines.filter { !$0.hasPrefix("    fix: ") })
        #expect(others.allSatisfy { $0.count <= width }, "\(lines)")
        #expect(fixes == ["    fix: \(evidence)"])
        #expect(others.joined(separator: " ").split(separator: " ").count { $0 == "seen" } == 20)
        #expect(report.text().contains("✓ right codepipeline:AcknowledgeJob  \(evidence)\n✗ lab"))
    }
}
