public import Foundation

/// A blueprint of the lab, and how the sandboxes made from it behave.
public struct LabBlueprint: Sendable {
    /// How a sandbox's setup goes.
    public enum Setup: Sendable {
        /// It's through after this long, in three equally long stages.
        case succeeds(after: Duration)
        /// It breaks off in a stage, after this long, with these texts in the activity feed.
        case fails(
            at: LabStage = .configuration,
            events: [String] = ["'Setup' Blueprint command failed"],
            after: Duration
        )
        /// It goes on until somebody stops the sandbox or its time is over.
        case neverEnds
    }

    /// How a sandbox's teardown goes.
    public enum Teardown: Sendable {
        /// It's through after this long.
        case succeeds(after: Duration)
        /// The sandbox is over all the same after this long, with these error events: the lab's only sign of it, unless
        /// `LabBehavior.stateAfterFailedTeardown` is another.
        case fails(events: [String] = ["'Teardown' Blueprint command failed"], after: Duration)
        /// It goes on for ever.
        case neverEnds
    }

    /// Whether somebody has to approve of a start.
    package enum Approval: Sendable {
        /// Nobody.
        case none
        /// A start is refused with this message; the lab's own words aren't published.
        case refused(message: String = "Blueprint requires approval")
        /// A sandbox stays `Pending` until ``LocalLab/approve(sandbox:)``.
        case awaited
    }

    /// The name, unique in its domain.
    public var name: String
    /// The id.
    public var id: String
    /// What it's for.
    package var description: String?
    /// The categories that it's listed under.
    package var categories: [String] = []
    /// The domain; only its users see the blueprint.
    package var domain = "Global"
    /// Whether this API knows the blueprint at all; a private one and its sandboxes are 404.
    package var isPublic = true
    /// Whether lists say `Available Now`.
    package var isAvailable = true
    /// What a start has to say, or may.
    package var inputs: [LabInput]
    /// What a sandbox is made of.
    public var components: [LabComponent]
    /// The commands of a sandbox as a whole.
    package var commands: [LabCommand]
    /// How setup goes.
    public var setup: Setup
    /// How long a sandbox is `BeforeSetup`.
    package var beforeSetup: Duration = .zero
    /// How teardown goes.
    package var teardown: Teardown
    /// What lists say of the setup's length; zero means there's no setup and a sandbox is `Ready` at once.
    public var estimatedSetup: Duration = .seconds(25 * 60)
    /// Whether `start-persistent` takes it.
    package var isPersistentCapable = false
    /// Whether somebody has to approve of a start.
    package var approval = Approval.none
    /// How many starts are refused because of conflicting resources before one succeeds.
    package var conflicts = 0
    /// What the sandbox tells its users, in HTML.
    package var instructions = ""

    /// Creates a blueprint.
    public init(
        name: String,
        id: String = UUID().uuidString.lowercased(),
        description: String? = nil,
        inputs: [LabInput] = [],
        components: [LabComponent] = [],
        commands: [LabCommand] = [],
        setup: Setup = .succeeds(after: .seconds(3)),
        teardown: Teardown = .succeeds(after: .seconds(2)),
        isPublic: Bool = true,
        conflicts: Int = 0
    ) {
        self.name = name
        self.id = id
        self.description = description
        self.inputs = inputs
        self.components = components
        self.commands = commands
        self.setup = setup
        self.teardown = teardown
        self.isPublic = isPublic
        self.conflicts = conflicts
    }
}

/// An input of a blueprint.
public struct LabInput: Sendable {
    /// The name.
    package var name: String
    /// The value where a start gives none; `nil` makes the input mandatory.
    package var defaultValue: String?
    /// `String`, `Numeric`, `Lookup` or `Password`.
    package var type: String
    /// The values to choose from, for a lookup.
    package var possibleValues: [String]

    /// Creates an input.
    public init(
        _ name: String,
        default defaultValue: String? = nil,
        type: String = "String",
        possibleValues: [String] = []
    ) {
        self.name = name
        self.defaultValue = defaultValue
        self.type = type
        self.possibleValues = possibleValues
    }
}
