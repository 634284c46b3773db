import Foundation
import HTTPTransport
import QualiCore
import TestSupport

/// The life of a worker, which ends at a write of its journal: from then on nothing is written and nothing is sent, as
/// if its process had been killed.
final class Life: Sendable {
    /// When it ends.
    struct End: Sendable, CustomStringConvertible {
        /// The journal's write, from 1.
        var write: Int
        /// Whether that write still reaches the disk.
        var isWritten: Bool

        var description: String { "at write \(write), which is \(isWritten ? "" : "not ")on disk" }
    }

    private struct State {
        var writes: [String] = []
        var isOver = false
    }

    private let end: End?
    private let state = Locked(State())
    private let gate = Gate()

    init(until end: End?) { self.end = end }

    /// The journal's writes so far.
    var writes: [String] { state.withLock(\.writes) }

    var isOver: Bool { state.withLock(\.isOver) }

    /// Ends it now.
    func die() {
        state.withLock { $0.isOver = true }
        gate.open()
    }

    /// Waits for the end.
    func over() async { await gate.wait() }

    /// Does one write of the journal, and dies if its hour has come.
    func write(_ name: String, _ body: () async throws -> Void) async throws {
        let number = try state.withLock { state in
            guard !state.isOver else { throw CancellationError() }
            state.writes.append(name)
            if let end, end.write == state.writes.count, !end.isWritten { state.isOver = true }
            return state.writes.count
        }
        if !isOver { try await body() }
        guard number == end?.write else { return }
        state.withLock { $0.isOver = true }
        gate.open()
        throw CancellationError()
    }
}

/// A journal that writes as long as there is life, and for whose disk a hurried clock waits.
struct MortalJournal: JobJournal {
    let base: any JobJournal
    let life: Life
    let clock: HurriedClock

    var isDurable: Bool { base.isDurable }

    func claim(_ records: [JobRecord]) async throws {
        try await write("claim") { try await base.claim(records) }
    }

    func noteAcknowledged(_ jobID: String) async throws {
        try await write("noteAcknowledged") { try await base.noteAcknowledged(jobID) }
    }

    func saveCheckpoint(_ checkpoint: Data, of jobID: String) async throws {
        try await write("saveCheckpoint") { try await base.saveCheckpoint(checkpoint, of: jobID) }
    }

    func saveOutcome(_ outcome: JobOutcome, of jobID: String) async throws {
        try await write("saveOutcome") { try await base.saveOutcome(outcome, of: jobID) }
    }

    func forget(_ jobID: String) async throws {
        try await write("forget") { try await base.forget(jobID) }
    }

    func unfinished() async throws -> [JobRecord] { try await base.unfinished() }

    private func write(_ name: String, _ body: @Sendable () async throws -> Void) async throws {
        try await clock.waiting { try await life.write(name, body) }
    }
}

/// A client that sends as long as there is life.
///
/// What was sent is answered before the worker counts as dead: otherwise a server could act on the dead one's poll at any
/// time afterwards.
struct MortalHTTPClient: HTTPClient {
    let base: any HTTPClient
    let life: Life

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        guard !life.isOver else { throw CancellationError() }
        // A task of its own isn't cancelled with its sender.
        let reply = try await Task { try await base.send(call) }.value
        guard !life.isOver else { throw CancellationError() }
        return reply
    }
}
