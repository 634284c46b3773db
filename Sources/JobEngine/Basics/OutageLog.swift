package import AWSLite
package import Foundation
import HTTPTransport
package import Logging

/// Logs something that is tried again and again.
///
/// It says the first failure, then from time to time how often it has failed since when, and in the end that it has
/// recovered; all else is debug. One log is for all who try the same thing, so that a hundred jobs don't say that one
/// service is down.
package final class OutageLog: Sendable {
    /// What is tried; whoever tries something of their own adds a name for it.
    package struct Work: RawRepresentable, Sendable, Hashable {
        /// The name, as the beginning of a message.
        package let rawValue: String

        /// Names a work.
        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        static let polling = Work(rawValue: "Polling")
        static let readingOffers = Work(rawValue: "Reading offered jobs")
        static let acknowledging = Work(rawValue: "Acknowledging jobs")
        static let resuming = Work(rawValue: "Resuming jobs")
        static let reporting = Work(rawValue: "Reporting results")
        static let readingExecutions = Work(rawValue: "Reading how far pipelines' executions have come")
        static let watchingPipelines = Work(rawValue: "Looking for stopped pipelines")
        static let journal = Work(rawValue: "Writing to the journal")
        static let findingJournal = Work(rawValue: "Finding the journal in its place")
        static let storing = Work(rawValue: "Reading and writing artifacts")
        package static let readingActions = Work(rawValue: "Reading a pipeline's actions")
    }

    /// How a message goes on after the work's name.
    enum Event: String, CaseIterable {
        case fails = "fails"
        case stillFails = "still fails"
        case recovered = "recovered"
    }

    private struct State {
        var failures = 0
        var since = Date.distantPast
        var lastFailure = Date.distantPast
        /// Whether the latest failures haven't been followed by a success.
        var isFailing = false
        /// Whether the last that was said, debug aside, is that it fails.
        var isToldToFail = false
        var kinds: Set<String> = []
        var lastError = ""
        var pause = firstPause
        var nextSummary = Date.distantPast
    }

    private static let firstPause: TimeInterval = 300
    private static let longestPause: TimeInterval = 7_200
    /// A failure that comes sooner after the last one goes on with the same outage.
    private static let quietTime: TimeInterval = 900
    /// Servers choose the names of troubles, so only so many are told one by one.
    private static let mostKinds = 4

    private let work: Work
    private let metadata: Logger.Metadata
    private let state = Locked(State())

    /// Creates a log for one thing.
    ///
    /// `metadata` tells it from others that do the same work.
    package init(_ work: Work, metadata: Logger.Metadata = [:]) {
        self.work = work
        self.metadata = metadata
    }

    /// What the latest try failed with; `nil` while all is well.
    package var trouble: String? { state.withLock { $0.isFailing ? $0.lastError : nil } }

    /// Notes a failure.
    package func failed(_ error: any Error, at now: Date, _ logger: Logger) {
        let (event, level, facts) = state.withLock { state -> (Event, Logger.Level, Logger.Metadata) in
            if now.timeIntervalSince(state.lastFailure) >= Self.quietTime, !state.isFailing {
                state = State()
                state.since = now
                state.nextSummary = now.addingTimeInterval(state.pause)
            }
            state.failures += 1
            state.lastFailure = now
            state.isFailing = true
            state.lastError = "\(error)"
            let isNew = state.kinds.count < Self.mostKinds && state.kinds.insert(Self.kind(of: error)).inserted
            let isDue = now >= state.nextSummary
            guard isNew || isDue else { return (.fails, .debug, [:]) }
            state.isToldToFail = true
            guard isDue else { return (.fails, .warning, [:]) }
            state.pause = min(state.pause * 3, Self.longestPause)
            state.nextSummary = now.addingTimeInterval(state.pause)
            return (.stillFails, .warning, Self.facts(state, now))
        }
        log(event, level, facts.merging(["error": "\(error)"]) { $1 }, logger)
    }

    /// Notes a success; the time and the logger are asked for only where there was a failure before.
    package func succeeded(at now: @autoclosure () -> Date, _ logger: @autoclosure () -> Logger) {
        guard state.withLock({ $0.isFailing }) else { return }
        let now = now()
        let told = state.withLock { state -> (Logger.Level, Logger.Metadata)? in
            guard state.isFailing else { return nil }
            state.isFailing = false
            defer { state.isToldToFail = false }
            return (state.isToldToFail ? .notice : .debug, Self.facts(state, now))
        }
        if let (level, facts) = told { log(.recovered, level, facts, logger()) }
    }

    private func log(_ event: Event, _ level: Logger.Level, _ facts: Logger.Metadata, _ logger: Logger) {
        logger.log(level: level, "\(work.rawValue) \(event.rawValue)", metadata: metadata.merging(facts) { $1 })
    }

    private static func facts(_ state: State, _ now: Date) -> Logger.Metadata {
        [
            "failures": "\(state.failures)", "since": "\(state.since.formatted(.iso8601))",
            "lasted": "\(inWords(now.timeIntervalSince(state.since)))",
        ]
    }

    /// A length of time as settings have it: 45s, 20m, 3h.
    private static func inWords(_ seconds: TimeInterval) -> String {
        switch Int(max(0, seconds)) {
        case let seconds where seconds < 120: "\(seconds)s"
        case let seconds where seconds < 7_200: "\(seconds / 60)m"
        case let seconds: "\(seconds / 3_600)h"
        }
    }

    /// What tells one trouble from another; the rest of an error changes with each request.
    private static func kind(of error: any Error) -> String {
        (error as? any KindOfTrouble)?.kindOfTrouble ?? String(reflecting: type(of: error))
    }
}

/// An error that can tell its kind apart from its details.
package protocol KindOfTrouble: Error {
    /// The kind, the same for all errors of one cause.
    var kindOfTrouble: String { get }
}

extension AWSError: KindOfTrouble {
    package var kindOfTrouble: String { code.rawValue }
}
