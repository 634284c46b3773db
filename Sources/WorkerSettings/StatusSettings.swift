package import WorkerStatus

/// Where the worker shows what it does, and when it calls itself ready.
package struct StatusSettings: Sendable {
    /// Where the status page listens; `nil` for nowhere.
    package var address: StatusAddress?
    /// The time between two lines of metrics in the log; `nil` for none.
    package var metricsLogInterval: Duration?
    /// How often an idle lab is asked whether it is there, while there is somebody to tell.
    package var labInterval: Duration = .seconds(30)
    /// How long a service may be late with an answer before the worker isn't ready.
    package var patience: Duration = .seconds(30)

    /// Whether there is somebody to tell whether the lab answers.
    package var isWatched: Bool { address != nil || metricsLogInterval != nil }

    /// Reads the settings of the status page, and of the metrics in the log.
    package init(_ reader: inout SettingReader) {
        // The outer `nil` is for a text that is neither.
        let address = reader.value(.statusAddress, wanted: StatusAddress.wanted) { text -> StatusAddress?? in
            text == "off" ? .some(nil) : StatusAddress(text).map { .some($0) }
        }
        self.address = address ?? nil
        if let interval = reader.seconds(.metricsLogSeconds, in: 0...3_600), interval > .zero {
            metricsLogInterval = interval
        }
    }
}
