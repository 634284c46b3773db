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
        var record = LabRecord(blueprints: try await client.blueprints().map { .init($0, hasInputs: false) })
        let wanted = Set(names.compactMap { record.blueprint($0)?.id })
        let sandboxes = wanted.isEmpty ? [] : try await client.sandboxes().filter { $0.state.isReady }
        for index in record.blueprints.indices where wanted.contains(record.blueprints[index].id) {
            // The list tells no inputs.
            let blueprint = LabRecord.Blueprint(
                try await client.blueprint(record.blueprints[index].id),
                hasInputs: true
            )
            record.blueprints[index] = blueprint
            let candidates = sandboxes.filter { sandbox in
                sandbox.blueprint?.id.map { $0 == blueprint.id } ?? (sandbox.blueprint?.name == blueprint.name)
            }
            guard let sandbox = try await newest(of: candidates) else { continue }
            record.blueprints[index].commands = try? await client.commands(sandboxID: sandbox.id).map(
                LabRecord.Command.init
            )
            var components: [LabRecord.Component] = []
            for component in try await client.components(sandboxID: sandbox.id) {
                let commands = try? await client.commands(sandboxID: sandbox.id, componentID: component.id)
                components.append(
                    LabRecord.Component(
                        name: component.name,
                        model: component.model,
                        type: component.type?.rawValue,
                        commands: commands?.map(LabRecord.Command.init)
                    )
                )
                try Task.checkCancellation()
            }
            record.blueprints[index].components = components
        }
        return record
    }

    /// The sandbox that was started last.
    private func newest(of sandboxes: [SandboxSummary]) async throws -> Sandbox? {
        var newest: Sandbox?
        // A lab may have many of one blueprint, and any of them will do.
        for summary in sandboxes.suffix(5) {
            guard let sandbox = try? await client.sandbox(id: summary.id) else { continue }
            if let known = newest, let time = known.startTime, sandbox.startTime ?? .distantPast < time { continue }
            newest = sandbox
        }
        return newest
    }
}

extension LabRecord.Blueprint {
    fileprivate init(_ blueprint: SandboxAPI.Blueprint, hasInputs: Bool) {
        self.init(
            name: blueprint.name,
            id: blueprint.id,
            isAvailable: blueprint.availability.map { $0 != .notAvailable },
            estimatedSetupMinutes: blueprint.estimatedSetupDuration.map { Int($0.components.seconds / 60) },
            inputs: !hasInputs
                ? nil
                : blueprint.inputs.map { input in
                    LabRecord.Parameter(
                        name: input.name,
                        type: input.type?.rawValue,
                        possibleValues: input.possibleValues,
                        isRequired: input.defaultValue?.isEmpty ?? true
                    )
                }
        )
    }
}

extension LabRecord.Command {
    fileprivate init(_ command: SandboxAPI.Command) {
        self.init(
            name: command.name,
            parameters: command.params.map { parameter in
                LabRecord.Parameter(
                    name: parameter.name,
                    type: parameter.type?.rawValue,
                    possibleValues: parameter.possibleValues,
                    isRequired: parameter.isMandatory && parameter.defaultValue?.isEmpty ?? true
                )
            }
        )
    }
}
