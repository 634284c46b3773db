import Foundation
import LocalCloud
import Testing

@Suite("Lab: login, tokens and errors")
struct LabLoginTests {
    private static func tokens(_ count: Int, _ style: LabBehavior.TokenStyle) async throws -> [String] {
        var behavior = LabBehavior()
        behavior.tokenStyle = style
        let caller = LabCaller(lab: LocalLab(behavior: behavior))
        var tokens: [String] = []
        for _ in 0..<count {
            let reply = await caller.logIn(["username": "admin", "password": "admin", "domain": "Global"])
            let token = try #require(reply.json.string)
            #expect(reply.status == 200 && reply.text == "\"\(token)\"")
            tokens.append(token)
        }
        return tokens
    }

    @Test("Login answers a bare JSON string: sixteen random bytes, with a slash in some")
    func login() async throws {
        let tokens = try await Self.tokens(400, .base64)
        #expect(Set(tokens).count == 400)
        #expect(tokens.allSatisfy { Data(base64Encoded: $0)?.count == 16 })
        // Three of ten have one: 117, give or take 9. Fifty is out of reach for chance.
        #expect((67...167).contains(tokens.count { $0.contains("/") }))
        #expect(!tokens.allSatisfy { $0.hasPrefix("/") })
    }

    @Test("A token may be one that needs care in a path")
    func awkwardToken() async throws {
        for token in try await Self.tokens(20, .base64WithSlash) {
            #expect(token.hasPrefix("/") && token.contains("+") && Data(base64Encoded: token)?.count == 16)
        }
    }

    @Test(
        "A login with a wrong user, password or domain is 401",
        arguments: [["nobody", "admin", "Global"], ["admin", "wrong", "Global"], ["admin", "admin", "Elsewhere"]]
    )
    func refused(_ login: [String]) async throws {
        let reply = await LabCaller(lab: LocalLab()).logIn([
            "username": .string(login[0]), "password": .string(login[1]), "domain": .string(login[2]),
        ])
        #expect(reply.status == 401 && reply.message.contains("Login failed for user"))
        #expect(reply.json["statusCode"]?.integer == 401 && reply.json["errorCategory"] == "WebApi")
    }

    @Test("A user of an identity provider logs in with its token")
    func identityProvider() async throws {
        var behavior = LabBehavior()
        behavior.tokenStyle = .identityProvider
        let lab = LocalLab(
            behavior: behavior,
            accounts: [LabAccount(username: "ann", password: "", identityToken: "e.y.J")]
        )
        let caller = LabCaller(lab: lab)
        #expect(await caller.logIn(["domain": "Global", "token": "wrong"]).status == 401)
        let token = try #require(await caller.logIn(["domain": "Global", "token": "e.y.J"]).json.string)
        #expect(token.contains("^") && (1_500...1_800).contains(token.utf8.count))
        #expect(await LabCaller(lab: lab, token: token).get("/sandboxes").status == 200)
    }

    @Test("A lab may answer an empty token, and no session")
    func emptyToken() async {
        var behavior = LabBehavior()
        behavior.tokenStyle = .empty
        let lab = LocalLab(behavior: behavior)
        let reply = await LabCaller(lab: lab).logIn(["username": "admin", "password": "admin", "domain": "Global"])
        #expect(reply.status == 200 && reply.text == "\"\"" && lab.liveTokens.isEmpty)
    }

    @Test(
        "A missing header is 400, an unknown token is echoed, with the status of the release",
        arguments: [401, 400, 500]
    )
    func invalidToken(status: Int) async throws {
        let caller = try await LabCaller.make { $0.invalidTokenStatus = status }
        let missing = await caller.send("GET", "/api/v2/sandboxes", headers: [])
        #expect(missing.status == 400 && missing.message == "The request didn't contain authentication.")
        let unknown = await caller.send("GET", "/api/v2/sandboxes", headers: [("authorization", "Basic a/b+c==")])
        #expect(unknown.status == status && unknown.json["statusCode"]?.integer == status)
        #expect(unknown.message == "Login failed for token: a/b+c==. Please make sure the token is correct.")
    }

    @Test(
        "A token lives as long as it's told, and its use prolongs its life only where it should",
        arguments: [false, true]
    )
    func lifetime(slides: Bool) async throws {
        let caller = try await LabCaller.make {
            $0.tokenLifetime = .seconds(600)
            $0.tokenLifeSlides = slides
        }
        caller.lab.advance(by: .seconds(599))
        #expect(await caller.get("/sandboxes").status == 200)
        caller.lab.advance(by: .seconds(2))
        #expect(await caller.get("/sandboxes").status == (slides ? 200 : 401))
        #expect(caller.lab.liveTokens.count == (slides ? 1 : 0))
    }

    @Test("A token lives five hours if nobody says otherwise")
    func defaultLifetime() async throws {
        let caller = try await LabCaller.make()
        caller.lab.advance(by: .seconds(300 * 60 - 1))
        #expect(await caller.get("/sandboxes").status == 200)
        caller.lab.advance(by: .seconds(1))
        #expect(await caller.get("/sandboxes").status == 401)
    }

    @Test("A deleted token is dead; its slashes are encoded in the path, or not where the lab takes that, too")
    func deleteToken() async throws {
        for (isEncoded, takesRaw) in [(true, true), (true, false), (false, true), (false, false)] {
            let caller = try await LabCaller.make {
                $0.tokenStyle = .base64WithSlash
                $0.takesRawTokenInPath = takesRaw
            }
            let token = try #require(caller.token)
            let encoded = try #require(token.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let status = await caller.send("DELETE", "/api/token/\(isEncoded ? encoded : token)").status
            #expect(status == (isEncoded || takesRaw ? 200 : 404))
            #expect(await caller.get("/sandboxes").status == (status == 200 ? 401 : 200))
            #expect(caller.lab.liveTokens.isEmpty == (status == 200))
        }
    }

    @Test("An administrator gets a token for another user, who is no administrator")
    func otherUser() async throws {
        let caller = try await LabCaller.make()
        caller.lab.add(LabAccount(username: "bob", password: "b", domains: ["Global", "Lab"], isAdmin: false))
        let token = await caller.send("POST", "/api/token", ["username": "bob", "domain": "Lab"]).json.string
        let bob = LabCaller(lab: caller.lab, token: token)
        #expect(await bob.get("/blueprints").json == [])
        #expect(await bob.send("POST", "/api/token", ["username": "admin"]).status == 403)
        #expect(await caller.send("POST", "/api/token", ["username": "nobody"]).status == 404)
    }

    @Test("Fixed segments are read whatever their case, where the lab does so", arguments: [true, false])
    func caseOfPaths(ignores: Bool) async throws {
        let caller = try await LabCaller.make { $0.ignoresCaseOfPaths = ignores }
        #expect(await caller.send("GET", "/Api/V2/Sandboxes").status == (ignores ? 200 : 404))
    }

    @Test("An unknown route is an invalid call", arguments: [404, 400])
    func unknownRoute(status: Int) async throws {
        let caller = try await LabCaller.make { $0.unknownRouteStatus = status }
        for path in ["/nothing", "/sandboxes/1/2/3", "/blueprints/a/stop"] {
            let reply = await caller.get(path)
            #expect(reply.status == status && reply.message.contains("Invalid Api call"))
        }
        #expect(await caller.send("GET", "/api/v3/sandboxes").status == status)
        #expect(await caller.send("GET", "/api/v1/executions/1").status == status)
    }

    @Test("A lab too old for activity doesn't know its routes")
    func noActivity() async throws {
        let caller = try await LabCaller.make { $0.knowsActivity = false }
        let id = try await caller.start()
        #expect(await caller.get("/sandboxes/\(id)/activity").message.contains("Invalid Api call"))
        #expect(await caller.get("/sandboxes/\(id)/output").message.contains("Invalid Api call"))
    }

    @Test("The quota counts requests in a window of time", arguments: [429, 400])
    func quota(status: Int) async throws {
        let caller = try await LabCaller.make {
            $0.rateQuota = 3
            $0.rateWindow = .seconds(10)
            $0.rateQuotaStatus = status
        }
        var statuses: [Int] = []
        for _ in 0..<3 { statuses.append(await caller.get("/sandboxes").status) }
        #expect(statuses == [200, 200, status])
        #expect(await caller.get("/sandboxes").message.contains("Request rate quota has been exceeded"))
        caller.lab.advance(by: .seconds(10))
        #expect(await caller.get("/sandboxes").status == 200)
    }

    @Test("A gateway without a lab answers HTML, and the lab sees nothing")
    func badGateway() async throws {
        let caller = try await LabCaller.make()
        caller.lab.behavior.gateway = .down
        let reply = await caller.post("/blueprints/Web/start", ["name": "a", "duration": "PT1H"])
        #expect(reply.status == 502 && reply.text.contains("<html>") && caller.lab.sandboxes.isEmpty)
    }

    @Test("A lab may act and answer nothing")
    func emptyReplies() async throws {
        let caller = try await LabCaller.make()
        caller.lab.behavior.gateway = .emptyReplies
        let reply = await caller.post("/blueprints/Web/start", ["name": "a", "duration": "PT1H"])
        #expect(reply.status == 200 && reply.text.isEmpty && caller.lab.sandboxes.count == 1)
    }
}
