import Foundation
import Logging
import SandboxAPI

extension LabAccess {
    /// How far apart a sandbox and its twin start at most: a box that repeats a request waits for its reply first.
    private static let longestRepeat: TimeInterval = 600

    /// The sandbox that bears a tag, if a single look at those that run shows one.
    func runningSandbox(with tag: SandboxTag) async -> String? {
        try? await watchingClient.sandboxes().first {
            tag.marks($0.name) && !$0.state.isEnding && !$0.state.isEnded
        }?.id
    }

    /// Ends the twins of a job's sandbox: those that something between the worker and the lab has started by repeating the
    /// job's request.
    ///
    /// A twin is proven to be one by its whole name with the tag, its blueprint and inputs, and by its start at about the same
    /// time; another one that bears the tag may be somebody's copy, and is left alone.
    ///
    /// - Returns: A sentence about them; `nil` if there are none.
    /// - Throws: `CancellationError` alone.
    func endTwins(
        of sandboxID: String,
        bearing tag: SandboxTag,
        _ context: JobContext<some Codable & Sendable>
    ) async throws -> String? {
        let waiter = context.waiter()
        do {
            let bearers = try await read("The lab's sandboxes can't be read", waiter) { try await $0.sandboxes() }
                .filter { tag.marks($0.name) && $0.id != sandboxID && !$0.state.isEnding && !$0.state.isEnded }
            guard !bearers.isEmpty else { return nil }
            let own = try await read("The sandbox can't be read", waiter) { try await $0.sandbox(id: sandboxID) }
            var ended: [String] = []
            var left: [String] = []
            for bearer in bearers {
                let twin = try await read("A sandbox can't be read", waiter) { try await $0.sandbox(id: bearer.id) }
                let isProven = Self.isTwin(twin, of: own)
                context.logger.warning(
                    "Another sandbox bears the tag of a job's own: something on the way to the lab may repeat requests",
                    metadata: ["twin": "\(twin.id)", "isEnded": "\(isProven)"]
                )
                if isProven { try await stop(twin.id, context) }
                if isProven { ended.append(twin.id) } else { left.append(twin.id) }
            }
            return Self.words(ended: ended, left: left)
        } catch let error as JobFailure {
            context.logger.error("A sandbox's twin can't be ended", metadata: ["error": "\(error)"])
            return "Another sandbox whose name ends with '\(tag)' may run; if so, end it by hand: \(error.message)"
        }
    }

    private static func isTwin(_ twin: Sandbox, of own: Sandbox) -> Bool {
        guard let start = own.startTime, let twinStart = twin.startTime else { return false }
        return twin.name == own.name && twin.blueprintID == own.blueprintID
            && Set(twin.parameters) == Set(own.parameters)
            && abs(twinStart.timeIntervalSince(start)) <= longestRepeat
    }

    private static func words(ended: [String], left: [String]) -> String {
        var sentences: [String] = []
        if !ended.isEmpty {
            sentences.append(
                "Something between the worker and the lab has repeated the request, so there was a second sandbox, which is "
                    + "being ended (\(ended.joined(separator: ", ")))."
            )
        }
        if !left.isEmpty {
            sentences.append(
                "Another sandbox bears the same tag, and isn't proven to be the job's, so it is left alone "
                    + "(\(left.joined(separator: ", ")))."
            )
        }
        return sentences.joined(separator: " ")
    }
}
