/// The names of values that mustn't be shown: of attributes, inputs, arguments, and items of an address's query.
///
/// A name counts if one of its words ends with one of these, in the singular or the plural. Words end where a letter
/// follows a digit, a capital follows a small letter, and at all that is neither letter nor digit; case doesn't matter. So
/// with `token` and `api key` the names `qtoken`, `Auth_Tokens`, `tokenID`, `Model.API Key` and `apiKey2` count, but
/// `Tokenizer` doesn't.
public struct SecretNames: Sendable, Hashable {
    /// What counts by default.
    public static let standard = SecretNames([
        "password", "passwd", "pwd", "passphrase", "secret", "token", "api key", "private key", "credential",
        "community",
    ])

    /// The names as they were given.
    package let names: [String]
    private let endings: Set<[UInt8]>

    /// Counts these names alone; one without a letter or digit is nothing.
    public init(_ names: [String]) {
        self.names = names
        var endings = Set(names.map { Words($0).text })
        endings.remove([])
        for ending in endings {
            endings.insert(ending + [UInt8(ascii: "s")])
            if ending.last == UInt8(ascii: "y") { endings.insert(ending.dropLast() + Array("ies".utf8)) }
        }
        self.endings = endings
    }

    /// Reads a list with commas between names; one that begins with `+` adds them to ``standard``.
    ///
    /// It is `nil` where a name has neither letter nor digit.
    package init?(list: String) {
        let adds = list.first == "+"
        let names = (adds ? list.dropFirst() : list[...]).split(separator: ",", omittingEmptySubsequences: false)
        guard names.allSatisfy({ !Words(String($0)).text.isEmpty }) else { return nil }
        self.init((adds ? Self.standard.names : []) + names.map { String($0) })
    }

    /// Whether values of this name mustn't be shown.
    package func contains(_ name: String) -> Bool {
        let words = Words(name)
        return words.ends.contains { end in
            let text = words.text[..<end]
            return endings.contains { text.suffix($0.count).elementsEqual($0) }
        }
    }

    /// A name's letters and digits in lower case, and where words end among them.
    private struct Words {
        var text: [UInt8] = []
        var ends: [Int] = []

        private enum Kind {
            case small, capital, digit, other
        }

        init(_ name: String) {
            var kind = Kind.other
            var last = 0
            for scalar in name.unicodeScalars {
                guard scalar.isASCII || !scalar.properties.isGraphemeExtend else { continue }
                let next = Self.kind(of: scalar)
                if next != kind {
                    // The last of some capitals begins a word: "SNMPToken".
                    if kind == .capital, next == .small { ends.append(last) } else { ends.append(text.count) }
                }
                kind = next
                guard next != .other else { continue }
                last = text.count
                if scalar.isASCII {
                    text.append(next == .capital ? UInt8(truncatingIfNeeded: scalar.value) | 0x20 : UInt8(scalar.value))
                } else {
                    text += scalar.properties.lowercaseMapping.utf8
                }
            }
            ends.append(text.count)
        }

        private static func kind(of scalar: Unicode.Scalar) -> Kind {
            switch scalar {
            case "a"..."z": .small
            case "A"..."Z": .capital
            case "0"..."9": .digit
            case _ where scalar.isASCII: .other
            case _ where scalar.properties.isUppercase: .capital
            case _ where scalar.properties.isAlphabetic: .small
            case _ where scalar.properties.numericType != nil: .digit
            default: .other
            }
        }
    }
}
