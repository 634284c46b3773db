import Testing

@testable import worker

@Suite("The status page's address")
struct StatusAddressTests {
    @Test(arguments: [
        ("8080", "127.0.0.1:8080", true), (":8080", "127.0.0.1:8080", true), ("127.0.0.1:0", "127.0.0.1:0", true),
        ("127.8.9.1:65535", "127.8.9.1:65535", true), ("[::1]:8080", "[::1]:8080", true),
        ("0.0.0.0:8080", "0.0.0.0:8080", false), ("[::]:8080", "[::]:8080", false),
        ("10.0.0.7:9", "10.0.0.7:9", false),
    ])
    func `is a port of this host, or an address and a port`(text: String, meaning: String, isLoopback: Bool) throws {
        let address = try #require(StatusAddress(text))
        #expect(address.description == meaning && address.isLoopback == isLoopback)
    }

    @Test(arguments: [
        ":", "on", "65536", "-1", "+1", "8080 ", "127.0.0.1", "127.0.0.1:", "localhost:8080", "::1:8080", "[::1]",
        "[127.0.0.1]:80", "http://127.0.0.1:80", "127.0.0.1:80/", "127.1:80", "[::1:80", "[fe80::1%1]:80", "٣:٣",
    ])
    func `is nothing else, and one problem then`(text: String) async {
        #expect(StatusAddress(text) == nil)
        let problems = await Given.problems(["QUALI_STATUS_ADDRESS": text])
        #expect(Array(problems.keys) == ["QUALI_STATUS_ADDRESS"])
        #expect(problems.values.first?.contains("127.0.0.1:8080") == true)
    }

    @Test func `is off where nobody says anything, and is warned of where others reach it`() async throws {
        let warning = "is open to other hosts: QUALI_STATUS_ADDRESS is 0.0.0.0:8080"
        for (text, isOn, warnings) in [("off", false, 0), ("8080", true, 0), ("0.0.0.0:8080", true, 1)] {
            let settings = try await Given.settings(["QUALI_STATUS_ADDRESS": text])
            #expect((settings.status.address != nil) == isOn)
            #expect(settings.warnings.count { $0.hasSuffix(warning) } == warnings)
        }
        #expect(try await Given.settings().status.address == nil)
    }
}
