import Foundation
import QualiCore
import WorkerStatus

/// What a service manager is told of a worker, from one look at it to the next.
struct ServiceReport: Sendable {
    /// How long the first answers to polls are waited for; a service that is down mustn't hold up the host's start.
    static let longestStart: TimeInterval = 20
    /// The pause between looks; a shorter one while the worker starts.
    static let pause: Duration = .seconds(5)
    /// How long the manager is asked to wait for the next word of a worker that stops, in microseconds.
    private static let patience = 20_000_000

    /// Whether the manager knows that the worker is ready.
    private(set) var isReady = false
    private var status = ""

    /// What there is to tell after a look.
    ///
    /// `snapshot` is what the worker does, and `watches` says whether the manager wants to hear that the worker is
    /// alive.
    mutating func lines(_ snapshot: WorkerSnapshot, watches: Bool) -> [String] {
        var lines: [String] = []
        if !isReady, snapshot.hasBegun {
            isReady = true
            lines.append("READY=1")
        }
        let status = snapshot.line
        if status != self.status {
            self.status = status
            lines.append("STATUS=\(status)")
        }
        // Only a loop that goes round feeds the watchdog.
        if watches, snapshot.isAlive { lines.append("WATCHDOG=1") }
        if snapshot.isStopping {
            // Again, in case that the manager had no room for it when the stop began. A drain may be longer than the time
            // that the manager grants by itself.
            lines += ["STOPPING=1", "EXTEND_TIMEOUT_USEC=\(Self.patience)"]
        }
        return lines
    }
}

extension ServiceManager {
    /// Tells of a worker until the task is cancelled.
    ///
    /// - Parameters:
    ///   - look: What the worker does now.
    ///   - sleep: Waits between looks; it throws when the task is cancelled.
    func follow(
        _ look: @Sendable () -> WorkerSnapshot,
        sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async {
        var report = ServiceReport()
        repeat {
            var next = report
            let lines = next.lines(look(), watches: watchdog != nil)
            // What didn't arrive is told again.
            if lines.isEmpty || tell(lines) { report = next }
            let pause = min(ServiceReport.pause, watchdog.map { $0 / 3 } ?? ServiceReport.pause)
            do { try await sleep(report.isReady ? pause : min(pause, .milliseconds(200))) } catch { return }
        } while !Task.isCancelled
    }

    /// Tells that the worker is being stopped.
    func tellStop() {
        tell(["STOPPING=1", "STATUS=Stopping"])
    }
}

extension WorkerSnapshot {
    /// Whether the journal is open and each queue has been asked, whatever came of it.
    ///
    /// That AWS is down when a host starts is no reason to start the worker again and again.
    fileprivate var hasBegun: Bool {
        guard let startedAt else { return false }
        return takenAt.timeIntervalSince(startedAt) > ServiceReport.longestStart
            || queues.allSatisfy { $0.service.answers + $0.service.failures > 0 }
    }

    /// What the worker does, in a line for a person.
    fileprivate var line: String {
        guard startedAt != nil else { return "Starting" }
        let away = jobs.count { $0.putBackAt != nil }
        var parts = ["\(isStopping ? "Stopping; " : "")\(jobs.count - away) of \(capacity) jobs in hand"]
        if away > 0 { parts.append("\(away) back in the queue") }
        if let pause { parts.append(pause.sentence) }
        if !isStopping, pause == nil {
            let last = queues.compactMap(\.service.lastAnswerAt).max()
            parts.append(last.map { "last poll answered at \($0.timeOfDay)" } ?? "no poll answered yet")
        }
        let troubled = queues.first { $0.service.trouble != nil }?.service
        parts += [troubled?.line(of: "CodePipeline"), lab.line(of: "the lab")].compactMap { $0 }
        return parts.joined(separator: "; ")
    }
}

extension WorkerSnapshot.Service {
    fileprivate func line(of name: String) -> String? {
        guard let trouble, let troubleSince else { return nil }
        // A message is in lines, so its text must be in one.
        let text = trouble.split { $0.isNewline || $0.isWhitespace }.joined(separator: " ")
        return "\(name) in trouble since \(troubleSince.timeOfDay): \(text.count > 200 ? text.prefix(200) + "…" : text)"
    }
}

extension Date {
    fileprivate var timeOfDay: String {
        formatted(Date.ISO8601FormatStyle().time(includingFractionalSeconds: false)) + " UTC"
    }
}
