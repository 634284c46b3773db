/// How many connections a client may have, by how many files its process may open: each is one.
struct ConnectionBudget: Equatable {
    /// Files that all clients together leave to the rest of the program.
    static let reserve = 64
    /// A process has about as many clients: one each for AWS, for the lab, and for where credentials come from.
    private static let clients = 4

    /// How many connections to one host.
    let perHost: Int
    /// How many to all hosts.
    let total: Int

    /// - Parameters:
    ///   - wanted: How many are wanted to one host.
    ///   - openFiles: How many files the process may open.
    init(perHost wanted: Int, openFiles: Int) {
        // However few files there are, calls have to go out: they wait for each other.
        total = max((openFiles - Self.reserve) / Self.clients, 4)
        perHost = min(wanted, max(total / 2, 2))
    }
}
