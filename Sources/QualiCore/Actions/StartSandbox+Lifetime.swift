import Foundation

/// How long the sandbox of a start lives once its job is over.
extension StartSandbox {
    /// What a start's configuration, as CodePipeline lists it, says of its sandbox's life.
    ///
    /// One that can't be read, such as one with variables that aren't resolved, may say that the sandbox is to stay.
    static func terms(of properties: [String: String]) -> LifetimeTerms {
        let minutes = properties["DurationInMinutes"].flatMap { Int($0.trimmingWhitespace) } ?? 0
        let duration = Duration.seconds(60 * min(max(minutes, 0), 525_600))
        guard minutes > 0, let options = try? StartOptions(properties[StartOptions.property], duration: duration) else {
            return LifetimeTerms(endWithPipeline: .never, duration: duration)
        }
        return LifetimeTerms(options, duration)
    }

    /// What becomes of a sandbox whose start has failed, in words.
    func fate(_ configuration: Configuration) -> String {
        let rules = keeper?.rules ?? LifetimeRules(endWithPipeline: .never)
        return "it " + rules.fate(configuration.terms, isFollowed: keeper != nil)
    }
}

extension StartSandbox.Configuration {
    /// What it says of its sandbox's life.
    var terms: LifetimeTerms { LifetimeTerms(options, duration) }
}

extension LifetimeTerms {
    fileprivate init(_ options: StartOptions, _ duration: Duration) {
        self.init(
            endWithPipeline: options.endWithPipeline,
            duration: duration,
            maxDuration: options.maxDuration
        )
    }
}
