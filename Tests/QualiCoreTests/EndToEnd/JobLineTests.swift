import HTTPTransport
import LocalCloud
import QualiCore
import TestSupport
import Testing

/// What the log of a whole site tells of jobs.
@Suite("A line about a job", .timeLimit(.minutes(2)))
struct JobLineTests {
    @Test(arguments: [JobWorker.Handoff.onStop, .always])
    func `names job, pipeline, execution, action, and the sandbox`(
        handoff: JobWorker.Handoff
    ) async throws {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Site.blueprint())
            try await Site.serve(cloud, configure: { $0.handoff = handoff }) { site in
                let end = try await site.pipeline(
                    Site.startAction(),
                    Site.runAction("web-server.*", "install", ["ArgumentsJSON": #"{"Package": "x"}"#]),
                    Site.endAction(["WaitForTeardown": "true"])
                )
                #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? $0.status })")
                let sandbox = try #require(end.action("Start")?.externalExecutionID)
                // CodePipeline has a result a little before the log.
                await site.log.wait { $0.count { $0.contains("Job succeeded") } >= 3 }
                let lines = site.log.withLock { $0 }.filter { $0.contains("\"job\": ") }
                for line in lines {
                    for field in ["pipeline", "execution", "action"] {
                        #expect(line.contains("\"\(field)\": "), "\(line)")
                    }
                    #expect(line.contains("\"execution\": \(end.id)"), "\(line)")
                }
                let known = lines.filter { line in
                    ["Sandbox started", "Command started", "Job put back", "Job succeeded"].contains {
                        line.contains($0)
                    }
                }
                #expect(known.count >= 5)
                for line in known { #expect(line.contains("\"sandbox\": \(sandbox)"), "\(line)") }
            }
        }
    }
}
