import Foundation

/// Looks for planted secrets, the canaries, wherever one may have come.
///
/// Any twelve bytes in a row of a canary count, as they are or escaped as in JSON, HTML or a URL (two of them on top of
/// each other, too), in base64 at any place of a longer text, or in hexadecimal digits. It undoes what it searches for
/// in its own way, so that it shares no mistake with the program.
struct CanarySearch {
    private static let window = 12

    /// For the first two bytes of a pattern, all patterns that begin so, with what they are.
    private var patterns: [UInt16: [(bytes: [UInt8], what: String)]] = [:]

    /// Creates a search for texts by name.
    init(_ canaries: [String: String]) {
        for (name, text) in canaries {
            let bytes = Array(text.utf8)
            precondition(bytes.count >= Self.window, "\(name) is too short to be told from other words")
            add(bytes, name)
            for before in 0..<3 {
                // What stands before and after decides the characters at either end.
                let whole = Data([UInt8](repeating: 0, count: before) + bytes).base64EncodedString()
                let inner = whole.prefix((before + bytes.count) * 8 / 6).dropFirst((before * 8 + 5) / 6)
                add(Array(inner.utf8), "\(name) in base64")
                let forURLs = inner.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }
                add(Array(String(forURLs).utf8), "\(name) in base64")
            }
            for format in ["%02x", "%02X"] {
                add(Array(bytes.map { String(format: format, $0) }.joined().utf8), "\(name) in hex", 2 * Self.window)
            }
        }
    }

    private mutating func add(_ bytes: [UInt8], _ what: String, _ window: Int = window) {
        guard bytes.count >= window else { return }
        for start in 0...(bytes.count - window) {
            let part = Array(bytes[start..<start + window])
            patterns[Self.key(part[0], part[1]), default: []].append((part, what))
        }
    }

    private static func key(_ first: UInt8, _ second: UInt8) -> UInt16 { UInt16(first) << 8 | UInt16(second) }

    /// The canaries that are in a text, and how.
    func findings(in text: String) -> Set<String> { findings(in: Data(text.utf8)) }

    /// The canaries that are in some bytes, and how.
    func findings(in data: Data) -> Set<String> {
        let raw = Array(data)
        var found: Set<String> = []
        var seen: Set<[UInt8]> = []
        let once = Escape.allCases.map { $0.undone(in: raw) }
        let twice = once.flatMap { bytes in Escape.allCases.map { $0.undone(in: bytes) } }
        for bytes in [raw] + once + twice where seen.insert(bytes).inserted { search(bytes, &found) }
        return found
    }

    private func search(_ bytes: [UInt8], _ found: inout Set<String>) {
        guard bytes.count >= Self.window else { return }
        for start in 0...(bytes.count - Self.window) {
            guard let candidates = patterns[Self.key(bytes[start], bytes[start + 1])] else { continue }
            for candidate in candidates where bytes[start...].starts(with: candidate.bytes) {
                found.insert(candidate.what)
            }
        }
    }

    private enum Escape: CaseIterable {
        case percent, json, html

        /// The bytes with what this escapes as it was.
        func undone(in bytes: [UInt8]) -> [UInt8] {
            var plain: [UInt8] = []
            plain.reserveCapacity(bytes.count)
            var index = 0
            while index < bytes.count {
                if let (text, length) = sequence(bytes, index) {
                    plain += text
                    index += length
                } else {
                    plain.append(bytes[index])
                    index += 1
                }
            }
            return plain
        }

        private func sequence(_ bytes: [UInt8], _ index: Int) -> ([UInt8], Int)? {
            func text(_ range: Range<Int>) -> String? {
                range.upperBound <= bytes.count ? String(decoding: bytes[range], as: UTF8.self) : nil
            }
            switch (self, bytes[index]) {
            case (.percent, UInt8(ascii: "%")):
                return text(index + 1..<index + 3).flatMap { UInt8($0, radix: 16) }.map { ([$0], 3) }
            case (.json, UInt8(ascii: "\\")) where index + 1 < bytes.count:
                guard bytes[index + 1] == UInt8(ascii: "u") else { return ([bytes[index + 1]], 2) }
                guard let unit = text(index + 2..<index + 6).flatMap({ UInt16($0, radix: 16) }) else { return nil }
                return (Array(String(decoding: [unit], as: UTF16.self).utf8), 6)
            case (.html, UInt8(ascii: "&")):
                guard let end = bytes[index...].prefix(10).firstIndex(of: UInt8(ascii: ";")) else { return nil }
                let name = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
                let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "#39": "'"][name]
                return named.map { (Array($0.utf8), end + 1 - index) }
            default: return nil
            }
        }
    }
}
