import Testing

@testable import JobEngine

@Suite("An inbox", .timeLimit(.minutes(1)))
struct InboxTests {
    private let inbox = Inbox<Int>()

    @Test func `gives all that is there at once, in order`() async {
        for number in 1...3 { #expect(inbox.put(number)) }
        #expect(await inbox.next() == [1, 2, 3])
        inbox.put(4)
        #expect(await inbox.next() == [4])
    }

    @Test func `wakes who waits for a piece`() async {
        async let pieces = inbox.next()
        inbox.put(1)
        #expect(await pieces == [1])
    }

    @Test func `gives what is there once it is closed, and takes no more`() async {
        inbox.put(1)
        inbox.close()
        #expect(!inbox.put(2))
        #expect(await inbox.next() == [1])
        #expect(await inbox.next() == nil)
    }

    @Test func `tells who waits that it is closed`() async {
        async let pieces = inbox.next()
        inbox.close()
        #expect(await pieces == nil)
    }

    @Test func `is closed by the cancellation of who takes from it`() async {
        let inbox = inbox
        let taker = Task { await inbox.next() }
        taker.cancel()
        #expect(await taker.value == nil)
        #expect(!inbox.put(1))
    }
}
