import Foundation
import HTTPTransport
import Testing

@Suite struct SteadyTimeTests {
    @Test func `it begins with the date that it is given, and passes as the system's even clock does`() async throws {
        let beginning = Date(timeIntervalSince1970: 1_000_000_000)
        let before = ContinuousClock.now
        let time = SteadyTime(from: beginning)
        let first = time.now
        try await Task.sleep(for: .milliseconds(20))
        let second = time.now
        let longest = (ContinuousClock.now - before) / .seconds(1)
        #expect(first >= beginning)
        #expect(second.timeIntervalSince(first) >= 0.02)
        #expect(second.timeIntervalSince(beginning) <= longest)
    }

    @Test func `all of a process have one`() {
        let (first, second) = (SteadyTime.ofProcess, SteadyTime.ofProcess)
        let (a, b, c) = (first.now, second.now, first.now)
        #expect(a <= b && b <= c)
    }
}
