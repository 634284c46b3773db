package import Foundation

// What tests and the demo ask the lab, past its HTTP interface.
extension LocalLab {
    // MARK: Inventory

    /// The blueprints.
    package var blueprints: [LabBlueprint] { world.read(\.blueprints) }

    /// Adds a blueprint, or takes it in the place of the one of the same name or id.
    package func add(_ blueprint: LabBlueprint) {
        world.change { world in
            world.blueprints.removeAll { $0.id == blueprint.id || $0.name == blueprint.name }
            world.blueprints.append(blueprint)
            world.conflictsLeft[blueprint.id] = blueprint.conflicts
        }
    }

    /// Removes a blueprint; its sandboxes stay.
    package func removeBlueprint(named name: String) {
        world.change { $0.blueprints.removeAll { $0.name == name } }
    }

    /// Adds a user, or takes it in the place of the one of the same name.
    package func add(_ account: LabAccount) {
        world.change { world in
            world.accounts.removeAll { $0.username == account.username }
            world.accounts.append(account)
        }
    }

    // MARK: What has happened

    /// All sandboxes in the order of their starts, the ended ones too.
    public var sandboxes: [LabSandbox] { look(\.sandboxes) }

    /// The sandboxes of a name, in the order of their starts: more than one after a repeated start.
    package func sandboxes(named name: String) -> [LabSandbox] { sandboxes.filter { $0.name == name } }

    /// The sandbox with an id.
    package func sandbox(id: String) -> LabSandbox? {
        look { world in world.sandboxPlaces[id.lowercased()].map { world.sandboxes[$0] } }
    }

    /// How many sandboxes were started, by name.
    package var startsPerName: [String: Int] { sandboxes.reduce(into: [:]) { $0[$1.name, default: 0] += 1 } }

    /// The sandboxes that nobody has stopped and whose time isn't over: what a careless worker leaves behind.
    package var sandboxesNotStopped: [LabSandbox] { sandboxes.filter(\.isUnstopped) }

    /// All executions in the order of their starts.
    package var executions: [LabExecution] { look(\.executions) }

    /// The executions of a command.
    ///
    /// `component` is the component's name as it is when deployed, or as the blueprint has it; `nil` for any, and for
    /// the sandbox's own commands.
    package func executions(of command: String, on component: String? = nil) -> [LabExecution] {
        look { world in
            world.executions.filter { execution in
                guard execution.command.name == command else { return false }
                guard let component else { return true }
                let template = world.sandboxPlaces[execution.sandboxID].flatMap { place in
                    world.sandboxes[place].components.first { $0.id == execution.componentID }?.template.name
                }
                return execution.componentName == component || template == component
            }
        }
    }

    /// The tokens that open a session now.
    package var liveTokens: [String] { look { $0.sessions.keys.sorted() } }

    /// The bodies that came with requests that need none, such as a stop, by operation.
    package var needlessBodies: [(operation: String, body: Data)] { look(\.needlessBodies) }

    private func look<R: Sendable>(_ body: @Sendable (LabWorld) -> R) -> R {
        let now = clock.now
        return world.change { world in
            world.settle(now)
            return body(world)
        }
    }

    // MARK: Pulling strings

    /// Moves the time forward and lets happen what was due.
    package func advance(by duration: Duration) {
        clock.advance(by: duration)
        settle()
    }

    /// Lets happen what was due by now, as after a clock was moved that others share.
    package func settle() {
        let now = clock.now
        world.change { $0.settle(now) }
    }

    /// Approves of a sandbox that waits for it.
    package func approve(sandbox id: String) {
        let now = clock.now
        world.change { world in
            guard let index = world.sandboxPlaces[id.lowercased()], world.sandboxes[index].awaitsApproval else {
                return
            }
            world.sandboxes[index].awaitsApproval = false
            world.sandboxes[index].stateSince = now
            world.touch(index)
            world.settle(now)
        }
    }

    /// Ends all sessions, as a restart of the server does.
    package func forgetTokens() {
        world.change { $0.sessions.removeAll() }
    }

    // MARK: Waiting

    /// Waits, without polling, until the sandboxes are as wanted.
    ///
    /// The lab looks at itself after each request and each ``advance(by:)``; with a real clock that nobody's requests
    /// accompany, nothing is noticed.
    ///
    /// `find` looks for what is wanted.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func first<R: Sendable>(_ find: @escaping @Sendable ([LabSandbox]) -> R?) async throws -> R {
        settle()
        return try await world.wait(for: { find($0.sandboxes) })
    }

    /// Waits, without polling, until a sandbox is in a state, as ``first(_:)`` does.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    @discardableResult
    package func sandbox(named name: String, in state: LabState) async throws -> LabSandbox {
        try await first { $0.first { $0.name == name && $0.state == state } }
    }

    /// Waits, without polling, until an execution is as wanted, as ``first(_:)`` does.
    ///
    /// `condition` looks at the executions, one after another.
    ///
    /// - Throws: `CancellationError` when the task is cancelled.
    package func firstExecution(where condition: @escaping @Sendable (LabExecution) -> Bool) async throws
        -> LabExecution
    {
        settle()
        return try await world.wait(for: { $0.executions.first(where: condition) })
    }
}
