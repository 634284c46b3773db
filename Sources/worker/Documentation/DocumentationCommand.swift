import ArgumentParser

/// `quali-worker documentation`, for those who make a package: texts that are made from the program itself.
struct DocumentationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documentation",
        abstract: "Print a text for a package, made from the program.",
        shouldDisplay: false
    )

    /// A text.
    enum Text: String, ExpressibleByArgument, CaseIterable {
        /// The file of settings, with all of them as comments.
        case env
        /// The manual page quali-worker(1).
        case man
        /// The page of all settings, as Docs has it.
        case settings
    }

    @Argument(help: "What to print.")
    var text: Text
    @Option(help: ArgumentHelp("The date that the text bears.", valueName: "yyyy-mm-dd"))
    var date = ""

    func run() throws {
        switch text {
        case .env: print(ExampleSettings.text, terminator: "")
        case .man: print(try ManualPage(date: date).text, terminator: "")
        case .settings: print(SettingsPage.text, terminator: "")
        }
    }
}
