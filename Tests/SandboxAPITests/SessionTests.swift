import HTTPTransport
import TestSupport
import Testing

@testable import SandboxAPI

@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    @Test func `One login serves all calls`() async throws {
        let lab = StubLab(.json("[]"))
        let client = try makeClient(lab)
        _ = try await client.blueprints()
        _ = try await client.sandboxes()
        #expect(await lab.logins == 1)
    }

    @Test(
        "A dead token leads to one login and the call is sent again",
        arguments: [
            HTTPReply.deadToken,
            .error(400, "Login failed for token: x. Please make sure the token is correct."),
            .error(500, "Login failed for token: x. Please make sure the token is correct."),
            .error(400, "The request didn't contain authentication."),
            .error(401, "whatever"),
            .json("", status: 401),
        ]
    )
    func deadToken(_ refusal: HTTPReply) async throws {
        let lab = StubLab(refusal, .json(#"{"id": "S"}"#))
        let started = try await makeClient(lab).startSandbox(blueprint: "B", .init(name: "n", durationInMinutes: 5))
        #expect(started.id == "S")
        #expect(await lab.logins == 2)
        #expect(await lab.others.map(\.authorization) == ["Basic token-1", "Basic token-2"])
    }

    @Test func `A call logs in anew three times at most`() async throws {
        let lab = StubLab(.deadToken)
        let request = StartSandboxRequest(name: "n", durationInMinutes: 5)
        let error = await #expect(throws: SandboxAPIError.self) {
            _ = try await makeClient(lab).startSandbox(blueprint: "B", request)
        }
        #expect(error?.code == .authentication)
        // Its logins went well, so it is the lab's trouble and nobody's password.
        #expect(error?.isTransient == true && error?.mayHaveBeenProcessed == false && error?.isRefusedLogin == false)
        #expect(error?.message.hasPrefix("the login succeeds, but its session is refused at once: ") == true)
        #expect(await lab.logins == 4)
        #expect(await lab.others.count == 4)
    }

    @Test func `Many calls that find the token dead log in once`() async throws {
        let door = Door()
        let lab = StubLab { request, _ in
            guard request.authorization == "Basic token-1" else { return .json("[]") }
            // All are under way with the old token before any of them is refused.
            await door.pass()
            return .deadToken
        }
        let client = try makeClient(lab)
        try await client.login()
        try await withThrowingTaskGroup { group in
            for _ in 0..<20 { group.addTask { _ = try await client.blueprints() } }
            await door.waiters(20)
            await door.open()
            try await group.waitForAll()
        }
        #expect(await lab.logins == 2)
        #expect(await lab.others.count == 40)
    }

    @Test func `A call that finds its token dead after the others have logged in uses their token`() async throws {
        let late = Door()
        let lab = StubLab { request, _ in
            guard request.authorization == "Basic token-1" else { return .json("[]") }
            if request.path.hasSuffix("sandboxes") { await late.pass() }
            return .deadToken
        }
        let client = try makeClient(lab)
        try await client.login()
        async let slow = client.sandboxes()
        await late.waiters(1)
        _ = try await client.blueprints()
        await late.open()
        #expect(try await slow.isEmpty)
        #expect(await lab.logins == 2)
    }

    @Test func `A lab that gives out the same token again is logged in to once`() async throws {
        let door = Door()
        let lab = StubLab(onLogin: { _ in .json("\"same\"") }) { _, number in
            guard number <= 5 else { return .json("[]") }
            await door.pass()
            return .deadToken
        }
        let client = try makeClient(lab)
        try await client.login()
        try await withThrowingTaskGroup { group in
            for _ in 0..<5 { group.addTask { _ = try await client.blueprints() } }
            await door.waiters(5)
            await door.open()
            try await group.waitForAll()
        }
        #expect(await lab.logins == 2)
    }

    @Test func `A cancelled call doesn't cancel the login that others wait for`() async throws {
        let door = Door()
        let lab = StubLab(onLogin: { _ in
            await door.pass()
            try Task.checkCancellation()
            return .json("\"t\"")
        }) { _, _ in .json("[]") }
        let client = try makeClient(lab)
        let first = Task { try await client.blueprints() }
        await door.waiters(1)
        let second = Task { try await client.sandboxes() }
        await client.waiters(2)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        await door.open()
        #expect(try await second.value.isEmpty)
        #expect(await lab.logins == 1)
    }

    @Test func `A login that nobody waits for any more is cancelled, and the next call begins another`() async throws {
        let door = Door()
        let lab = StubLab(onLogin: { number in
            if number == 1 { await door.pass() }
            try Task.checkCancellation()
            return .json("\"t\(number)\"")
        }) { _, _ in .json("[]") }
        let client = try makeClient(lab)
        let first = Task { try await client.blueprints() }
        await door.waiters(1)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(try await client.blueprints().isEmpty)
        await door.open()
        #expect(await lab.others.map(\.authorization) == ["Basic t2"])
    }

    @Test func `A wrong password is tried once for all calls that wait, and not by the next call`() async throws {
        let door = Door()
        let lab = StubLab(onLogin: { number in
            if number == 1 { return .json("\"t1\"") }
            guard number == 2 else { return .json("\"t3\"") }
            await door.pass()
            return .error(401, "Login failed for user")
        }) { request, _ in request.authorization == "Basic t1" ? .deadToken : .json("[]") }
        let client = try makeClient(lab)
        try await client.login()
        let errors = await withTaskGroup(of: SandboxAPIError?.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    do {
                        _ = try await client.blueprints()
                        return nil
                    } catch { return error as? SandboxAPIError }
                }
            }
            await client.waiters(10)
            await door.open()
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refused = errors.compactMap { $0 }
        #expect(refused.count == 10)
        #expect(refused.allSatisfy { $0.code == .authentication && $0.operation == "login" })
        #expect(await lab.logins == 2)
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        #expect(error == refused.first)
        #expect(await lab.logins == 2)
        // Somebody who logs in himself doesn't wait.
        try await client.login()
        #expect(try await client.blueprints().isEmpty)
        #expect(await lab.logins == 3)
    }

    @Test func `Calls whose token dies while the refused login is under way don't try the password again`() async throws
    {
        let late = Door()
        let lab = StubLab(onLogin: { number in
            number == 1 ? .json("\"t1\"") : .error(401, "Login failed for user")
        }) { request, _ in
            // The list of sandboxes is answered long after the list of blueprints.
            if request.path.hasSuffix("sandboxes") { await late.pass() }
            return .deadToken
        }
        let client = try makeClient(lab)
        try await client.login()
        async let slow = client.sandboxes()
        await late.waiters(1)
        await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        #expect(await lab.logins == 2)
        await late.open()
        do {
            _ = try await slow
            Issue.record("the lab refuses the password")
        } catch let error as SandboxAPIError {
            #expect(error.code == .authentication)
        }
        #expect(await lab.logins == 2)
    }

    @Test func `A refused login names user and domain and never the password`() async throws {
        let lab = StubLab(onLogin: { _ in .error(401, "Login failed for user ci with pass/word+1=") }) { _, _ in
            .json("[]")
        }
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await makeClient(lab).blueprints() }
        let shown = try #require(error)
        #expect(shown.code == .authentication)
        #expect(shown.httpStatus == 401)
        #expect(shown.message.contains("“ci”"))
        #expect(shown.message.contains("“Global”"))
        #expect(!"\(shown)".contains("pass/word"))
        #expect(!shown.mayHaveBeenProcessed)
        #expect(await lab.logins == 1)
        #expect(await lab.others.isEmpty)
    }

    @Test func `A failed login isn't final`() async throws {
        let lab = StubLab(onLogin: { number in
            if number <= 4 { throw HTTPClientError(.connectionFailed, "refused", mayHaveBeenProcessed: false) }
            return .json("\"t\"")
        }) { _, _ in .json("[]") }
        let client = try makeClient(lab)
        let error = await #expect(throws: SandboxAPIError.self) { _ = try await client.blueprints() }
        #expect(error?.code == .transport)
        #expect(error?.operation == "login")
        #expect(error?.attempts == 4)
        #expect(await lab.logins == 4)
        #expect(try await client.blueprints().isEmpty)
    }

    @Test(
        "A login that brings no usable token is an error, after it was repeated",
        arguments: [#""""#, "", "{}", "null", #""a\nb""#, "<html>"]
    )
    func emptyToken(_ body: String) async throws {
        let lab = StubLab(onLogin: { _ in .json(body) }) { _, _ in .json("[]") }
        let error = await #expect(throws: SandboxAPIError.self) { try await makeClient(lab).login() }
        #expect(error?.code == .malformedReply)
        #expect(await lab.logins > 1)
    }

    @Test func `Logout gives the token back, encoded, and bears a refusal`() async throws {
        let lab = StubLab(onLogin: { _ in .json(#""a/b+=""#) }) { _, _ in .error(500, "no") }
        let client = try makeClient(lab)
        await client.logout()
        #expect(await lab.requests.isEmpty)
        try await client.login()
        await client.logout()
        await client.logout()
        #expect(await lab.others.map(\.line) == ["DELETE /api/token/a%2Fb%2B%3D"])
        #expect(await lab.others.first?.authorization == "Basic a/b+=")
    }
}

extension SandboxClient {
    /// Waits until so many calls wait for a login.
    fileprivate func waiters(_ count: Int) async {
        let waiting = Watched(0)
        await calls.session.watchWaiters { number in waiting.withLock { $0 = number } }
        await waiting.wait { $0 >= count }
    }
}
