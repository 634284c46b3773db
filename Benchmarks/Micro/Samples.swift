import AWSLite
import Foundation
import HTTPTransport
import HTTPTypes

/// What services might say.
enum Samples {
    static let actionTypeID = CodePipeline.ActionTypeID(category: .deploy, provider: "Sandbox", version: "1")
    static let credentials = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        sessionToken: Secret(String(repeating: "token", count: 60))
    )

    /// A job as CodePipeline writes it.
    static func jobText(_ number: Int) -> String {
        """
        {"id":"\(id(number))","nonce":"3","accountId":"111122223333","data":{"actionTypeId":{"category":"Deploy",\
        "owner":"Custom","provider":"Sandbox","version":"1"},"actionConfiguration":{"configuration":\
        {"BlueprintName":"Web lab","DurationInMinutes":"120","SandboxName":"Nightly"}},"pipelineContext":\
        {"pipelineName":"integration","stage":{"name":"Deploy"},"action":{"name":"StartSandbox",\
        "actionExecutionId":"\(id(number))"},"pipelineArn":"arn:aws:codepipeline:eu-west-1:111122223333:integration",\
        "pipelineExecutionId":"0d9a7c52-8a4b-4c1d-9d0e-5f6a7b8c9d0e"},"inputArtifacts":[{"name":"Build","location":\
        {"type":"S3","s3Location":{"bucketName":"codepipeline-eu-west-1","objectKey":"integration/Build/aBcDeFg"}}}],\
        "outputArtifacts":[{"name":"Sandbox","location":{"type":"S3","s3Location":{"bucketName":\
        "codepipeline-eu-west-1","objectKey":"integration/Sandbox/hIjKlMn"}}}],"artifactCredentials":{"accessKeyId":\
        "ASIAEXAMPLE","secretAccessKey":"secret","sessionToken":"\(String(repeating: "token", count: 80))"},\
        "encryptionKey":{"id":"arn:aws:kms:eu-west-1:111122223333:key/1c2d3e4f","type":"KMS"}}}
        """
    }

    /// An id that is the same length for every number.
    static func id(_ number: Int) -> String { String(format: "f1e5b7a0-3c57-4a53-8f9b-%012d", number) }

    /// A reply with a JSON text.
    static func reply(_ text: String) -> HTTPReply {
        HTTPReply(HTTPResponse(status: .ok, headerFields: [.contentType: "application/json"]), body: Data(text.utf8))
    }
}

/// A service that needs no time and no connection.
struct SameReply: HTTPClient {
    let answer: @Sendable (HTTPRequest) -> HTTPReply

    func send(_ call: HTTPCall) async throws -> HTTPReply { answer(call.request) }
}
