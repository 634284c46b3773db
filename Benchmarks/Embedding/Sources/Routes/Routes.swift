import Foundation
public import Hummingbird
public import Logging
public import ServiceLifecycle

/// The HTTP service, as it is without a worker.
///
/// It listens on `port` of the loopback address, and logs with `logger`.
public func makeService(port: Int, logger: Logger) -> some ApplicationProtocol {
    let router = Router()
    router.get("hello") { _, _ in "Hello\n" }
    // As a request that is under way when the service is stopped.
    router.get("slow") { _, _ in
        try await Task.sleep(for: .seconds(2))
        return "Done\n"
    }
    return Application(
        router: router,
        configuration: .init(address: .hostname("127.0.0.1", port: port)),
        logger: logger
    )
}

/// A service that tells when it was asked to stop, and when it has.
public struct Told<Base: Service>: Service {
    private let name: String
    private let base: Base

    /// Runs a service as it is.
    public init(_ name: String, _ base: Base) {
        self.name = name
        self.base = base
    }

    /// Runs the service, and prints both times in milliseconds.
    public func run() async throws {
        defer { tell("ended") }
        try await withGracefulShutdownHandler {
            try await base.run()
        } onGracefulShutdown: {
            tell("stops")
        }
    }

    private func tell(_ event: String) {
        let line = "\(event) \(name) \(Int(Date().timeIntervalSince1970 * 1_000))\n"
        FileHandle.standardOutput.write(Data(line.utf8))
    }
}
