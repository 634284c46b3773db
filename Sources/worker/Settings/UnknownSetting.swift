/// A name that looks like a setting but is none.
struct UnknownSetting: Sendable, Hashable, CustomStringConvertible {
    /// The name as somebody wrote it.
    let name: String
    /// The setting that was most likely meant; `nil` where none is near.
    let nearest: String?

    init(_ name: String, among known: some Sequence<String>) {
        self.name = name
        // A quarter of the letters may be wrong, and never more than four.
        let limit = min(4, name.count / 4)
        nearest = known.map { (Self.distance(name, $0), $0) }.filter { $0.0 <= limit }.min { $0 < $1 }?.1
    }

    /// What to tell whoever wrote it.
    var description: String {
        "There is no setting \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "")
    }

    /// The least number of letters to insert, take out, replace or swap with their neighbour to make one text of another.
    static func distance(_ one: String, _ other: String) -> Int {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for row in one.indices {
            var current = [row + 1]
            for column in other.indices {
                let isSame = one[row] == other[column]
                var best = min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, one[row] == other[column - 1], one[row - 1] == other[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[other.count]
    }
}
