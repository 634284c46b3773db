/// What of an address may be shown: scheme, host, port, path, and those items of its query that tell where it leads.
///
/// QualiX, Quali's gateway, has its token and the component's user and password in the query or the fragment (Quali's help,
/// configure-remote-access), so a list of what is secret wouldn't do.
struct LabLink {
    /// Bytes, since a combining character would hide what stands before it.
    private typealias Text = Substring.UTF8View

    /// The items of a query that stay, where their value looks like a host, a port or a protocol.
    private static let shownItems: Set<String> = ["hostname", "protocol", "port"]

    /// The address without what it mustn't show.
    let shown: String
    /// The secrets that were in it: the user's password, and the values of items with a secret name.
    let secrets: [String]

    /// Takes an address apart; the whole text is one, whatever it holds.
    init(_ text: String, _ names: SecretNames) {
        self.init(text[...].utf8, names)
    }

    private init(_ text: Text, _ names: SecretNames) {
        var secrets: [String] = []
        var (scheme, rest) = Self.split(text)
        if let (user, place) = Self.user(rest) {
            if let colon = user.firstIndex(of: UInt8(ascii: ":")) {
                let password = user[user.index(after: colon)...]
                secrets += [Self.string(password), Self.decoded(password)]
            }
            rest = place
        }
        let path = rest.prefix { !"?#".utf8.contains($0) }
        let end = rest[path.endIndex...]
        for item in end.split(whereSeparator: { "?&;#".utf8.contains($0) }) {
            guard let (name, value) = Self.item(item), names.contains(Self.decoded(name)) else { continue }
            secrets += [Self.string(value), Self.decoded(value)]
        }
        let query = end.prefix { $0 != UInt8(ascii: "#") }
        let items = query.split(whereSeparator: { "?&;".utf8.contains($0) }).filter { item in
            guard let (name, value) = Self.item(item), value.allSatisfy(Self.isPlain) else { return false }
            let word = Self.string(name)
            return Self.shownItems.contains(word.lowercased()) && !names.contains(word)
        }
        let kept = items.isEmpty ? "" : "?" + items.map(Self.string).joined(separator: "&")
        shown = Self.string(scheme) + Self.plain(path) + kept
        self.secrets = secrets
    }

    /// A text with all addresses in it as they may be shown; one that begins with an address is one as a whole.
    ///
    /// `learn` gets the secrets that were in them.
    static func shown(in text: String, _ names: SecretNames, _ learn: (String) -> Void) -> String {
        guard text.utf8.firstRange(of: "://".utf8) != nil else { return text }
        var shown = ""
        var rest = text[...].utf8
        while !rest.isEmpty {
            let gap = rest.prefix(while: isGap)
            shown += string(gap)
            rest = rest[gap.endIndex...]
            var word = rest.prefix { !isGap($0) }
            if let mark = word.firstRange(of: "://".utf8) {
                let start = schemeStart(word, mark.lowerBound)
                // What belongs to it may hold anything.
                if text.utf8[..<start].allSatisfy({ $0 <= 0x20 }) { word = rest }
                let link = LabLink(word[start...], names)
                link.secrets.forEach(learn)
                shown += string(word[..<start]) + link.shown
            } else {
                shown += string(word)
            }
            rest = rest[word.endIndex...]
        }
        return shown
    }

    // MARK: Parts

    private static func string(_ text: Text) -> String { String(decoding: text, as: UTF8.self) }

    private static func isGap(_ byte: UInt8) -> Bool { byte <= 0x20 || "\"'<>`".utf8.contains(byte) }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }

    /// Where the scheme begins that ends at a mark.
    private static func schemeStart(_ text: Text, _ mark: String.Index) -> String.Index {
        var start = mark
        while start > text.startIndex, case let before = text.index(before: start),
            isLetterOrDigit(text[before]) || "+-.".utf8.contains(text[before])
        {
            start = before
        }
        return start
    }

    /// The scheme with what ends it, and the rest.
    private static func split(_ text: Text) -> (scheme: Text, rest: Text) {
        if let mark = text.firstRange(of: "://".utf8), schemeStart(text, mark.lowerBound) == text.startIndex {
            return (text[..<mark.upperBound], text[mark.upperBound...])
        }
        let slashes = text.starts(with: "//".utf8) ? text.prefix(2) : text.prefix(0)
        return (slashes, text[slashes.endIndex...])
    }

    /// The user part, and what comes after it; `nil` where there is none.
    private static func user(_ rest: Text) -> (user: Text, place: Text)? {
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        var at = authority.lastIndex(of: UInt8(ascii: "@"))
        // A password that should have been encoded.
        if at == nil, !isHostAndPort(authority) { at = rest.lastIndex(of: UInt8(ascii: "@")) }
        return at.map { (rest[..<$0], rest[rest.index(after: $0)...]) }
    }

    private static func isHostAndPort(_ authority: Text) -> Bool {
        let isBracketed = authority.first == UInt8(ascii: "[")
        let end = authority.drop { $0 != (isBracketed ? UInt8(ascii: "]") : UInt8(ascii: ":")) }.dropFirst(
            isBracketed ? 1 : 0
        )
        return end.isEmpty
            || end.first == UInt8(ascii: ":") && end.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func item(_ text: Text) -> (name: Text, value: Text)? {
        text.firstIndex(of: UInt8(ascii: "=")).map { (text[..<$0], text[text.index(after: $0)...]) }
    }

    /// Host, port and path without the parameters of segments, and without another address within them.
    private static func plain(_ path: Text) -> String {
        let end = path.firstRange(of: "://".utf8).map { schemeStart(path, $0.lowerBound) } ?? path.endIndex
        return path[..<end].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { string($0.prefix { $0 != UInt8(ascii: ";") }) }
            .joined(separator: "/")
    }

    private static func isPlain(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || ".:-_[]".utf8.contains(byte) }

    /// A part of an address without its percent-encoding.
    private static func decoded(_ text: Text) -> String {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let value = UInt8(string(digits), radix: 16) {
                bytes.append(value)
                rest = rest[digits.endIndex...]
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
