import HTTPTransport
import Logging

/// The logger of a job, which names what the job's action has made or works on as soon as that is known.
package final class JobLog: Sendable {
    private let name: String?
    private let make: @Sendable () -> Logger
    private let state = Locked<Logger?>(nil)

    /// - Parameters:
    ///   - logger: Made when it is first asked for, since many jobs have nothing to say.
    ///   - name: What lines call the external execution id; `nil` where they needn't tell it.
    init(_ logger: @autoclosure @escaping @Sendable () -> Logger, externalExecutionName name: String?) {
        make = logger
        self.name = name
    }

    /// The logger, for lines from now on.
    var logger: Logger { change { _ in } }

    /// Notes the external execution id, once there is one.
    func note(_ externalExecutionID: String?) {
        guard let name, let externalExecutionID else { return }
        _ = change { $0[metadataKey: name] = .string(externalExecutionID) }
    }

    private func change(_ body: (inout Logger) -> Void) -> Logger {
        state.withLock { state in
            var logger = state ?? make()
            body(&logger)
            state = logger
            return logger
        }
    }
}
