import HTTPTransport

/// Lets as many calls out at once as a lab has room for, the others in the order in which they came, but urgent ones first.
///
/// A little of the most that there may be is kept for urgent calls, so that they never wait for a crowd's.
final class CallLimit: Sendable {
    /// How much is kept for urgent calls, where there is enough.
    fileprivate static let reserve = 4

    fileprivate struct State {
        var room: CallRoom
        var underWay = 0
        var urgent = Line()
        var others = Line()
        var last = 0
    }

    private let state: Locked<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    init(most: Int, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        state = Locked(State(room: CallRoom(most: most)))
        self.now = now
    }

    /// Makes a call once there is room for it.
    ///
    /// - Parameters:
    ///   - operation: What is called, for calls of one kind take about as long.
    ///   - isUrgent: Whether it goes before those that aren't.
    ///   - patience: How long there may be no room, to about as long again.
    ///   - body: Makes the call.
    ///   - judge: What the outcome tells of the lab's load.
    /// - Returns: What `body` returns.
    /// - Throws: An `HTTPClientError` where there is no room for that long; `CancellationError`; what `body` throws.
    func run(
        _ operation: String,
        isUrgent: Bool,
        patience: Duration,
        _ body: () async throws -> HTTPReply,
        judge: (Result<HTTPReply, any Error>) -> CallRoom.Answer
    ) async throws -> HTTPReply {
        try await enter(isUrgent: isUrgent, until: now() + patience)
        let wasFull = state.withLock { !$0.isFree(urgent: false) }
        let begin = now()
        let result: Result<HTTPReply, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        let end = now()
        let answer = judge(result)
        leave { room in room.note(answer, to: operation, after: begin.duration(to: end), wasFull: wasFull, at: end) }
        return try result.get()
    }

    private func enter(isUrgent: Bool, until deadline: ContinuousClock.Instant) async throws {
        try Task.checkCancellation()
        let number = state.withLock { state -> Int? in
            if state.isFree(urgent: isUrgent) {
                state.underWay += 1
                return nil
            }
            state.last += 1
            return state.last
        }
        guard let number else { return }
        let hasRoom = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if state.isFree(urgent: isUrgent) {
                        state.underWay += 1
                        return true
                    }
                    let line = isUrgent ? \State.urgent : \State.others
                    state[keyPath: line].add(number, Line.Place(continuation: continuation, deadline: deadline))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let place = state.withLock { $0.urgent.remove(number) ?? $0.others.remove(number) }
            place?.continuation.resume(returning: false)
        }
        guard !hasRoom else { return }
        try Task.checkCancellation()
        throw HTTPClientError(
            .timedOut,
            "the lab answers too slowly for the calls that wait",
            mayHaveBeenProcessed: false
        )
    }

    /// Gives room back, and lets in who comes next.
    private func leave(_ note: (inout CallRoom) -> Void) {
        let (next, expired) = state.withLock { state in
            state.underWay -= 1
            note(&state.room)
            let now = now()
            let expired = state.urgent.expire(now) + state.others.expire(now)
            var next: [Line.Place] = []
            while let place = state.next() { next.append(place) }
            return (next, expired)
        }
        for place in next { place.continuation.resume(returning: true) }
        for place in expired { place.continuation.resume(returning: false) }
    }

    /// How many calls are under way and wait; for tests.
    var load: (underWay: Int, waiting: Int, room: Int) {
        state.withLock { ($0.underWay, $0.urgent.count + $0.others.count, $0.room.count) }
    }
}

extension CallLimit.State {
    fileprivate func isFree(urgent isUrgent: Bool) -> Bool {
        let reserve = min(CallLimit.reserve, room.most / 4)
        return underWay < (isUrgent ? min(room.count + reserve, room.most) : min(room.count, room.most - reserve))
    }

    /// Lets the next one in; `nil` where nobody waits or nobody may come in.
    fileprivate mutating func next() -> Line.Place? {
        for (line, isUrgent) in [(\Self.urgent, true), (\Self.others, false)] where isFree(urgent: isUrgent) {
            if let place = self[keyPath: line].takeFirst() {
                underWay += 1
                return place
            }
        }
        return nil
    }
}

/// Calls that wait, in their order.
private struct Line {
    struct Place {
        let continuation: CheckedContinuation<Bool, Never>
        let deadline: ContinuousClock.Instant
    }

    private var places: [Int: Place] = [:]
    /// The numbers of those that wait, in their order, and of some that do no more.
    private var order: ArraySlice<Int> = []
    private var soonest: ContinuousClock.Instant?

    var count: Int { places.count }

    mutating func add(_ number: Int, _ place: Place) {
        places[number] = place
        order.append(number)
        soonest = min(soonest ?? place.deadline, place.deadline)
    }

    mutating func remove(_ number: Int) -> Place? { places.removeValue(forKey: number) }

    mutating func takeFirst() -> Place? {
        while let number = order.popFirst() {
            if let place = places.removeValue(forKey: number) { return place }
        }
        return nil
    }

    /// Takes those out whose time is over.
    mutating func expire(_ now: ContinuousClock.Instant) -> [Place] {
        guard let soonest, soonest <= now else { return [] }
        let expired = places.filter { $0.value.deadline <= now }
        for number in expired.keys { places[number] = nil }
        self.soonest = places.values.map(\.deadline).min()
        return expired.sorted { $0.key < $1.key }.map(\.value)
    }
}
