import HTTPTransport

/// Metrics in Prometheus' text format, version 0.0.4.
struct PrometheusText: Sendable {
    /// The format's name.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What has been written so far.
    private(set) var text = ""

    /// Writes a metric with its series, sorted by their labels.
    ///
    /// `omitsEmpty` says whether a histogram is left out in which nothing was recorded.
    mutating func write(
        _ name: String,
        help: String,
        omitsEmpty: Bool = false,
        _ family: MetricsRegistry.Family
    ) {
        let name = Self.name(name)
        let series = family.series.map { (labels: Self.labels($0), value: $1.value) }
            .filter { !omitsEmpty || $0.value.counts.contains { $0 > 0 } }
            .sorted { $0.labels < $1.labels }
        guard !series.isEmpty else { return }
        begin(name, help, family.kind)
        for (labels, value) in series {
            guard family.kind == .histogram else {
                line(name, labels, value.number)
                continue
            }
            var sum = 0
            for (count, bound) in zip(value.counts, family.bounds.map(Self.number) + ["+Inf"]) {
                sum += count
                line("\(name)_bucket", (labels.isEmpty ? "" : labels + ",") + "le=\"\(bound)\"", Double(sum))
            }
            line("\(name)_sum", labels, value.number)
            line("\(name)_count", labels, Double(sum))
        }
    }

    /// Writes a metric of one series.
    mutating func write(
        _ name: String,
        _ kind: MetricsRegistry.Kind,
        help: String,
        labels: [MetricsRegistry.Label] = [],
        _ value: Double
    ) {
        begin(name, help, kind)
        line(name, Self.labels(labels), value)
    }

    private mutating func begin(_ name: String, _ help: String, _ kind: MetricsRegistry.Kind) {
        if !help.isEmpty { text += "# HELP \(name) \(Self.escaped(help))\n" }
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: String, _ value: Double) {
        text += "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(Self.number(value))\n"
    }

    private static func labels(_ labels: [MetricsRegistry.Label]) -> String {
        labels.map { label in
            "\(name(label.name))=\"\(escaped(label.value, inQuotes: true))\""
        }.joined(separator: ",")
    }

    /// A text as the format escapes it; control characters that it has no escape for are made visible.
    private static func escaped(_ text: String, inQuotes: Bool = false) -> String {
        text.escaping { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\"": inQuotes ? "\\\"" : nil
            default: HiddenCharacters.escape(scalar).map { "\\" + $0 }
            }
        }
    }

    /// A name without characters that none may have.
    private static func name(_ name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}
