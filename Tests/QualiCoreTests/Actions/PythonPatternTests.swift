import Foundation
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A pattern of Python 2's", .timeLimit(.minutes(1)))
struct PythonPatternTests {
    private func fits(_ pattern: PythonPattern, _ name: String, end: String = "") throws -> Bool {
        let engine = try NSRegularExpression(pattern: "\\A(?:\(pattern.pattern))\(end)", options: pattern.options)
        return engine.firstMatch(in: name, range: NSRange(name.startIndex..., in: name)) != nil
    }

    /// What Python 2.7.18 says: `re.match(pattern, name)`, and the same with `(?:pattern)\Z`.
    private static let cases: [(String, String, Bool, Bool)] = [
        ("web", "web-1", true, false),
        ("web$", "web-1", false, false),
        ("web\\Z", "web", true, true),
        ("web\\Z", "web\u{a}", false, false),
        ("web$", "web\u{a}", true, false),
        ("\\Aweb", "web", true, true),
        ("(?P<kind>web|db)-(?P=kind)", "web-web", true, true),
        ("(?P<kind>web|db)-(?P=kind)", "web-db", false, false),
        ("(?P<a_b>.)(?P<c>.)(?P=a_b)", "aba", true, true),
        ("web(?i)", "WEB", true, true),
        ("(?i)web", "WEB-1", true, false),
        ("a.b(?s)", "a\u{a}b", true, true),
        ("a.b", "a\u{a}b", false, false),
        ("a.b", "a\u{d}b", true, true),
        ("(?x) w e b # the server", "web", true, true),
        ("(?x) web [ #]+ \\# # sets and escapes count", "web# ##", true, true),
        ("web # x", "web", false, false),
        ("(?L)web", "web", true, true),
        ("web(?#one)+", "webb", true, true),
        ("a{,2}", "aa", true, true),
        ("a{,2}b", "aaab", false, false),
        ("a{,}b", "aaab", true, true),
        ("x{}", "x{}", true, true),
        ("x{a}", "x{a}", true, true),
        ("a{2}", "aa", true, true),
        ("[[a]", "[", true, true),
        ("[]a]+", "a]", true, true),
        ("[^]a]", "]", false, false),
        ("[a&&b]+", "&", true, true),
        ("[a-]+", "-a", true, true),
        ("[a||b]+", "|", true, true),
        ("[+--]", ",", true, true),
        ("[\\b]", "\u{8}", true, true),
        ("[\\101-C]+", "AC", true, true),
        ("[\\Z]", "Z", true, true),
        ("\\141", "a", true, true),
        ("\\01", "\u{1}", true, true),
        ("\\0", "\u{0}", true, true),
        ("(a)\\1", "aa", true, true),
        ("(a)(?:\\1)1", "aa1", true, true),
        ("\\<web\\>", "<web>", true, true),
        ("\\yes", "yes", true, true),
        ("\\x41\\x2d", "A-", true, true),
        ("\\v", "\u{b}", true, true),
        ("[\\a\\f\\n\\r\\t]{5}\\t", "\u{7}\u{c}\u{a}\u{d}\u{9}\u{9}", true, true),
        ("\\_", "_", true, true),
        ("\\w+", "Schalter-\u{e4}", true, false),
        ("Sch\\wlter", "Sch\u{e4}lter", false, false),
        ("(?u)Sch\\wlter", "Sch\u{e4}lter", true, true),
        ("\\d", "\u{663}", false, false),
        ("(?u)\\d", "\u{663}", true, true),
        ("a\\sb", "a\u{a0}b", false, false),
        ("(?u)a\\sb", "a\u{a0}b", true, true),
        ("Sch\\b.*", "Sch\u{e4}lter", true, true),
        ("(?u)Sch\\b.*", "Sch\u{e4}lter", false, false),
        ("Sch\\B.*", "Sch\u{e4}lter", false, false),
        ("[\\W]+", "\u{e4}-", true, true),
        ("[^\\W\\d]+", "ab1", true, false),
        ("web|x{3}y", "web", true, true),
        ("a|ab", "ab", true, true),
        ("(?=web).*", "web-1", true, true),
        ("(?!web).*", "web-1", false, false),
        (".*(?<=-)1", "web-1", true, true),
        ("web (1)", "web (1)", false, false),
        ("web \\(1\\)", "web (1)", true, true),
    ]

    @Test(arguments: cases)
    func `means here what it means there`(text: String, name: String, begins: Bool, isWhole: Bool) throws {
        let pattern = try PythonPattern(text)
        #expect(try fits(pattern, name) == begins, "\(pattern.pattern)")
        #expect(try fits(pattern, name, end: "\\z") == isWhole, "\(pattern.pattern)")
    }

    @Test(arguments: [
        ("a++b", "aab"), ("(?>a)b", "ab"), ("(?<n>a)\\k<n>", "aa"), ("(?i:W)eb", "web"), ("[[:alpha:]_]+", "a_\u{e4}"),
        ("\\p{L}+", "a\u{e4}"), ("[\\p{L}-]+", "a-"), ("\\u00e4", "\u{e4}"), ("[\\u00e0-\\u00ff]", "\u{e4}"),
        ("\\Qweb (1)\\E.*", "web (1)x"), ("\\x{e4}", "\u{e4}"), ("web\\z", "web"), ("[\\w-.]+", "a-."),
    ])
    func `may have what Python 2 doesn't know`(text: String, name: String) throws {
        #expect(try fits(PythonPattern(text), name, end: "\\z"))
    }

    @Test(arguments: [
        "(?P<a>.)(?P<a>.)", "(?P=x)", "(?P<1a>x)", "(?P<>x)", "(?P>x)", "\\1", "(a)\\2", "a)|(b", "(a", "[a", "[]",
        "a\\",
        "\\x", "[\\8]", "(?P<a", "(?#a",
    ])
    func `is invalid where it is there`(text: String) {
        #expect(throws: PythonPattern.Problem.invalid) { try PythonPattern(text) }
    }

    @Test(arguments: ["(?(1)a|b)", "(a)(?(1)b|c)", "(?P<n>a)?(?(n)b|c)"])
    func `with a condition can't be had`(text: String) {
        let error = #expect(throws: PythonPattern.Problem.self) { try PythonPattern(text) }
        guard case .unsupported(let construct, let instead) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(construct.hasPrefix("(?("))
        #expect(instead.contains("'|'"))
    }
}
