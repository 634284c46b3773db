import Foundation
import TestSupport
import Testing

@testable import SandboxAPI

@Suite("The list of sandboxes")
struct SandboxListTests {
    private static let usual = #"""
        [ {"id":"7a6b","name":"Nightly · ü","description":"","type":"Sandbox","state":"Ready","n":12,"b":true,
          "blueprint":{"name":"Fabric","id":"b1","x":[1,2,{"y":null}]}},
          {"name":"Two","id":"7a6c","state":"Setup","extra":[],"more":{},"description":"null"},
          {"id":"7a6d","state":"Ended","blueprint":{"name":"","id":"b2"}} ]
        """#

    @Test(arguments: [
        "[]", " [ ] ", #"[{"id":"a","state":"Ready"}]"#,
        #"[{"id":"a","state":"Ready","name":"“\"\n\u003c","n":-1.5e3}]"#,
        #"[{"id":"a","state":"Ready","name":"x","blueprint":{}}]"#,
    ])
    func `is read quickly where it is as current labs send it`(text: String) throws {
        let scanned = try #require(SandboxListScanner.list(Data(text.utf8)))
        #expect(scanned == (try Reply.list(Data(text.utf8)) as [SandboxSummary]))
    }

    @Test(arguments: [
        "", "{}", "[", "[{}", "[{}]", "[null]", "[1]", #"[{"id":"a"}]"#, #"[{"id":1,"state":"Ready"}]"#,
        #"[{"ID":"a","state":"Ready"}]"#, #"[{"id":"a","State":"Ready"}]"#, #"[{"id":"a","id":"b","state":"Ready"}]"#,
        #"[{"id":"\ud800","state":"Ready"}]"#, #"[{"id":"a","state":"Ready"}] x"#, #"[{"id":"a","state":"Ready"},]"#,
        #"[{"id":"a","state":"Ready","n":01}]"#,
        #"[{"id":"null","state":"Ready"}]"#, #"[{"id":"a","state":null}]"#, #"[{"id":"a","state":"Ready","x":tru}]"#,
        #"[{"id":"a","state":"Ready","i\u0064":"b"}]"#, #"[{"id":"a","state":"Ready","_id":"b"}]"#,
        #"[{"id":"a","state":"Ready","x":"\q"}]"#, #"[{"id":"a","state":"Ready","blueprint":{"id":null}}]"#,
        #"[{"id":"a","state":"Ready","name":null}]"#,
    ])
    func `is left to the lenient reader where it is anything else`(text: String) {
        #expect(SandboxListScanner.list(Data(text.utf8)) == nil)
    }

    @Test(arguments: [
        usual, usual.replacing(#""7a6c""#, with: "17"), usual.replacing("Two", with: #"T\u0077o \ud83d\ude00"#),
    ])
    func `gives the states of those who are wanted`(text: String) throws {
        #expect(try Reply.states(Data(text.utf8), of: ["7a6d", "7a6b", "x"]) == ["7a6b": .ready, "7a6d": .ended])
    }

    @Test func `is the same as the lenient reader's, whatever happens to its bytes`() async throws {
        let usual = Array(Self.usual.utf8)
        var generator = SeededGenerator()
        var quick = 0
        for number in 0..<20_000 {
            // The stand-ins of other tests have something to do, too.
            if number.isMultiple(of: 100) { await Task.yield() }
            var bytes = usual
            for _ in 0..<(number == 0 ? 0 : Int.random(in: 1...2, using: &generator)) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = usual[Int.random(in: 0..<usual.count, using: &generator)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: place)
                }
            }
            guard let scanned = SandboxListScanner.list(Data(bytes)) else { continue }
            quick += 1
            let lenient = try? Reply.list(Data(bytes)) as [SandboxSummary]
            #expect(scanned == lenient, "\(String(decoding: bytes, as: UTF8.self))")
            let ids: Set = ["7a6b", "7a6d"]
            let states = SandboxListScanner.states(Data(bytes), of: ids)
            let listed = scanned.filter { ids.contains($0.id) }
            #expect(states == Dictionary(listed.map { ($0.id, $0.state) }) { $1 })
        }
        #expect(quick > 5_000, "the list itself is one of them, and many that differ in a word")
    }
}
