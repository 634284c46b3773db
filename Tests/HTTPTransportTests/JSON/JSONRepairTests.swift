import Foundation
import Testing

@testable import HTTPTransport

@Suite("Repair of JSON")
struct JSONRepairTests {
    private func mended(_ bytes: [UInt8]) -> String? {
        JSONRepair.mended(Data(bytes)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#""a\ud800""#, "\"a\u{FFFD}\""), (#""\udc00\ud83d\ude00""#, "\"\u{FFFD}\\ud83d\\ude00\""),
        (#"{"\uD800":"\\ud800\uDBFFx"}"#, "{\"\u{FFFD}\":\"\\\\ud800\u{FFFD}x\"}"),
        ("[\"a\u{1}b\u{1F}\tc\"]", #"["a\u0001b\u001F\u0009c"]"#), (#""\ud800\"#, "\"\u{FFFD}\\"),
        (#""\ud83d\u0041""#, "\"\u{FFFD}\\u0041\""),
    ])
    func `mends texts alone`(broken: String, whole: String) {
        #expect(mended(Array(broken.utf8)) == whole)
    }

    @Test func `mends bytes that aren't UTF-8`() throws {
        #expect(mended([0x22, 0xFF, 0x22]) == "\"\u{FFFD}\"")
        #expect(mended([0x22, 0xC3, 0x22, 0x5D]) == "\"\u{FFFD}\"]")
        let data = Data([0x5B, 0x22, 0xE2, 0x82, 0x22, 0x2C, 0x22] + #"\ud83d"]"#.utf8)
        #expect(try PlainJSON.decode([String].self, from: data, mendsTexts: true) == ["\u{FFFD}", "\u{FFFD}"])
        #expect(throws: DecodingError.self) { try PlainJSON.decode([String].self, from: data) }
    }

    @Test(arguments: [
        "", "{}", #"{"a": "\ud83d\ude00 ü \n \\u"}"#, "{\n\t\"a\": 1 }", #""\u""#, #""\ud8"#, #"\ud800"#, "<html>",
    ])
    func `leaves what is whole, or is no text`(text: String) {
        #expect(mended(Array(text.utf8)) == nil)
    }

    @Test func `leaves other encodings to the decoder`() throws {
        let text = #"["ü"]"#
        for data in [text.data(using: .utf16LittleEndian), text.data(using: .utf16BigEndian), text.data(using: .utf16)]
        {
            #expect(JSONRepair.mended(try #require(data)) == nil)
        }
    }
}
