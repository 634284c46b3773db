import Foundation

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
        inColor: Bool = isatty(STDOUT_FILENO) == 1,
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
        let mark = isGood ? "✔" : "✘"
        let seconds = duration.formatted(.units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 1)))
        let body = wrapped(text, indent: 13).dropFirst(13)
        let label = "\(mark) \(seconds)".padding(toLength: 10, withPad: " ", startingAt: 0)
        write("   " + styled(label, isGood ? .good : .bad) + body + "\n")
    }

    /// One thing about a step: its label and its text, which may have lines of its own.
    func detail(_ label: String, _ text: String) {
        var isFirst = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let label =
                isFirst ? label.padding(toLength: 10, withPad: " ", startingAt: 0) : String(repeating: " ", count: 10)
            isFirst = false
            let body = Self.folded(String(line), indent: 13)
            write("   " + styled(label, .faint) + body + "\n")
        }
    }

    /// A line cut into pieces that fit between the indent and the 80th column; its own white space stays.
    private static func folded(_ line: String, indent: Int) -> String {
        let width = 80 - indent
        var pieces: [Substring] = []
        var rest = line[...]
        while rest.count > width {
            let limit = rest.index(rest.startIndex, offsetBy: width)
            // After a space if there is one, else anywhere: an address or JSON has none.
            let cut = rest[..<limit].lastIndex(of: " ").map { rest.index(after: $0) } ?? limit
            let isLeading = rest[..<cut].allSatisfy { $0 == " " }
            let end = isLeading ? limit : cut
            pieces.append(rest[..<end])
            rest = rest[end...]
        }
        pieces.append(rest)
        return pieces.joined(separator: "\n" + String(repeating: " ", count: indent))
    }

    private func styled(_ text: String, _ style: Style?) -> String {
        guard inColor, let style else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}
