import Foundation
import WorkerSettings

/// Tells a person what happens, in paragraphs of at most 80 columns.
struct DemoStory: Sendable {
    /// How a word is set off, where the output is a terminal.
    enum Style: String, Sendable {
        case strong = "1"
        case faint = "2"
        case good = "32"
        case bad = "31;1"
    }

    private let inColor: Bool
    private let write: @Sendable (String) -> Void

    /// Creates a story that is told on the standard output, or elsewhere.
    init(
        inColor: Bool = Terminal.hasColor(STDOUT_FILENO),
        write: @escaping @Sendable (String) -> Void = {
            try? FileHandle.standardOutput.write(contentsOf: Data($0.utf8))
        }
    ) {
        self.inColor = inColor
        self.write = write
    }

    /// A line as it is.
    func line(_ text: String = "", _ style: Style? = nil) {
        write(styled(text, style) + "\n")
    }

    /// A heading.
    func heading(_ text: String) {
        write("\n" + styled(text, .strong) + "\n")
    }

    /// A step begins.
    func step(_ number: Int, _ name: String, _ kind: String) {
        let left = "\(number)  \(name)"
        let gap = String(repeating: " ", count: max(2, 80 - left.count - kind.count))
        write("\n" + styled(left, .strong) + gap + styled(kind, .faint) + "\n")
    }

    /// What a step ends with.
    func verdict(isGood: Bool, _ duration: Duration, _ text: String) {
        let seconds = duration.formatted(.units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 1)))
        detail("\(isGood ? "✔" : "✘") \(seconds)", text, isGood ? .good : .bad)
    }

    /// One thing about a step: its label and its text, which may have lines of its own.
    func detail(_ label: String, _ text: String, _ style: Style = .faint) {
        var label = "  " + label.padding(toLength: Self.indent - 2, withPad: " ", startingAt: 0)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            for piece in Self.folded(String(line)) {
                write(styled(label, style) + piece + "\n")
                label = String(repeating: " ", count: Self.indent)
            }
        }
    }

    /// Where the text of a detail begins; so far to the left that a link into a portal on this machine fits.
    private static let indent = 10

    /// A line in pieces that fit between the indent and the 80th column; its own white space stays.
    private static func folded(_ line: String) -> [Substring] {
        let width = 80 - indent
        var pieces: [Substring] = []
        var rest = line[...]
        while rest.count > width {
            let limit = rest.index(rest.startIndex, offsetBy: width)
            // At a space if there is one, else anywhere: an address has none.
            let space = rest[...limit].lastIndex(of: " ").flatMap { rest[..<$0].allSatisfy { $0 == " " } ? nil : $0 }
            pieces.append(rest[..<(space ?? limit)])
            rest = rest[(space.map { rest.index(after: $0) } ?? limit)...]
        }
        return pieces + [rest]
    }

    private func styled(_ text: String, _ style: Style?) -> String {
        guard inColor, let style else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
