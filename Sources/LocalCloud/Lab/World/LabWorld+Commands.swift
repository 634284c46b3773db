import Foundation

extension LabWorld {
    mutating func answerCommand(
        _ route: LabRoute,
        _ request: LocalRequest,
        _ session: Session,
        _ now: Date,
        _ writer: LabWriter
    ) throws(LabError) -> LocalReply {
        switch route {
        case .commands(let id):
            return commandList(try target(id, nil, session), writer)
        case .command(let id, let name):
            let target = try target(id, nil, session)
            return .json(command(try command(name, nil, target), target, writer))
        case .startCommand(let id, let name):
            return try startCommand(name, target(id, nil, session), request, session, now, writer)
        case .componentCommands(let id, let component):
            return commandList(try target(id, component, session), writer)
        case .componentCommand(let id, let component, let name):
            let target = try target(id, component, session)
            return .json(command(try command(name, nil, target), target, writer))
        case .startComponentCommand(let id, let component, let name):
            return try startCommand(name, target(id, component, session), request, session, now, writer)
        case .execution(let id):
            return .json(writer.execution(executions[try executionIndex(id, session)]))
        case .stopExecution(let id):
            return try cancel(executionIndex(id, session), now)
        default: throw .unknownRoute(behavior)
        }
    }

    /// What a command belongs to.
    private struct Target {
        var index: Int
        var sandbox: LabSandbox
        var component: LabSandbox.Component?
        var commands: [LabCommand]

        var path: String {
            "/sandboxes/\(sandbox.id)" + (component.map { "/components/\($0.id)" } ?? "") + "/commands"
        }
    }

    private func target(_ id: String, _ componentID: String?, _ session: Session) throws(LabError) -> Target {
        let index = try sandboxIndex(id, session)
        let sandbox = sandboxes[index]
        guard let componentID else {
            let own = sandbox.blueprint.commands
            let orchestration = behavior.listsOrchestration ? LabCommand.orchestration : []
            let others = orchestration.filter { command in !own.contains { $0.name == command.name } }
            return Target(index: index, sandbox: sandbox, commands: others + own)
        }
        let component = try component(componentID, of: sandbox)
        return Target(index: index, sandbox: sandbox, component: component, commands: component.template.commands)
    }

    private func commandList(_ target: Target, _ writer: LabWriter) -> LocalReply {
        .json(.array(target.commands.map { command($0, target, writer) }))
    }

    private func command(_ command: LabCommand, _ target: Target, _ writer: LabWriter) -> JSON {
        var history = target.sandbox.executions.map { executions[$0] }.filter {
            $0.componentID == target.component?.id && $0.command.name == command.name
        }
        if let depth = behavior.executionHistoryDepth { history = history.suffix(depth) }
        if behavior.showsNewestExecutionFirst { history.reverse() }
        return writer.command(command, path: target.path, history: history)
    }

    private func command(_ name: String, _ tag: String?, _ target: Target) throws(LabError) -> LabCommand {
        guard let found = target.commands.first(where: { $0.name == name && (tag == nil || $0.tag == tag) }) else {
            throw .notFound
        }
        return found
    }

    private mutating func startCommand(
        _ name: String,
        _ target: Target,
        _ request: LocalRequest,
        _ session: Session,
        _ now: Date,
        _ writer: LabWriter
    ) throws(LabError) -> LocalReply {
        guard let body = try? JSON(parsing: request.body) else { throw invalid("Parameter is not a valid JSON") }
        let tag = body["command_tag"]?.string
        let command = try command(name, tag, target)
        if behavior.wantsCommandTags, command.tag != nil, tag == nil {
            throw invalid("Command tag must be specified in request body for a connected command")
        }
        guard target.sandbox.isUnstopped, target.sandbox.state != .pending else {
            throw invalid("Sandbox is not active")
        }
        let arguments = pairs(body["params"])
        let missing = command.params.filter { param in
            param.isMandatory && !arguments.contains { $0.name == param.name && !$0.value.isEmpty }
        }
        guard missing.isEmpty else {
            let names = missing.map(\.name).joined(separator: ", ")
            throw invalid("No values were provided for the following mandatory inputs: {\(names)}")
        }
        if behavior.sandboxCommands == .refused, target.component == nil,
            target.sandbox.unfinished.contains(where: {
                executions[$0].componentID == nil && !executions[$0].status.isFinal
            })
        {
            throw invalid("Another blueprint command is running")
        }
        let execution = LabExecution(
            id: Random.uuid().uppercased(),
            sandboxID: target.sandbox.id,
            componentID: target.component?.id,
            componentName: target.component?.name,
            command: command,
            arguments: arguments,
            printOutput: body["printOutput"]?.bool,
            body: request.body,
            user: session.account.username,
            requested: now,
            status: .pending
        )
        executionPlaces[execution.id.lowercased()] = executions.count
        sandboxes[target.index].executions.append(executions.count)
        sandboxes[target.index].unfinished.append(executions.count)
        executions.append(execution)
        touch(target.index)
        return .json(writer.startedExecution(execution))
    }

    private func executionIndex(_ id: String, _ session: Session) throws(LabError) -> Int {
        guard let index = executionPlaces[id.lowercased()] else { throw .notFound }
        _ = try sandboxIndex(executions[index].sandboxID, session)
        return index
    }

    private mutating func cancel(_ index: Int, _ now: Date) throws(LabError) -> LocalReply {
        let execution = executions[index]
        if execution.status.isFinal {
            if behavior.refusesLateCancellation { throw invalid("Execution cannot be cancelled") }
        } else if execution.command.isCancellable {
            executions[index].cancelRequested = execution.cancelRequested ?? now
            executions[index].status = .stopping
            if let sandbox = sandboxPlaces[execution.sandboxID] { touch(sandbox) }
            settle(now)
        } else if behavior.refusesFutileCancellation {
            throw invalid("Execution cannot be cancelled")
        }
        return .json(["result": "success"])
    }
}
