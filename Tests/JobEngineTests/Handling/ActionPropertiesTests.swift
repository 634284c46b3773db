import AWSLite
import TestSupport
import Testing

@testable import JobEngine

@Suite struct ActionPropertiesTests {
    private func failure(_ body: () throws -> Void) throws -> JobFailure {
        let failure = try #require(throws: JobFailure.self, performing: body)
        #expect(failure.type == .configurationError)
        return failure
    }

    @Test(arguments: [nil, "", "  \n"])
    func `a required text that is missing or blank is named`(value: String?) throws {
        let properties = ActionProperties(value.map { ["BlueprintName": $0] } ?? [:])
        #expect(properties.string(ifPresent: "BlueprintName") == nil)
        let failure = try failure { _ = try properties.string("BlueprintName") }
        #expect(failure.message.contains("'BlueprintName'"))
    }

    @Test func `texts are trimmed`() throws {
        #expect(try ActionProperties(["A": " web lab\n"]).string("A") == "web lab")
    }

    @Test(arguments: ["0", "-5", "ten", "1.5", "1e3", "99999999999999999999", "525601", "5 minutes"])
    func `minutes that are no positive whole number are refused`(text: String) throws {
        let failure = try failure { _ = try ActionProperties(["D": text]).minutes("D") }
        #expect(failure.message.contains("'D' is '\(text)'"))
        #expect(failure.message.contains("whole number of minutes"))
    }

    @Test func `minutes may have a default and zero where that makes sense`() throws {
        #expect(try ActionProperties([:]).minutes("D", default: 30) == .seconds(1_800))
        #expect(try ActionProperties(["D": "0"]).minutes("D", minimum: 0) == .zero)
        #expect(try ActionProperties(["D": " 120 "]).minutes("D") == .seconds(7_200))
        _ = try failure { _ = try ActionProperties([:]).minutes("D") }
    }

    private enum Choice: String, CaseIterable {
        case end = "End"
        case keep = "Keep"
    }

    @Test func `words are read whatever their case, others are refused with the choice`() throws {
        let properties = ActionProperties(["A": "keep", "B": "maybe"])
        #expect(try properties.choice("A", default: Choice.end) == .keep)
        #expect(try properties.choice("C", default: Choice.end) == .end)
        let failure = try failure { _ = try properties.choice("B", default: Choice.end) }
        #expect(failure.message == "The property 'B' is 'maybe', but should be 'End' or 'Keep'.")
    }

    @Test(arguments: [("true", true), ("False", false), ("YES", true), ("no", false)])
    func `booleans are read whatever their case`(text: String, value: Bool) throws {
        #expect(try ActionProperties(["W": text]).boolean("W", default: !value) == value)
    }

    @Test func `another text is no boolean`() throws {
        _ = try failure { _ = try ActionProperties(["W": "1"]).boolean("W", default: true) }
    }

    @Test func `numbers and booleans of a dictionary become text`() throws {
        let pairs = try ActionProperties([
            "I":
                #"{"b": true, "a": 3, "c": 2.50, "d": "x=;\"é", "e": false, "f": -0.1, "g": 12345678901234567890, "h": ""}"#
        ]).dictionary("I")
        #expect(pairs.map(\.name) == ["a", "b", "c", "d", "e", "f", "g", "h"])
        #expect(pairs.map(\.value) == ["3", "true", "2.50", "x=;\"é", "false", "-0.1", "12345678901234567890", ""])
        #expect(try ActionProperties([:]).dictionary("I").isEmpty)
        #expect(try ActionProperties(["I": "{}"]).dictionary("I").isEmpty)
    }

    @Test(arguments: [
        "{", "[1]", "3", "\"a\"", "null", #"{"a": }"#, "{'a': 1}", "a=b;c=d", #"{"a": 1} x"#,
    ])
    func `something that is no JSON dictionary is refused`(text: String) throws {
        let failure = try failure { _ = try ActionProperties(["InputsJSON": text]).dictionary("InputsJSON") }
        #expect(failure.message.hasPrefix("The property 'InputsJSON' should be "))
        #expect(failure.message.contains("flat JSON dictionary"))
    }

    @Test(arguments: [
        "1.10", "1e3", "1E+05", "-0", "0.1000", "12345678901234567890", "3.14159265358979323846", "1e999", "true",
    ])
    func `a number keeps its spelling`(number: String) throws {
        #expect(try ActionProperties(["I": "{\"a\": \(number)\n}"]).dictionary("I").map(\.value) == [number])
    }

    @Test func `texts are read as JSON has them`() throws {
        let text = #" { "a\u0041\/" : "\"\\\b\f\n\r\t\u00fC\ud83d\ude00 ü😀" } "#
        let pairs = try ActionProperties(["I": text]).dictionary("I")
        #expect(pairs.map(\.name) == ["aA/"] && pairs.map(\.value) == ["\"\\\u{8}\u{C}\n\r\tü😀 ü😀"])
    }

    @Test func `a name that is there twice is named`() throws {
        let text = "{\"a\": 1,\n \"b\": 2, \"\\u0061\": 3}"
        let failure = try failure { _ = try ActionProperties(["I": text]).dictionary("I") }
        #expect(failure.message.contains("it has the name 'a' twice, the second time at line 2, column 10"))
    }

    @Test(arguments: [
        ("{\"a\": 1\n \"b\": 2}", "at line 2, column 2 is '\"', where ',' or '}' should be"),
        ("{\"a\": 1,}", "at line 1, column 9 is '}', where a name in quotation marks should be"),
        ("{“a”: 1}", "at line 1, column 2 is '“' (U+201C), where a name"),
        ("{a: 1}", "at line 1, column 2 is 'a', where a name"),
        ("\n\n{\"a\": tru}", "at line 3, column 7 is 't', where a text in quotation marks, a number, true or false"),
        ("{\"a\": 01}", "at line 1, column 8 is '1', where ',' or '}'"),
        ("{\"a\": 1.}", "at line 1, column 9 is '}', where a digit"),
        ("{\"a\": -}", "at line 1, column 8 is '}', where a digit"), ("{\"a\": .5}", "at line 1, column 7 is '.'"),
        ("{\"a\": \"x\r\ny\"}", "at line 1, column 9 is the line's end, where an escape, such as \\n"),
        ("{\"a\": \"x", "it ends at line 1, column 9, where the text's closing quotation mark should be"),
        (#"{"a": "\q"}"#, #"at line 1, column 8 is '\', where an escape that JSON knows"#),
        (#"{"a": "\ud83d"}"#, #"at line 1, column 8 is '\', where an escape of a whole character"#),
        (#"{"a": "\u00g0"}"#, #"at line 1, column 8 is '\', where an escape of a whole character"#),
        ("{\"a\":\u{A0}1}", "at line 1, column 6 is U+00A0"), ("{\"a\" 1}", "column 6 is '1', where ':'"),
        ("{} {}", "at line 1, column 4 is '{', where nothing more"), ("[]", "column 1 is '[', where '{'"),
        ("{", "it ends at line 1, column 2"), ("{\"a\": \"\\", "should be"),
    ])
    func `what is no JSON is named with its place`(text: String, words: String) throws {
        let failure = try failure { _ = try ActionProperties(["I": text]).dictionary("I") }
        #expect(failure.message.contains(words), "\(failure.message)")
        #expect(failure.type == .configurationError)
    }

    @Test(arguments: [#"{"Pin": "CANARY-1""#, #"{"Pin": "CANARY-1", "deep": [1]}"#, #"["CANARY-1"]"#, "Pin=CANARY-1"])
    func `what is no dictionary isn't quoted, since secrets may be in it`(text: String) throws {
        let failure = try failure { _ = try ActionProperties(["InputsJSON": text]).dictionary("InputsJSON") }
        #expect(!failure.message.contains("CANARY"))
    }

    @Test(arguments: [#"{"ok": 1, "deep": {"x": 1}}"#, #"{"deep": [1]}"#, #"{"deep": null}"#])
    func `a value that is no text, number or boolean is named`(text: String) throws {
        let failure = try failure { _ = try ActionProperties(["InputsJSON": text]).dictionary("InputsJSON") }
        #expect(failure.message.contains("the value of 'deep'"))
    }

    @Test func `a long value is quoted in part`() throws {
        let failure = try failure {
            _ = try ActionProperties(["D": String(repeating: "9", count: 1_000)]).minutes("D")
        }
        #expect(failure.message.count < 400)
    }
}
