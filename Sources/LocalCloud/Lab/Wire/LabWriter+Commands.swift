import Foundation

extension LabWriter {
    func command(_ command: LabCommand, path: String, history: [LabExecution]) -> JSON {
        let name = command.name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? command.name
        return .members([
            "name": .string(command.name),
            "description": .string(command.description),
            "params": .array(command.params.map(parameter)),
            "executions": .array(history.map(historyItem)),
            "command_tag": command.tag.map { .string($0) },
            "_links": ["self": link("\(path)/\(name)"), "start": link("\(path)/\(name)/start", "POST")],
        ])
    }

    private func parameter(_ parameter: LabCommand.Parameter) -> JSON {
        .members([
            "name": .string(parameter.name),
            "description": .string(parameter.description),
            "type": word(parameter.type),
            key("possible values", behavior.parameterKeys): .array(parameter.possibleValues.map { .string($0) }),
            key("default value", behavior.parameterKeys): .string(parameter.defaultValue),
            "mandatory": bool(parameter.isMandatory),
        ])
    }

    func startedExecution(_ execution: LabExecution) -> JSON {
        .members([
            "executionId": .string(execution.id),
            behavior.cancellationKey: bool(execution.command.isCancellable),
            "_links": links(of: execution),
        ])
    }

    private func historyItem(_ execution: LabExecution) -> JSON {
        .members([
            "id": .string(execution.id),
            "status": status(of: execution),
            behavior.cancellationKey: bool(execution.command.isCancellable),
            "_links": links(of: execution),
        ])
    }

    func execution(_ execution: LabExecution) -> JSON {
        .members([
            "id": .string(execution.id),
            behavior.cancellationKey: bool(execution.command.isCancellable),
            "started": .string(execution.started.map(time) ?? ""),
            "ended": .string(execution.ended.map(time) ?? ""),
            "status": status(of: execution),
            "output": optional(execution.output),
            "_links": links(of: execution),
        ])
    }

    private func status(of execution: LabExecution) -> JSON {
        if let status = execution.ownStatus { return .string(status) }
        return word(behavior.statusNames[execution.status] ?? execution.status.rawValue)
    }

    private func links(of execution: LabExecution) -> JSON {
        let path = "/executions/\(execution.id)"
        let canStop = execution.command.isCancellable && !execution.status.isFinal
        return .members(["self": link(path), "stop": canStop ? link(path, "DELETE") : nil])
    }
}
