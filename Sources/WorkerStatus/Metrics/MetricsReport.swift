import JobEngine

extension PrometheusText {
    /// Everything that `/metrics` says.
    static func report(_ registry: MetricsRegistry, version: String?) -> String {
        var text = PrometheusText()
        for (name, family) in registry.all.sorted(by: { $0.key < $1.key }) {
            text.write(name, help: WorkerMetric(rawValue: name)?.help ?? "", family)
        }
        if let version {
            text.write(
                "quali_worker_build_info",
                .gauge,
                help: "The program's version; the value is always 1.",
                labels: [.init(name: "version", value: version)],
                1
            )
        }
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
