import HTTPTransport
import Logging

/// The logger of a job, which names what the job's action has made or works on as soon as that is known.
package final class JobLog: Sendable {
    private let name: String?
    private let state: Locked<Logger>

    /// - Parameter name: What lines call the external execution id; `nil` where they needn't tell it.
    init(_ logger: Logger, externalExecutionName name: String?) {
        self.name = name
        state = Locked(logger)
    }

    /// The logger, for lines from now on.
    var logger: Logger { state.withLock { $0 } }

    /// Notes the external execution id, once there is one.
    func note(_ externalExecutionID: String?) {
        guard let name, let externalExecutionID else { return }
        state.withLock { $0[metadataKey: name] = "\(externalExecutionID)" }
    }
}
