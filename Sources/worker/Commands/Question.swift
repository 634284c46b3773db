import Foundation
import WorkerSettings

/// A question that a person answers before something is lost.
struct Question {
    private let why: String
    private let wanted: String

    /// Says who asks and why, and what does without a question.
    init(_ why: String, wanted: String) {
        self.why = why
        self.wanted = wanted
    }

    /// Checks that there is somebody to ask.
    ///
    /// - Throws: ``ProgramFailure`` where the standard input is no terminal.
    func requireTerminal() throws {
        guard isatty(STDIN_FILENO) == 1, Terminal().isThere else {
            throw ProgramFailure(.usage, "\(why), and its input is no terminal to ask at. Wanted: \(wanted).")
        }
    }

    /// Asks.
    ///
    /// `facts` are shown before, and `otherwise` says what a no has led to.
    ///
    /// - Throws: ``ProgramFailure`` unless the answer is yes.
    func ask(_ question: String, about facts: String, otherwise: String) throws {
        try requireTerminal()
        StandardError.write(facts + "\n")
        do {
            if try Terminal().ask("\(question) yes or no", isSecret: false).lowercased() == "yes" { return }
        } catch is SettingsError {
            // No answer is a no.
        }
        throw ProgramFailure(.usage, otherwise)
    }
}
