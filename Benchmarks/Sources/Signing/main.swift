// Prints how many requests AWSLite signs in a second: the request of Python/signing.py, over and over. It's the best of a
// hundred short rounds, since whatever else the machine does can only slow them down.
import AWSLite
import FoundationEssentials
import HTTPTransport
import HTTPTypes

let credentials = AWSCredentials(
    accessKeyID: "AKIDEXAMPLE",
    secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    sessionToken: Secret(String(repeating: "token", count: 60))
)
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
let body = Data(#"{"actionTypeId":{"category":"Deploy","owner":"Custom","provider":"P","version":"1"}}"#.utf8)
let signer = SigV4Signer(service: "codepipeline", region: "eu-west-1")

let clock = ContinuousClock()
var signed = request
let rates = try (0..<100).map { _ in
    let start = clock.now
    var count = 0
    while clock.now - start < .milliseconds(20) {
        for _ in 0..<50 { signed = try signer.sign(request, body: body, credentials: credentials, date: Date()) }
        count += 50
    }
    return Double(count) / ((clock.now - start) / .seconds(1))
}
precondition(signed.headerFields[.authorization]?.contains("Signature=") == true)
print(Int(rates.max() ?? 0))
