/// A command of a sandbox or of a component.
public struct LabCommand: Sendable {
    /// How an execution ends.
    public enum Outcome: Sendable {
        /// It succeeds with an output.
        case completed(String?)
        /// It fails with an output.
        case failed(String?)
        /// It succeeds, and its output repeats the command and its arguments.
        case echo
        /// It succeeds with an output made from its arguments.
        case answers(@Sendable ([String: String]) -> String)
        /// It ends with a status of its own spelling.
        case ends(status: String, output: String?)
        /// It runs until it's cancelled or its sandbox ends.
        case never
    }

    /// A parameter.
    public struct Parameter: Sendable {
        /// The name.
        package var name: String
        /// What it's for.
        package var description = ""
        /// `string`, `numeric` or `lookup`.
        package var type: String
        /// Whether a start without it is refused.
        package var isMandatory: Bool
        /// The value where a start gives none.
        package var defaultValue: String
        /// The values to choose from, for a lookup.
        package var possibleValues: [String]

        /// Creates a parameter.
        public init(
            _ name: String,
            isMandatory: Bool = false,
            default defaultValue: String = "",
            type: String = "string",
            possibleValues: [String] = []
        ) {
            self.name = name
            self.isMandatory = isMandatory
            self.defaultValue = defaultValue
            self.type = type
            self.possibleValues = possibleValues
        }
    }

    /// The commands that every sandbox has, whatever its blueprint; they can't be cancelled.
    static let orchestration = ["Setup", "Teardown"].map {
        LabCommand(name: $0, outcome: .completed(nil), isCancellable: false)
    }

    /// The internal name.
    package var name: String
    /// What it does.
    package var description = ""
    /// The parameters.
    package var params: [Parameter]
    /// How long an execution is `Pending`.
    package var pending: Duration = .zero
    /// How long it's `Running`.
    package var duration: Duration
    /// How it ends.
    package var outcome: Outcome
    /// Whether an execution can be cancelled.
    package var isCancellable: Bool
    /// The tag of a connected command, `power` or `remote_` and its name; only components have them.
    package var tag: String?

    /// Creates a command.
    public init(
        name: String,
        params: [Parameter] = [],
        duration: Duration = .seconds(1),
        outcome: Outcome = .echo,
        isCancellable: Bool = true,
        tag: String? = nil
    ) {
        self.name = name
        self.params = params
        self.duration = duration
        self.outcome = outcome
        self.isCancellable = isCancellable
        self.tag = tag
    }
}
