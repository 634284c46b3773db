import AWSLite
import Foundation
import Tracing

/// The spans of a worker: one for each run of a handler, from its beginning to its result or its wait.
///
/// A wait is in no span, since it may be hours, and end in another process. All jobs of a pipeline's execution are in one
/// trace, whichever worker had them: its id is made of the execution's, which is a UUID. Nothing of the context in which the
/// worker was started is inherited.
struct JobTracing: Sendable {
    private let tracer: any Tracer
    /// Whether there is a tracer at all: without one nothing is to be made for it.
    private let isTraced: Bool

    init(tracer: any Tracer) {
        self.tracer = tracer
        isTraced = !(tracer is NoOpTracer)
    }

    /// Runs a handler within a span.
    func run<Value>(_ record: JobRecord, _ body: () async throws -> Value) async rethrows -> Value {
        if isTraced { return try await span(tracer, record, body) }
        guard InstrumentationContext.current != nil else { return try await body() }
        return try await InstrumentationContext.$current.withValue(.topLevel) { try await body() }
    }

    private func span<SomeTracer: Tracer, Value>(
        _ tracer: SomeTracer,
        _ record: JobRecord,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        var context = InstrumentationContext.topLevel
        if let parent = Self.parent(of: record.place.pipelineExecutionID) {
            tracer.extract(["traceparent": parent], into: &context, using: Headers())
        }
        return try await tracer.withSpan(record.actionTypeID.provider, context: context, ofKind: .consumer) { span in
            span.updateAttributes { attributes in
                attributes["codepipeline.pipeline"] = record.place.pipeline
                attributes["codepipeline.stage"] = record.place.stage
                attributes["codepipeline.action"] = record.place.action
                attributes["codepipeline.execution.id"] = record.place.pipelineExecutionID
                attributes["codepipeline.action_execution.id"] = record.actionExecutionID
                attributes["codepipeline.job.id"] = record.id
            }
            return try await body()
        }
    }

    /// What W3C's Trace Context calls `traceparent`, for the execution; `nil` for an id that is no UUID.
    ///
    /// The trace's id has the UUID's two halves exchanged: samplers by ratio look at the last eight bytes, of which a UUID
    /// fixes the first two bits (`findings/otel-ratio-sampler-uuid.sh`).
    static func parent(of pipelineExecutionID: String) -> String? {
        guard let id = UUID(uuidString: pipelineExecutionID) else { return nil }
        let digits = id.uuidString.replacing("-", with: "").lowercased()
        let trace = digits.suffix(16) + digits.prefix(16)
        // The execution itself, which nobody reports as a span.
        let parent = digits.suffix(16)
        guard trace.contains(where: { $0 != "0" }), parent.contains(where: { $0 != "0" }) else { return nil }
        return "00-\(trace)-\(parent)-01"
    }

    private struct Headers: Extractor {
        func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
    }
}
