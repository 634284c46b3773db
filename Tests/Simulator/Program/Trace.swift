import VirtualSystem

/// The steps of a simulation, each with its time.
struct Trace {
    private(set) var lines: [String] = []

    mutating func add(_ text: String, at time: Int64, since start: Int64) {
        let milliseconds = (time - start) / 1_000_000
        let seconds = String(milliseconds / 1_000)
        let rest = String(milliseconds % 1_000)
        lines.append(
            String(repeating: " ", count: max(0, 5 - seconds.count)) + seconds + "."
                + String(repeating: "0", count: 3 - rest.count) + rest + "  " + text
        )
    }

    /// Facts in the order of their names, ids cut to what tells them apart.
    static func short(_ facts: [String: String]) -> String {
        facts.sorted { $0.key < $1.key }.compactMap { name, value in
            switch name {
            case "continuationToken", "version", "accessKeyId", "bucket": nil
            default: "\(name)=\(value.count == 36 ? String(value.prefix(8)) : value)"
            }
        }.joined(separator: " ")
    }
}
