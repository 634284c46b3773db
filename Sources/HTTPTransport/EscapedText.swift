/// A text in which other texts are found however an encoder has escaped them: as JSON, HTML, part of a URL, or some of
/// them on top of each other.
///
/// It undoes escapes where it looks, so it needn't know which characters an encoder escapes. What it looks at for one
/// place is bounded by what is wanted, never by the text.
struct EscapedText {
    /// The text's UTF-8.
    let bytes: BorrowedBytes
    /// Where the text ends, but for a mark that it was cut.
    private let end: Int
    /// A bit for each byte that may begin an escape.
    private let escapes: [UInt64]

    /// How much of a long text at the end of a cut one is enough to know it by.
    private static let leastBeginning = 8
    /// What an escape costs beside a comparison.
    private static let stepsPerEscape = 8
    /// More backslashes than these before a character are no encoder's.
    static let mostBackslashes = 64

    private struct Place {
        let offset: Int
        let matched: Int
    }

    /// Begins to look; the bytes must outlive the text.
    init(_ bytes: BorrowedBytes) {
        self.bytes = bytes
        let mark = Array("…".utf8)
        end = bytes.suffix(mark.count).elementsEqual(mark) ? bytes.count - mark.count : bytes.count
        var escapes = [UInt64](repeating: 0, count: bytes.count / 64 + 1)
        for index in bytes.indices where Self.isEscape(bytes[index]) { escapes[index / 64] |= 1 << (index % 64) }
        self.escapes = escapes
    }

    /// How many bytes, at most so many, come before what may begin an escape.
    private func plainLength(from start: Int, most: Int) -> Int {
        let stop = start + most
        var index = start
        while index < stop {
            let ahead = escapes[index / 64] >> (index % 64)
            if ahead != 0 { return min(index + ahead.trailingZeroBitCount, stop) - start }
            index = (index / 64 + 1) * 64
        }
        return most
    }

    /// Whether a byte may begin an escape.
    static func isEscape(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "&")
            || byte == UInt8(ascii: "+")
    }

    /// Where `wanted` ends, if it begins at `start`; the end of the text where that was cut within it.
    ///
    /// `steps` is raised by how much work that was.
    func end(of wanted: [UInt8], at start: Int, _ steps: inout Int) -> Int? {
        wanted.lend { end(of: $0, at: start, &steps) }
    }

    private func end(of wanted: BorrowedBytes, at start: Int, _ steps: inout Int) -> Int? {
        var found: Int?
        var next = plainly(wanted, from: Place(offset: start, matched: 0))
        // Most texts can be read in one way only, and this stays empty then.
        var otherWays: [Place] = []
        // A text that can be read in more ways is none that an encoder has made.
        let most = steps + 4 * Self.stepsPerEscape * (wanted.count + Self.mostBackslashes)
        steps += 1 + wanted.count / 512
        while let place = next ?? otherWays.popLast() {
            next = nil
            if place.matched == wanted.count {
                found = max(found ?? 0, place.offset)
            } else if place.offset >= end {
                if place.matched >= Self.leastBeginning, wanted.count >= 2 * Self.leastBeginning {
                    found = max(found ?? 0, place.offset)
                }
            } else if steps > most {
                // As much of it as looks like what is wanted is hidden.
                return max(found ?? 0, place.offset)
            } else {
                steps += Self.stepsPerEscape
                followEscape(at: place, wanted) { way in
                    guard let way = plainly(wanted, from: way) else { return }
                    if next == nil { next = way } else { otherWays.append(way) }
                }
            }
        }
        return found
    }

    /// Goes on to the next escape; `nil` where something else is there than what is wanted.
    private func plainly(_ wanted: BorrowedBytes, from place: Place) -> Place? {
        let room = min(wanted.count - place.matched, end - place.offset)
        guard room > 0 else { return place }
        // Half of what is wanted may be found at each place, so this must be quick for many bytes.
        let length = plainLength(from: place.offset, most: room)
        let there = bytes[place.offset..<(place.offset + length)]
        guard there.equals(wanted[place.matched..<(place.matched + length)]) else { return nil }
        return Place(offset: place.offset + length, matched: place.matched + length)
    }

    /// Each place that an escape leads to, and the one after its first byte where that is meant as it is.
    private func followEscape(
        at place: Place,
        _ wanted: BorrowedBytes,
        _ follow: (Place) -> Void
    ) {
        guard bytes[place.offset] != UInt8(ascii: "\\") else { return followBackslashes(at: place, wanted, follow) }
        if bytes[place.offset] == wanted[place.matched] {
            follow(Place(offset: place.offset + 1, matched: place.matched + 1))
        }
        let (first, second) = readings(at: place.offset)
        for reading in [first, second].lazy.compactMap({ $0 }) where reading.isThere(wanted, place.matched) {
            follow(Place(offset: place.offset + reading.length, matched: place.matched + reading.count))
        }
    }

    /// Reads a run of backslashes and what it may escape: `\"`, `\/` and `\\`, `\\\"` of JSON within JSON, `\u002f`, and
    /// `\u{2f}` of Swift.
    ///
    /// Each wanted backslash may be up to four.
    private func followBackslashes(
        at place: Place,
        _ wanted: BorrowedBytes,
        _ follow: (Place) -> Void
    ) {
        let backslashes = backslashes(wanted, from: place.matched, most: wanted.count)
        let run = self.backslashes(bytes, from: place.offset, most: 4 * backslashes + Self.mostBackslashes)
        let matched = place.matched + backslashes
        let after = place.offset + run
        if after >= end, run < backslashes {
            return follow(Place(offset: after, matched: place.matched + run))
        }
        let reading = run < 4 * backslashes + Self.mostBackslashes ? escaped(at: after) : nil
        if let reading, reading.first == UInt8(ascii: "\\") {
            // The last of them may be `\u005c`.
            for count in 0..<min(backslashes, run) {
                follow(Place(offset: after + reading.length, matched: place.matched + count + 1))
            }
        }
        guard backslashes <= run else { return }
        if matched == wanted.count {
            return follow(Place(offset: place.offset + min(run, 4 * backslashes), matched: matched))
        }
        if backslashes > 0, run <= 4 * backslashes { follow(Place(offset: after, matched: matched)) }
        guard run > backslashes, let reading, reading.isThere(wanted, matched) else { return }
        follow(Place(offset: after + reading.length, matched: matched + reading.count))
    }

    private func backslashes(_ text: BorrowedBytes, from start: Int, most: Int) -> Int {
        let stop = min(text.count, start + most)
        var index = start
        while index < stop, text[index] == UInt8(ascii: "\\") { index += 1 }
        return index - start
    }

    /// What a backslash before this makes of it.
    private func escaped(at offset: Int) -> Reading? {
        guard offset < bytes.count else { return nil }
        switch bytes[offset] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "/"): return Reading(bytes[offset], length: 1)
        case UInt8(ascii: "u"): return unicode(offset + 1)
        default: return nil
        }
    }

    /// The bytes that may begin where an escape may: of a run of backslashes, itself and what the run may escape.
    ///
    /// `run` is where a run of backslashes ends that the escape is part of.
    func beginnings(at offset: Int, run: Int) -> (UInt8, UInt8?, UInt8?) {
        guard bytes[offset] != UInt8(ascii: "\\") else {
            let reading = run - offset < Self.mostBackslashes ? escaped(at: run) : nil
            return (bytes[offset], reading?.first, nil)
        }
        let (first, second) = readings(at: offset)
        return (bytes[offset], first?.first, second?.first)
    }

    // MARK: Escapes

    /// What an escape stands for, at most four bytes, and its own length.
    private struct Reading {
        private let bytes: SIMD4<UInt8>
        let count: Int
        let length: Int

        init(_ byte: UInt8, length: Int) {
            bytes = SIMD4(byte, 0, 0, 0)
            count = 1
            self.length = length
        }

        init?(_ scalar: Unicode.Scalar, length: Int) {
            guard let encoded = UTF8.encode(scalar) else { return nil }
            var all = SIMD4<UInt8>()
            for (index, byte) in encoded.enumerated() { all[index] = byte }
            bytes = all
            count = encoded.count
            self.length = length
        }

        var first: UInt8 { bytes[0] }

        /// Whether all of it is there in what is wanted.
        func isThere(_ wanted: BorrowedBytes, _ place: Int) -> Bool {
            guard wanted.count - place >= count else { return false }
            return (0..<count).allSatisfy { bytes[$0] == wanted[place + $0] }
        }
    }

    private func readings(at offset: Int) -> (Reading?, Reading?) {
        switch bytes[offset] {
        case UInt8(ascii: "+"): (Reading(UInt8(ascii: " "), length: 1), nil)
        case UInt8(ascii: "%"): percent(offset)
        default: entity(offset)
        }
    }

    /// `%2F`, and `%252F` of a URL within a URL.
    private func percent(_ offset: Int) -> (Reading?, Reading?) {
        guard let value = hex(offset + 1, 2) else { return (nil, nil) }
        let inner = value == 0x25 ? hex(offset + 3, 2) : nil
        return (Reading(UInt8(value), length: 3), inner.map { Reading(UInt8($0), length: 5) })
    }

    /// What stands after `\u`: the digits, with a pair of surrogates where the first is one.
    private func unicode(_ digits: Int) -> Reading? {
        if digits < bytes.count, bytes[digits] == UInt8(ascii: "{"),
            let close = bytes[digits..<min(digits + 10, bytes.count)].firstIndex(of: UInt8(ascii: "}")),
            let scalar = hex(digits + 1, close - digits - 1).flatMap(Unicode.Scalar.init)
        {
            return Reading(scalar, length: close + 2 - digits)
        }
        guard let unit = hex(digits, 4) else { return nil }
        if let scalar = Unicode.Scalar(unit) { return Reading(scalar, length: 5) }
        let run = backslashes(bytes, from: digits + 4, most: Self.mostBackslashes)
        let low = digits + 4 + run
        guard unit < 0xDC00, run > 0, low < bytes.count, bytes[low] == UInt8(ascii: "u"), let lowUnit = hex(low + 1, 4),
            (0xDC00...0xDFFF).contains(lowUnit),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (lowUnit - 0xDC00))
        else { return nil }
        return Reading(scalar, length: low + 6 - digits)
    }

    private static let entities =
        ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"] as [String: Unicode.Scalar]

    /// `&quot;`, `&#34;` and `&#x22;`, and `&amp;quot;` of HTML within HTML.
    private func entity(_ offset: Int) -> (Reading?, Reading?) {
        guard let (scalar, end) = name(offset + 1) else { return (nil, nil) }
        let inner = scalar == "&" ? name(end) : nil
        return (
            Reading(scalar, length: end - offset), inner.flatMap { Reading($0.scalar, length: $0.end - offset) }
        )
    }

    /// The character that an entity's name stands for, and where the name ends.
    private func name(_ start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
        guard start < bytes.count,
            let close = bytes[start..<min(start + 10, bytes.count)].firstIndex(of: UInt8(ascii: ";"))
        else { return nil }
        let name = String(decoding: bytes[start..<close], as: UTF8.self)
        if let known = Self.entities[name] { return (known, close + 1) }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHex = digits.first == "x" || digits.first == "X"
        let number = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { ($0, close + 1) }
    }

    private func hex(_ offset: Int, _ count: Int) -> UInt32? {
        guard count > 0, count <= 8, offset + count <= bytes.count else { return nil }
        return HexDigits.value(bytes[offset..<offset + count])
    }
}
