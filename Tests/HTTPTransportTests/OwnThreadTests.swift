import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1)))
struct OwnThreadTests {
    @Test func `gives what the work has made`() async throws {
        #expect(try await OwnThread.run { 7 } == 7)
        #expect(await OwnThread.value(within: .seconds(50)) { 7 } == 7)
        await #expect(throws: CancellationError.self) { try await OwnThread.run { throw CancellationError() } }
    }

    @Test func `waits no longer than the limit`() async throws {
        let gate = Gate()
        #expect(await OwnThread.value(within: .milliseconds(50)) { gate.wait() } == nil)
        gate.open()
    }

    @Test func `gives up when its task is cancelled, before or meanwhile`() async throws {
        let gate = Gate()
        let begun = Gate()
        let task = Task {
            await OwnThread.value(within: .seconds(50)) {
                begun.open()
                gate.wait()
            }
        }
        try await OwnThread.run { begun.wait() }
        task.cancel()
        #expect(await task.value == nil)
        gate.open()
    }
}

/// What threads wait for.
private final class Gate: Sendable {
    private let ends: [Int32]

    init() {
        var ends: [Int32] = [0, 0]
        _ = pipe(&ends)
        self.ends = ends
    }

    deinit { for end in ends { close(end) } }

    func wait() {
        var byte: UInt8 = 0
        _ = read(ends[0], &byte, 1)
    }

    func open() {
        var byte: UInt8 = 1
        _ = write(ends[1], &byte, 1)
    }
}
