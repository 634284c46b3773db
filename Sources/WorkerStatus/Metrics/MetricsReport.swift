import JobEngine

extension PrometheusText {
    /// Everything that `/metrics` says.
    static func report(_ registry: MetricsRegistry, _ facts: WorkerFacts) -> String {
        var text = PrometheusText()
        for (name, family) in registry.all.sorted(by: { $0.key < $1.key }) {
            let metric = WorkerMetric(rawValue: name)
            text.write(name, help: metric?.help ?? "", omitsEmpty: metric?.hasManyHistograms == true, family)
        }
        let labels = [("version", facts.version), ("region", facts.region), ("lab", facts.labHost)]
        text.write(
            "quali_worker_build_info",
            .gauge,
            help: "The program's version, the pipelines' region and the lab's host; the value is always 1.",
            labels: labels.compactMap { name, value in value.map { .init(name: name, value: $0) } },
            1
        )
        text.write(
            "quali_worker_ready",
            .gauge,
            help: "1 while the worker is ready, as /readyz has it, and else 0.",
            facts.isReady ? 1 : 0
        )
        text.write(
            "quali_worker_paused",
            .gauge,
            help: "1 while somebody has paused the worker, and else 0.",
            facts.isPaused ? 1 : 0
        )
        guard let figures = ProcessFigures() else { return text.text }
        text.write(
            "process_cpu_seconds_total",
            .counter,
            help: "Time that the process has spent on processors.",
            figures.processorSeconds
        )
        text.write("process_start_time_seconds", .gauge, help: "When the process started.", figures.startTime)
        text.write("process_resident_memory_bytes", .gauge, help: "Memory in use.", figures.residentBytes)
        text.write("process_virtual_memory_bytes", .gauge, help: "Address space in use.", figures.virtualBytes)
        text.write("process_open_fds", .gauge, help: "Open file descriptors.", figures.openFiles)
        text.write("process_max_fds", .gauge, help: "How many file descriptors there may be.", figures.mostFiles)
        return text.text
    }
}
