import Foundation
import LocalCloud
import Testing

private struct Echo: LocalService {
    let name = "echo"
    func operation(of request: LocalRequest) -> String { request.pathSegments.first ?? "root" }
    func reply(to request: LocalRequest) async -> LocalReply {
        .text("\(request.method) \(request.path)?\(request.query) \(String(decoding: request.body, as: UTF8.self))")
    }
}

@Suite("Loopback server", .timeLimit(.minutes(1)))
struct ServerTests {
    @Test("A request comes through as it was sent, and the journal has it")
    func echo() async throws {
        let journal = RequestJournal()
        try await LocalServer.withRunning(Echo(), journal: journal) { server in
            let reply = try await curl("-d", "hello", "\(server.url)/a//b%2Fc%20d?x=%2B&y")
            #expect(reply.output == "POST /a//b%2Fc%20d?x=%2B&y hello")
            let entry = try await journal.first("a")
            #expect(entry.number == 1 && entry.status == 200 && entry.fault == nil)
        }
    }

    @Test("The journal drops the oldest requests, finds the others by their numbers, and has counted all")
    func journal() async throws {
        let journal = RequestJournal(capacity: 4)
        try await LocalServer.withRunning(Echo(), journal: journal) { server in
            for path in ["a", "b", "a", "b", "a", "b"] { _ = try await curl("\(server.url)/\(path)") }
            try await journal.finished("a", times: 3)
            try await journal.finished("b", times: 3)
            #expect(journal.entries.map(\.number) == [3, 4, 5, 6])
            #expect(try await journal.first("a").number == 3)
            #expect(try await journal.first("a", after: 3).number == 5)
            journal.removeAll()
            async let next = journal.first("a", after: 3)
            _ = try await curl("\(server.url)/a")
            #expect(try await next.number == 7)
            #expect(journal.finished("a") == 4 && journal.finished("c") == 0)
        }
    }

    @Test("Faults hit the operation they're for, so many times, after so many that pass")
    func faults() async throws {
        let faults = FaultPlan()
        let journal = RequestJournal()
        faults.inject(.status(503, code: "SlowDown"), on: "a", service: "echo", times: 2, skipping: 1)
        try await LocalServer.withRunning(Echo(), faults: faults, journal: journal) { server in
            var statuses: [String] = []
            for path in ["a", "b", "a", "a", "a"] {
                statuses.append(try await curl("-o", "/dev/null", "-w", "%{http_code}", "\(server.url)/\(path)").output)
            }
            #expect(statuses == ["200", "200", "503", "503", "200"])
            #expect(journal.entries.map(\.fault).compactMap { $0 }.count == 2)
        }
    }

    @Test(
        "A lost reply, a reset and a body cut short close the connection",
        arguments: [
            (Fault.loseReply, Int32(52)), (.resetBeforeProcessing, 52), (.truncateBody, 18),
        ]
    )
    func broken(fault: Fault, exitCode: Int32) async throws {
        let faults = FaultPlan()
        faults.inject(fault)
        try await LocalServer.withRunning(Echo(), faults: faults) { server in
            let broken = try await curl("\(server.url)/a")
            #expect(broken.status == exitCode)
            let whole = try await curl("\(server.url)/a")
            #expect(whole.status == 0)
        }
    }

    @Test("A server with a hanging request stops at once")
    func hang() async throws {
        let faults = FaultPlan()
        let journal = RequestJournal()
        faults.inject(.hang, on: "a")
        let clock = ContinuousClock()
        try await withThrowingTaskGroup(of: Int32.self) { group in
            let stopped = try await LocalServer.withRunning(Echo(), faults: faults, journal: journal) { server in
                let url = server.url
                group.addTask { try await curl("\(url)/a").status }
                _ = try await journal.arrival { $0.operation == "a" }
                return clock.now
            }
            #expect(clock.now - stopped < .seconds(2))
            #expect(try await group.next() == 52)
        }
    }

    @Test("Three hundred servers come and go without leaving a descriptor open")
    func descriptors() async {
        // In a process of its own, since other tests open descriptors too.
        await #expect(processExitsWith: .success) {
            func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
            let before = try count()
            for _ in 0..<300 {
                try await LocalServer.withRunning(Echo()) { server in #expect(server.port > 0) }
            }
            let left = try count() - before
            #expect(left < 20)
        }
    }

    @Test("A port in use is an error")
    func portInUse() async throws {
        try await LocalServer.withRunning(Echo()) { server in
            let port = server.port
            await #expect(throws: LocalServer.StartError.self) {
                try await LocalServer.withRunning(Echo(), port: port) { _ in }
            }
        }
    }

    @Test("A wait for a request ends when its task is cancelled")
    func cancelledWait() async throws {
        let journal = RequestJournal()
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await journal.first("never") }
                group.cancelAll()
                try await group.next()
            }
        }
    }
}
