import Foundation
import Testing

@testable import HTTPTransport

@Suite struct JSONSizeTests {
    @Test(arguments: [
        ("[1,2,3]", 4), ("{\"a\":1}", 2), (#"["a,b[{\"",2]"#, 3), (#"{"a,\\":[],"b":{"c":[1,2]}}"#, 7), (#"["\"#, 2),
    ])
    func `values are counted outside of texts`(text: String, count: Int) throws {
        #expect(throws: JSONSize.TooManyValues.self) { try JSONSize.check(Data(text.utf8), most: count - 1) }
        #expect(throws: Never.self) { try JSONSize.check(Data(text.utf8), most: count) }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["0,", "[],", "{},", "\"\",", #"{"a":0},"#])
    func `a list of many tiny values is refused before a decoder is asked`(unit: String) throws {
        let text = "[" + String(repeating: unit, count: (15 << 20) / unit.utf8.count).dropLast() + "]"
        let error = try #require(throws: JSONSize.TooManyValues.self) {
            try PlainJSON.decode([String].self, from: Data(text.utf8))
        }
        #expect(error.description == "it holds more than 500000 values")
    }

    private static func large(_ kind: String) -> String {
        func times(_ count: Int, _ unit: String) -> String { String(repeating: unit, count: count) }
        switch kind {
        case "digits": return "[" + times(1 << 20, "9") + "]"
        case "escapes": return "[\"" + times(100_000, "\\u00e4") + "\"]"
        case "lists": return times(1 << 20, "[")
        case "backslashes": return "[\"" + times(500_000, "\\\\") + "\"]"
        default: return "{" + (0..<50_000).map { "\"key\($0)\":0" }.joined(separator: ",") + "}"
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["digits", "escapes", "lists", "backslashes", "keys"])
    func `few large values cost what their bytes do`(kind: String) {
        // Whether they can be read is another matter.
        _ = try? PlainJSON.decode([String].self, from: Data(Self.large(kind).utf8))
    }
}
