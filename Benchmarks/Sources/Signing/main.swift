// Prints how many requests AWSLite signs in a second: the request of Python/signing.py, over and over.
import AWSLite
import Foundation
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
let start = clock.now
var count = 0
var last = ""
while clock.now - start < .seconds(3) {
    for _ in 0..<100 {
        let signed = try signer.sign(request, body: body, credentials: credentials, date: Date())
        last = signed.headerFields[.authorization] ?? ""
        count += 1
    }
}
precondition(last.contains("Signature="))
print(Int(Double(count) / ((clock.now - start) / .seconds(1))))
