// swift-tools-version: 6.2
import PackageDescription

let awsLite: [Target.Dependency] = [
    .product(name: "AWSLite", package: "quali-worker"),
    .product(name: "HTTPTransport", package: "quali-worker"),
]

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "quali-worker", path: ".."),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .target(name: "Measure", dependencies: awsLite),
        .executableTarget(
            name: "Signing",
            dependencies: awsLite + [.product(name: "HTTPTypes", package: "swift-http-types")]
        ),
        .executableTarget(name: "Requests", dependencies: awsLite + ["Measure"]),
        .executableTarget(name: "Transfer", dependencies: awsLite + ["Measure"]),
        .executableTarget(
            name: "Jobs",
            dependencies: ["Measure", .product(name: "LocalCloud", package: "quali-worker")]
        ),
    ]
)
