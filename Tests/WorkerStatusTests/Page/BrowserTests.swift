import Foundation
import TestSupport
import Testing

@testable import WorkerStatus

/// What a look at the page has shown.
private struct View: Decodable {
    let width: Int
    let scheme: String
    let scrollWidth: Int
    let wide: [String]
    let pale: [String]
    let title: String
    let styled: Bool
    let text: String
    let complaints: [String]
    let requests: [String]
}

@Suite("The status page in a browser", .timeLimit(.minutes(2)))
struct BrowserTests {
    private static let python = ProcessInfo.processInfo.environment["CONFORMANCE_PYTHON"]
    private static let browser = ["chromium-headless-shell", "chromium"].map { "/usr/bin/\($0)" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// With QUALI_SCREENSHOTS as a folder, there are screenshots to look at.
    @Test(
        "fits into any window, can be read in light and dark, and asks for nothing else",
        .enabled(if: python != nil && browser != nil, "CONFORMANCE_PYTHON or Chromium's headless shell is missing"),
        arguments: ["empty", "idle", "busy", "paused"]
    )
    func looks(name: String) async throws {
        let snapshots = [
            "empty": Given.idle(isNew: true), "idle": Given.idle(), "busy": Given.busy(), "paused": Given.paused(),
        ]
        let page = StatusPage(try #require(snapshots[name]), Given.facts())
        let views = try await withRequestServer { _ in
            page.reply()
        } _: { port in
            try await look(port, name)
        }
        #expect(views.count == 10)
        for view in views {
            let what = "\(name) at \(view.width) pixels, \(view.scheme)"
            #expect(view.scrollWidth <= view.width && view.wide.isEmpty, "\(what): \(view.wide)")
            #expect(view.pale.isEmpty, "\(what): \(view.pale)")
            #expect(view.complaints.isEmpty, "\(what): \(view.complaints)")
            #expect(view.requests.count == 1, "\(what): \(view.requests)")
            #expect(view.styled && view.title.hasSuffix("quali-worker on worker-7.example.com"))
            #expect(view.text.contains("Jobs now"))
        }
    }

    private func look(_ port: UInt16, _ name: String) async throws -> [View] {
        try await withTemporaryFolder { folder in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Self.python))
            let folderOfScript = try #require(Bundle.module.resourceURL).appendingPathComponent("Browser")
            let script = folderOfScript.appendingPathComponent("look.py")
            process.arguments = [script.path, try #require(Self.browser), "http://127.0.0.1:\(port)/"]
            if let shots = ProcessInfo.processInfo.environment["QUALI_SCREENSHOTS"] {
                try FileManager.default.createDirectory(atPath: "\(shots)/\(name)", withIntermediateDirectories: true)
                process.arguments?.append("\(shots)/\(name)")
            }
            let output = folder.appendingPathComponent("views.json")
            try Data().write(to: output)
            let handle = try FileHandle(forWritingTo: output)
            defer { try? handle.close() }
            process.standardOutput = handle
            let (endings, ended) = AsyncStream<Int32>.makeStream()
            process.terminationHandler = { ended.yield($0.terminationStatus) }
            try process.spawn()
            let status = await withTaskCancellationHandler {
                await endings.first { _ in true }
            } onCancel: {
                process.terminate()
            }
            try #require(status == 0)
            return try JSONDecoder().decode([View].self, from: Data(contentsOf: output))
        }
    }
}
