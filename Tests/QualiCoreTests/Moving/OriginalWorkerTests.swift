import Foundation
import LocalCloud
import TestSupport
import Testing

/// The table's word about the original, tried with its own program, which isn't part of this repository.
///
/// `ORIGINAL_WORKER` names the file, and `ORIGINAL_ROWS` a kind of rows, if not all are wanted.
@Suite("The original worker", .serialized, .timeLimit(.minutes(1)))
struct OriginalWorkerTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let program = environment["ORIGINAL_WORKER"]
    private static let python = environment["CONFORMANCE_PYTHON"]

    private static let rows = MovingCase.all.filter { row in
        !row.isOfPython2 && environment["ORIGINAL_ROWS"].map { $0 == row.kind } ?? true
    }

    @Test(
        .enabled(if: program != nil && python != nil, "ORIGINAL_WORKER or CONFORMANCE_PYTHON isn't set"),
        arguments: rows
    )
    func `does what the table says`(row: MovingCase) async throws {
        let ending = try await Self.play(row)
        #expect(ending == row.original)
    }

    private static func play(_ row: MovingCase) async throws -> MovingCase.Ending {
        try await LocalCloud.withRunning(row.options(LocalClock(frozenAt: Date()))) { cloud in
            if let fault = row.lab.fault {
                let words = fault.message ?? "It is broken"
                cloud.faults.inject(.status(fault.status, message: words), on: fault.on, times: fault.times ?? .max)
            }
            let (execution, old) = try await row.begin(cloud) { cloud.advance(by: $0) }
            let folder = FileManager.default.temporaryDirectory.appending(path: "original-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "original.py").path
            process.arguments = [python ?? "", "-B", script, program ?? "", folder.path]
            process.environment = settings(cloud)
            process.standardError = FileHandle.nullDevice
            try process.spawn()
            defer {
                // It may be deep in a regular expression, and inherits who ignores what.
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let hasDied = try await watch(row, execution, cloud)
            let report = try #require(cloud.codePipeline.execution(execution)?.action("It"))
            let ending = row.ending(of: report, cloud, besides: old)
            guard hasDied, report.status == "InProgress" else { return ending }
            return .init(text: ending.text.replacing("Waits", with: "Hangs"))
        }
    }

    private static func settings(_ cloud: LocalCloud) -> [String: String] {
        let own = [
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "NO_PROXY": "127.0.0.1", "AWS_KEY_NAME": "", "AWS_KEY": "",
            "START_SANDBOX_ACTION_NAME": "Quali-Start-Sandbox", "END_SANDBOX_ACTION_NAME": "Quali-End-Sandbox",
            "RUN_COMMAND_ACTION_NAME": "Quali-Run-Command", "JOB_WORKER_VERSION": MovingCase.version,
        ]
        return environment.filter { !$0.key.hasPrefix("AWS_") }.merging(cloud.environment) { $1 }.merging(own) { $1 }
    }

    /// Lets the time go on with each look of the worker, until it is through with its job.
    ///
    /// - Returns: Whether it never will be, as the job's thread has died or says nothing more.
    private static func watch(_ row: MovingCase, _ execution: String, _ cloud: LocalCloud) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                var (number, isStopped) = (0, false)
                while true {
                    let entry = try await cloud.journal.first(after: number) { _ in true }
                    number = entry.number
                    if entry.path == "/died" { return true }
                    if ["sandbox", "execution"].contains(entry.operation) { cloud.advance(by: .seconds(5)) }
                    if row.isStopped, !isStopped, row.isUnderWay(cloud) {
                        isStopped = true
                        try cloud.codePipeline.stop(execution, abandon: true)
                    }
                    if !row.isStopped, cloud.codePipeline.execution(execution)?.hasEnded == true { return false }
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(30))
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }
}
