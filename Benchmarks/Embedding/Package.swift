// swift-tools-version: 6.2
import PackageDescription

// Apart from the other benchmarks, so that nobody fetches Hummingbird for those.
let package = Package(
    name: "Embedding",
    dependencies: [
        .package(name: "quali-worker", path: "../.."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "Routes",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(name: "Plain", dependencies: ["Routes"]),
        .executableTarget(
            name: "Embedded",
            dependencies: [
                "Routes",
                .product(name: "AWSLite", package: "quali-worker"),
                .product(name: "HTTPTransport", package: "quali-worker"),
                .product(name: "QualiCore", package: "quali-worker"),
                .product(name: "SandboxAPI", package: "quali-worker"),
                .product(name: "WorkerStatus", package: "quali-worker"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
