import FoundationEssentials
import HTTPTransport
import LocalCloud
import Testing

@testable import SandboxAPI

/// A lab, or what stands before it, that sends what costs most.
@Suite("A hostile lab", .timeLimit(.minutes(2)))
struct HostileLabTests {
    @Test(arguments: [
        "<b ", "<!--", "<script>", "<script></scrip", "&", "&#", "&amp;", "<", "</", "<style><b", "e\u{301}", "🇩🇪",
        "\r\n",
        "\u{1B}[31m", "Login failed for token:", "<div>",
    ])
    func `a page is cleaned in one pass`(unit: String) {
        let text = "before " + String(repeating: unit, count: (64 << 10) / unit.utf8.count) + " after"
        let line = LabText.line(text)
        #expect(line.hasPrefix("before") && line.unicodeScalars.count <= 1_000)
    }

    @Test func `a broken page is read as before`() {
        #expect(LabText.line("a<b c") == "a<b c" && LabText.line("<b>x</b> < y <!-- z") == "x < y <!-- z")
        #expect(LabText.line("<script>no</SCRIPT >yes<style>no") == "yes")
        #expect(LabText.line("<p>one<p>two<!-- <b> --> three &lt;b&gt; &#x41;&nbsp;&zz;") == "one two three <b> A &zz;")
        #expect(LabText.line("<input name> <h1\u{301}>x") == "<input name> x")
        #expect(LabText.line(String(repeating: "x", count: 20), limit: 5) == "xxxx…")
        #expect(LabText.line("e" + String(repeating: "\u{301}", count: 5_000)).unicodeScalars.count == 1_000)
    }

    @Test func `an error's page is bounded before it is cleaned, and no secret shows at the bound`() async throws {
        let password = "correct-horse-battery-staple"
        for shift in [0, 5, 13, 20] {
            let filler = String(repeating: "<b>", count: (16 << 10) / 3 - 8) + String(repeating: " ", count: shift)
            let lab = StubLab(.json(filler + password + filler, status: 502))
            let client = try makeClient(lab, password: password, retry: FakeTime().policy(attempts: 1))
            let error = try await #require(throws: SandboxAPIError.self) { try await client.sandboxes() }
            #expect(!error.message.contains("correct") && !error.message.contains("staple"), "\(error.message)")
        }
    }

    @Test func `a list of many tiny values is refused, and not asked for again`() async throws {
        let lab = StubLab(.json("[" + String(repeating: "0,", count: 7 << 20) + "0]"))
        let error = try await #require(throws: SandboxAPIError.self) { try await makeClient(lab).sandboxes() }
        #expect(error.code == .malformedReply && !error.isTransient)
        #expect(error.message == "The lab's reply can't be read: it holds more than 500000 values.")
        #expect(await lab.others.count == 1)
        await #expect(throws: SandboxAPIError.self) { try await makeClient(lab).observation(of: ["a"]) }
        await #expect(throws: SandboxAPIError.self) { try await makeClient(lab).components(sandboxID: "S") }
    }

    @Test func `a feed that always has one more page comes to an end`() async throws {
        let lab = StubLab { _, number in
            .json(
                #"{"events": [{"id": \#(number), "event_type": "error", "event_text": "e"}], "#
                    + #""entries": [{"id": \#(number), "text": "t"}], "more_pages": true, "#
                    + #""next_event_id": \#(number + 1), "next_entry_id": \#(number + 1)}"#
            )
        }
        let client = try makeClient(lab)
        let error = try await #require(throws: SandboxAPIError.self) { try await client.errorEvents(sandboxID: "S") }
        #expect(error.message.hasPrefix("There is no end to it: after 1000 pages"))
        #expect(!error.isTransient)
        #expect(await lab.others.count == 1_000)
        await #expect(throws: SandboxAPIError.self) { try await client.allOutput(sandboxID: "S") }
        #expect(await lab.others.count == 2_000)
    }

    @Test func `pages are counted in bytes, too`() async throws {
        let text = String(repeating: "x", count: 4 << 20)
        let lab = StubLab { _, number in
            .json(
                #"{"events": [{"id": \#(number), "event_type": "success", "event_text": "\#(text)"}], "#
                    + #""more_pages": true, "next_event_id": \#(number + 1)}"#
            )
        }
        await #expect(throws: SandboxAPIError.self) { try await makeClient(lab).errorEvents(sandboxID: "S") }
        #expect(await lab.others.count == 16)
    }

    // MARK: A long history

    @Test func `the last of 25,000 past sandboxes is found, and little of them is held`() async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.behavior.pastSandboxes = 25_000
            let settings = cloud.environment
            var transport = CurlHTTPClient.Configuration()
            transport.proxy = .none
            let client = try SandboxClient(
                .init(
                    url: settings["CLOUDSHELL_URL"] ?? "",
                    username: settings["CLOUDSHELL_USER"] ?? "",
                    password: Secret(settings["CLOUDSHELL_PASSWORD"] ?? "")
                ),
                httpClient: CurlHTTPClient(transport)
            )
            let last = "00000000-0000-4000-8000-000000024999"
            let counted = Locked(0)
            let found = try await client.historicSandboxes { sandbox in
                counted.withLock { $0 += 1 }
                return sandbox.id == last
            }
            #expect(found.map(\.id) == [last] && found.first?.state.isEnded == true)
            #expect(counted.withLock { $0 } == 25_000)
            #expect(try await client.sandboxes().isEmpty)
        }
    }

    @Test(arguments: [1, 2, 7, 64, 100_000])
    func `a list is cut into its elements however it comes`(step: Int) throws {
        let elements = [#"{"id": "a,]", "x": [1, {"y": "\"]"}]}"#, "null", #""\\""#, "[[],[]]", "{}", " 5 "]
        let text = Array(" [\(elements.joined(separator: ","))]\n".utf8)
        var splitter = JSONListSplitter()
        var found: [String] = []
        for start in stride(from: 0, to: text.count, by: step) {
            text[start..<min(start + step, text.count)].span.lend { bytes in
                splitter.take(bytes) { found.append(String(decoding: $0, as: UTF8.self)) }
            }
        }
        try splitter.checkEnd()
        #expect(found == elements)
        #expect(splitter.held < 256 && splitter.other.isEmpty)
    }

    @Test(arguments: ["", "[", "[{}", "[}", "[]]", "[] x", "{\"a\": 1}", "<html>", "[{},"])
    func `what is no whole list isn't taken for one`(text: String) {
        var splitter = JSONListSplitter()
        Array(text.utf8).lend { splitter.take($0) { _ in } }
        #expect(throws: MalformedReply.self) { try splitter.checkEnd() }
    }

    @Test func `only a piece of an endless element, or of another reply, is held`() {
        let megabyte = [UInt8](repeating: 0x20, count: 1 << 20)
        for beginning in ["[{", "<html>"] {
            var splitter = JSONListSplitter()
            Array(beginning.utf8).lend { splitter.take($0) { _ in } }
            for _ in 0..<16 { megabyte.lend { splitter.take($0) { _ in } } }
            #expect(splitter.held <= 1 << 20)
            #expect(throws: MalformedReply.self) { try splitter.checkEnd() }
        }
    }

    @Test func `an error in the place of a history is told as one`() async throws {
        let refusal = #"{"statusCode": 403, "errorCategory": "WebApi", "message": "not allowed to view this entity"}"#
        for status in [200, 403] {
            let lab = StubLab(.json(refusal, status: status))
            let error = try await #require(throws: SandboxAPIError.self) {
                try await makeClient(lab).historicSandboxes { _ in true }
            }
            #expect(error.code == .forbidden)
        }
        let lab = StubLab(.json("<html>"), .json(#"[{"id": "a", "name": "n", "state": "Ended"}, 5, {"ID": "b"}]"#))
        #expect(try await makeClient(lab).sandboxes(includingHistoric: true).map(\.id) == ["a", "b"])
    }
}
