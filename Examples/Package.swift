// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "examples",
    dependencies: [
        .package(name: "quali-worker", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    // Each depends on what it imports, so that they show what a program of its kind links.
    targets: [
        example("EmbeddedWorker", of: ["QualiCore", "SandboxAPI", "LocalCloud"]),
        example("CustomAction", of: ["JobEngine", "WorkerStatus", "LocalCloud"]),
        example("S3Copy", of: []),
    ],
    swiftLanguageModes: [.v6]
)

func example(_ name: String, of libraries: [String]) -> Target {
    .executableTarget(
        name: name,
        dependencies: (["AWSLite", "HTTPTransport"] + libraries).map { .product(name: $0, package: "quali-worker") } + [
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        path: name
    )
}
