import Foundation
import TestSupport
import Testing

@testable import HTTPTransport

@Suite("Plain JSON")
struct PlainJSONTests {
    /// Something of every kind.
    private struct Thing: Codable, Equatable {
        struct Inner: Codable, Equatable {
            var name: String?
            var children: [Inner]?
        }
        /// Does without what it can't read, as the models of both services do.
        struct Odd: Codable, Equatable {
            var text: String?

            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }
        var id: String
        var count: Int?
        var small: UInt8?
        var share: Double?
        var isReady: Bool?
        var names: [String]?
        var map: [String: String]?
        var inner: Inner?
        var odd: [Odd]?
        var time: Date?
        var maybe: [Int?]?
    }

    private static let usual = #"""
        {"id":"a\n\"ü\u00e9\/","count":-12, "small":255,"share":1.5e2,"isReady":true,"names":["x","","y\\"],"map":{"k":"v",
        "":"w"},"inner":{"name":null,"children":[{"name":"c","children":[]},{}],"other":[1,2.50,{"z":[null,false]}]},
        "odd":["o"],"maybe":[1,null,3]}
        """#

    @Test(arguments: [
        usual, #"{"id":""}"#, #" { "id" : "x" , "count" : 0 } "#, #"{"id":"x","share":3}"#, #"{"id":"x","inner":{}}"#,
        #"{"id":"x","unknown":{"id":[[]]},"names":[]}"#, #"{"id":"\b\f\t\r"}"#, #"{"id":"x","count":-0}"#,
    ])
    func `is decoded without JSONDecoder`(text: String) throws {
        let data = Data(text.utf8)
        let value = try #require(PlainJSON.plainly(Thing.self, from: data))
        #expect(value == (try JSONDecoder().decode(Thing.self, from: data)))
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"id":1}"#, #"{}"#, #"{"id":null}"#, #"{"id":"x",}"#, #"{"id":"x"} y"#, #"{id:"x"}"#,
        #"{"id":"x","id":"y"}"#, #"{"i\u0064":"x"}"#, #"{"id":"x","é":1}"#, #"{"id":"\ud83d\ude00"}"#, #"{"id":"\q"}"#,
        #"{"id":"x","count":1.0}"#, #"{"id":"x","count":1e2}"#, #"{"id":"x","count":123456789012345678901}"#,
        #"{"id":"x","small":256}"#, #"{"id":"x","small":-1}"#, #"{"id":"x","share":1e999}"#, #"{"id":"x","share":0.0}"#,
        #"{"id":"x","count":01}"#, #"{"id":"x","count":1.}"#, #"{"id":"x","count":+1}"#, #"{"id":"x","odd":[1]}"#,
        #"{"id":"x","time":1}"#, #"{"id":"x","isReady":"true"}"#, #"{"id":"x","names":["a",1]}"#, "{\"id\":\"a\u{1}\"}",
    ])
    func `is left to JSONDecoder where it is anything else`(text: String) throws {
        let data = Data(text.utf8)
        #expect(PlainJSON.plainly(Thing.self, from: data) == nil)
        let expected = try? JSONDecoder().decode(Thing.self, from: data)
        #expect((try? PlainJSON.decode(Thing.self, from: data)) == expected)
    }

    @Test func `gives JSONDecoder's error`() {
        let error = #expect(throws: DecodingError.self) {
            try PlainJSON.decode(Thing.self, from: Data(#"{"id":"x","inner":{"children":[{"name":1}]}}"#.utf8))
        }
        guard case .typeMismatch(_, let context)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(context.codingPath.map(\.stringValue) == ["inner", "children", "Index 0", "name"])
    }

    @Test(arguments: [
        Data([0xEF, 0xBB, 0xBF] + #"{"id":"x"}"#.utf8),
        Data(#"{"id":"x"}"#.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
        Data([0x7B, 0x22, 0x69, 0x64, 0x22, 0x3A, 0x22, 0xFF, 0x22, 0x7D]),
        Data(String(repeating: "[", count: 100_000).utf8),
        Data(("{" + (0..<100).map { "\"k\($0)\":1" }.joined(separator: ",") + ",\"id\":\"x\"}").utf8),
    ])
    func `in another encoding, broken or very big is JSONDecoder's`(data: Data) {
        #expect(PlainJSON.plainly(Thing.self, from: data) == nil)
        #expect((try? PlainJSON.decode(Thing.self, from: data)) == (try? JSONDecoder().decode(Thing.self, from: data)))
    }

    @Test func `is the same as JSONDecoder's, whatever happens to its bytes`() async {
        let usual = Array(Self.usual.utf8)
        var generator = SeededGenerator()
        var plain = 0
        for number in 0..<20_000 {
            // The stand-ins of other tests have something to do, too.
            if number.isMultiple(of: 100) { await Task.yield() }
            var bytes = usual
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = usual[Int.random(in: 0..<usual.count, using: &generator)]
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(UInt8.random(in: 0...0xFF, using: &generator), at: place)
                default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
                }
            }
            guard let value = PlainJSON.plainly(Thing.self, from: Data(bytes)) else { continue }
            plain += 1
            let expected = try? JSONDecoder().decode(Thing.self, from: Data(bytes))
            #expect(value == expected, "\(String(decoding: bytes, as: UTF8.self)) \(bytes)")
        }
        #expect(plain > 3_000, "many differ in a word alone")
    }
}
