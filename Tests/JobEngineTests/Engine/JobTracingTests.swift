import AWSLite
import Foundation
import HTTPTransport
import TestSupport
import Testing
import Tracing

@testable import JobEngine

@Suite("The spans of a worker", .timeLimit(.minutes(1)))
struct JobTracingTests {
    private static let execution = "2F1CBE5E-9a1f-4c0d-8a63-0c5b3f6f4d10"

    private func job(_ id: String, token: String? = nil, action: String) -> CodePipeline.Job {
        var job = CodePipeline.Job.job(id, actionExecutionID: action, token: token)
        job.data.pipelineContext?.pipelineExecutionID = Self.execution
        return job
    }

    @Test func `are one for each run of a handler, in one trace for the pipeline's execution`() async throws {
        let (queue, tracer) = (InMemoryJobQueue(), WireTracer())
        await queue.offer(job("1", action: "a"), job("2", action: "b"))
        var outer = InstrumentationContext.topLevel
        outer[StartUp.self] = "of the host's start"
        try await InstrumentationContext.$current.withValue(outer) {
            try await RunningWorker.run(queue: queue) {
                $0.tracer = tracer
            } steps: { context, event in
                #expect(InstrumentationContext.current?[StartUp.self] == nil)
                #expect(InstrumentationContext.current?[TraceParent.self]?.isEmpty == false)
                if context.job.id == "2" { throw JobFailure(.jobFailed, "no luck") }
                return event == nil
                    ? .wait(.pause(.seconds(20), for: "its turn", then: 1)) : .done(JobResult(summary: "done"))
            } whileRunning: { worker in
                _ = await worker.clock.running { await queue.report(of: "1") }
                _ = await queue.report(of: "2")
            }
        }
        let spans = tracer.spans.withLock { $0 }
        #expect(spans.map { $0.attributes["codepipeline.job.id"] }.count == 3)
        #expect(Set(spans.map(\.operationName)) == ["Quali-Start-Sandbox"])
        #expect(Set(spans.map(\.parent)) == ["00-8a630c5b3f6f4d102f1cbe5e9a1f4c0d-8a630c5b3f6f4d10-01"])
        #expect(spans.allSatisfy { $0.isEnded.withLock { $0 } })
        #expect(spans.count { $0.hasFailed.withLock { $0 } } == 1)
    }

    @Test func `aren't what a job inherits from the host's start, though there is no tracer`() async throws {
        let queue = InMemoryJobQueue()
        await queue.offer(job("1", action: "a"))
        var outer = InstrumentationContext.topLevel
        outer[StartUp.self] = "of the host's start"
        try await InstrumentationContext.$current.withValue(outer) {
            try await RunningWorker.run(queue: queue) { _ in
                JobResult(summary: InstrumentationContext.current?[StartUp.self] ?? "nothing")
            } whileRunning: { _ in
                #expect(await queue.report(of: "1").success?.executionDetails?.summary == "nothing")
            }
        }
    }

    @Test func `have ids of traces that a sampler by ratio takes in their share`() throws {
        // As OpenTelemetry's does: by the last eight bytes.
        let taken = try (0..<4_000).count { _ in
            let parent = try #require(JobTracing.parent(of: UUID().uuidString))
            let end = try #require(UInt64(parent.split(separator: "-")[1].suffix(16), radix: 16))
            return end < UInt64.max / 10
        }
        // A tenth is 400, give or take five times the spread.
        #expect((300...500).contains(taken))
    }

    @Test(arguments: ["", "execution-1", "00000000-0000-0000-0000-000000000000"])
    func `have no parent where the execution's id is no id of a trace`(id: String) {
        #expect(JobTracing.parent(of: id) == nil)
    }
}

private enum StartUp: InstrumentationContextKey { typealias Value = String }
private enum TraceParent: InstrumentationContextKey { typealias Value = String }

/// A tracer that reads what W3C's Trace Context says.
private struct WireTracer: Tracer {
    let spans = Locked<[WireSpan]>([])

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> InstrumentationContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> WireSpan {
        let span = WireSpan(operationName: operationName, context: context())
        spans.withLock { $0.append(span) }
        return span
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout InstrumentationContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        context[TraceParent.self] = extractor.extract(key: "traceparent", from: carrier)
    }

    func inject<Carrier, Inject: Injector>(
        _ context: InstrumentationContext,
        into carrier: inout Carrier,
        using injector: Inject
    ) where Inject.Carrier == Carrier {}
}

private final class WireSpan: Span {
    let context: InstrumentationContext
    let isEnded = Locked(false)
    let hasFailed = Locked(false)
    private let state: Locked<(name: String, attributes: SpanAttributes)>

    init(operationName: String, context: InstrumentationContext) {
        self.context = context
        state = Locked((operationName, [:]))
    }

    var parent: String? { context[TraceParent.self] }

    var operationName: String {
        get { state.withLock { $0.name } }
        set { state.withLock { $0.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    var isRecording: Bool { true }

    func setStatus(_ status: SpanStatus) { hasFailed.withLock { $0 = true } }
    func addEvent(_ event: SpanEvent) {}
    func recordError<Instant: TracerInstant>(
        _ error: any Error,
        attributes: SpanAttributes,
        at instant: @autoclosure () -> Instant
    ) {}
    func addLink(_ link: SpanLink) {}
    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) { isEnded.withLock { $0 = true } }
}
