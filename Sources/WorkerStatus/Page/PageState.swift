import Foundation
import JobEngine

/// What a worker does on the whole, in a word and a sentence.
struct PageState: Sendable {
    let look: Look
    let word: String
    let sentence: String

    init(_ snapshot: WorkerSnapshot, _ facts: StatusFacts) {
        let held = snapshot.held.count
        let inHand = held == 0 ? "nothing in hand" : "\(Words.count(held, "action")) in hand"
        if snapshot.startedAt == nil {
            (look, word) = (.quiet, "Starting")
            sentence = "The worker is reading its journal."
        } else if snapshot.isStopping {
            (look, word) = (.paused, "Stopping")
            sentence = "The worker takes no new jobs, with \(inHand)."
        } else if !snapshot.isAlive {
            (look, word) = (.failed, "Stuck")
            sentence = "A poller makes no progress. The worker should be restarted."
        } else if let pause = snapshot.pause {
            (look, word) = (.paused, "Paused")
            sentence = pause.sentence + (held == 0 ? "" : " \(Words.count(held, "action")) in hand.")
        } else if let trouble = Self.trouble(snapshot, hasLab: facts.lab != nil) {
            (look, word) = (.failed, "In trouble")
            sentence = "\(trouble), with \(inHand)."
        } else if snapshot.queues.allSatisfy({ $0.service.lastAnswerAt == nil }) {
            (look, word) = (.quiet, "Starting")
            sentence = "The worker has asked for jobs and waits for the first answer."
        } else if held > 0 {
            (look, word) = (.running, "Working")
            let isFull = held >= snapshot.capacity
            sentence = "At work on \(Words.count(held, "action"))\(isFull ? ", with no room for more" : "")."
        } else {
            (look, word) = (.succeeded, "Idle")
            sentence =
                "Nothing to do; polling every \(Words.seconds(facts.pollInterval, to: facts.longestPollInterval))."
        }
    }

    private static func trouble(_ snapshot: WorkerSnapshot, hasLab: Bool) -> String? {
        if hasLab, snapshot.lab.refusal != nil { return "The lab refuses the worker’s login, so no jobs are taken" }
        let isCodePipelineWell = snapshot.queues.allSatisfy { $0.service.trouble == nil }
        switch (isCodePipelineWell, !hasLab || snapshot.lab.trouble == nil) {
        case (true, true): return nil
        case (false, true): return "CodePipeline doesn't answer as it should"
        case (true, false): return "The lab doesn't answer as it should"
        case (false, false): return "Neither CodePipeline nor the lab answer as they should"
        }
    }

    /// A sign for the browser's tab, which needs no request.
    var icon: HTML {
        let drawing: HTML =
            switch look {
            case .failed: "<path fill='%23c62f2f' d='M3 3h10v10H3z'/>"
            case .running: "<path fill='%231f66d0' d='M3 2l11 6-11 6z'/>"
            case .succeeded: "<circle fill='%231a7f4b' cx='8' cy='8' r='6'/>"
            default: "<circle fill='none' stroke='%236b7686' stroke-width='3' cx='8' cy='8' r='5'/>"
            }
        return "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>\(drawing)</svg>"
    }
}
