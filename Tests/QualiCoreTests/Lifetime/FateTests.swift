import AWSLite
import Foundation
import LocalCloud
import SandboxAPI
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("What a failed action says of its sandbox", .timeLimit(.minutes(1)))
struct FateTests {
    private static let pipelineEnd = "runs until its pipeline's execution has been over for 60 minutes."
    private static let reservationEnd = "runs until its reservation is over."

    @Test(
        arguments: [
            (EndWithPipeline.onFailure, nil, pipelineEnd), (.never, nil, reservationEnd),
            (.never, #"{"EndWithPipeline": "Always"}"#, pipelineEnd),
            (.onFailure, #"{"EndWithPipeline": "Never"}"#, reservationEnd),
        ] as [(EndWithPipeline, String?, String)]
    )
    func `is true by the worker's settings and the start's`(
        wish: EndWithPipeline,
        options: String?,
        words: String
    ) async throws {
        let site = try LifetimeSite()
        let execution = try site.cloud.begin([LifetimeSite.start(options), LifetimeSite.failing])
        try await site.work({ $0.endWithPipeline = wish }) { site.pipelines.execution(execution)?.hasEnded == true }
        let action = try #require(site.pipelines.execution(execution)?.action("Run"))
        let sandbox = try #require(site.lab.sandboxes.first?.id)
        let message = try #require(action.errorMessage)
        #expect(message.hasSuffix(" The sandbox '\(sandbox)' stays: it \(words)"), "\(message)")
    }

    @Test func `is within the service's limit, and nothing where nothing is known or left`() async throws {
        try await SandboxStand.run { stand in
            let keeper = stand.keeper(LifetimeRules())
            let place = JobPlace(pipeline: "Nightly", stage: "Lab", action: "Start", pipelineExecutionID: "e-1")
            let job = JobInfo(id: "1", actionExecutionID: "a-1", place: place)
            await keeper.keep("s", of: job, LifetimeTerms(duration: .seconds(3_600)))
            let long = JobFailure(.jobFailed, "It failed:\n" + String(repeating: "x", count: 6_000))
            let told = await long.about("s", keeper).message
            #expect(told.unicodeScalars.count == 5_000)
            #expect(told.hasSuffix("…\nThe sandbox 's' stays: it \(Self.pipelineEnd)"))
            let short = JobFailure(.jobFailed, "It failed.")
            #expect(await short.about("s", keeper, isEnding: true).message == "It failed.")
            #expect(await short.about("other", keeper).message == "It failed.")
            #expect(await JobFailure.closed(before: "it began").about("s", keeper).message.hasSuffix("it began."))
            await keeper.noteOver("s")
            #expect(await short.about("s", keeper).message == "It failed.")
        }
    }
}
