import SandboxAPI
import Testing

@testable import QualiCore

@Suite(.timeLimit(.minutes(1)))
struct ComponentSelectorTests {
    private func select(_ text: String, from names: [String]) async throws -> String {
        try await ComponentSelector(text: text).select(from: names.map { NamedComponent(id: "id-\($0)", name: $0) })
            .name
    }

    private let names = ["web", "webserver2", "db.main (1)", "DB", "Schalter-ä"]

    @Test(arguments: [
        ("web", "web"), ("db.main (1)", "db.main (1)"), ("web.+", "webserver2"), (#"\w+2"#, "webserver2"),
        ("Schalter-.", "Schalter-ä"), ("D.", "DB"), ("(?i)WEBSERVER\\d", "webserver2"),
    ])
    func `an exact name comes first, then a pattern for one whole name`(text: String, name: String) async throws {
        #expect(try await select(text, from: names) == name)
    }

    @Test func `an exact name wins even if it is a pattern that fits others`() async throws {
        #expect(try await select("a.c", from: ["abc", "a.c"]) == "a.c")
    }

    @Test(arguments: ["we", "server", "eb", "nothing", "web|x{3}y"])
    func `a pattern must fit a whole name`(text: String) async throws {
        let fits = text == "web|x{3}y"
        if fits {
            #expect(try await select(text, from: names) == "web")
        } else {
            let failure = try await #require(throws: JobFailure.self) { try await select(text, from: names) }
            #expect(failure.message.contains("names no component"))
            for name in names { #expect(failure.message.contains("'\(name)'")) }
        }
    }

    @Test func `several fits are a failure that lists them alone`() async throws {
        let failure = try await #require(throws: JobFailure.self) { try await select("web.*", from: names) }
        #expect(failure.message.contains("several components of the sandbox: 'web', 'webserver2'."))
        #expect(!failure.message.contains("'DB'"))
        await #expect(throws: JobFailure.self) { try await select("twin", from: ["twin", "twin"]) }
    }

    @Test(arguments: ["(", "[a", "a)|(b", "*", "(?<x"])
    func `an invalid pattern is told as such`(text: String) async throws {
        let failure = try await #require(throws: JobFailure.self) { try await select(text, from: names) }
        #expect(failure.message.contains("no valid regular expression"))
    }

    @Test func `a pattern that would run for ever is stopped`() async throws {
        let name = String(repeating: "a", count: 60) + "!"
        let failure = try await #require(throws: JobFailure.self) {
            try await select("(a+)+b|(a|aa)+c|(.*a){30}", from: [name, "b"])
        }
        #expect(failure.message.contains("takes too long"))
    }

    @Test func `a pattern has one time limit for all names together`() async throws {
        let names = (0..<40).map { String(repeating: "a", count: 22) + "!\($0)" }
        let failure = try await #require(throws: JobFailure.self) { try await select("(a+)+b", from: names) }
        #expect(failure.message.contains("takes too long"))
    }

    @Test func `a pattern that is tried is given up when the job is`() async throws {
        let job = Task {
            try await ComponentSelector(text: "(a+)+b|(a|aa)+c|(.*a){30}").select(
                from: [NamedComponent(id: "1", name: String(repeating: "a", count: 60) + "!")]
            )
        }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.value }
    }
}
