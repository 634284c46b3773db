import Foundation
import HTTPTransport

/// Asks the lab once for what several jobs want to know at about the same time.
///
/// Who asks says how old the answer may be, by when its request went out: it shows all that was so before that. One request
/// for one thing is under way at a time; who needs a later one waits for the next.
final class SharedReads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// What the lab has answered to a request.
    struct Answer: Sendable {
        let value: Value
        /// When its request went out.
        let date: Date
    }

    /// What a request has come to; `nil` where its task was cancelled.
    private typealias Outcome = Result<Answer, any Error>?

    private struct Entry {
        var latest: Answer?
        /// When the request went out that is under way.
        var flight: Date?
        var waiting: [Int: CheckedContinuation<(Outcome, Date), Never>] = [:]
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var last = 0
    }

    /// How many answers are kept before old ones are forgotten.
    private static var most: Int { 256 }

    private let state = Locked(State())

    /// Reads something, or takes what another has read or is reading.
    ///
    /// `oldest` is when the request may have gone out at the earliest. `read` sends the request, in the task of one of
    /// those who ask.
    ///
    /// - Throws: What `read` throws, be it another's; `CancellationError`.
    func read(
        _ key: Key,
        since oldest: Date,
        _ clock: any WorkerClock,
        _ read: () async throws -> Value
    ) async throws -> Answer {
        while true {
            try Task.checkCancellation()
            let now = clock.now
            switch turn(key, oldest, now) {
            case .known(let answer): return answer
            case .waits(let number):
                let (outcome, date) = await wait(for: key, number)
                // What was asked too early, or by somebody who has gone, tells nothing.
                if let outcome, date >= oldest { return try outcome.get() }
            case .asks:
                do {
                    let answer = Answer(value: try await read(), date: now)
                    end(key, .success(answer), now)
                    return answer
                } catch is CancellationError {
                    end(key, nil, now)
                    throw CancellationError()
                } catch {
                    end(key, .failure(error), now)
                    throw error
                }
            }
        }
    }

    /// The latest answer, if its request went out since a time.
    func latest(_ key: Key, since oldest: Date) -> Answer? {
        state.withLock { $0.entries[key]?.latest }.flatMap { $0.date >= oldest ? $0 : nil }
    }

    private enum Turn {
        case known(Answer)
        case waits(Int)
        case asks
    }

    private func turn(_ key: Key, _ oldest: Date, _ now: Date) -> Turn {
        state.withLock { state in
            // A clock that was put back makes no answer younger.
            if let latest = state.entries[key]?.latest, latest.date >= oldest, latest.date <= now {
                return .known(latest)
            }
            if state.entries[key]?.flight == nil {
                if state.entries.count >= Self.most { state.entries = state.entries.filter { $0.value.flight != nil } }
                state.entries[key, default: Entry()].flight = now
                return .asks
            }
            state.last += 1
            return .waits(state.last)
        }
    }

    private func wait(for key: Key, _ number: Int) async -> (Outcome, Date) {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    // It may have ended since.
                    guard !Task.isCancelled, state.entries[key]?.flight != nil else { return true }
                    state.entries[key]?.waiting[number] = continuation
                    return false
                }
                if isOver { continuation.resume(returning: (nil, .distantPast)) }
            }
        } onCancel: {
            let continuation = state.withLock { $0.entries[key]?.waiting.removeValue(forKey: number) }
            continuation?.resume(returning: (nil, .distantPast))
        }
    }

    private func end(_ key: Key, _ outcome: Outcome, _ date: Date) {
        let waiting = state.withLock { state in
            let waiting = state.entries[key]?.waiting ?? [:]
            state.entries[key]?.waiting = [:]
            state.entries[key]?.flight = nil
            if case .success(let answer) = outcome { state.entries[key]?.latest = answer }
            return waiting
        }
        for continuation in waiting.values { continuation.resume(returning: (outcome, date)) }
    }
}
