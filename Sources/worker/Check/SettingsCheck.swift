import Foundation
import WorkerChecks
import WorkerSettings

/// What the settings say, and which of the other checks they leave possible.
struct SettingsCheck: Sendable {
    /// The results, a line for the whole and one for each problem and warning.
    let results: [CheckResult]
    /// What is wrong.
    let problems: [SettingProblem]

    init(_ sources: SettingSources, _ problems: [SettingProblem]) {
        self.problems = problems
        let given = SettingRow.all(sources).filter(\.isSet)
        let places = Dictionary(grouping: given, by: \.place).mapValues(\.count)
        let counts = sources.layers.map(\.title).compactMap { place in
            places[place].map { "\($0) from \(place)" }
        }
        var results: [CheckResult] = [
            .ok("settings", "\(given.count) given" + (counts.isEmpty ? "" : ": \(counts.joined(separator: ", "))"))
        ]
        results += problems.map { problem in
            let (found, wanted) = Self.parts(of: problem)
            return .failed("setting \(problem.name)", found, fix: wanted)
        }
        results += sources.unknownNames.map { unknown in
            let fix =
                unknown.nearest.map { "rename it to \($0)" } ?? "remove it; quali-worker config lists all settings"
            return .warning("setting \(unknown.name)", "there is no such setting", fix: fix)
        }
        results += sources.warnings.map { warning in
            // Its last part, after the colon, is what to do.
            let parts = warning.split(separator: ": run ", maxSplits: 1)
            return .warning("settings file", String(parts[0]), fix: parts.count > 1 ? String(parts[1]) : warning)
        }
        self.results = results
    }

    /// Why the checks of a part of the worker can't be tried; `nil` where they can.
    ///
    /// `harmless` are settings of the group that these checks can do without.
    func obstacle(in group: Setting.Group, except harmless: [Setting] = []) -> String? {
        let settings = Setting.all.filter { $0.group == group && !harmless.contains($0) }
        let wholes = group == .aws ? ["AWS configuration:", "AWS endpoint:"] : []
        let names = Set(settings.flatMap(\.allNames) + wholes)
        let wrong = problems.map(\.name).filter(names.contains).map { $0.hasSuffix(":") ? String($0.dropLast()) : $0 }
        return wrong.isEmpty
            ? nil : "\(wrong.joined(separator: " and ")) \(wrong.count == 1 ? "is" : "are") missing or wrong"
    }

    /// What was found, and what is wanted.
    private static func parts(of problem: SettingProblem) -> (found: String, wanted: String) {
        guard let range = problem.message.range(of: " Wanted: ") else {
            return (problem.message, "quali-worker config shows where it comes from")
        }
        var found = String(problem.message[..<range.lowerBound])
        if found.hasSuffix(".") { found.removeLast() }
        var wanted = String(problem.message[range.upperBound...])
        if wanted.hasPrefix("chmod ") { return (found, wanted) }
        if wanted.hasSuffix(".") { wanted.removeLast() }
        // A file, or the AWS configuration as a whole, is named by what was found.
        guard Setting.all.contains(where: { $0.allNames.contains(problem.name) }) else { return (found, wanted) }
        return (found, "set \(problem.name): \(wanted)")
    }
}
