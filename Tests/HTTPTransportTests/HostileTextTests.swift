import Foundation
import Testing

@testable import HTTPTransport

/// Texts that cost most, each of which must cost no more than any other of its size.
@Suite("Hostile texts", .timeLimit(.minutes(2)))
struct HostileTextTests {
    private static let size = 64 << 10

    static let kinds: [String: (secret: String, unit: String)] = [
        "backslashes": ("s3cret-\"x\\y", "\\"),
        "backslashes before quotes": ("\"\"\"\"\\\"\"x", "\\\\\\\\\""),
        "quotes": ("\"\"\"\"\"\"\"\"x", "\""),
        "half of a secret": (String(repeating: "a", count: 500) + "b" + String(repeating: "a", count: 500), "a"),
        "beginnings of a secret": ("secret-secret-secret-secret-!", "secret-secret-secret-secret-"),
        "percent signs": ("%%%%%%%%%%%%%%x", "%"),
        "percent signs, escaped": ("%%%%%%%%%%%%%%x", "%25"),
        "entities": ("&&&&&&&&&&x", "&amp;amp;"),
        "ampersands": ("&&&&&&&&&&x", "&"),
        "plus signs": ("+ + + + + + + x", "+"),
        "digits of escapes": ("uuuuuuuuuuuuuuux", "\\u0075"),
        "pairs of surrogates": ("🙂🙂🙂🙂🙂x", "\\ud83d\\ude42"),
        "half of an escaped secret": (String(repeating: "a\\", count: 200) + "!", "a\\\\"),
        "control sequences": ("\u{1B}[31mpassword", "\u{1B}[31m"),
        "combining marks": ("e\u{301}e\u{301}e\u{301}!", "e\u{301}"),
        "flags": ("🇩🇪🇩🇪🇩🇪!", "🇩🇪"),
        "line ends": ("\r\n\r\n\r\n\r\nx", "\r\n"),
    ]

    private static let isAlike: Set = [
        "backslashes before quotes", "percent signs", "percent signs, escaped", "entities", "ampersands", "plus signs",
        "digits of escapes", "pairs of surrogates", "half of an escaped secret",
    ]

    @Test(arguments: kinds.keys.sorted()) func `masking is one pass`(kind: String) throws {
        let (secret, unit) = try #require(Self.kinds[kind])
        let text = String(repeating: unit, count: Self.size / unit.utf8.count)
        let mask = SecretRedactor([Secret(secret), Secret("another-secret")])
        let masked = mask(text + "another-secret" + text + "|" + secret + "|")
        #expect(!masked.contains("another-secret") && !masked.contains(secret))
        // Of a text that is like a secret everywhere, the rest is hidden at last.
        guard !Self.isAlike.contains(kind) else { return #expect(masked.contains("<redacted>")) }
        #expect(masked.hasSuffix("|<redacted>|") && masked.utf8.count > 2 * text.utf8.count)
    }

    @Test(arguments: [1, 7, 100, 40_000, 70_000]) func `a bounded text has no half of a secret at its edge`(limit: Int)
    {
        let secret = "correct-horse-battery-staple"
        let mask = SecretRedactor([Secret(secret)])
        for shift in [0, 9, 17, 26] {
            // Secrets all over, so that there is one at every edge.
            let text = String(repeating: ".", count: shift) + String(repeating: secret + "++", count: 8_000)
            for part in [
                BoundedText.end(of: text, limit: limit, mask.callAsFunction),
                BoundedText.beginning(of: text, limit: limit, mask.callAsFunction),
            ] {
                #expect(part.utf8.count <= limit)
                #expect(
                    !["correct", "horse", "battery", "staple"].contains { part.contains($0) },
                    "\(part.prefix(60))"
                )
            }
        }
    }

    @Test func `a bounded text is the beginning or the end, between two characters`() {
        let text = String(repeating: "é🙂", count: 60_000) + "!"
        let end = BoundedText.end(of: text, limit: 1_000) { $0 }
        let beginning = BoundedText.beginning(of: text, limit: 1_000) { $0 }
        #expect(text.hasSuffix(end) && (996...1_000).contains(end.utf8.count))
        #expect(text.hasPrefix(beginning) && (996...1_000).contains(beginning.utf8.count))
        #expect(
            BoundedText.end(of: "short", limit: 9) { $0 } == "short" && "short".end(3) == "ort"
                && "é".beginning(1).isEmpty
        )
    }

    @Test func `any secret is masked in any form`() {
        let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? .random(in: 0...(.max))
        var random = SeededNumbers(state: seed)
        let alphabet = Array("\\\"'/&<>%+ uu22;#xaé🙂\u{301}")
        for _ in 0..<30 {
            var secret = ""
            for _ in 0..<Int.random(in: 6...24, using: &random) {
                secret.append(alphabet.randomElement(using: &random) ?? "a")
            }
            let mask = SecretRedactor([Secret(secret)])
            for (form, encoded) in RedactorTests.encodings(of: secret) where form != "Swift" {
                let masked = mask("(\(encoded))")
                #expect(masked.contains(SecretRedactor.mark), "seed \(seed): \(secret.debugDescription) as \(form)")
            }
        }
    }
}

/// SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
