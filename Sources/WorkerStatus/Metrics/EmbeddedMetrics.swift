import Foundation
import JobEngine

/// Writes a worker's metrics as lines in CloudWatch's embedded metric format.
///
/// A line says how many events there were since the line before, and what the gauges are. Each metric in CloudWatch costs
/// something, so there are no histograms, and the series of operations and action types are added up.
struct EmbeddedMetrics: Sendable {
    /// Where the metrics are in CloudWatch.
    static let namespace = "QualiWorker"
    /// Labels of few values beside a state, each of which has a metric of its own.
    private static let tellingLabels: Set = ["ending", "reason", "result"]

    /// What the counters were in the line before.
    private var earlier: [String: Double] = [:]

    /// The next line, with its end.
    ///
    /// `host` is where the worker runs, which is in the line and no dimension.
    mutating func line(_ registry: MetricsRegistry, _ facts: WorkerFacts, host: String, at time: Date) throws -> String
    {
        var values = ["ready": facts.isReady ? 1.0 : 0, "paused": facts.isPaused ? 1 : 0]
        var counts: [String: Double] = [:]
        for (name, family) in registry.all where name.hasPrefix(Self.prefix) {
            for (labels, series) in family.series {
                let name = Self.name(name, labels)
                switch family.kind {
                case .counter: counts[name, default: 0] += series.value.number
                case .gauge where !name.hasSuffix("_timestamp_seconds"): values[name, default: 0] += series.value.number
                case .gauge, .histogram: break
                }
            }
        }
        for (name, count) in counts { values[name] = count - (earlier[name] ?? 0) }
        earlier = counts
        let end = registry.all[WorkerMetric.credentialsEnd.rawValue]?.series.values.first?.value.number ?? 0
        if end > 0 { values["credentials_left_seconds"] = end - time.timeIntervalSince1970 }

        var dimensions = ["region": facts.region]
        dimensions["lab"] = facts.labHost
        var members: [String: Member] = values.mapValues { .number($0) }
        for (name, text) in dimensions { members[name] = .text(text) }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let others = ["time": time.formatted(style), "level": "info", "message": "Metrics", "host": host]
        for (name, text) in others { members[name] = .text(text) }
        if let version = facts.version { members["version"] = .text(version) }
        members["_aws"] = .metadata(
            Metadata(
                timestamp: Int64(time.timeIntervalSince1970 * 1_000),
                directives: [
                    .init(
                        namespace: Self.namespace,
                        dimensions: [dimensions.keys.sorted()],
                        metrics: values.keys.sorted().map {
                            .init(name: $0, unit: $0.contains("_seconds") ? "Seconds" : "Count")
                        }
                    )
                ]
            )
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(members), as: UTF8.self) + "\n"
    }

    private static let prefix = "quali_worker_"

    /// A metric's name in CloudWatch: a state before it, and the values of the other labels that tell something after it.
    private static func name(_ name: String, _ labels: [MetricsRegistry.Label]) -> String {
        let base = String(name.dropFirst(prefix.count).replacing(#/_total$/#, with: ""))
        return labels.reduce(into: base) { text, label in
            if label.name == "state" { text = "\(label.value)_\(text)" }
            if tellingLabels.contains(label.name) { text += "_\(label.value)" }
        }
    }

    /// A member of a line.
    private enum Member: Encodable {
        case number(Double)
        case text(String)
        case metadata(Metadata)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let value): try container.encode(value)
            case .text(let value): try container.encode(value)
            case .metadata(let value): try container.encode(value)
            }
        }
    }

    /// What tells CloudWatch which members are metrics.
    private struct Metadata: Encodable {
        struct Directive: Encodable {
            struct Metric: Encodable {
                let name: String
                let unit: String

                enum CodingKeys: String, CodingKey {
                    case name = "Name"
                    case unit = "Unit"
                }
            }

            let namespace: String
            let dimensions: [[String]]
            let metrics: [Metric]

            enum CodingKeys: String, CodingKey {
                case namespace = "Namespace"
                case dimensions = "Dimensions"
                case metrics = "Metrics"
            }
        }

        /// In milliseconds since 1970.
        let timestamp: Int64
        let directives: [Directive]

        enum CodingKeys: String, CodingKey {
            case timestamp = "Timestamp"
            case directives = "CloudWatchMetrics"
        }
    }
}
