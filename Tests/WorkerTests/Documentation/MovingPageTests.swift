import Foundation
import TestSupport
import Testing

/// The page for who comes from the Python worker.
@Suite("Docs/python.md")
struct MovingPageTests {
    /// A log in the form of the Python worker's.
    private static let log = #"""
        poll_for_jobs...
        No Quali-Start-Sandbox jobs
        Job {"id": "1f", "nonce": "3", "data": {"actionConfiguration": {"configuration": {"CommandName": "Failed"}}}}
        acknowledge_job 1f
        log in to CloudShell server https://lab.example.com:3443 domain Global as ci
        Sending put https://lab.example.com:3443/api/login {'data': '{"username": "ci", "password": "Failed"}'}
        Received 200: "AbC/1=="
        Received 200: {"id": "e0", "name": "web - CodePipeline", "state": "Error", "setup_stage": "None"}
        Received 200: {"executionId": "e1"}
        Sending get https://lab.example.com:3443/api/v2/executions/e1 {'data': '{"params": [{"name": "status"}]}'}
        Received 200: {"id": "e1", "status": "Running", "output": null}
        Received 200: {"id": "e1", "status": "Failed", "output": "no such host"}
        Received 200: {"id":"e2","supports_cancellation":false,"status":"Failed","output":"\"status\": \"Completed\""}
        Received 200: {"id": "e3", "status" : "Error", "output": ""}
        Received 200: {"id": "e4", "status": "Completed", "output": "{\"status\": \"Failed\"}"}
        Exception on task: Run command web.Failed({}): 500: {"errorCategory": "Error", "message": "status Failed"}
        Sleep 10 seconds

        """#

    @Test(arguments: ["\n", "\r\n"])
    func `has a line that counts the failed commands in the old log`(end: String) async throws {
        let page = try String(contentsOf: Python.repository.appendingPathComponent("Docs/python.md"), encoding: .utf8)
        let line = try #require(page.firstMatch(of: #/```\n(grep .*)\n```/#)).1
        try await withTemporaryFolder { folder in
            _ = try folder.write("quali_job_worker.log", Self.log.replacing("\n", with: end))
            let run = Process()
            let output = Pipe()
            run.executableURL = URL(fileURLWithPath: "/bin/sh")
            run.arguments = ["-c", String(line)]
            run.currentDirectoryURL = folder
            run.standardOutput = output
            let ended = AsyncStream<Int32>.makeStream()
            run.terminationHandler = { ended.continuation.yield($0.terminationStatus) }
            try run.spawn()
            var statuses = ended.stream.makeAsyncIterator()
            #expect(await statuses.next() == 0)
            #expect(String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self) == "3\n")
        }
    }
}
