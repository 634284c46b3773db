import AWSLite
import SandboxAPI

/// What is said of a command whose sandbox has ended.
extension RunCommand {
    /// How many answers of the lab count: the first reads after a stop may still show the state before it.
    private static let looks = 3
    /// How often it is asked for them, as some answers may not come.
    private static let tries = 6

    /// What has become of a sandbox that doesn't run.
    private enum End {
        /// It is ending, has ended, or is in the state in which a setup or teardown leaves it that has failed.
        case state(SandboxState)
        /// The lab doesn't know it, not even among those that have ended.
        case unknown

        var words: String {
            switch self {
            case .state(let state): "has ended (its state: '\(state.rawValue)')"
            case .unknown: "isn't known to the lab any more"
            }
        }
    }

    /// A failure as it is to be told: what a lab says of a sandbox that has ended fits neither its name nor a command's.
    ///
    /// `other` is the pipeline's execution that has started the sandbox, if it is known to be another one than the
    /// job's.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before the lab has told it, for the job to go on later.
    func explained(
        _ failure: JobFailure,
        _ sandboxID: String,
        of other: String?,
        _ clock: any WorkerClock
    ) async throws -> JobFailure {
        guard !failure.isPassing else { return failure }
        var end: End?
        var answers = 0
        for number in 1...Self.tries where end == nil && answers < Self.looks {
            if number > 1 { try await clock.sleep(for: min(lab.statusInterval, .seconds(2))) }
            guard let answer = try await LabAccess.ifTold({ try await self.end(of: sandboxID) }) else { continue }
            answers += 1
            end = answer
        }
        guard let end else { return failure }
        var explained = failure
        explained.type = .jobFailed
        if case .state(let state) = end, state.isFailed {
            explained.message = """
                The sandbox '\(sandboxID)' is in the state '\(state.rawValue)', since its setup or its teardown has failed. \
                \(failure.message)
                """
            return explained
        }
        await keeper?.noteOver(sandboxID)
        if let other {
            explained.message = """
                The sandbox '\(sandboxID)' of the execution \(other) \(end.words), and this action belongs to another \
                execution. A rolled-back stage runs with the artifacts of the execution that it goes back to: put the \
                Quali-Start-Sandbox action into the same stage.
                """
            return explained
        }
        guard case .state(let state) = end else { return failure }
        explained.message = """
            The sandbox '\(sandboxID)' runs no more (its state: '\(state.rawValue)'): somebody ended it, or its time was \
            over. If the stage was rolled back, put the Quali-Start-Sandbox action into the same stage. \(failure.message)
            """
        return explained
    }

    /// The state of a sandbox that is ending or has ended, as far as the lab tells it at once; `nil` of any other.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    func endState(of sandboxID: String) async throws -> SandboxState? {
        guard case .state(let state)?? = try await LabAccess.ifTold({ try await end(of: sandboxID) }), !state.isFailed
        else { return nil }
        return state
    }

    /// What has become of it; `nil` while it runs.
    ///
    /// - Throws: `SandboxAPIError`; `CancellationError`.
    private func end(of sandboxID: String) async throws -> End? {
        // With repeats: a single reply decides what the job says, and whose fault it is.
        if let state = try await lab.client.sandbox(ifKnown: sandboxID)?.state {
            return state.isEnding || state.isEnded || state.isFailed ? .state(state) : nil
        }
        let wanted = sandboxID.lowercased()
        let past = try await lab.client.historicSandboxes { $0.id.lowercased() == wanted }
        if let state = past.first(where: { $0.state.isEnded })?.state { return .state(state) }
        return past.isEmpty ? .unknown : nil
    }
}
