import Foundation
import JobEngine
package import SandboxAPI

/// Reads a lab for a plan, and changes nothing.
package struct LabReader: Sendable {
    private let client: SandboxClient

    /// Creates a reader.
    package init(_ client: SandboxClient) {
        self.client = client
    }

    /// Reads all public blueprints, and more of those of these names or ids: the components and commands of their last
    /// sandboxes.
    ///
    /// - Throws: `SandboxAPIError`; `CancellationError`.
    package func record(of names: [String]) async throws -> LabRecord {
        var record = LabRecord(blueprints: try await client.blueprints().map(LabRecord.Blueprint.init))
        let wanted = Set(names.compactMap { record.blueprint($0)?.id })
        let sandboxes = wanted.isEmpty ? [] : try await client.sandboxes().filter { $0.state.isReady }
        for index in record.blueprints.indices where wanted.contains(record.blueprints[index].id) {
            // The list tells no inputs.
            let whole = try await client.blueprint(record.blueprints[index].id)
            var blueprint = LabRecord.Blueprint(whole)
            blueprint.inputs = whole.inputs.map(LabRecord.Parameter.init)
            let candidates = sandboxes.filter { sandbox in
                sandbox.blueprint?.id.map { $0 == blueprint.id } ?? (sandbox.blueprint?.name == blueprint.name)
            }
            if let sandbox = try await newest(of: candidates) {
                let commands = try? await client.commands(sandboxID: sandbox.id)
                blueprint.commands = commands?.map(LabRecord.Command.init)
                blueprint.components = try await components(of: sandbox)
            }
            record.blueprints[index] = blueprint
        }
        return record
    }

    private func components(of sandbox: Sandbox) async throws -> [LabRecord.Component] {
        var found: [LabRecord.Component] = []
        for component in try await client.components(sandboxID: sandbox.id) {
            let commands = try? await client.commands(sandboxID: sandbox.id, componentID: component.id)
            var record = LabRecord.Component(name: component.name, model: component.model)
            record.type = component.type?.rawValue
            record.commands = commands?.map(LabRecord.Command.init)
            found.append(record)
            try Task.checkCancellation()
        }
        return found
    }

    /// The sandbox that was started last.
    private func newest(of sandboxes: [SandboxSummary]) async throws -> Sandbox? {
        var found: [Sandbox] = []
        // A lab may have many of one blueprint, and any of them will do.
        for summary in sandboxes.suffix(5) {
            if let sandbox = try? await client.sandbox(id: summary.id) { found.append(sandbox) }
        }
        return found.max { $0.startTime ?? .distantPast < $1.startTime ?? .distantPast }
    }
}

extension LabRecord.Blueprint {
    fileprivate init(_ blueprint: SandboxAPI.Blueprint) {
        self.init(name: blueprint.name, id: blueprint.id)
        isAvailable = blueprint.availability.map { $0 != .notAvailable }
        estimatedSetupMinutes = blueprint.estimatedSetupDuration.map { Int($0.components.seconds / 60) }
    }
}

extension LabRecord.Command {
    fileprivate init(_ command: SandboxAPI.Command) {
        self.init(name: command.name, parameters: command.params.map(LabRecord.Parameter.init))
    }
}

extension LabRecord.Parameter {
    fileprivate init(_ input: BlueprintInput) {
        let isRequired = input.defaultValue?.isEmpty ?? true
        self.init(name: input.name, possibleValues: input.possibleValues, isRequired: isRequired)
        type = input.type?.rawValue
    }

    fileprivate init(_ parameter: CommandParameter) {
        let isRequired = parameter.isMandatory && parameter.defaultValue?.isEmpty ?? true
        self.init(name: parameter.name, possibleValues: parameter.possibleValues, isRequired: isRequired)
        type = parameter.type?.rawValue
    }
}
