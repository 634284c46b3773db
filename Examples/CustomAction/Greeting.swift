import JobEngine

/// An action of one's own: `Greet` says hello, and hands the greeting to later actions as a variable.
struct Greeting: ActionHandler {
    struct Configuration: ActionConfiguration {
        let name: String

        init(_ properties: ActionProperties) throws {
            name = try properties.string("Name")
        }
    }

    func run(_ configuration: Configuration, context: JobContext<NoCheckpoint>) async throws -> JobResult {
        guard configuration.name != "nobody" else {
            throw JobFailure(.configurationError, "The property 'Name' is 'nobody', but should be somebody.")
        }
        let text = "Hello, \(configuration.name), from \(context.job.place.pipeline)"
        return JobResult(summary: text, outputVariables: ["Greeting": text])
    }
}
