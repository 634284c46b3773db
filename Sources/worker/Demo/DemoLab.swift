import LocalCloud

/// The lab of the demo: the stand-in's own inventory, at another pace if it's wanted.
enum DemoLab {
    /// The blueprints.
    ///
    /// `own` is another inventory; `nil` for the stand-in's. `pace` is how long a setup, a command or a teardown takes; `nil` for what the inventory says.
    static func blueprints(_ own: [LabBlueprint]? = nil, pace: Duration?) -> [LabBlueprint] {
        let blueprints = own ?? LabBlueprint.demo
        guard let pace else { return blueprints }
        return blueprints.map { blueprint in
            var blueprint = blueprint
            if case .succeeds = blueprint.setup { blueprint.setup = .succeeds(after: pace) }
            if case .succeeds = blueprint.teardown { blueprint.teardown = .succeeds(after: pace) }
            blueprint.commands = blueprint.commands.map { $0.taking(pace) }
            blueprint.components = blueprint.components.map { component in
                var component = component
                component.commands = component.commands.map { $0.taking(pace) }
                return component
            }
            return blueprint
        }
    }
}

extension LabCommand {
    fileprivate func taking(_ duration: Duration) -> LabCommand {
        var command = self
        command.duration = duration
        return command
    }
}
