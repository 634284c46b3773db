// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "quali-worker", path: ".."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "Signing",
            dependencies: [
                .product(name: "AWSLite", package: "quali-worker"),
                .product(name: "HTTPTransport", package: "quali-worker"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        )
    ]
)
