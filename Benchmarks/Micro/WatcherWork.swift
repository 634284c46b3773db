import Foundation
import HTTPTransport
import HTTPTypes
import Logging
import QualiCore
import SandboxAPI
import Synchronization

extension Work {
    /// A look at the lab for 10,000 jobs that wait: its list is decoded, and each of them sees its sandbox in it.
    static let watcher = Work(name: "watcher-tick", count: 20) { count in
        let waiting = 10_000
        let list = (1...waiting).map {
            #"{"id": "\#(Samples.id($0))", "name": "Nightly [q\#($0)]", "state": "Setup"}"#
        }
        let reply = Samples.reply("[\(list.joined(separator: ","))]")
        let lab = SameReply { request in
            request.path?.hasSuffix("/login") == true ? Samples.reply(#""token""#) : reply
        }
        let account = SandboxClient.Configuration(url: "http://lab", username: "ci", password: Secret("secret"))
        let client = try SandboxClient(account, httpClient: lab)
        let (looks, look) = AsyncStream<Void>.makeStream()
        // Only looks for all count; the first ones come before all wait.
        let clock = LookClock { if $0 == waiting { look.yield() } }
        let watcher = SandboxWatcher(
            client: client,
            interval: .seconds(5),
            clock: clock,
            logger: Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        return await withTaskGroup(of: Void.self) { group in
            for number in 1...waiting {
                group.addTask {
                    _ = try? await watcher.wait(for: Samples.id(number), until: .distantFuture) { _ in
                        clock.seen.wrappingAdd(1, ordering: .relaxed)
                        return false
                    }
                }
            }
            group.addTask { await watcher.run() }
            var iterator = looks.makeAsyncIterator()
            await iterator.next()
            let begin = ContinuousClock.now
            for _ in 0..<count { await iterator.next() }
            let duration = ContinuousClock.now - begin
            group.cancelAll()
            return duration
        }
    }
}

/// A clock on which every wait is over at once, after it has told how many were shown their sandbox since the last one.
private final class LookClock: WorkerClock {
    let seen = Atomic(0)
    private let didLook: @Sendable (Int) -> Void

    init(didLook: @escaping @Sendable (Int) -> Void) { self.didLook = didLook }

    var now: Date { Date(timeIntervalSince1970: 1_700_000_000) }

    func sleep(for duration: Duration) async throws {
        didLook(seen.exchange(0, ordering: .relaxed))
        try Task.checkCancellation()
        await Task.yield()
    }
}
