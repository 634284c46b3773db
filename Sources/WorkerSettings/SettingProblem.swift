import Foundation

/// One setting that can't be used: what was found, and what is wanted.
package struct SettingProblem: Sendable, Hashable, Encodable {
    /// The setting's name, or the file that is wrong as a whole.
    package let name: String
    /// What was found and what is wanted, in words that follow the name; never a secret.
    package let message: String
    /// Whether it may pass without a change of the settings.
    var mayPass = false

    /// Notes a problem.
    package init(name: String, message: String, mayPass: Bool = false) {
        self.name = name
        self.message = message
        self.mayPass = mayPass
    }
}

/// All that is wrong with the settings.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problems, in the order of the settings.
    package let problems: [SettingProblem]

    /// Creates an error of all that is wrong.
    package init(problems: [SettingProblem]) { self.problems = problems }

    /// The exit status: that of a wrong setting, unless all may be well if the program is just started again.
    package var status: ProgramFailure.Status { problems.allSatisfy(\.mayPass) ? .unavailable : .usage }

    /// The problems, a paragraph each.
    package var description: String {
        let count = problems.count
        let lines = problems.map { problem in
            wrapped("\(problem.name) \(problem.message)", indent: 4, firstIndent: 2)
        }
        return """
            \(count == 1 ? "One setting is" : "\(count) settings are") missing or wrong:

            \(lines.joined(separator: "\n"))

            Settings are given as flags, in the environment, or in a file of NAME=value
            lines with --config FILE. All of them: quali-worker run --help. What is set,
            and where: quali-worker config. Whether it works: quali-worker check.
            """
    }
}

/// A text in lines of at most 80 columns.
package func wrapped(_ text: String, indent: Int, firstIndent: Int? = nil, width: Int = 80) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: firstIndent ?? indent)
    var isEmpty = true
    for word in text.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            line = String(repeating: " ", count: indent)
            isEmpty = true
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
}
