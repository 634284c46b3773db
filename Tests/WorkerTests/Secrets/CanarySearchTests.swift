import Foundation
import HTTPTransport
import Testing

@Suite("The search for planted secrets")
struct CanarySearchTests {
    private static let canary = #"heron"\T/k+%zz&é-55f0 wren"#
    private let search = CanarySearch(["password": canary, "other": "never-to-be-seen"])

    static var forms: [String: String] {
        let json = canary.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let percent = PercentEncoding.encode(canary)
        return [
            "raw": canary, "part": String(canary.dropFirst(9).prefix(12)), "JSON": json,
            "JSON in ASCII": json.replacing("é", with: "\\u00e9").replacing("/", with: "\\/"),
            "JSON in JSON": json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""),
            "percent": percent, "lower case": percent.replacing("%2F", with: "%2f").replacing("%5C", with: "%5c"),
            "twice": PercentEncoding.encode(percent), "in JSON": "%22" + percent,
            "HTML": canary.replacing("&", with: "&amp;").replacing("\"", with: "&quot;"),
            "base64": Data(canary.utf8).base64EncodedString(),
            "base64, one off": Data("x\(canary)".utf8).base64EncodedString(),
            "base64, two off": Data("xy\(canary)z".utf8).base64EncodedString(),
            "base64 in a URL": PercentEncoding.encode(Data("xy\(canary)".utf8).base64EncodedString()),
            "hex": canary.utf8.map { String(format: "%02x", $0) }.joined(),
            "HEX": canary.utf8.map { String(format: "%02X", $0) }.joined(),
        ]
    }

    @Test(arguments: forms.keys.sorted()) func `finds`(form: String) {
        let text = Self.forms[form] ?? ""
        let found = search.findings(in: "\u{0}… before \(text) after")
        #expect(!found.isEmpty && found.allSatisfy { $0.hasPrefix("password") }, "\(found)")
    }

    @Test func `finds nothing else`() {
        #expect(search.findings(in: "never-to-be-").isEmpty == false)
        #expect(search.findings(in: "ever-to-be").isEmpty)
        #expect(search.findings(in: Data((0...255).map { UInt8($0) })).isEmpty)
        #expect(search.findings(in: "%&\\\\u&amp").isEmpty)
    }
}
