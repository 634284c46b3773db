/// One setting: the single source of its name, its flag, its default, its meaning and its secrecy.
///
/// Help texts are made from ``all``, and so are the flags: a flag is the name in lower case with hyphens.
package struct Setting: Sendable, Hashable {
    /// The part of the worker that a setting is about.
    package enum Group: String, Sendable, CaseIterable {
        case lab = "The lab"
        case aws = "AWS"
        case actions = "Action types"
        case properties = "What pipelines don't say"
        case jobs = "Jobs"
        case log = "Log"
    }

    /// Whether a value may be shown.
    package enum Secrecy: Sendable, Hashable {
        /// It may.
        case open
        /// It must never be shown, so it can't be a flag, which others on the host could read.
        case secret
        /// An address that may have a password in it.
        case address
    }

    /// The name in the environment and in files.
    package let name: String
    /// The part of the worker that it is about.
    package let group: Group
    /// What stands for the value in help texts.
    package let value: String
    /// What it is for.
    package let meaning: String
    /// The default, in words; `nil` where there is none.
    package var standard: String?
    /// Whether its value may be shown.
    package var secrecy = Secrecy.open
    /// Whether the value `PROMPT` asks at the terminal.
    package var canPrompt = false
    /// Whether there is a flag.
    package var hasFlag = true
    /// A shorter flag for the same thing.
    package var shortFlag: String?
    /// Other names for the same thing; the first that is set counts.
    package var otherNames: [String] = []

    /// The name under which a file with the value is given; `nil` where the value isn't secret.
    var fileName: String? { secrecy == .open ? nil : name + "_FILE" }

    /// All names by which the value may be given.
    package var allNames: [String] { [name] + otherNames + (fileName.map { [$0] } ?? []) }

    /// The flag without its hyphens; a secret's flag takes the path of a file.
    package var flag: String { Self.flag(secrecy == .secret ? name + "_FILE" : name) }

    /// The name that the flag's value is given for.
    package var nameOfFlag: String { secrecy == .secret ? name + "_FILE" : name }

    /// Whether the flag's value is a path.
    package var flagTakesPath: Bool { value == "path" || secrecy == .secret }

    /// What help texts say about the flag.
    package var help: String {
        "\(nameOfFlag): \(explanation)"
    }

    /// What it is for and its default, for ``nameOfFlag``.
    package var explanation: String {
        let file = secrecy == .secret ? "; the file that holds it" : ""
        return "\(meaning)\(file)\(standard.map { " (default: \($0))" } ?? "")."
    }

    private static func flag(_ name: String) -> String {
        String(name.map { $0 == "_" ? "-" : Character($0.lowercased()) })
    }
}
