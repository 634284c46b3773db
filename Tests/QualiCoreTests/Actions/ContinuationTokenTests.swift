import AWSLite
import Foundation
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite(.timeLimit(.minutes(1)))
struct ContinuationTokenTests {
    private let moment = Date(timeIntervalSince1970: 1_800_000_000)

    private func token(_ checkpoint: String?) -> ContinuationToken {
        ContinuationToken(
            actionExecutionID: "run-1",
            claimedAt: moment,
            checkpoint: checkpoint.map { Data($0.utf8) }
        )
    }

    @Test(arguments: [nil, "5", "true", #""text""#, "[1,2]", #"{"a":{"b":["é","😀","/"]},"c":null}"#, "1.5"])
    func `what was written is read again`(checkpoint: String?) throws {
        let text = try #require(token(checkpoint).encoded())
        #expect(try ContinuationToken(text, for: "run-1") == token(checkpoint))
        #expect(try ContinuationToken(text, for: nil) == token(checkpoint))
    }

    @Test func `the time of the next look is read again, in whole seconds`() throws {
        var token = token("5")
        token.notBefore = moment.addingTimeInterval(4.2)
        let text = try #require(token.encoded())
        #expect(try ContinuationToken(text, for: "run-1").notBefore == moment.addingTimeInterval(5))
        #expect(throws: ContinuationToken.Refusal.self) {
            try ContinuationToken(text.replacing(#""n":1800000005"#, with: #""n":-1"#), for: "run-1")
        }
    }

    @Test func `the real handlers' checkpoints are read again`() throws {
        var start = StartSandbox.Checkpoint()
        start.sandboxID = "s1"
        start.setupDeadline = moment.addingTimeInterval(1_800)
        start.failure = "File \"setup.py\"\n"
        let encoded = try JSONEncoder.compact.encode(start)
        let text = try #require(
            ContinuationToken(actionExecutionID: "run-1", claimedAt: moment, checkpoint: encoded).encoded()
        )
        let read = try #require(try ContinuationToken(text, for: "run-1").checkpoint)
        let decoded = try JSONDecoder.compact.decode(StartSandbox.Checkpoint.self, from: read)
        #expect(decoded.sandboxID == "s1")
        #expect(decoded.setupDeadline == start.setupDeadline)
        #expect(decoded.failure == start.failure)
    }

    @Test func `a checkpoint is JSON within JSON, not text whose quotation marks are escaped`() throws {
        let text = try #require(token(#"{"sandboxID":"s/1"}"#).encoded())
        #expect(text == #"{"a":"run-1","c":{"sandboxID":"s/1"},"t":1800000000,"v":1,"z":1}"#)
    }

    @Test func `a lab's long tale with quotation marks and backslashes fits`() throws {
        var start = StartSandbox.Checkpoint()
        start.sandboxID = UUID().uuidString
        start.isStartUncertain = true
        (start.resourcesDeadline, start.setupDeadline) = (moment, moment)
        start.failure = String(repeating: "File \"C:\\lab\\setup.py\", line 3\n", count: 100).cut(to: 1_000)
        let token = ContinuationToken(
            actionExecutionID: UUID().uuidString,
            claimedAt: moment,
            checkpoint: try JSONEncoder.compact.encode(start)
        )
        #expect(token.encoded() != nil)
    }

    @Test func `its length is limited in UTF-16 units, as the service counts`() throws {
        let bare = try #require(token(#""""#).encoded()).utf16.count
        let room = ContinuationToken.limit - bare
        let full = String(repeating: "😀", count: room / 2) + String(repeating: "x", count: room % 2)
        let text = try #require(token("\"\(full)\"").encoded())
        #expect(text.utf16.count == ContinuationToken.limit)
        #expect(token("\"\(full)x\"").encoded() == nil)
        // One emoji is one character, but two units.
        #expect(token("\"\(String(repeating: "😀", count: room - 10))\"").encoded() == nil)
    }

    @Test(arguments: ["9223372036854775807", "4000000001", "-1", "1e300", "null", #""1""#])
    func `a time that can't be one makes a token damaged`(time: String) throws {
        let refusal = #expect(throws: ContinuationToken.Refusal.self) {
            try ContinuationToken(#"{"a":"run-1","t":\#(time),"v":1}"#, for: "run-1")
        }
        #expect(refusal?.description.contains("is damaged") == true)
    }

    @Test(arguments: [0, 4_000_000_000])
    func `the first and the last time are read and written`(time: Int) throws {
        let text = #"{"a":"run-1","t":\#(time),"v":1}"#
        #expect(try ContinuationToken(text, for: "run-1").encoded() == text)
    }

    @Test func `a job that doesn't say its action's execution is continued under the token's`() async throws {
        let queue = InMemoryJobQueue()
        var job = CodePipeline.Job.job("2", token: token("7").encoded())
        job.data.pipelineContext?.actionExecutionID = nil
        await queue.offer(job)
        try await RunningWorker.run(queue: queue) { context in
            #expect(context.job.actionExecutionID == "run-1")
            #expect(context.job.claimedAt == moment)
            return JobResult(summary: "went on from \(context.checkpoint ?? 0)")
        } whileRunning: { _ in
            #expect(await queue.report(of: "2").success?.executionDetails?.summary == "went on from 7")
        }
    }
}
