/// The logic and state of a stand-in; it knows no sockets.
package protocol LocalService: Sendable {
    /// The service's short name, as faults and the journal use it.
    var name: String { get }

    /// Tells which operation a request calls; never fails, an unknown one has a name too.
    func operation(of request: LocalRequest) -> String

    /// Acts on a request and answers it.
    func reply(to request: LocalRequest) async -> LocalReply

    /// Picks what a reader of the journal wants to know of a request: ids and names, never a secret.
    func facts(of request: LocalRequest) -> [String: String]

    /// Makes an error reply in the service's own shape, for an injected fault.
    func errorReply(status: Int, code: String, message: String) -> LocalReply
}

extension LocalService {
    /// No facts.
    package func facts(of request: LocalRequest) -> [String: String] { [:] }

    /// A JSON object with the code and the message.
    package func errorReply(status: Int, code: String, message: String) -> LocalReply {
        .json(["__type": .string(code), "message": .string(message)], status: status)
    }
}
