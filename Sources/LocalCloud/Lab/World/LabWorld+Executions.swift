import Foundation

extension LabWorld {
    /// Lets a sandbox's executions do what was due by a time.
    mutating func settleExecutions(of sandbox: Int, _ now: Date) {
        // In the order of their requests, so that a queued one sees how the one before it ended.
        for index in sandboxes[sandbox].unfinished { settle(execution: index, sandbox, now) }
    }

    /// When an execution begins or ends; `nil` where that isn't known yet, or it's over.
    func nextChange(of index: Int, _ sandbox: Int) -> Date? {
        executions[index].status == .pending ? startTime(of: index, sandbox) : endTime(of: index)
    }

    private mutating func settle(execution index: Int, _ sandbox: Int, _ now: Date) {
        if executions[index].status == .pending, let start = startTime(of: index, sandbox), start <= now {
            executions[index].started = start
            executions[index].status = .running
        }
        if let end = endTime(of: index), end <= now { finish(index, sandbox, at: end) }
    }

    /// When a pending execution begins; `nil` while it has to wait for another.
    private func startTime(of index: Int, _ sandbox: Int) -> Date? {
        let execution = executions[index]
        let earliest = execution.requested + execution.command.pending / .seconds(1)
        guard behavior.sandboxCommands == .queued, execution.componentID == nil else { return earliest }
        var time = earliest
        for place in sandboxes[sandbox].executions where place < index {
            let other = executions[place]
            guard other.componentID == nil else { continue }
            guard other.status.isFinal else { return nil }
            if let ended = other.ended { time = max(time, ended) }
        }
        return time
    }

    private func endTime(of index: Int) -> Date? {
        let execution = executions[index]
        switch execution.status {
        case .stopping:
            return execution.cancelRequested.map { $0 + behavior.cancellationTime / .seconds(1) }
        case .running:
            if case .never = execution.command.outcome { return nil }
            return execution.started.map { $0 + execution.command.duration / .seconds(1) }
        default: return nil
        }
    }

    private mutating func finish(_ index: Int, _ sandbox: Int, at time: Date) {
        let command = executions[index].command
        executions[index].ended = time
        if executions[index].status == .stopping {
            executions[index].status = .cancelled
        } else {
            switch command.outcome {
            case .completed(let output): conclude(index, .completed, output)
            case .failed(let output): conclude(index, .failed, output)
            case .echo: conclude(index, .completed, echo(executions[index]))
            case .answers(let answer): conclude(index, .completed, answer(executions[index].parameters))
            case .ends(let status, let output):
                conclude(index, .completed, output)
                executions[index].ownStatus = status
            case .never: return
            }
        }
        let execution = executions[index]
        let kind = execution.componentID == nil ? "Blueprint" : "resource"
        let target = execution.componentName ?? sandboxes[sandbox].name
        let status = execution.ownStatus ?? execution.status.rawValue
        note(
            sandbox,
            time,
            "'\(command.name)' \(kind) command on '\(target)' \(status.lowercased())",
            isError: execution.status == .failed,
            output: execution.output
        )
        if execution.printOutput == true, let output = execution.output { print(sandbox, time, output) }
    }

    private mutating func conclude(_ index: Int, _ status: LabExecutionStatus, _ output: String?) {
        executions[index].status = status
        executions[index].output = output
    }

    private func echo(_ execution: LabExecution) -> String {
        ([execution.command.name] + execution.arguments.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
    }

    /// Breaks off what still runs in a sandbox, because it ends.
    mutating func stopExecutions(of sandbox: Int, _ time: Date) {
        for index in sandboxes[sandbox].unfinished where !executions[index].status.isFinal {
            executions[index].status = .stopped
            executions[index].ended = time
        }
    }
}
