import FoundationEssentials

/// Takes known secrets out of texts, in every form in which a server, a proxy or an encoder may have put them there.
///
/// That is: as they are; escaped as in JSON, HTML or a URL, also twice; in base64, also within a longer text such as
/// `user:password`; as hexadecimal digits; and cut off by the end of the text.
package struct SecretRedactor: Sendable {
    /// What stands in a text where a secret was.
    package static let mark = "<redacted>"

    /// How much work each byte of a text is worth; a usual one costs a tenth of it.
    private static let stepsPerByte = 32

    /// All forms by their first byte.
    private let forms: [[[UInt8]]]
    /// Which two bytes may begin a form, as themselves or by an escape; most places of a text must cost next to nothing.
    private let mayBegin: [Bool]

    /// Creates a redactor of these secrets.
    package init(_ secrets: [Secret]) {
        let texts = Set(secrets.map { $0.reveal() }.filter { !$0.isEmpty }.flatMap(Self.escaped))
        var forms = [[[UInt8]]](repeating: [], count: texts.isEmpty ? 0 : 256)
        for form in Set(texts.flatMap { Self.forms(of: Array($0.utf8)) }) { forms[Int(form[0])].append(form) }
        self.forms = forms
        mayBegin = Self.beginnings(of: forms)
    }

    private static func beginnings(of forms: [[[UInt8]]]) -> [Bool] {
        var mayBegin = [Bool](repeating: false, count: forms.isEmpty ? 0 : 1 << 16)
        for first in forms.indices {
            if EscapedText.isEscape(UInt8(first)) {
                for next in 0..<256 { mayBegin[first << 8 | next] = true }
            } else if !forms[first].isEmpty {
                let isWhole = forms[first].contains { $0.count == 1 }
                for next in 0..<256 where isWhole || EscapedText.isEscape(UInt8(next)) {
                    mayBegin[first << 8 | next] = true
                }
                for form in forms[first] where form.count > 1 { mayBegin[first << 8 | Int(form[1])] = true }
            }
        }
        return mayBegin
    }

    /// The text with ``mark`` for each secret.
    ///
    /// What it costs grows with the text's length alone: of a text that is like a secret nearly everywhere, what is left is
    /// hidden once that has cost too much.
    package func callAsFunction(_ text: String) -> String {
        guard !forms.isEmpty else { return text }
        return text.lend { masked($0) } ?? text
    }

    /// The masked text; `nil` where nothing is to be masked.
    private func masked(_ bytes: BorrowedBytes) -> String? {
        let text = EscapedText(bytes)
        let mark = Array(Self.mark.utf8)
        var masked: [UInt8] = []
        var kept = 0
        var offset = 0
        // Where the run of backslashes ends that was met last.
        var run = 0
        var steps = 0
        let mostSteps = Self.stepsPerByte * bytes.count + 65_536
        while offset < bytes.count {
            guard steps <= mostSteps else {
                masked += bytes[kept..<offset]
                masked += mark
                return String(decoding: masked, as: UTF8.self)
            }
            let byte = bytes[offset]
            if offset + 1 < bytes.count, !mayBegin[Int(byte) << 8 | Int(bytes[offset + 1])] {
                offset += 1
                continue
            }
            if byte == UInt8(ascii: "\\"), offset >= run {
                run = bytes[offset...].firstIndex { $0 != byte } ?? bytes.count
                // Those that are too far from what they might escape, and no secret begins with one.
                if forms[Int(byte)].isEmpty { offset = Swift.max(offset, run - EscapedText.mostBackslashes) }
            }
            if let end = end(text, offset, run: run, &steps) {
                masked += bytes[kept..<offset]
                masked += mark
                (kept, offset) = (end, end)
            } else {
                offset += 1
            }
        }
        guard kept > 0 else { return nil }
        masked += bytes[kept...]
        return String(decoding: masked, as: UTF8.self)
    }

    /// Where the longest secret that begins here ends.
    private func end(_ text: EscapedText, _ offset: Int, run: Int, _ steps: inout Int) -> Int? {
        let byte = text.bytes[offset]
        guard EscapedText.isEscape(byte) else { return end(text, offset, of: byte, &steps) }
        let (itself, first, second) = text.beginnings(at: offset, run: run)
        var longest = end(text, offset, of: itself, &steps)
        if let first, first != itself { longest = max(longest, end(text, offset, of: first, &steps)) }
        if let second, second != itself, second != first {
            longest = max(longest, end(text, offset, of: second, &steps))
        }
        return longest
    }

    private func max(_ a: Int?, _ b: Int?) -> Int? {
        guard let a, let b else { return a ?? b }
        return Swift.max(a, b)
    }

    /// Where the longest secret that begins here with a byte ends.
    private func end(_ text: EscapedText, _ offset: Int, of byte: UInt8, _ steps: inout Int) -> Int? {
        var longest: Int?
        // Most forms differ from the text in their second byte, which follows at once where the first is no escape.
        let isPlain = !EscapedText.isEscape(text.bytes[offset])
        let second = isPlain && offset + 1 < text.bytes.count ? text.bytes[offset + 1] : nil
        let plainSecond = second.flatMap { EscapedText.isEscape($0) ? nil : $0 }
        for form in forms[Int(byte)] {
            if let plainSecond, form.count > 1, form[1] != plainSecond { continue }
            guard let end = text.end(of: form, at: offset, &steps), end > longest ?? 0,
                form.count > 3 || Self.isAlone(offset..<end, in: text.bytes)
            else { continue }
            longest = end
        }
        return longest
    }

    /// Whether there is no letter or digit next to a very short secret.
    ///
    /// Within words it is mere chance, and marks all over a log would tell the secret.
    private static func isAlone(_ range: Range<Int>, in text: BorrowedBytes) -> Bool {
        let neighbours = [range.lowerBound - 1, range.upperBound].filter(text.indices.contains).map { text[$0] }
        return !neighbours.contains { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...0xFF:
                true
            default: false
            }
        }
    }

    // MARK: Forms

    /// A secret as the innermost encoder may have escaped it, before others encode what is around it: the body of a
    /// request, repeated in base64.
    ///
    /// ``EscapedText`` undoes one layer by itself.
    private static func escaped(_ secret: String) -> [String] {
        let json = secret.escaping { $0 == "\\" || $0 == "\"" ? "\\\($0)" : nil }
        let ascii = json.utf16.map { unit in
            if unit < 127 { return String(Unicode.Scalar(UInt8(unit))) }
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        let html = secret.escaping { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: nil
            }
        }
        return [
            secret, json, json.escaping { $0 == "/" ? "\\/" : nil }, ascii,
            ascii.escaping { $0 == "/" ? "\\/" : nil }, html,
            PercentEncoding.encode(secret),
        ]
    }

    private static func forms(of secret: [UInt8]) -> [[UInt8]] {
        var texts = [Data(secret).base64EncodedString()]
        for before in 0..<3 {
            if let inner = innerBase64(of: secret, after: before) { texts.append(inner) }
        }
        texts += texts.map { $0.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "") }
        if secret.count > 3 {
            let digits = secret.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            texts += [digits, digits.uppercased()]
        }
        return [secret] + texts.map { Array($0.utf8) }.filter { $0.count > 3 }
    }

    /// The characters of base64 that a secret alone decides when so many bytes (modulo 3) stand before it; `nil` for a
    /// secret so short that they would be found by chance.
    private static func innerBase64(of secret: [UInt8], after before: Int) -> String? {
        let text = Data([UInt8](repeating: 0, count: before) + secret).base64EncodedString()
        let first = (before * 8 + 5) / 6
        let end = (before + secret.count) * 8 / 6
        guard end - first >= 8 else { return nil }
        return String(text.prefix(end).dropFirst(first))
    }
}
