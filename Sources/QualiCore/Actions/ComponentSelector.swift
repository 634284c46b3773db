import AWSLite
import Foundation
import SandboxAPI

/// Finds the component that a run action names: exactly, or by a regular expression.
struct ComponentSelector: Sendable {
    /// The longest time that a pattern may be tried on all names together.
    static let timeLimit: Duration = .milliseconds(500)

    /// What the pipeline's author wrote.
    let text: String

    /// The one component whose whole name is the text, or else matches it.
    ///
    /// - Throws: ``JobFailure`` that lists the names when none or several match, or when the pattern is invalid or takes
    ///   too long.
    func select(from components: [NamedComponent]) throws -> NamedComponent {
        let exact = components.filter { $0.name == text }
        let found = exact.isEmpty ? try matches(components) : exact
        guard let component = found.first else {
            throw failure("names no component of the sandbox", components)
        }
        guard found.count == 1 else {
            throw failure("fits several components of the sandbox", found)
        }
        return component
    }

    private func matches(_ components: [NamedComponent]) throws -> [NamedComponent] {
        let pattern: NSRegularExpression
        do {
            // Alone first, so that a text such as "a)|(b" can't become valid by what is put around it.
            _ = try NSRegularExpression(pattern: text)
            pattern = try NSRegularExpression(pattern: "\\A(?:\(text))\\z")
        } catch {
            throw failure("names no component of the sandbox and is no valid regular expression", components)
        }
        let deadline = ContinuousClock.now + Self.timeLimit
        return try components.filter { component in
            var isMatch = false
            // A pattern may backtrack for ever. The engine reports its progress from time to time, and can be stopped then.
            pattern.enumerateMatches(
                in: component.name,
                options: .reportProgress,
                range: NSRange(component.name.startIndex..., in: component.name)
            ) { match, _, stop in
                isMatch = isMatch || match != nil
                if ContinuousClock.now >= deadline { stop.pointee = true }
            }
            guard ContinuousClock.now < deadline else {
                throw JobFailure(
                    .configurationError,
                    """
                    The property 'ComponentName' is '\(text.cut(to: 200))', a regular expression that takes too long to \
                    match '\(component.name)'. Avoid nested repetitions such as '(a+)+'.
                    """
                )
            }
            return isMatch
        }
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
