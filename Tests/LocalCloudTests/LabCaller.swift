import Foundation
import LocalCloud
import Testing

/// Calls a lab without a socket, as a logged-in user.
struct LabCaller {
    struct Answer {
        var status: Int
        var text: String
        var json: JSON

        var message: String { json["message"]?.string ?? "" }
    }

    let lab: LocalLab
    var token: String?

    /// A lab whose clock stands still, and a user of it.
    static func make(
        _ behavior: LabBehavior = LabBehavior(),
        blueprints: [LabBlueprint] = [LabBlueprint(name: "Web", setup: .succeeds(after: .seconds(30)))]
    ) async throws -> LabCaller {
        let lab = LocalLab(
            behavior: behavior,
            blueprints: blueprints,
            clock: LocalClock(frozenAt: Date(timeIntervalSince1970: 1_500_000_000))
        )
        return try await LabCaller(lab: lab).loggedIn()
    }

    /// Changes the defaults in a closure.
    static func make(
        blueprints: [LabBlueprint] = [LabBlueprint(name: "Web", setup: .succeeds(after: .seconds(30)))],
        _ change: (inout LabBehavior) -> Void
    ) async throws -> LabCaller {
        var behavior = LabBehavior()
        change(&behavior)
        return try await make(behavior, blueprints: blueprints)
    }

    func loggedIn(_ user: String = "admin", _ password: String = "admin", domain: String = "Global") async throws
        -> LabCaller
    {
        let reply = await logIn(["username": .string(user), "password": .string(password), "domain": .string(domain)])
        let token: String = try #require(reply.json.string)
        return LabCaller(lab: lab, token: token)
    }

    func logIn(_ body: JSON) async -> Answer { await send("PUT", "/api/login", body) }
    func get(_ path: String) async -> Answer { await send("GET", "/api/v2" + path) }
    func post(_ path: String, _ body: JSON? = nil) async -> Answer { await send("POST", "/api/v2" + path, body) }
    func delete(_ path: String) async -> Answer { await send("DELETE", "/api/v2" + path) }

    func send(_ method: String, _ target: String, _ body: JSON? = nil, headers: [(String, String)]? = nil) async
        -> Answer
    {
        let parts = target.split(separator: "?", maxSplits: 1)
        let authorization = token.map { [("Authorization", "Basic \($0)")] } ?? []
        let reply = await lab.reply(
            to: LocalRequest(
                method: method,
                path: String(parts[0]),
                query: parts.count > 1 ? String(parts[1]) : "",
                headers: (headers ?? authorization).map { (name: $0.0, value: $0.1) },
                body: body?.data ?? Data()
            )
        )
        return Answer(
            status: reply.status,
            text: String(decoding: reply.body, as: UTF8.self),
            json: (try? JSON(parsing: reply.body)) ?? .null
        )
    }

    /// Starts a sandbox for two hours and tells its id.
    func start(_ blueprint: String = "Web", name: String = "nightly", _ more: [String: JSON] = [:]) async throws
        -> String
    {
        let body = JSON.object(["name": .string(name), "duration": "PT2H"].merging(more) { $1 })
        let reply = await post("/blueprints/\(blueprint)/start", body)
        #expect(reply.status == 200, "\(reply.text)")
        return try #require(reply.json["id"]?.string)
    }

    /// Starts a sandbox and sees it through its setup.
    func ready(_ blueprint: String = "Web") async throws -> String {
        let id = try await start(blueprint)
        lab.advance(by: .seconds(60))
        return id
    }

    func state(_ id: String) async -> String? { await get("/sandboxes/\(id)").json["state"]?.string }

    /// Starts a command and tells the execution's id.
    func run(_ path: String, _ body: JSON? = nil) async throws -> String {
        let reply = await post("\(path)/start", body)
        #expect(reply.status == 200, "\(reply.text)")
        return try #require(reply.json["executionId"]?.string)
    }

    func status(_ execution: String) async -> String? { await get("/executions/\(execution)").json["status"]?.string }
}
