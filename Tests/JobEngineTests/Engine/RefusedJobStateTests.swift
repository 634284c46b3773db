import AWSLite
import TestSupport
import Testing

@testable import JobEngine

@Suite("The state that a refusal names")
struct RefusedJobStateTests {
    @Test(arguments: [
        ("Job 3f2b is in state Dispatched", "Dispatched"),
        ("The job '3f2b' is not in progress: Queued", "Queued"),
        ("status=Created", "Created"),
        ("Invalid state Dispatched: a result is taken of a job that is InProgress", "Dispatched"),
        ("Expected the status InProgress, and the job is Dispatched", "InProgress"),
        ("InProgress, not Dispatched", nil),
        ("The job was created and queued", nil),
        ("", nil),
    ])
    func `is found among its words`(words: String, state: String?) {
        #expect(AWSError(.invalidJobState, words).namedJobState?.rawValue == state)
    }

    @Test func `is nobody's before an acknowledgement, and not after it`() {
        let all: [CodePipeline.JobStatus] = [
            .created, .queued, .dispatched, .inProgress, .timedOut, .succeeded, .failed,
        ]
        #expect(all.filter(\.isUnclaimed) == [.created, .queued, .dispatched])
    }
}
