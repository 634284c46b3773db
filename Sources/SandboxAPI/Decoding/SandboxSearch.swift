import FoundationEssentials
import HTTPTransport

/// Looks through a list of sandboxes while it comes, and keeps those that are wanted.
///
/// A lab's history has no end and no pages, and nobody wants more than a few of its sandboxes.
final class SandboxSearch: Sendable {
    /// The longest history that is read, in bytes: some 400,000 sandboxes.
    static let longestHistory = 256 << 20
    /// How many sandboxes are kept at most.
    private static let mostFound = 400_000

    private struct State {
        var splitter = JSONListSplitter()
        var found: [SandboxSummary] = []

        mutating func take(_ bytes: BorrowedBytes, _ isWanted: (SandboxSummary) -> Bool) {
            var more: [SandboxSummary] = []
            let room = SandboxSearch.mostFound + 1 - found.count
            splitter.take(bytes) { element in
                if more.count < room, let sandbox = Self.sandbox(element), isWanted(sandbox) { more.append(sandbox) }
            }
            found += more
        }

        private static func sandbox(_ element: BorrowedBytes) -> SandboxSummary? {
            SandboxListScanner.one(element) ?? (try? JSON.decode(SandboxSummary.self, from: Data(element)))
        }
    }

    private let isWanted: @Sendable (SandboxSummary) -> Bool
    private let current = Locked(Locked(State()))

    init(where isWanted: @escaping @Sendable (SandboxSummary) -> Bool) {
        self.isWanted = isWanted
    }

    /// Begins anew, as each request does; what still comes of one before is lost.
    func begin() -> HTTPBodyReader {
        let state = Locked(State())
        current.withLock { $0 = state }
        return HTTPBodyReader { [isWanted] bytes in
            state.withLock { state in bytes.lend { state.take($0, isWanted) } }
        }
    }

    /// What a reply has beside a list: nothing, or what stands in the place of one.
    ///
    /// `body` is the reply's body, from a client that doesn't know readers.
    func rest(_ body: Data) -> Data {
        current.withLock { $0 }.withLock { state in
            body.lend { state.take($0, isWanted) }
            return Data(state.splitter.other)
        }
    }

    /// The sandboxes that were found, once the reply is complete.
    ///
    /// - Throws: ``MalformedReply`` where the reply is no whole list, or more were found than are kept.
    func found() throws -> [SandboxSummary] {
        try current.withLock { $0 }.withLock { state in
            try state.splitter.checkEnd()
            guard state.found.count <= Self.mostFound else {
                throw MalformedReply(reason: "it has more than \(Self.mostFound) sandboxes")
            }
            return state.found
        }
    }

    /// The most bytes of the list that are held at any time; for tests.
    var held: Int { current.withLock { $0 }.withLock { $0.splitter.held } }
}
