import Testing

@testable import WorkerStatus

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
    func `is nothing else`(text: String) {
        #expect(StatusAddress(text) == nil)
    }

    @Test func `can be a port alone, of this host`() {
        #expect(StatusAddress(port: 8080) == StatusAddress("8080"))
    }
}
