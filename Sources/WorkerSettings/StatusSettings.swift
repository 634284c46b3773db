package import WorkerStatus

/// Where the worker shows what it does, and when it calls itself ready.
package struct StatusSettings: Sendable {
    /// Where the status page listens; `nil` for nowhere.
    package var address: StatusAddress?
    /// How often an idle lab is asked whether it is there, while there is a page to show it.
    package var labInterval: Duration = .seconds(30)
    /// How long a service may be late with an answer before the worker isn't ready.
    package var patience: Duration = .seconds(30)

    /// Reads the settings of the status page.
    package init(_ reader: inout SettingReader) {
        // The outer `nil` is for a text that is neither.
        let address = reader.value(.statusAddress, wanted: StatusAddress.wanted) { text -> StatusAddress?? in
            text == "off" ? .some(nil) : StatusAddress(text).map { .some($0) }
        }
        self.address = address ?? nil
    }
}
