import AWSLite
import SandboxAPI
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite(.timeLimit(.minutes(1)))
struct ComponentSelectorTests {
    private func select(_ text: String, from names: [String]) async throws -> String {
        try await ComponentSelector(text: text).select(from: names.map { NamedComponent(id: "id-\($0)", name: $0) })
            .component.name
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

    @Test func `a model picks the one component that has it`() async throws {
        let components = [
            NamedComponent(id: "1", name: "web", model: "Linux Server"), NamedComponent(id: "2", name: "db"),
            NamedComponent(id: "3", name: "switch", model: "Switch"),
            NamedComponent(id: "4", name: "old-switch", model: "Switch"),
            NamedComponent(id: "5", name: "model:Linux Server 2", model: "Linux"),
            NamedComponent(id: "6", name: "other", model: "Linux Server 2"),
        ]
        func select(_ text: String, _ match: ComponentMatch = .whole) async throws -> String {
            try await ComponentSelector(text: text, match: match).select(from: components).component.id
        }
        #expect(try await select("model:Linux Server") == "1")
        #expect(try await select("model: Linux Server ", .original) == "1")
        #expect(try await select("model:Linux Server 2") == "5")
        let several = try await #require(throws: JobFailure.self) { try await select("model:Switch") }
        #expect(several.type == .configurationError)
        #expect(
            several.message.contains(
                "'model:Switch', which fits several components of the sandbox: 'old-switch', 'switch'."
            )
        )
        // The lab's spelling counts, and a model isn't a pattern.
        for text in ["model:switch", "model:Linux.*", "model:"] {
            let none = try await #require(throws: JobFailure.self) { try await select(text) }
            #expect(none.message.contains("which names no model of a component of the sandbox: 'db', 'model:Linux"))
            #expect(none.message.contains("'web' (Linux Server)") && none.message.contains("'model:' and the model"))
        }
        #expect(try await select("model:Linux") == "5")
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

    // MARK: For those who come from the Python worker

    private func message(_ text: String, from names: [String]) async throws -> String {
        try await #require(throws: JobFailure.self) { try await select(text, from: names) }.message
    }

    @Test func `a name's beginning is told with the way out`() async throws {
        let one = try await message("web-", from: ["db", "web-1a2b"])
        #expect(
            one.contains(
                "Only 'web-1a2b' begins with it: write 'web-.*', or set the worker's componentMatch to 'original'"
            )
        )
        #expect(try await select("web-.*", from: ["db", "web-1a2b"]) == "web-1a2b")
        let choice = try await message("x|web", from: ["db", "web-1a2b"])
        #expect(choice.contains("write '(?:x|web).*'"))
        #expect(try await select("(?:x|web).*", from: ["db", "web-1a2b"]) == "web-1a2b")
        let several = try await message("web", from: ["web-2", "db", "web-1"])
        #expect(several.contains("Several begin with it: 'web-2', 'web-1'; the Python worker took the first."))
        let whole = try await message("web.*", from: ["web-2", "db", "web-1"])
        #expect(whole.contains("The Python worker took the first, 'web-2'"))
        #expect(try await !message("nothing", from: ["web"]).contains("componentMatch"))
    }

    @Test(arguments: [
        "web-", "x|web", "^web", "(?i)WEB|x", "web-1*", "we(?=b)", "(?P<a>w)eb", "[w]eb{1}", "(?x) web", "(w)(e)b-",
        "(?x)web # a comment", "(?x)x|web # a comment", "\\Qweb", "(?:web)??",
        "a|" + String(repeating: "w?", count: 150) + "eb",
    ])
    func `a pattern that is advised finds the component`(text: String) async throws {
        let names = text == "(?:web)??" ? ["web-1a2b"] : ["db", "web-1a2b"]
        let message = try await message(text, from: names)
        let quoted = message.split(separator: " begins with it: write ").last?.split(separator: ", or set").first
        let advised = try #require(quoted, "\(message)")
        switch advised {
        case "a pattern for the whole name": #expect(text.contains("#") || text.contains("\\Q"))
        case "'.*' after the whole of it": #expect(try await select("(?:\(text)).*", from: names) == "web-1a2b")
        default: #expect(try await select(String(advised.dropFirst().dropLast()), from: names) == "web-1a2b")
        }
    }

    @Test func `what the engine doesn't know is told with what to write`() async throws {
        let message = try await message("(a)?(?(1)b|c)", from: ["web"])
        #expect(message.contains("with '(?(1)…)', which this worker doesn't know. Write both cases with '|'"))
    }

    struct Choice: Sendable, CustomTestStringConvertible {
        let text: String
        let names: [String]
        let chosen: String
        /// What a warning has to say; `nil` for none.
        let warning: String?

        init(_ text: String, _ names: String..., chosen: String, warning: String?) {
            (self.text, self.names, self.chosen, self.warning) = (text, names, chosen, warning)
        }

        var testDescription: String { "\(text) in \(names)" }
    }

    @Test(arguments: [
        Choice("web", "db", "web-1a2b", chosen: "web-1a2b", warning: "the first whose name begins with it. "),
        Choice("web-", "web-2", "web-1", chosen: "web-2", warning: "begins with it; passed over: 'web-1'. "),
        Choice("^web-1", "web-2", "web-12", "web-13", chosen: "web-12", warning: "passed over: 'web-13'. "),
        Choice(
            "db.*",
            "web",
            "db2",
            "db1",
            chosen: "db2",
            warning: "the first whose whole name it fits; passed over: 'db1'. "
        ),
        Choice(".*", "z", "a", chosen: "z", warning: "passed over: 'a'. "),
        Choice(
            "web",
            "webserver2",
            "web",
            "webx",
            chosen: "web",
            warning: "whole name it fits; passed over: 'webserver2'. "
        ),
        Choice("web-.", "web-1a", "web-1", chosen: "web-1", warning: "passed over: 'web-1a'. "),
        Choice("web", "web", "webserver2", chosen: "web", warning: nil),
        Choice("web.+", "web", "webserver2", "db", chosen: "webserver2", warning: nil),
        Choice("twin", "twin", "twin", chosen: "twin", warning: "passed over: 'twin'"),
        Choice("db.main (1)", "web", "db.main (1)", chosen: "db.main (1)", warning: nil),
        Choice("web(", "web(", "x", chosen: "web(", warning: nil),
        Choice("(?P<n>web)-(?P=n)", "web-db", "web-web-1", chosen: "web-web-1", warning: "begins with it"),
    ])
    func `a pattern finds what the Python worker found, and says what it passed over`(_ choice: Choice) async throws {
        let names = choice.names.enumerated().map { NamedComponent(id: "\($0.offset)", name: $0.element) }
        let found = try await ComponentSelector(text: choice.text, match: .original).select(from: names)
        #expect(found.component.name == choice.chosen)
        #expect(found.component == names.first { $0.name == choice.chosen })
        if let warning = choice.warning {
            #expect(found.warning?.contains(warning) == true, "\(found.warning ?? "no warning")")
        } else {
            #expect(found.warning == nil)
        }
    }

    @Test(arguments: ["eb", "(", "nothing"])
    func `nothing is found as before where the Python worker found nothing`(text: String) async throws {
        let names = [NamedComponent(id: "1", name: "web")]
        await #expect(throws: JobFailure.self) {
            try await ComponentSelector(text: text, match: .original).select(from: names)
        }
    }

    @Test func `a warning is short, whatever the names`() async throws {
        let names = (0..<50).map { NamedComponent(id: "\($0)", name: String(repeating: "a", count: 300) + "\($0)") }
        let text = String(repeating: "a", count: 300)
        let found = try await ComponentSelector(text: text, match: .original).select(from: names)
        #expect(try #require(found.warning).count < 500)
    }
}
