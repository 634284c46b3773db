import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import WorkerStatus

@Suite("The status page's server", .timeLimit(.minutes(1)))
struct RequestServerTests {
    private static let echo: @Sendable (RequestHead) async -> StatusReply = { request in
        StatusReply(.ok, "\(request.method) \(request.path) \(request.query)\n")
    }

    @Test func `answers a request that comes byte by byte, and closes the connection`() async throws {
        try await withRequestServer(reply: Self.echo) { port in
            let connection = try await RawConnection(port: port)
            for character in "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n" { try await connection.send(String(character)) }
            let reply = RawReply(await connection.rest())
            #expect(reply.status == 200 && reply.body == "GET /a b=c\n")
            #expect(reply.fields["content-length"] == "11" && reply.fields["connection"] == "close")
        }
    }

    @Test func `sends no body for HEAD, but its length`() async throws {
        try await withRequestServer(reply: Self.echo) { port in
            let reply = try await ask(port, "/", method: "HEAD")
            #expect(reply.status == 200 && reply.body.isEmpty && reply.fields["content-length"] == "8")
        }
    }

    @Test(
        "refuses what is no request",
        arguments: [
            "\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2\r\nHost: x\r\n\r\n", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "G{T / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\u{0}\r\n\r\n", "GET /\u{E9} HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n",
        ]
    )
    func malformed(text: String) async throws {
        try await withRequestServer(reply: Self.echo) { port in
            let connection = try await RawConnection(port: port)
            try await connection.send(text)
            #expect(RawReply(await connection.rest()).status == 400)
        }
    }

    @Test func `reads no more than a short head, and lets who sends more get the reply`() async throws {
        try await withRequestServer(reply: Self.echo) { port in
            let long = try await RawConnection(port: port)
            try await long.send("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 60_000))\r\n\r\n")
            #expect(RawReply(await long.rest()).status == 431)
            let endless = try await RawConnection(port: port)
            try await endless.send(String(repeating: "x", count: 20_000))
            #expect(RawReply(await endless.rest()).status == 431)
            let withBody = try await RawConnection(port: port)
            let body = String(repeating: "b", count: 100_000)
            try await withBody.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n\(body)")
            #expect(RawReply(await withBody.rest()).status == 200)
        }
    }

    @Test func `doesn't wait for a slow client`() async throws {
        try await withRequestServer(limits: .init(time: .seconds(1)), reply: Self.echo) { port in
            let connection = try await RawConnection(port: port)
            try await connection.send("GET / HTTP/1.1\r\n")
            #expect(await connection.rest().isEmpty)
            // On a busy machine one that is quick may be too slow.
            while try await ask(port, "/").status != 200 {}
        }
    }

    @Test func `answers at once amid a crowd of slow clients, of which the oldest have to go`() async throws {
        let limits = RequestServer.Limits(connections: 3, time: .seconds(600))
        try await withRequestServer(limits: limits, reply: Self.echo) { port in
            var slow: [RawConnection] = []
            for _ in 1...9 {
                let connection = try await RawConnection(port: port)
                try await connection.send("GET / HTTP/1.1\r\n")
                slow.append(connection)
            }
            #expect(try await ask(port, "/").status == 200)
            for connection in slow.prefix(6) { #expect(await connection.rest().isEmpty) }
            // One that has its place still is served.
            try await slow[8].send("Host: x\r\n\r\n")
            #expect(RawReply(await slow[8].rest()).status == 200)
        }
    }

    @Test func `has room again once a crowd has left`() async throws {
        try await withRequestServer(limits: .init(connections: 3, time: .seconds(600)), reply: Self.echo) { port in
            for _ in 1...50 {
                var crowd: [RawConnection] = []
                for _ in 1...3 { crowd.append(try await RawConnection(port: port)) }
                for connection in crowd { try connection.close() }
                #expect(try await ask(port, "/").status == 200)
            }
        }
    }

    @Test(
        "takes only names that can't be anybody's",
        arguments: [
            ("127.0.0.1", false), ("127.0.0.1:8080", false), ("[::1]:8080", false), ("localhost:80", false),
            ("10.0.0.7", false), ("evil.example", true), ("evil.example:8080", true), ("127.0.0.1.evil.example", true),
            ("", true), ("localhost.evil.example", true),
        ]
    )
    func hosts(name: String, isForeign: Bool) throws {
        let text = "GET / HTTP/1.1\r\nHost: \(name)\r\n\r\n"
        guard case .head(let head) = RequestHead.read(Array(text.utf8)) else {
            Issue.record("no head")
            return
        }
        #expect(head.namesForeignHost == isForeign)
    }
}
