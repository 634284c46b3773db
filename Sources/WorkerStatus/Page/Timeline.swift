import Foundation
import JobEngine

/// The last hours as a drawing: a bar for each action, coloured and patterned by its ending.
struct Timeline: Sendable {
    /// How many actions may lie one below the other.
    private static let mostLanes = 40
    /// The lengths of time that are shown, each with the length between two marks.
    private static let scales: [(hours: Double, mark: TimeInterval)] = [
        (1, 600), (3, 1_800), (6, 3_600), (12, 7_200), (24, 14_400),
    ]

    private struct Bar {
        let look: Look
        let state: String
        let begin: Date
        let end: Date
        let name: String
    }

    private let now: Date
    private let start: Date
    private let hours: Int
    private let mark: TimeInterval
    private let bars: [Bar]

    init(_ snapshot: WorkerSnapshot) {
        let now = snapshot.takenAt
        let longest = now.addingTimeInterval(-24 * 3_600)
        let running = snapshot.jobs.map { job in
            Bar(
                look: Look(job.stage),
                state: JobDescription(job).state,
                begin: job.claimedAt,
                end: now,
                name: JobDescription(job).place
            )
        }
        let ended = snapshot.ended.map { ended in
            Bar(
                look: Look(ended.ending),
                state: JobDescription(ended).state,
                begin: ended.job.claimedAt,
                end: ended.endedAt,
                name: JobDescription(ended).place
            )
        }
        let bars = (running + ended).filter { $0.end > longest }.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
        let oldest = bars.first?.begin ?? now
        let scale =
            Self.scales.first { oldest >= now.addingTimeInterval(-$0.hours * 3_600) }
            ?? Self.scales[Self.scales.count - 1]
        self.now = now
        self.bars = bars
        hours = Int(scale.hours)
        mark = scale.mark
        start = now.addingTimeInterval(-scale.hours * 3_600)
    }

    var html: HTML {
        guard !bars.isEmpty else { return "" }
        let lanes = lanes()
        let count = (lanes.compactMap { $0 }.max() ?? 0) + 1
        let pitch = count <= 8 ? 18 : count <= 20 ? 13 : 9
        let height = count * pitch + 26
        let hidden = lanes.count { $0 == nil }
        let marks = marks(height: height)
        return """
            <section aria-labelledby="timeline"><h2 id="timeline">The last \(hours == 1 ? "hour" : "\(hours) hours")</h2>
            <div class="drawing"><svg class="timeline" width="100%" height="\(height)" role="img" \
            aria-label="\(summary)">
            <defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" \
            patternTransform="rotate(45)"><rect class="ground" width="6" height="6"/>\
            <rect class="line" width="3" height="6"/></pattern></defs>
            \(marks)\(zip(bars, lanes).compactMap { draw($0, lane: $1, pitch: pitch) })
            </svg></div>
            \(legend)
            \(hidden > 0 ? "<p class=\"note\">\(Words.count(hidden, "action")) more had no room in the drawing.</p>" : nil)
            </section>
            """
    }

    /// The lane of each bar, which is the first that is free; `nil` where there are too many.
    private func lanes() -> [Int?] {
        var ends: [Date] = []
        // A bar is drawn a little longer than a short action takes, and the next needs a gap.
        let gap = now.timeIntervalSince(start) * 0.008
        return bars.map { bar in
            let end = max(bar.end, bar.begin).addingTimeInterval(gap)
            if let lane = ends.firstIndex(where: { $0 <= bar.begin }) {
                ends[lane] = end
                return lane
            }
            guard ends.count < Self.mostLanes else { return nil }
            ends.append(end)
            return ends.count - 1
        }
    }

    /// Where a moment is, in percent of the width.
    private func place(_ date: Date) -> Double {
        min(100, max(0, date.timeIntervalSince(start) / now.timeIntervalSince(start) * 100))
    }

    private func draw(_ bar: Bar, lane: Int?, pitch: Int) -> HTML? {
        guard let lane else { return nil }
        let width = max(0.6, place(bar.end) - place(bar.begin))
        let left = min(place(bar.begin), 100 - width)
        let took = Words.span(bar.end.timeIntervalSince(bar.begin))
        return """
            <rect class="bar \(bar.look.rawValue)" x="\(percent(left))" y="\(lane * pitch + 2)" width="\(percent(width))" \
            height="\(pitch - (pitch > 10 ? 4 : 3))" rx="3"><title>\(bar.name): \(bar.state), \(took), from \
            \(Words.time(bar.begin)) UTC</title></rect>
            """
    }

    private func marks(height: Int) -> [HTML] {
        var marks: [HTML] = []
        var time = (start.timeIntervalSince1970 / mark).rounded(.up) * mark
        while time <= now.timeIntervalSince1970 {
            let date = Date(timeIntervalSince1970: time)
            let x = place(date)
            marks.append(
                "<line class=\"mark\" x1=\"\(percent(x))\" x2=\"\(percent(x))\" y1=\"0\" y2=\"\(height - 20)\"/>"
            )
            // A word at the edge would be cut off.
            if (6...94).contains(x) {
                marks.append("<text x=\"\(percent(x))\" y=\"\(height - 5)\">\(Words.time(date))</text>")
            }
            time += mark
        }
        return marks
    }

    private func percent(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)%"
    }

    private var counts: [(state: String, look: Look, count: Int)] {
        let groups = Dictionary(grouping: bars, by: \.state)
        return groups.map { ($0, $1[0].look, $1.count) }.sorted { one, other in
            func place(_ state: String) -> Int { JobDescription.states.firstIndex(of: state) ?? .max }
            return (place(one.0), one.0) < (place(other.0), other.0)
        }
    }

    private var summary: String {
        "Actions of the last \(Words.count(hours, "hour")): "
            + counts.map { "\($0.count) \($0.state)" }.joined(separator: ", ")
    }

    private var legend: HTML {
        let entries = counts.map { entry in
            """
            <li><svg width="22" height="12" aria-hidden="true"><rect class="bar \(entry.look.rawValue)" x="1" y="1" \
            width="20" height="10" rx="3"/></svg> \(entry.count) \(entry.state)</li>
            """ as HTML
        }
        return "<ul class=\"legend\">\(entries)<li class=\"note\">Times are UTC</li></ul>"
    }
}
