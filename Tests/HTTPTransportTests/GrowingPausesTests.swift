import Testing

@testable import HTTPTransport

@Suite struct GrowingPausesTests {
    private let pauses = GrowingPauses(first: .seconds(1), longest: .seconds(10))

    @Test func `they double up to the longest`() {
        let whole = [0, 1, 2, 3, 4, 5, 6, 1_000_000].map(pauses.whole)
        #expect(whole == [1, 1, 2, 4, 8, 10, 10, 10].map { .seconds($0) })
        #expect(GrowingPauses(first: .seconds(20), longest: .seconds(10)).whole(after: 1) == .seconds(10))
    }

    @Test func `chance has all of a pause, or its second half`() {
        func pause(_ jitter: GrowingPauses.Jitter, _ random: Double) -> Duration {
            pauses.pause(after: 3, jitter: jitter, random: random)
        }
        #expect([0, 0.25, 0.5].map { pause(.full, $0) } == [0, 1, 2].map { .seconds($0) })
        #expect([0, 0.25, 0.5].map { pause(.half, $0) } == [2, 2.5, 3].map { .seconds($0) })
        for _ in 0..<1_000 { #expect((.seconds(2)..<(.seconds(4))).contains(pauses.pause(after: 3, jitter: .half))) }
    }
}
