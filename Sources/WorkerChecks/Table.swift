/// Rows in columns, as wide as they must be, and no wider than a terminal.
///
/// Where a row is too long, its columns of free text are folded, the widest first. Where that isn't enough, each row
/// becomes a list. What stands in other columns, such as an id, is never cut or folded.
package struct Table: Sendable {
    /// The least width to which a column of free text is folded.
    private static let leastWidth = 12

    private let heading: [String]?
    private let rows: [[String]]
    private let free: [Int: Int]

    /// Describes a table, whose cells have one line each.
    ///
    /// - Parameters:
    ///   - heading: The columns' titles, if they have any.
    ///   - rows: The cells.
    ///   - free: The columns of free text by their places, with the most lines that a folded cell may have.
    package init(heading: [String]? = nil, _ rows: [[String]], free: [Int: Int] = [:]) {
        self.heading = heading
        self.rows = rows
        self.free = free
    }

    /// The table for a terminal that is so many columns wide; `nil` for what takes lines of any length.
    package func text(width: Int?) -> String {
        var lines = lines(width: width).flatMap(\.self)
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// The lines of each row, those of the heading first if there is one.
    package func lines(width: Int?) -> [[String]] {
        let all = (heading.map { [$0] } ?? []) + rows
        let count = all.map(\.count).max() ?? 0
        var widths = (0..<count).map { column in all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        guard let width else { return all.map { row($0, widths) } }
        var excess = widths.reduce(2 * (count - 1), +) - width
        while excess > 0 {
            let widest = free.keys.sorted().filter { $0 < count && widths[$0] > Self.leastWidth }
                .max { widths[$0] < widths[$1] }
            guard let widest else { return list(width) }
            widths[widest] -= 1
            excess -= 1
        }
        return all.map { row($0, widths) }
    }

    private func row(_ cells: [String], _ widths: [Int]) -> [String] {
        let folded = cells.enumerated().map { column, cell in
            // Nothing stands behind the last column of facts, so a long word, such as a link, stays whole there.
            fold(cell, column, widths[column], breaksWords: heading != nil || column < widths.count - 1)
        }
        return (0..<(folded.map(\.count).max() ?? 1)).map { number in
            var line = zip(folded, widths).map { lines, width in
                let text = number < lines.count ? lines[number] : ""
                return text + String(repeating: " ", count: max(0, width - text.count))
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// Each row as a list: of titles and cells, or of the first cell and what belongs to it.
    private func list(_ width: Int) -> [[String]] {
        let titleWidth = heading?.map(\.count).max() ?? 0
        let lists = rows.map { row -> [String] in
            var lines: [String] = []
            for (column, cell) in row.enumerated() where !cell.isEmpty {
                let title = heading.map { column < $0.count ? $0[column] : "" } ?? ""
                let indent = heading == nil ? (column == 0 ? 0 : 4) : titleWidth + 2
                let pieces = fold(cell, column, max(Self.leastWidth, width - indent), breaksWords: false)
                for (number, piece) in pieces.enumerated() {
                    let start = number == 0 ? title : ""
                    lines.append(start + String(repeating: " ", count: indent - start.count) + piece)
                }
            }
            return lines + (heading == nil ? [] : [""])
        }
        return (heading == nil ? [] : [[]]) + lists
    }

    /// A cell in lines; what isn't free text is one.
    private func fold(_ text: String, _ column: Int, _ width: Int, breaksWords: Bool) -> [String] {
        guard let mostLines = free[column], text.count > width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var word = word
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            while breaksWords, line.isEmpty, word.count > width {
                lines.append(String(word.prefix(width)))
                word = word.dropFirst(width)
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        guard lines.count > mostLines else { return lines }
        return lines.prefix(mostLines - 1) + [lines[mostLines - 1].prefix(max(1, width - 1)) + "…"]
    }
}
