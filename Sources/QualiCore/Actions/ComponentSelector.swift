import AWSLite
import Foundation
import HTTPTransport
import SandboxAPI

/// Finds the component that a run action names: exactly, or by a regular expression.
struct ComponentSelector: Sendable {
    /// The longest time on a processor for which a pattern is tried on all names together.
    static let timeLimit: Duration = .milliseconds(500)

    /// What the pipeline's author wrote.
    let text: String

    /// The one component whose whole name is the text, or else matches it.
    ///
    /// - Throws: ``JobFailure`` that lists the names when none or several match, or when the pattern is invalid or takes
    ///   too long; `CancellationError` when the task is cancelled.
    func select(from components: [NamedComponent]) async throws -> NamedComponent {
        var found = components.filter { $0.name == text }
        if found.isEmpty {
            found = try await HeavyWork.ofJobs.run(limit: Self.timeLimit) { try matches(components, $0) }
        }
        guard let component = found.first else {
            throw failure("names no component of the sandbox", components)
        }
        guard found.count == 1 else {
            throw failure("fits several components of the sandbox", found)
        }
        return component
    }

    private func matches(_ components: [NamedComponent], _ effort: HeavyWork.Effort) throws -> [NamedComponent] {
        let pattern: NSRegularExpression
        do {
            // Alone first, so that a text such as "a)|(b" can't become valid by what is put around it.
            _ = try NSRegularExpression(pattern: text)
            pattern = try NSRegularExpression(pattern: "\\A(?:\(text))\\z")
        } catch {
            throw failure("names no component of the sandbox and is no valid regular expression", components)
        }
        return try components.filter { component in
            do {
                return try Self.matches(pattern, component.name, effort)
            } catch is HeavyWork.TookTooLong {
                throw JobFailure(
                    .configurationError,
                    """
                    The property 'ComponentName' is '\(text.cut(to: 200))', a regular expression that takes too long to \
                    match '\(component.name.cut(to: 200))'. Avoid nested repetitions such as '(a+)+'.
                    """
                )
            }
        }
    }

    private static func matches(
        _ pattern: NSRegularExpression,
        _ name: String,
        _ effort: HeavyWork.Effort
    ) throws -> Bool {
        var isMatch = false
        // A pattern may backtrack for ever. The engine reports its progress from time to time, and can be stopped then.
        pattern.enumerateMatches(
            in: name,
            options: .reportProgress,
            range: NSRange(name.startIndex..., in: name)
        ) { match, _, stop in
            isMatch = isMatch || match != nil
            if (try? effort.check()) == nil { stop.pointee = true }
        }
        try effort.check()
        return isMatch
    }

    private func failure(_ what: String, _ components: [NamedComponent]) -> JobFailure {
        let names = components.map { "'\($0.name)'" }.sorted().joined(separator: ", ").cut(to: 2_000)
        return JobFailure(
            .configurationError,
            """
            The property 'ComponentName' is '\(text.cut(to: 200))', which \(what)\(names.isEmpty ? "; it has none" : ": \(names)"). \
            It should be a component's exact name, a regular expression that matches one whole name, or 'SANDBOX'.
            """
        )
    }
}
