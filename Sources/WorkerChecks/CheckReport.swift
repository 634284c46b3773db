/// The results of all checks, for a person or a program.
public struct CheckReport: Sendable {
    /// The results, in their fixed order.
    public let results: [CheckResult]

    /// Whether nothing is wrong; warnings and what wasn't tried are no fault.
    public var isWell: Bool { results.allSatisfy { $0.status != .failed } }

    /// Puts the results into words.
    ///
    /// - Parameter inColor: Whether marks have colours, for a terminal.
    /// - Returns: A line for each result, with its fix below, and the sum at the end.
    public func text(inColor: Bool = false) -> String { text(inColor: inColor, width: nil) }

    /// Puts the results into words, in lines that fit a terminal of so many columns, but for fixes: a command in one of
    /// them is to be copied as a whole.
    ///
    /// `inColor` says whether marks have colours, and `width` is `nil` for what takes lines of any length.
    package func text(inColor: Bool, width: Int?) -> String {
        func colored(_ text: String, _ code: String?) -> String {
            guard inColor, let code else { return text }
            return "\u{1B}[\(code)m\(text)\u{1B}[0m"
        }
        let rows = results.map { ["\($0.status.mark) \($0.name)", $0.evidence] }
        var lines: [String] = []
        for (result, row) in zip(results, Table(rows, free: [1: .max]).lines(width: width)) {
            let mark = result.status.mark
            lines.append(colored(mark, result.status.color) + (row.first ?? "").dropFirst(mark.count))
            lines += row.dropFirst()
            if let fix = result.fix { lines.append("    " + colored("fix: ", "1") + fix) }
        }
        return (lines + ["", sum]).joined(separator: "\n")
    }

    private var sum: String {
        func count(_ status: CheckResult.Status) -> Int { results.filter { $0.status == status }.count }
        let (failed, warnings, untried) = (count(.failed), count(.warning), count(.notTried))
        let rest = [
            warnings == 0 ? nil : "\(warnings) \(warnings == 1 ? "warning" : "warnings")",
            untried == 0 ? nil : "\(untried) not tried",
        ].compactMap { $0 }
        let all = failed == 0 ? "All is well" : failed == 1 ? "One thing is wrong" : "\(failed) things are wrong"
        return all + (rest.isEmpty ? "." : ", \(rest.joined(separator: ", ")).")
    }
}
