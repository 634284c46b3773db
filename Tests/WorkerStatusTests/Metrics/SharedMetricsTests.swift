import JobEngine
import Testing

@testable import WorkerStatus

/// Workers of one process whose metrics go to one backend.
@Suite("Metrics that workers share a backend for", .timeLimit(.minutes(1)))
struct SharedMetricsTests {
    private let registry = MetricsRegistry()

    private func asks(_ monitor: WorkerMonitor, _ times: Int) {
        let requests = monitor.labMetrics(operations: ["sandboxes"]).requests
        for _ in 0..<times { requests.count("sandboxes", .answered, .zero) }
    }

    private func expectAnswers(_ labels: String, _ count: Int) {
        let text = PrometheusText.report(registry, .init(region: "eu-west-1", isReady: true))
        let line = "quali_worker_lab_requests_total{operation=\"sandboxes\"\(labels),result=\"answered\"} \(count)\n"
        #expect(text.contains(line), "\(text)")
    }

    @Test func `are each worker's own, though nobody names them`() {
        let (first, second) = (WorkerMonitor(metrics: registry), WorkerMonitor(metrics: registry))
        asks(first, 3)
        asks(second, 1)
        expectAnswers("", 3)
        expectAnswers(",worker=\"2\"", 1)
    }

    @Test func `have the workers' names where there are any`() {
        let (east, west) = (
            WorkerMonitor(name: "east", metrics: registry), WorkerMonitor(name: "west", metrics: registry)
        )
        asks(east, 3)
        asks(west, 1)
        expectAnswers(",worker=\"east\"", 3)
        expectAnswers(",worker=\"west\"", 1)
    }

    @Test func `go on without a label where a worker takes the place of one that is gone`() {
        for _ in 1...2 { asks(WorkerMonitor(metrics: registry), 1) }
        expectAnswers("", 2)
    }

    @Test func `have no label where each worker has a backend of its own`() {
        let other = MetricsRegistry()
        let (first, second) = (WorkerMonitor(metrics: other), WorkerMonitor(metrics: registry))
        asks(first, 2)
        asks(second, 1)
        expectAnswers("", 1)
    }
}
