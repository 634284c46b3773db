import Testing

@testable import AWSLite

@Suite struct LimitsTests {
    @Test func `A text within its limit stays as it is`() {
        #expect(Limits.truncate("abc", to: 3) == "abc")
        #expect(Limits.truncate("", to: 0) == "")
    }

    @Test func `A longer one is cut between characters, with a mark`() {
        #expect(Limits.truncate("abcdef", to: 4) == "abc…")
        #expect(Limits.truncate("abcdef", to: 4, marking: false) == "abcd")
        let family = "👨‍👩‍👧‍👦"
        #expect(family.utf16.count == 11)
        #expect(Limits.truncate("ab" + family + "c", to: 13) == "ab…")
        #expect(Limits.truncate("ab" + family + "c", to: 13, marking: false) == "ab" + family)
    }

    @Test func `One character that is too long alone is cut between scalars`() {
        let zalgo = "a" + String(repeating: "\u{301}", count: 100)
        let cut = Limits.truncate(zalgo, to: 10)
        #expect(!cut.isEmpty)
        #expect(cut.utf16.count <= 10)
    }

    @Test(arguments: [1, 2, 3, 5, 50, 5000])
    func `No count of the result exceeds the limit`(_ limit: Int) {
        let text = String(repeating: "é日😀\r\n👨‍👩‍👧", count: 1000)
        let cut = Limits.truncate(text, to: limit)
        #expect(cut.utf16.count <= limit)
        #expect(cut.unicodeScalars.count <= limit)
    }

    @Test func `An empty text is none`() {
        #expect(Limits.optional("", to: 5) == nil)
        #expect(Limits.optional(nil, to: 5) == nil)
        #expect(Limits.optional("x", to: 5) == "x")
    }
}
