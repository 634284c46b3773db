import Foundation
import HTTPTransport
import LocalCloud

/// How a careless server repeats the request that it refuses.
enum Echo: String, CaseIterable, Sendable {
    case raw, escaped, percent, base64, hex, html

    private func written(_ request: LocalRequest) -> String {
        // The credentials first, since a long message is cut.
        let isFirst: (String) -> Bool = { ["authorization", "x-amz-security-token"].contains($0.lowercased()) }
        let fields = request.headers.filter { isFirst($0.name) } + request.headers.filter { !isFirst($0.name) }
        let body = String(decoding: request.body, as: UTF8.self)
        let text = (fields.map { "\($0.name): \($0.value)" } + [body]).joined(separator: " | ")
        switch self {
        case .raw: return text
        case .escaped:
            return text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("/", with: "\\/")
        case .percent: return PercentEncoding.encode(text)
        case .base64: return Data(text.utf8).base64EncodedString()
        case .hex: return text.utf8.map { String(format: "%02x", $0) }.joined()
        case .html: return Self.html(text)
        }
    }

    private static func html(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }

    /// The lab's error, or a page of whoever stands before it.
    func lab(_ status: Int) -> Fault {
        .echo { request in
            let text = written(request)
            guard self != .html else {
                return .text("<html><body><pre>\(text)</pre></body></html>", status: status, contentType: "text/html")
            }
            let error: JSON = [
                "statusCode": .integer(status), "errorCategory": "WebApi", "message": .string("You sent \(text)"),
            ]
            return .json(error, status: status)
        }
    }

    /// S3's error, which repeats what was to be signed.
    var s3: Fault {
        .echo { request in
            let text = Self.html(written(request))
            return .text(
                """
                <?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><Message>You sent \(text)</Message>\
                <StringToSign>\(text)</StringToSign></Error>
                """,
                status: 403,
                contentType: "application/xml",
                headers: [("x-amz-request-id", request["x-amz-security-token"] ?? "none")]
            )
        }
    }

    /// CodePipeline's error.
    func codePipeline(_ code: String) -> Fault {
        .echo { request in
            let error: JSON = ["__type": .string(code), "message": .string("You sent \(written(request))")]
            return .json(error, status: 400, contentType: "application/x-amz-json-1.1")
        }
    }
}
