// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "quali-worker", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: ["EmbeddedWorker", "CustomAction", "S3Copy"].map { name in
        .executableTarget(
            name: name,
            dependencies: [
                .product(name: "AWSLite", package: "quali-worker"),
                .product(name: "HTTPTransport", package: "quali-worker"),
                .product(name: "LocalCloud", package: "quali-worker"),
                .product(name: "QualiCore", package: "quali-worker"),
                .product(name: "SandboxAPI", package: "quali-worker"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: name
        )
    },
    swiftLanguageModes: [.v6]
)
