import AWSLite
import Foundation
import Logging
import TestSupport
import Testing

@testable import JobEngine

@Suite("What is said of an outage")
struct OutageLogTests {
    private let book = LogBook()
    private let outage = OutageLog(.polling, metadata: ["action": "Start"])
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func fail(_ seconds: TimeInterval, _ code: AWSError.Code = .transport) {
        outage.failed(AWSError(code, "\(seconds)"), at: start.addingTimeInterval(seconds), book.logger)
    }

    private func succeed(_ seconds: TimeInterval) {
        outage.succeeded(at: start.addingTimeInterval(seconds), book.logger)
    }

    /// What was said at `info`.
    private var said: [String] { book.lines(from: .info).map(\.message) }

    @Test func `is its first failure, ever rarer summaries, and its end`() throws {
        for second in stride(from: 0.0, through: 3_600, by: 60) { fail(second) }
        succeed(3_660)
        succeed(3_665)
        #expect(said == ["Polling fails", "Polling still fails", "Polling still fails", "Polling recovered"])
        let lines = book.lines(from: .info)
        #expect(lines.map(\.level) == [.warning, .warning, .warning, .notice])
        #expect(lines.allSatisfy { $0.metadata["action"] == "Start" })
        #expect(lines[0].metadata["error"]?.contains("TransportError") == true && lines[0].metadata["since"] == nil)
        #expect(lines[1].metadata["failures"] == "6" && lines[1].metadata["lasted"] == "5m")
        #expect(lines[1].metadata["since"] == "2027-01-15T08:00:00Z")
        #expect(lines[2].metadata["failures"] == "21" && lines[2].metadata["error"]?.contains("1200.0") == true)
        #expect(lines[3].metadata["failures"] == "61" && lines[3].metadata["lasted"] == "61m")
        #expect(book.lines.count == 62, "all else is said at debug")
    }

    @Test func `is bounded however long it lasts`() {
        for second in stride(from: 0.0, to: 86_400, by: 60) { fail(second) }
        #expect(said.count == 15)
    }

    @Test func `is bounded however often it comes and goes`() {
        for second in stride(from: 0.0, to: 86_400, by: 20) {
            fail(second)
            succeed(second + 10)
        }
        #expect(said.count == 30)
        #expect(said.last == "Polling recovered")
    }

    @Test func `is said of each kind of trouble once, up to a few`() {
        for second in 0..<100 { fail(TimeInterval(second), .init(rawValue: "Trouble\(second % 20)")) }
        #expect(said.count == 4)
        succeed(100)
        #expect(said.last == "Polling recovered")
    }

    @Test func `is said anew after a quiet time`() {
        fail(0)
        succeed(1)
        fail(2_000)
        succeed(2_001)
        #expect(said == ["Polling fails", "Polling recovered", "Polling fails", "Polling recovered"])
    }

    @Test func `is nothing as long as all is well`() {
        succeed(0)
        #expect(book.lines.isEmpty)
    }
}
