/// A text in which other texts are found however an encoder has escaped them: as JSON, HTML, part of a URL, or some of
/// them on top of each other.
///
/// It undoes escapes where it looks, so it needn't know which characters an encoder escapes.
struct EscapedText {
    /// The text's UTF-8.
    let bytes: [UInt8]
    /// Where the text ends, but for a mark that it was cut.
    private let end: Int

    /// How much of a long text at the end of a cut one is enough to know it by.
    private static let leastBeginning = 8

    private struct Place: Hashable {
        let offset: Int
        let matched: Int
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
        let mark = Array("…".utf8)
        end = bytes.suffix(mark.count).elementsEqual(mark) ? bytes.count - mark.count : bytes.count
    }

    /// Whether a byte may begin an escape.
    static func isEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "&")
            || byte == UInt8(ascii: "+")
    }

    /// Where `wanted` ends, if it begins at `start`; the end of the text where that was cut within it.
    func end(of wanted: [UInt8], at start: Int) -> Int? {
        var (offset, matched) = (start, 0)
        // What begins no escape can be read in one way only.
        while offset < end, matched < wanted.count, !Self.isEscape(bytes[offset]) {
            guard bytes[offset] == wanted[matched] else { return nil }
            offset += 1
            matched += 1
        }
        var found: Int?
        var seen: Set<Place> = []
        var open = [Place(offset: offset, matched: matched)]
        while let place = open.popLast() {
            if place.matched == wanted.count {
                found = max(found ?? 0, place.offset)
            } else if place.offset >= end {
                if place.matched >= Self.leastBeginning, wanted.count >= 2 * Self.leastBeginning {
                    found = max(found ?? 0, place.offset)
                }
            } else {
                if bytes[place.offset] == wanted[place.matched] {
                    open.append(Place(offset: place.offset + 1, matched: place.matched + 1))
                }
                guard Self.isEscape(bytes[place.offset]) else { continue }
                for reading in readings(at: place.offset) where wanted[place.matched...].starts(with: reading.bytes) {
                    let next = Place(
                        offset: place.offset + reading.length,
                        matched: place.matched + reading.bytes.count
                    )
                    if seen.insert(next).inserted { open.append(next) }
                }
            }
        }
        return found
    }

    /// The bytes that may begin where an escape may.
    func beginnings(at offset: Int) -> [UInt8] {
        Array(Set([bytes[offset]] + readings(at: offset).compactMap(\.bytes.first)))
    }

    // MARK: Escapes

    private struct Reading {
        let bytes: [UInt8]
        let length: Int
    }

    private func readings(at offset: Int) -> [Reading] {
        switch bytes[offset] {
        case UInt8(ascii: "+"): [Reading(bytes: [UInt8(ascii: " ")], length: 1)]
        case UInt8(ascii: "%"): percent(offset)
        case UInt8(ascii: "&"): entity(offset)
        default: backslash(offset)
        }
    }

    /// `%2F`, and `%252F` of a URL within a URL.
    private func percent(_ offset: Int) -> [Reading] {
        [1, 3].compactMap { skipped in
            guard skipped == 1 || hex(offset + 1, 2) == 0x25, let value = hex(offset + skipped, 2) else { return nil }
            return Reading(bytes: [UInt8(value)], length: skipped + 2)
        }
    }

    /// `\"`, `\/`, `\\` and `\u002f` of JSON; `\\\"` and the like of JSON within JSON; `\u{2f}` of Swift.
    private func backslash(_ offset: Int) -> [Reading] {
        let run = bytes[offset...].prefix(8).prefix { $0 == UInt8(ascii: "\\") }.count
        var found: [Reading] = []
        for count in [2, 4] where count <= run {
            found.append(Reading(bytes: [UInt8(ascii: "\\")], length: count))
        }
        let next = offset + run
        guard next < bytes.count else { return found }
        switch bytes[next] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "/"):
            found.append(Reading(bytes: [bytes[next]], length: run + 1))
        case UInt8(ascii: "u"):
            if let (scalar, length) = unicode(offset, run) {
                found.append(Reading(bytes: Array(String(scalar).utf8), length: length))
            }
        default: break
        }
        return found
    }

    private func unicode(_ offset: Int, _ run: Int) -> (Unicode.Scalar, length: Int)? {
        let digits = offset + run + 1
        if digits < bytes.count, bytes[digits] == UInt8(ascii: "{"),
            let close = bytes[digits...].prefix(10).firstIndex(of: UInt8(ascii: "}")),
            let scalar = hex(digits + 1, close - digits - 1).flatMap(Unicode.Scalar.init)
        {
            return (scalar, close + 1 - offset)
        }
        guard let unit = hex(digits, 4) else { return nil }
        if let scalar = Unicode.Scalar(unit) { return (scalar, run + 5) }
        // A pair of surrogates.
        guard let low = hex(digits + 4 + run + 1, 4), (0xDC00...0xDFFF).contains(low), unit < 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)).map { ($0, 2 * (run + 5)) }
    }

    private static let entities = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    /// `&quot;`, `&#34;` and `&#x22;`, and `&amp;quot;` of HTML within HTML.
    private func entity(_ offset: Int) -> [Reading] {
        let after = bytes[(offset + 1)...]
        var found = [name(after[...]).map { Reading(bytes: $0.bytes, length: $0.length + 1) }].compactMap { $0 }
        let amp = Array("amp;".utf8)
        if after.starts(with: amp), let inner = name(after.dropFirst(amp.count)) {
            found.append(Reading(bytes: inner.bytes, length: 1 + amp.count + inner.length))
        }
        return found
    }

    private func name(_ text: ArraySlice<UInt8>) -> Reading? {
        guard let close = text.prefix(10).firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = String(decoding: text[..<close], as: UTF8.self)
        let length = close + 1 - text.startIndex
        if let known = Self.entities[name] { return Reading(bytes: Array(known.utf8), length: length) }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        let number = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { Reading(bytes: Array(String($0).utf8), length: length) }
    }

    private func hex(_ offset: Int, _ count: Int) -> UInt32? {
        guard count > 0, offset + count <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[offset..<offset + count] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte & 0x0F)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | (UInt32(byte & 0x0F) + 9)
            default: return nil
            }
        }
        return value
    }
}
