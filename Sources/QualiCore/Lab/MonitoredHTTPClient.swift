import HTTPTransport
import HTTPTypes

/// Tells a monitor whether the lab answers.
///
/// Any reply counts but that of a server in trouble: a refusal shows that somebody is there.
struct MonitoredHTTPClient: HTTPClient {
    let base: any HTTPClient
    let monitor: WorkerMonitor

    func send(_ call: HTTPCall) async throws -> HTTPReply {
        do {
            let reply = try await base.send(call)
            if reply.response.status.kind == .serverError {
                monitor.labFailed(ServerTrouble(status: reply.response.status.code))
            } else {
                monitor.labAnswered()
            }
            return reply
        } catch let error as HTTPClientError {
            monitor.labFailed(error)
            throw error
        }
    }
}

private struct ServerTrouble: Error, CustomStringConvertible {
    let status: Int
    var description: String { "The lab answers with the status \(status)" }
}
