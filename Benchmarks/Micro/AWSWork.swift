import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes

extension Work {
    /// Signing, the canonical request alone, and the answer to a poll with a number of jobs; the last with the question,
    /// which is signed.
    static let aws =
        [
            repeated("sign", 200_000) {
                let request = pollRequest
                return { _ = try signer.sign(request, body: body, credentials: Samples.credentials, date: date) }
            },
            repeated("canonical-request", 500_000) {
                let request = pollRequest
                let payload = SigV4PayloadHash.digest(SigV4.emptyPayloadHash)
                return { _ = try signer.canonicalRequest(of: request, payload: payload) }
            },
        ] + [(1, 20_000), (10, 4_000), (100, 400)].map(poll)

    private static let body = Data(#"{"actionTypeId":{"category":"Deploy"}}"#.utf8)
    private static let date = Date(timeIntervalSince1970: 1_700_000_000)
    private static let signer = SigV4Signer(service: "codepipeline", region: "eu-west-1")
    private static var pollRequest: HTTPRequest {
        var request = HTTPRequest(
            method: .post,
            scheme: "https",
            authority: "codepipeline.eu-west-1.amazonaws.com",
            path: "/"
        )
        request.headerFields[.contentType] = "application/x-amz-json-1.1"
        if let target = HTTPField.Name("X-Amz-Target") {
            request.headerFields[target] = "CodePipeline_20150709.PollForJobs"
        }
        return request
    }

    private static func poll(_ jobs: Int, _ count: Int) -> Work {
        repeated("poll-\(jobs)", count) {
            let reply = Samples.reply(#"{"jobs":[\#((1...jobs).map(Samples.jobText).joined(separator: ","))]}"#)
            let client = CodePipeline(
                AWSClientConfiguration(
                    region: "eu-west-1",
                    credentials: StaticCredentialProvider(Samples.credentials),
                    httpClient: SameReply { _ in reply },
                    clock: AWSClock(now: { date })
                )
            )
            return {
                let answer = try await client.pollForJobs(actionTypeID: Samples.actionTypeID, maxBatchSize: jobs)
                precondition(answer.count == jobs)
            }
        }
    }
}
