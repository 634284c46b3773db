/// What a lab has, as far as a plan depends on it; it holds no secret.
public struct LabRecord: Sendable, Hashable, Codable {
    /// What a blueprint's input or a command takes.
    public struct Parameter: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// Its type, in the lab's word.
        public var type: String?
        /// What it may be; empty for anything.
        public var possibleValues: [String]
        /// Whether it has to be given.
        public var isRequired: Bool
    }

    /// A command of a sandbox or a component.
    public struct Command: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// Its arguments.
        public var parameters: [Parameter]
    }

    /// A component of a blueprint's last sandbox.
    public struct Component: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// Its model, if the lab tells it.
        public var model: String?
        /// Its type, if the lab tells it.
        public var type: String?
        /// Its commands; `nil` where they can't be read.
        public var commands: [Command]?
    }

    /// A blueprint that pipelines may start.
    public struct Blueprint: Sendable, Hashable, Codable {
        /// Its name.
        public var name: String
        /// Its id.
        public var id: String
        /// Whether the lab says that it is available; `nil` where it doesn't say.
        public var isAvailable: Bool?
        /// How many minutes a setup takes, by the lab's estimate.
        public var estimatedSetupMinutes: Int?
        /// Its inputs; `nil` where they weren't read.
        public var inputs: [Parameter]?
        /// The components of its last sandbox; `nil` where none runs.
        public var components: [Component]?
        /// The commands of that sandbox itself.
        public var commands: [Command]?
    }

    /// The blueprints that pipelines may start.
    public var blueprints: [Blueprint]

    /// The blueprint of a name or an id.
    func blueprint(_ name: String) -> Blueprint? {
        blueprints.first { $0.name == name } ?? blueprints.first { $0.id.lowercased() == name.lowercased() }
    }
}
