import HTTPTransport
import SandboxAPI

extension LabMetrics {
    /// The calls of the Sandbox API that a worker makes.
    static let operations = Set(SandboxOperation.allCases).subtracting([
        .token, .startPersistentSandbox, .sandboxesOfOwner, .instructions, .component, .output,
    ]).map(\.rawValue)

    /// Counts a request to the lab, and tells a monitor whether the lab answers.
    ///
    /// Any reply is an answer but that of a server in trouble: a refusal shows that somebody is there.
    func note(_ report: SandboxRequestReport, _ monitor: WorkerMonitor) {
        let result: RequestMetrics.Result
        switch report.result {
        case .success(let status) where (500...599).contains(status):
            result = .failed
            monitor.labFailed(ServerTrouble(status: status))
        case .success(let status):
            result = RequestMetrics.Result(status: status)
            monitor.labAnswered()
        case .failure(let error):
            result = .failed
            monitor.labFailed(error)
        }
        requests.count(report.operation.rawValue, result, report.duration)
    }
}

private struct ServerTrouble: Error, CustomStringConvertible {
    let status: Int
    var description: String { "The lab answers with the status \(status)" }
}
