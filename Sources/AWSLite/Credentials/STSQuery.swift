import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// Calls of the Security Token Service, in its Query protocol.
struct STSQuery: Sendable {
    /// STS couldn't reach the identity provider, which passes.
    static let retryableCodes: Set<AWSError.Code> = ["IDPCommunicationError"]

    var configuration: AWSClientConfiguration
    var endpoint: AWSEndpoint

    /// Calls an operation.
    ///
    /// `read` makes a value of the reply's `…Result` element.
    ///
    /// - Throws: ``AWSError``.
    func call<Output>(
        _ name: AWSOperationName,
        _ parameters: [(String, String)] = [],
        isSigned: Bool = true,
        read: (XMLElement) throws -> Output
    ) async throws -> Output {
        let all = [("Action", name.rawValue), ("Version", "2011-06-15")] + parameters
        let body = all.map { "\($0)=\(PercentEncoding.encode($1))" }.joined(separator: "&")
        let request = HTTPRequest(
            method: .post,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + "/",
            headerFields: [.contentType: "application/x-www-form-urlencoded; charset=utf-8"]
        )
        let operation = AWSOperation(
            service: .sts,
            name: name,
            retryableCodes: Self.retryableCodes,
            errorFormat: .xml,
            isSigned: isSigned,
            responseLimit: 256 << 10
        )
        return try await AWSCaller(configuration: configuration)
            .call(operation, request, body: Data(body.utf8)) { reply in
                let document = try XMLElement.parse(reply.body)
                guard document.name == "\(name.rawValue)Response",
                    let result = document.child("\(name.rawValue)Result")
                else {
                    throw XMLElement.Malformed(reason: "no \(name.rawValue)Result in it")
                }
                return try read(result)
            }
    }
}
