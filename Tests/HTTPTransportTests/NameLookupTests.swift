import Foundation
import HTTPTransport
import HTTPTypes
import TestSupport
import Testing

/// A network in which names are asked for and no answer ever comes: namespaces of one thread and of those it starts.
private final class SilentNetwork: Sendable {
    /// Reaches the network, since its thread was started in it.
    let client: CurlHTTPClient
    /// A server within the network.
    let server: RawServer
    private let lookups: AsyncStream<Void>
    private let dns: Int32

    /// Whether this process may make one; only root may.
    static let isPossible: Bool = {
        let result = Locked(false)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            result.withLock { $0 = leaveNamespaces() == 0 }
            done.signal()
        }
        done.wait()
        return result.withLock { $0 }
    }()

    private init(_ folder: URL) throws {
        let settings = folder.appending(path: "resolv.conf").path
        try Data("nameserver 127.0.0.1\noptions timeout:20 attempts:1\n".utf8).write(to: URL(filePath: settings))
        try Self.check(Self.leaveNamespaces(), "unshare")
        // What is mounted here mustn't be seen outside.
        try Self.check(mount("none", "/", nil, UInt(MS_REC | MS_PRIVATE), nil), "mount /")
        try Self.check(mount(settings, "/etc/resolv.conf", nil, UInt(MS_BIND), nil), "mount resolv.conf")
        let listener = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var loopback = ifreq()
        withUnsafeMutableBytes(of: &loopback.ifr_ifrn) { $0.copyBytes(from: "lo".utf8) }
        loopback.ifr_ifru.ifru_flags = Int16(IFF_UP)
        try Self.check(ioctl(listener, UInt(SIOCSIFFLAGS), &loopback), "lo up")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(53).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try Self.check(bound, "bind")
        server = try RawServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        var configuration = CurlHTTPClient.Configuration()
        configuration.proxy = .none
        client = try CurlHTTPClient(configuration)
        let (lookups, continuation) = AsyncStream<Void>.makeStream()
        self.lookups = lookups
        dns = listener
        Thread.detachNewThread {
            var query = [UInt8](repeating: 0, count: 512)
            while recv(listener, &query, query.count, 0) > 0 { continuation.yield() }
            close(listener)
        }
    }

    /// Takes the thread that calls out of the network and the mounts of its process.
    private static func leaveNamespaces() -> Int32 {
        // Swift doesn't import what is GNU's alone: `unshare(CLONE_NEWNS | CLONE_NEWNET)`.
        typealias Unshare = @convention(c) (Int32) -> Int32
        guard let symbol = dlsym(nil, "unshare") else { return -1 }
        return unsafeBitCast(symbol, to: Unshare.self)(0x2_0000 | 0x4000_0000)
    }

    private static func check(_ result: Int32, _ what: String) throws {
        guard result == 0 else { throw Problem(description: "\(what): \(String(cString: strerror(errno)))") }
    }

    private struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    /// Waits until a name has been asked for.
    func waitForLookup() async {
        for await _ in lookups { return }
    }

    /// Runs `body` with such a network.
    static func with(_ body: (SilentNetwork) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lookup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let network = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try SilentNetwork(folder) }) }
        }
        defer {
            network.server.stop()
            shutdown(network.dns, Int32(SHUT_RDWR))
        }
        try await body(network)
    }
}

/// Names that nobody answers for, within the resolver's own patience of 20 seconds.
///
/// In processes of their own, because a thread of Swift's pool may be started by one that is in the network, and stay
/// there.
@Suite(.enabled(if: SilentNetwork.isPossible, "namespaces can't be made here"), .timeLimit(.minutes(1)))
struct NameLookupTests {
    private static let patience = Duration.seconds(8)

    private static func call(_ authority: String, timeout: Duration) -> HTTPCall {
        HTTPCall(HTTPRequest(method: .get, scheme: "http", authority: authority, path: "/"), timeout: timeout)
    }

    @Test func `a lookup that stalls meets the deadline`() async throws {
        await #expect(processExitsWith: .success) {
            try await SilentNetwork.with { (network: SilentNetwork) async throws in
                let start = ContinuousClock.now
                let error = await #expect(throws: HTTPClientError.self) {
                    try await network.client.send(Self.call("stalled.example", timeout: .seconds(1)))
                }
                try #require(ContinuousClock.now - start < Self.patience)
                try #require(error?.code == .timedOut)
                try #require(error?.mayHaveBeenProcessed == false)
                // It was the lookup that stalled.
                await network.waitForLookup()
            }
        }
    }

    @Test func `a lookup that stalls can be cancelled, and others go on meanwhile and after`() async throws {
        await #expect(processExitsWith: .success) {
            try await SilentNetwork.with { (network: SilentNetwork) async throws in
                let start = ContinuousClock.now
                let call = Self.call("stalled.example", timeout: .seconds(60))
                let stalled = Task { try await network.client.send(call) }
                await network.waitForLookup()
                let other = Self.call(network.server.authority, timeout: .seconds(60))
                try #require(try await network.client.send(other).response.status == .ok)
                stalled.cancel()
                try await #require(throws: CancellationError.self) { try await stalled.value }
                try #require(try await network.client.send(other).response.status == .ok)
                try #require(ContinuousClock.now - start < Self.patience)
            }
        }
    }
}
