import Foundation
import LocalCloud
import TestSupport
import Testing

@testable import worker

@Suite("A check of the lab", .timeLimit(.minutes(1)))
struct LabCheckTests {
    @Test(
        "tells a password, a user or a domain that the lab doesn't take",
        arguments: ["CLOUDSHELL_PASSWORD", "CLOUDSHELL_USER", "CLOUDSHELL_DOMAIN"]
    )
    func login(name: String) async throws {
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud, [name: "another"])
            #expect(checkup.status == 1)
            checkup.expect("lab login", fix: "CLOUDSHELL_USER", "CLOUDSHELL_PASSWORD", "CLOUDSHELL_DOMAIN")
            #expect(checkup["lab blueprints"]?.status == "not_tried")
        }
    }

    @Test("tells a lab that refuses connections, and a name that nobody has")
    func away() async throws {
        try await Checkup.withCloud { cloud in
            let down = try await Checkup.run(cloud, ["CLOUDSHELL_URL": "https://127.0.0.1:9"])
            down.expect("lab TCP", fix: "check CLOUDSHELL_URL", "nc -vz 127.0.0.1 9", evidence: "refuses")
            #expect(down["lab login"]?.evidence == "there is no way to the lab")
            let unknown = try await Checkup.run(cloud, ["CLOUDSHELL_URL": "https://no-such-lab.invalid:3443"])
            unknown.expect("lab DNS", fix: "check CLOUDSHELL_URL", "getent hosts no-such-lab.invalid")
        }
    }

    @Test("tells a certificate that nobody vouches for, and the command that shows it")
    func untrusted() async throws {
        let server = try await TLSServer(hostName: "localhost")
        try await Checkup.withCloud { cloud in
            let url = ["CLOUDSHELL_URL": "https://localhost:\(server.port)"]
            let checkup = try await Checkup.run(cloud, url)
            #expect(checkup.status == 1)
            checkup.expect(
                "lab TLS",
                fix: "set CLOUDSHELL_CA_BUNDLE",
                "openssl s_client -connect localhost:\(server.port) -servername localhost -showcerts",
                evidence: "vouched for by localhost"
            )
            // Trusted it has little time left, and what answers is no lab.
            let trusted = try await Checkup.run(cloud, url.merging(["CLOUDSHELL_CA_BUNDLE": server.certificate]) { $1 })
            trusted.expect("lab TLS", "warning", fix: "renew the certificate of localhost", evidence: "1 days")
            // The same for CodePipeline.
            let endpoint = ["AWS_ENDPOINT_URL_CODEPIPELINE": "https://localhost:\(server.port)"]
            let aws = try await Checkup.run(cloud, endpoint)
            aws.expect("CodePipeline TLS", fix: "set AWS_CA_BUNDLE")
            #expect(aws["right AcknowledgeJob"]?.evidence == "there is no way to CodePipeline")
        }
    }

    @Test("tells another host's certificate, and one that has ended")
    func wrongCertificates() async throws {
        let other = try await TLSServer(hostName: "elsewhere.example")
        let old = try await TLSServer(hostName: "localhost", hasExpired: true)
        try await Checkup.withCloud { cloud in
            func check(_ server: borrowing TLSServer) async throws -> Checkup {
                let url = "https://localhost:\(server.port)"
                return try await Checkup.run(
                    cloud,
                    ["CLOUDSHELL_URL": url, "CLOUDSHELL_CA_BUNDLE": server.certificate]
                )
            }
            try await check(other).expect(
                "lab TLS",
                fix: "set CLOUDSHELL_URL to a name that the certificate has",
                evidence: "for elsewhere.example, not for localhost"
            )
            try await check(old).expect("lab TLS", fix: "renew the certificate", evidence: "ended on 2020-02-01")
        }
    }

    @Test("tells a web page, and a server without TLS, in the API's place")
    func webPage() async throws {
        let page = try RawServer { connection in
            while connection.readRequest() != nil {
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n"
                connection.write(head + "<html></html>")
            }
        }
        defer { page.stop() }
        try await Checkup.withCloud { cloud in
            let checkup = try await Checkup.run(cloud, ["CLOUDSHELL_URL": "http://\(page.authority)"])
            #expect(checkup.status == 1)
            checkup.expect("lab login", fix: "set CLOUDSHELL_URL", "https://127.0.0.1:3443", "/api/v2/explore/")
            #expect(checkup["lab clock"]?.evidence == "the server's reply has no date")
            let plain = try await Checkup.run(cloud, ["CLOUDSHELL_URL": cloud.labURL.replacing("http", with: "https")])
            plain.expect("lab TLS", fix: "speaks TLS: openssl s_client -connect 127.0.0.1:")
        }
    }

    @Test("tells what stands before the lab from a refused user", arguments: [400, 401, 403, 409])
    func boxInBetween(status: Int) async throws {
        try await Checkup.withCloud { cloud in
            cloud.faults.inject(.html(status), on: "login", times: .max)
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 1)
            checkup.expect("lab login", fix: "check CLOUDSHELL_URL and what stands before the lab")
            #expect(checkup["lab login"]?.fix?.contains("CLOUDSHELL_PASSWORD") == false)
        }
        try await Checkup.withCloud { cloud in
            cloud.faults.inject(.html(status), on: "blueprints", times: .max)
            try await Checkup.run(cloud).expect("lab API", fix: "check CLOUDSHELL_URL and what stands before the lab")
        }
    }

    @Test("warns of a lab in which nothing is public, and logs out all the same")
    func nothingPublic() async throws {
        var options = Checkup.options
        options.blueprints = []
        try await Checkup.withCloud(options) { cloud in
            let checkup = try await Checkup.run(cloud)
            #expect(checkup.status == 0)
            checkup.expect("lab blueprints", "warning", fix: "make a blueprint public", evidence: "domain Global")
            #expect(cloud.journal.operations.contains("deleteToken"))
        }
    }

    @Test("tells a release without version 2 of the API")
    func oldRelease() async throws {
        try await Checkup.withCloud { cloud in
            cloud.faults.inject(.status(404, message: "Invalid Api call"), on: "blueprints", times: .max)
            let checkup = try await Checkup.run(cloud)
            checkup.expect("lab API", fix: "version 2 of the Sandbox API", "/api/v2/explore/")
            #expect(cloud.journal.operations.contains("deleteToken"))
        }
    }

    @Test("tells a proxy that refuses connections, and one whose name nobody has")
    func deadProxies() async throws {
        try await Checkup.withCloud { cloud in
            for proxy in ["http://127.0.0.1:9", "http://me:hidden@no-such-proxy.invalid:3128"] {
                let checkup = try await Checkup.run(cloud, ["CLOUDSHELL_PROXY": proxy])
                #expect(checkup.status == 1)
                checkup.expect("lab proxy", fix: "check CLOUDSHELL_PROXY", "CLOUDSHELL_PROXY=none")
                #expect(checkup["lab TCP"]?.evidence == "lab proxy failed")
            }
        }
    }

    @Test(
        "tells what a proxy says",
        arguments: [
            (407, "lab proxy", "put both into CLOUDSHELL_PROXY"),
            (403, "lab proxy", "have the proxy allow localhost:3443"),
            (502, "lab TCP", "between the proxy and localhost"),
        ]
    )
    func proxyAnswers(status: Int, line: String, fix: String) async throws {
        let proxy = try RawServer { connection in
            _ = connection.readRequest()
            connection.write("HTTP/1.1 \(status) No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        defer { proxy.stop() }
        try await Checkup.withCloud { cloud in
            let changes = [
                "CLOUDSHELL_URL": "https://localhost:3443", "CLOUDSHELL_PROXY": "http://me:hidden@\(proxy.authority)",
            ]
            let checkup = try await Checkup.run(cloud, changes)
            #expect(checkup.status == 1)
            checkup.expect(line, fix: fix, evidence: status == 407 ? "wants a user" : "(status \(status))")
        }
    }

    @Test("tells HTTPS_PROXY by its name, and not its password")
    func environmentProxy() async throws {
        try await Checkup.withCloud { cloud in
            let changes = [
                "AWS_ENDPOINT_URL_CODEPIPELINE": "https://codepipeline.invalid",
                "HTTPS_PROXY": "http://me:hidden@127.0.0.1:9",
            ]
            let checkup = try await Checkup.run(cloud, changes)
            checkup.expect(
                "CodePipeline proxy",
                fix: "check HTTPS_PROXY",
                "NO_PROXY=codepipeline.invalid",
                evidence: "http://127.0.0.1:9 (HTTPS_PROXY)"
            )
        }
    }
}
