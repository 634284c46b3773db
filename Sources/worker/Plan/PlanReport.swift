import Foundation
import HTTPTransport
import PipelinePlan
import WorkerStatus

/// A plan for people, and for other programs.
struct PlanReport {
    let plan: Plan
    /// What the definition is called: its file, or the pipeline in AWS.
    let name: String
    /// Whether the places are those of a file.
    let hasPlaces: Bool

    init(_ plan: Plan, of file: String?, pipeline: String?) {
        self.plan = plan
        name = file ?? pipeline ?? ""
        hasPlaces = file != nil
    }

    /// What wasn't checked; empty if everything was.
    var notChecked: [String] {
        plan.knowsLab || plan.actions == 0 ? [] : ["blueprints", "inputs", "components", "commands", "arguments"]
    }

    /// A line for each finding, as compilers write them, and a summary.
    var text: String {
        let lines = plan.findings.map { finding in
            let place = hasPlaces ? "\(name):\(finding.place.line):\(finding.place.column)" : name
            return "\(place): \(finding.severity.rawValue): \(Self.whole(finding)) [\(finding.id.rawValue)]"
        }
        var end = Finding.Severity.allCases.map { severity in
            let count = plan.findings.count { $0.severity == severity }
            return "\(count) \(severity.rawValue)\(count == 1 ? "" : "s")"
        }.joined(separator: ", ")
        let pipelines = plan.pipelines.count == 1 ? "1 pipeline" : "\(plan.pipelines.count) pipelines"
        end += " in \(pipelines) with \(plan.actions) of the three actions."
        if !notChecked.isEmpty { end += " Not checked, as there is no lab: \(notChecked.joined(separator: ", "))." }
        return (lines + [end]).joined(separator: "\n")
    }

    /// The text with its action, in one line; a definition may be anybody's, and mustn't write to a terminal what it likes.
    static func whole(_ finding: Finding) -> String {
        let text = finding.text.split { $0.isNewline }.joined(separator: " ")
        return (finding.action.map { "\($0): \(text)" } ?? text).escaping(HiddenCharacters.escape)
    }

    // MARK: JSON

    private struct Row: Encodable {
        let id: String
        let severity: String
        let line: Int?
        let column: Int?
        let pipeline: String
        let action: String?
        let text: String
    }

    private struct Document: Encodable {
        let definition: String
        let pipelines: [String]
        let actions: Int
        let findings: [Row]
        let notChecked: [String]
    }

    func json() throws -> String {
        let rows = plan.findings.map { finding in
            Row(
                id: finding.id.rawValue,
                severity: finding.severity.rawValue,
                line: hasPlaces ? finding.place.line : nil,
                column: hasPlaces ? finding.place.column : nil,
                pipeline: finding.pipeline,
                action: finding.action,
                text: finding.text
            )
        }
        let document = Document(
            definition: name,
            pipelines: plan.pipelines,
            actions: plan.actions,
            findings: rows,
            notChecked: notChecked
        )
        return try JSONReport(document).text()
    }

    // MARK: JUnit

    /// A test case for each action with findings, and for each pipeline; errors fail it.
    func junit() -> String {
        var cases: [String] = []
        var failures = 0
        for pipeline in plan.pipelines {
            let own = plan.findings.filter { $0.pipeline == pipeline }
            let actions = Set(own.compactMap(\.action)).sorted()
            for action in [nil] + actions.map(Optional.some) {
                let findings = own.filter { $0.action == action }
                let lines = findings.map { "\($0.severity.rawValue): \($0.text) [\($0.id.rawValue)]" }
                var body = ""
                if let error = findings.first(where: { $0.severity == .error }) {
                    failures += 1
                    let text = Self.xml(lines.joined(separator: "\n"))
                    body =
                        "<failure type=\"\(error.id.rawValue)\" message=\"\(Self.xml(error.text))\">\(text)</failure>"
                } else if !lines.isEmpty {
                    body = "<system-out>\(Self.xml(lines.joined(separator: "\n")))</system-out>"
                }
                let title = "classname=\"\(Self.xml(pipeline))\" name=\"\(Self.xml(action ?? "pipeline"))\""
                cases.append("    <testcase \(title)>\(body)</testcase>")
            }
        }
        let suite = "name=\"\(Self.xml(name))\" tests=\"\(cases.count)\" failures=\"\(failures)\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites>
              <testsuite \(suite)>
            \(cases.joined(separator: "\n"))
              </testsuite>
            </testsuites>
            """
    }

    /// A text as XML has it; characters that XML hasn't are left out.
    private static func xml(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t": result += "&#9;"
            case "\n": result += "&#10;"
            case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                result.unicodeScalars.append(scalar)
            default: break
            }
        }
        return result
    }
}
