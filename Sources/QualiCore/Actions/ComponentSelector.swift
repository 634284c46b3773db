import AWSLite
import Foundation
import HTTPTransport
package import SandboxAPI

/// Finds the component that a run action names: exactly, by its model, or by a regular expression.
package struct ComponentSelector: Sendable {
    /// The longest time on a processor for which a pattern is tried on all names together.
    static let timeLimit: Duration = .milliseconds(500)
    /// What a text begins with that has a model in place of a name.
    static let modelPrefix = "model:"

    /// What the pipeline's author wrote.
    let text: String
    /// Which components count.
    var match: ComponentMatch
    /// What messages call the worker's parameters.
    var parameters: ParameterNames

    /// Creates a selector.
    package init(text: String, match: ComponentMatch = .whole, parameters: ParameterNames = ParameterNames()) {
        self.text = text
        self.match = match
        self.parameters = parameters
    }

    /// The component that was found.
    struct Selection: Sendable, Hashable {
        let component: NamedComponent
        /// Why another could have been meant, and which; `nil` where it is the only one.
        var warning: String?
    }

    /// The places in the lab's list of the components that the pattern fits.
    private struct Fits: Sendable {
        /// Those whose whole names fit.
        var whole: [Int] = []
        /// Those whose names fit from their beginning; these aren't looked for where nobody asks.
        var beginning: [Int] = []
        /// A pattern for the whole name of the only one whose beginning fits.
        var wider: String?
    }

    /// Finds the component.
    ///
    /// - Throws: ``JobFailure`` that lists the names when none or several match, or when the pattern is invalid or takes
    ///   too long; `CancellationError` when the task is cancelled.
    func select(from components: [NamedComponent]) async throws -> Selection {
        let exact = components.indices.filter { components[$0].name == text }
        if exact.isEmpty, let model { return Selection(component: try only(of: model, components)) }
        var fits = Fits()
        if exact.isEmpty || match == .original {
            do {
                fits = try await HeavyWork.ofJobs.run(limit: Self.timeLimit) { try tried(on: components, $0) }
            } catch is JobFailure where !exact.isEmpty {
                // An exact name needs no pattern.
            }
        }
        let found = exact.isEmpty ? fits.whole : exact
        switch match {
        case .whole:
            guard let first = found.first else { throw nothing(components, fits) }
            guard found.count == 1 else {
                let advice =
                    " The Python worker took the first, '\(components[first].name.cut(to: 200))': for that, \(setting)."
                throw failure("fits several components of the sandbox", found.map { components[$0] }, advice)
            }
            return Selection(component: components[first])
        case .original:
            guard let chosen = found.first ?? fits.beginning.first else { throw nothing(components, fits) }
            return Selection(component: components[chosen], warning: warning(on: chosen, found, fits, components))
        }
    }

    /// Finds the component, without what is told of others.
    ///
    /// - Throws: As ``select(from:)`` does.
    package func component(of components: [NamedComponent]) async throws -> NamedComponent {
        try await select(from: components).component
    }

    /// Why the text is no regular expression that the worker knows, as the rest of a sentence; `nil` where it is one, and
    /// where it has a model or is the sandbox itself.
    package var patternProblem: String? {
        if model != nil || text == CommandTarget.sandboxKeyword { return nil }
        do {
            _ = try Self.pattern(text)
            return nil
        } catch PythonPattern.Problem.unsupported(let construct, let instead) {
            return ": this worker doesn't know '\(construct.cut(to: 60))'. Write \(instead)"
        } catch {
            return ""
        }
    }

    /// The model that the text has in place of a name; `nil` where it has none.
    private var model: String? {
        text.hasPrefix(Self.modelPrefix) ? String(text.dropFirst(Self.modelPrefix.count)).trimmingWhitespace : nil
    }

    /// The one component of a model, as the lab spells it.
    private func only(of model: String, _ components: [NamedComponent]) throws -> NamedComponent {
        let found = components.filter { $0.model == model }
        guard let first = found.first else {
            throw failure("names no model of a component of the sandbox", components, withModels: true)
        }
        guard found.count == 1 else { throw failure("fits several components of the sandbox", found) }
        return first
    }

    private func tried(on components: [NamedComponent], _ effort: HeavyWork.Effort) throws -> Fits {
        let pattern: NSRegularExpression
        let beginning: NSRegularExpression
        do {
            pattern = try Self.pattern(text)
            beginning = try Self.pattern(text, end: "")
        } catch PythonPattern.Problem.unsupported(let construct, let instead) {
            throw JobFailure(
                .configurationError,
                """
                The property 'ComponentName' is '\(text.cut(to: 200))', a regular expression with '\(construct.cut(to: 60))', \
                which this worker doesn't know. Write \(instead).
                """
            )
        } catch {
            throw failure("names no component of the sandbox and is no valid regular expression", components)
        }
        func places(_ pattern: NSRegularExpression) throws -> [Int] {
            try components.indices.filter { try matches(pattern, components[$0].name, effort) }
        }
        var fits = Fits(whole: try places(pattern))
        if match == .original || fits.whole.isEmpty { fits.beginning = try places(beginning) }
        if fits.whole.isEmpty, fits.beginning.count == 1 {
            // An alternative ends where the whole pattern does. After a comment or '\Q' neither form does what it should.
            let wider = text.contains("|") ? "(?:\(text)).*" : "\(text).*"
            if let pattern = try? Self.pattern(wider), try places(pattern) == fits.beginning { fits.wider = wider }
        }
        return fits
    }

    private static func pattern(_ text: String, end: String = "\\z") throws -> NSRegularExpression {
        let python = try PythonPattern(text)
        return try NSRegularExpression(pattern: "\\A(?:\(python.pattern))\(end)", options: python.options)
    }

    private func matches(_ pattern: NSRegularExpression, _ name: String, _ effort: HeavyWork.Effort) throws -> Bool {
        var isMatch = false
        // A pattern may backtrack for ever. The engine reports its progress from time to time, and can be stopped then.
        unsafe pattern.enumerateMatches(
            in: name,
            options: .reportProgress,
            range: NSRange(name.startIndex..., in: name)
        ) { match, _, stop in
            isMatch = isMatch || match != nil
            // It is there for the time of this call.
            if isMatch || (try? effort.check()) == nil { unsafe stop.pointee = true }
        }
        do {
            try effort.check()
        } catch is HeavyWork.TookTooLong {
            throw JobFailure(
                .configurationError,
                """
                The property 'ComponentName' is '\(text.cut(to: 200))', a regular expression that takes too long to \
                match '\(name.cut(to: 200))'. Avoid nested repetitions such as '(a+)+'.
                """
            )
        }
        return isMatch
    }
}

// MARK: What is told

extension ComponentSelector {
    /// The way out for a pipeline that the Python worker served.
    private var setting: String { "set the worker's \(parameters.componentMatch) to 'original'" }

    /// What a choice passed over: others that fit as well, and those before it that the Python worker would have taken.
    private func warning(
        on chosen: Int,
        _ found: [Int],
        _ fits: Fits,
        _ components: [NamedComponent]
    ) -> String? {
        let others = components.indices.filter { place in
            place != chosen
                && (found.contains(place) || fits.beginning.contains(place) && (found.isEmpty || place < chosen))
        }
        guard found.isEmpty || !others.isEmpty else { return nil }
        let how =
            found.isEmpty
            ? "the first whose name begins with it"
            : found.count > 1 ? "the first whose whole name it fits" : "whose whole name it fits"
        let name = "'\(components[chosen].name.cut(to: 60))'"
        let passed = others.isEmpty ? "" : "; passed over: \(Self.list(others.map { components[$0] }, limit: 200))"
        return """
            Warning: for the ComponentName '\(text.cut(to: 60))' \(name) was taken, \(how)\(passed). Write its exact name, \
            or a pattern for it alone.
            """
    }

    /// The failure of a text that names nothing, with the way out if names begin with it.
    private func nothing(_ components: [NamedComponent], _ fits: Fits) -> JobFailure {
        let found = fits.beginning.map { components[$0] }
        let advice: String
        switch found.count {
        case 0: advice = ""
        case 1:
            let way = fits.wider.map { $0.count > 200 ? "'.*' after the whole of it" : "'\($0)'" }
            advice = """
                 Only '\(found[0].name.cut(to: 200))' begins with it: write \(way ?? "a pattern for the whole name"), \
                or \(setting).
                """
        default:
            advice = """
                 Several begin with it: \(Self.list(found, limit: 400)); the Python worker took the first. Write its exact \
                name, or \(setting).
                """
        }
        return failure("names no component of the sandbox", components, advice)
    }

    private func failure(
        _ what: String,
        _ components: [NamedComponent],
        withModels: Bool = false,
        _ advice: String = ""
    ) -> JobFailure {
        let names = Self.list(components.sorted { $0.name < $1.name }, withModels: withModels, limit: 2_000)
        return JobFailure(
            .configurationError,
            """
            The property 'ComponentName' is '\(text.cut(to: 200))', which \(what)\(names.isEmpty ? "; it has none" : ": \(names)"). \
            It should be a component's exact name, a regular expression that matches one whole name, '\(Self.modelPrefix)' and \
            the model of one component alone, or 'SANDBOX'.\(advice)
            """
        )
    }

    private static func list(_ components: [NamedComponent], withModels: Bool = false, limit: Int) -> String {
        components.map { component in
            let model = withModels ? component.model.map { " (\($0))" } : nil
            return "'\(component.name)'\(model ?? "")"
        }.joined(separator: ", ").cut(to: limit)
    }
}
