import TestSupport
import Testing

@testable import JobEngine

@Suite(.timeLimit(.minutes(1)))
struct JobSlotsTests {
    @Test func `one slot in ten is kept for actions that free a lab`() async {
        let slots = JobSlots(capacity: 20)
        #expect(await slots.take(privileged: false, share: 1) == 18)
        #expect(await slots.take(privileged: true, share: 1) == 2)
        #expect(slots.inUse == 20)
    }

    @Test(arguments: [(1, 1), (2, 1), (5, 4), (19, 18)])
    func `a small worker keeps one slot, unless it has but one`(capacity: Int, open: Int) async {
        #expect(await JobSlots(capacity: capacity).take(privileged: false, share: 1) == open)
    }

    @Test func `what is free is spread over the pollers, but each gets one`() async {
        let slots = JobSlots(capacity: 10)
        #expect(await slots.take(privileged: false, share: 3) == 3)
        #expect(await slots.take(privileged: false, share: 3) == 2)
        #expect(await slots.take(privileged: false, share: 9) == 1)
    }

    @Test func `who finds no room waits until there is some`() async {
        let slots = JobSlots(capacity: 1)
        #expect(await slots.take(privileged: false, share: 1) == 1)
        async let next = slots.take(privileged: false, share: 1)
        slots.release(1)
        #expect(await next == 1)
    }

    @Test func `room that only others may use wakes nobody for good`() async {
        let slots = JobSlots(capacity: 2)
        slots.occupy(2)
        async let open = slots.take(privileged: false, share: 1)
        async let privileged = slots.take(privileged: true, share: 1)
        slots.release(1)
        #expect(await privileged == 1)
        slots.release(1)
        #expect(slots.inUse == 1)
        slots.release(1)
        #expect(await open == 1)
    }

    @Test func `who is cancelled while waiting gets nothing`() async {
        let slots = JobSlots(capacity: 1)
        slots.occupy(3)
        await withTaskGroup { group in
            group.addTask { await slots.take(privileged: true, share: 1) }
            group.cancelAll()
            for await count in group { #expect(count == 0) }
        }
        #expect(slots.inUse == 3)
    }

    @Test func `jobs of an earlier run may exceed the room, and make way one by one`() async {
        let slots = JobSlots(capacity: 1)
        slots.occupy(2)
        slots.release(1)
        async let next = slots.take(privileged: true, share: 1)
        slots.release(1)
        #expect(await next == 1)
        #expect(slots.inUse == 1)
    }
}
