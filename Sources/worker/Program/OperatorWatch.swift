import Foundation
import HTTPTransport
import Logging
import QualiCore
import WorkerSettings
import WorkerStatus

/// Has a worker do what a person leaves in its state folder.
struct OperatorWatch: Sendable {
    /// The pause between looks.
    private static let pause: Duration = .seconds(1)
    /// How long a disk may take for a look.
    private static let patience: Duration = .seconds(5)
    /// After this time a wish is dropped whose job the worker doesn't have.
    private static let longestWish: TimeInterval = 900

    let folder: OperatorFolder
    let control: WorkerControl
    let logger: Logger
    private let said = Locked((pause: WorkerPause?.none, trouble: String?.none))

    init(_ folder: OperatorFolder, _ control: WorkerControl, logger: Logger) {
        (self.folder, self.control, self.logger) = (folder, control, logger)
    }

    /// Looks until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            // A disk may hang, so not on Swift's pool.
            _ = await OwnThread.value(within: Self.patience) { look() }
            try? await Task.sleep(for: Self.pause)
        }
    }

    /// Looks once, and blocks as long as the disk takes; it comes before the first poll, too.
    func look(_ now: Date = Date()) {
        do {
            if let pause = try folder.pause() { control.pause(pause) } else { control.resume() }
            for (file, wish) in try folder.cancellations() {
                let isThere = control.cancel(wish.actionExecutionID, because: wish.reason)
                if !isThere, now.timeIntervalSince(wish.since) > Self.longestWish { folder.remove(file) }
            }
            said.withLock { $0.trouble = nil }
        } catch {
            let trouble = (error as? ProgramFailure)?.message ?? "\(error)"
            let isNews = said.withLock { said in
                defer { said.trouble = trouble }
                return said.trouble != trouble
            }
            if isNews {
                logger.warning(
                    "What a person has left for the worker can't be read",
                    metadata: ["error": "\(trouble)"]
                )
            }
        }
        let current = control.pause(at: now)
        let before = said.withLock { said in
            defer { said.pause = current }
            return said.pause
        }
        guard current != before else { return }
        if let current {
            logger.notice("Paused", metadata: ["detail": "\(current.sentence)"])
        } else {
            logger.notice("Polling again after a pause")
        }
    }
}
