import ArgumentParser
import Foundation

/// What the parser knows of a command: the same as its help is made from.
struct CommandDescription: Decodable {
    /// An argument, an option or a flag.
    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            /// The name with its hyphens.
            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let isOptional: Bool
        let shouldDisplay: Bool
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool
    let superCommands: [String]?
    let arguments: [Argument]?
    let subcommands: [CommandDescription]?

    /// The command as it is typed.
    var fullName: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

    /// What can be given to it, without the help that every command has.
    var shownArguments: [Argument] {
        (arguments ?? []).filter { argument in
            argument.shouldDisplay && argument.names?.contains { $0.text == "--help" } != true
        }
    }

    /// The commands at the ends of the tree of commands that are meant to be seen, in their order.
    var leaves: [CommandDescription] {
        let shown = (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
        return shown.isEmpty ? [self] : shown.flatMap(\.leaves)
    }

    /// The description of the whole program.
    ///
    /// - Throws: An error when the parser's description isn't in the form of this version.
    static func program() throws -> CommandDescription {
        struct Dump: Decodable { let command: CommandDescription }
        return try JSONDecoder().decode(Dump.self, from: Data(QualiWorkerCommand._dumpHelp().utf8)).command
    }
}
