import Foundation
import QualiCore

/// Whether the state folder can be used; nothing is made or written.
enum StateFolderCheck {
    static let name = "state folder"
    private static let scarce = 100_000_000
    /// Less than a journal begins with.
    private static let full = 1_000_000

    /// Looks at the folder.
    static func run(_ path: String, _ names: ParameterNames) async -> [CheckResult] {
        // A disk may take long, so not on Swift's pool.
        let report = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: StateFolderReport(path)) }
        }
        return results(path, report, names.stateFolder)
    }

    private static func results(_ path: String, _ report: StateFolderReport, _ parameter: String) -> [CheckResult] {
        let other = "set \(parameter) to a folder that this user may write"
        let mode = text(ofMode: report.mode)
        let user = NSUserName()
        var results: [CheckResult] = []
        switch report.place {
        case .noFolder(let file):
            return [.failed(name, "\(file) is no folder", fix: "set \(parameter) to a folder, not a file")]
        case .absent(let parent):
            if let obstacle = report.obstacle {
                let evidence = "\(path) isn't there, and \(user) can't make it in \(parent): \(obstacle)"
                return [.failed(name, evidence, fix: other)]
            }
            results.append(.ok(name, "\(path) isn't there yet and can be made in \(parent)"))
        case .folder:
            let facts = "\(path), of \(report.owner), mode \(mode)"
            if let obstacle = report.obstacle {
                return [.failed(name, "\(facts): \(user) can't write it: \(obstacle)", fix: other)]
            }
            if report.mode & 0o002 != 0 {
                results.append(.failed(name, "\(facts): others on this host can write it", fix: "chmod 700 \(path)"))
            } else {
                results.append(.ok(name, "\(facts), can be written by \(user)"))
            }
        }
        results.append(space(path, report.freeBytes, parameter))
        switch report.holder {
        case .nobody: results.append(.ok("state in use", "by no worker"))
        case .worker(let process):
            let who = process.map { "process \($0)" } ?? "a process"
            results.append(.ok("state in use", "by a running worker, \(who)"))
        case .unknown:
            results.append(.notTried("state in use", "the lock in \(path) can't be read by \(user)"))
        }
        return results
    }

    /// A mode as `chmod` takes it, such as `0644`.
    private static func text(ofMode mode: UInt32) -> String {
        let digits = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func space(_ path: String, _ free: Int?, _ parameter: String) -> CheckResult {
        let name = "state space"
        guard let free else { return .notTried(name, "the disk doesn't say") }
        let evidence = "\(CheckText.bytes(free)) free"
        let fix = "make room on the disk of \(path), or set \(parameter) to a folder on another one"
        if free < full { return .failed(name, evidence, fix: fix) }
        return free < scarce ? .warning(name, evidence, fix: fix) : .ok(name, evidence)
    }
}
