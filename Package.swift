// swift-tools-version: 6.2

import PackageDescription

// Keeps dead code and the names of all functions out of the program: 2 of 78 MB, stripped. All functions of libraries are
// found at its start ("-z now"), so that the table of them can be read-only from then on. "-z pack-relative-relocs" would
// save 2.6 MB more, but then the program needs glibc 2.36 rather than 2.35.
let smallProgram: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld"]
            + ["--no-export-dynamic", "-z", "now", "--icf=safe", "-O2"]
            .flatMap { ["-Xlinker", $0] },
        .when(platforms: [.linux], configuration: .release)
    )
]

// For settings and commands, of which none is in a job's way. A product with it could be used by no other package.
let smallCode: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

// glibc's checks of what C code does with its buffers, which take an optimizer.
let checkedBuffers: [CSetting] = [
    .define("_FORTIFY_SOURCE", to: "2", .when(platforms: [.linux], configuration: .release))
]

let package = Package(
    name: "quali-worker",
    products: [
        .library(name: "HTTPTransport", targets: ["HTTPTransport"]),
        .library(name: "AWSLite", targets: ["AWSLite"]),
        .library(name: "SandboxAPI", targets: ["SandboxAPI"]),
        .library(name: "JobEngine", targets: ["JobEngine"]),
        .library(name: "QualiCore", targets: ["QualiCore"]),
        .library(name: "WorkerStatus", targets: ["WorkerStatus"]),
        .library(name: "WorkerChecks", targets: ["WorkerChecks"]),
        .library(name: "PipelinePlan", targets: ["PipelinePlan"]),
        .library(name: "LocalCloud", targets: ["LocalCloud"]),
        .library(name: "QualiTesting", targets: ["QualiTesting"]),
        .executable(name: "quali-worker", targets: ["worker"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // C libraries of the system, with shims only for what Swift can't import.
        .target(
            name: "CLibcurl",
            cSettings: checkedBuffers,
            linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("crypto")]
        ),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CStat"),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        // An instruction of the processor that Swift can't name.
        .target(name: "CChecksum", cSettings: checkedBuffers),

        .target(
            name: "HTTPTransport",
            dependencies: [
                "CLibcurl", "COpenSSL",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "AWSLite",
            dependencies: [
                "HTTPTransport", "CChecksum", "COpenSSL",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "SandboxAPI",
            dependencies: [
                "HTTPTransport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "JobEngine",
            dependencies: [
                "AWSLite", "HTTPTransport", "CArchive", "CStat",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "QualiCore",
            dependencies: [
                "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport", "COpenSSL",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "LocalCloud",
            dependencies: [
                "CEpoll",
                "AWSLite", "COpenSSL",
                .product(name: "FlyingFox", package: "FlyingFox"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "WorkerStatus",
            dependencies: [
                "CProcess",
                "JobEngine", "AWSLite", "HTTPTransport",
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        // Those that use what QualiCore exports again depend on it, too, or they wouldn't be built anew after a change of it.
        .target(
            name: "WorkerChecks",
            dependencies: [
                "QualiCore", "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "PipelinePlan",
            dependencies: [
                "QualiCore", "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport",
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        // The program's alone, and no product.
        .target(
            name: "WorkerSettings",
            dependencies: [
                "WorkerStatus", "QualiCore", "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: smallCode
        ),
        .target(
            name: "QualiTesting",
            dependencies: [
                "JobEngine", "AWSLite", "HTTPTransport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .executableTarget(
            name: "worker",
            dependencies: [
                "CMalloc", "CProcess",
                "AWSLite", "SandboxAPI", "HTTPTransport", "QualiCore", "JobEngine", "LocalCloud", "WorkerStatus",
                "WorkerChecks", "WorkerSettings", "PipelinePlan",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Documentation/THIRD-PARTY-NOTICES.txt")],
            swiftSettings: smallCode,
            linkerSettings: smallProgram
        ),

        // Programs that embed one library, whose size scripts/check-size looks at; no products.
        .executableTarget(
            name: "embeds-AWSLite",
            dependencies: ["AWSLite", "HTTPTransport"],
            path: "Tests/Footprint/AWSLite"
        ),
        .executableTarget(
            name: "embeds-SandboxAPI",
            dependencies: ["SandboxAPI", "HTTPTransport"],
            path: "Tests/Footprint/SandboxAPI"
        ),
        // Small works whose instructions scripts/check-counts counts; no product.
        .executableTarget(
            name: "Micro",
            dependencies: [
                "QualiCore", "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport", "LocalCloud",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/Micro"
        ),
        // The long test of scripts/soak; no product.
        .executableTarget(
            name: "soak",
            dependencies: ["LocalCloud"],
            path: "Tests/Soak",
            exclude: ["stepped-clock.c"]
        ),
        // The simulator of scripts/simulate; no product.
        .target(name: "VirtualSystem", path: "Tests/Simulator/VirtualSystem"),
        .executableTarget(
            name: "simulator",
            dependencies: [
                "VirtualSystem", "AWSLite", "SandboxAPI", "HTTPTransport", "QualiCore", "LocalCloud", "PipelinePlan",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Simulator/Program"
        ),
        // It runs the built simulator, and mustn't depend on it: linked into the tests, its clock would be theirs.
        .testTarget(
            name: "SimulatorTests",
            dependencies: ["TestSupport"],
            path: "Tests/Simulator/Tests",
            exclude: ["seeds.txt"]
        ),

        // What several targets' tests use; no product. It exports QualiTesting again; those that use names of that depend on
        // it, too, or they wouldn't be built anew after a change of it.
        .target(
            name: "TestSupport",
            dependencies: [
                "JobEngine", "QualiTesting", "AWSLite", "HTTPTransport",
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            path: "Tests/Support"
        ),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: [
                "HTTPTransport", "CLibcurl", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .testTarget(
            name: "AWSLiteTests",
            dependencies: [
                "AWSLite", "HTTPTransport", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            exclude: ["Oracle"]
        ),
        .testTarget(
            name: "SandboxAPITests",
            dependencies: [
                "SandboxAPI", "HTTPTransport", "LocalCloud", "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .testTarget(
            name: "JobEngineTests",
            dependencies: [
                "JobEngine", "AWSLite", "HTTPTransport", "QualiTesting", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "QualiCoreTests",
            dependencies: [
                "QualiCore", "JobEngine", "AWSLite", "SandboxAPI", "HTTPTransport", "LocalCloud", "QualiTesting",
                "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["EndToEnd/Journals", "Moving/cases.json", "Moving/original.py"]
        ),
        .testTarget(
            name: "LocalCloudTests",
            dependencies: ["LocalCloud", "AWSLite", "SandboxAPI", "HTTPTransport", "TestSupport"],
            resources: [.copy("Conformance")]
        ),
        // Its code uses what is public alone, as that of a handler's author does.
        .testTarget(
            name: "QualiTestingTests",
            dependencies: [
                "QualiTesting", "JobEngine", "AWSLite",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "WorkerStatusTests",
            dependencies: [
                "WorkerStatus", "JobEngine", "AWSLite", "HTTPTransport", "QualiTesting", "TestSupport",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "FlyingSocks", package: "FlyingFox"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.copy("Page/Browser")]
        ),
        .testTarget(
            name: "WorkerChecksTests",
            dependencies: [
                "WorkerChecks", "QualiCore", "LocalCloud", "AWSLite", "SandboxAPI", "HTTPTransport", "TestSupport",
            ]
        ),
        .testTarget(
            name: "PipelinePlanTests",
            dependencies: [
                "PipelinePlan", "QualiCore", "LocalCloud", "AWSLite", "SandboxAPI", "HTTPTransport", "TestSupport",
            ]
        ),
        // Settings for the tests of the program and of what it is made of; no product.
        .target(
            name: "WorkerTestSupport",
            dependencies: ["WorkerSettings", "HTTPTransport"],
            path: "Tests/WorkerSupport"
        ),
        .testTarget(
            name: "WorkerSettingsTests",
            dependencies: [
                "WorkerSettings", "WorkerStatus", "QualiCore", "AWSLite", "SandboxAPI", "HTTPTransport", "TestSupport",
                "WorkerTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "worker", "WorkerSettings", "WorkerStatus", "LocalCloud", "AWSLite", "SandboxAPI", "HTTPTransport",
                "QualiCore", "JobEngine", "TestSupport", "WorkerTestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
            ],
            exclude: ["Oracle"]
        ),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
}

// What ships marks each place where memory is used at its own risk. Texts, arrays and variables that are lent to a function
// of C for the time of its call need no reason; whatever outlives a call says why it may.
let strictTargets: Set = [
    "HTTPTransport", "AWSLite", "SandboxAPI", "LocalCloud", "JobEngine", "QualiCore", "QualiTesting", "WorkerStatus",
    "WorkerChecks", "PipelinePlan", "WorkerSettings", "worker",
]
for target in package.targets where strictTargets.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + [.strictMemorySafety()]
}

// The documentation's tool, for scripts/docs alone; what depends on this package never fetches it.
if Context.environment["QUALI_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
