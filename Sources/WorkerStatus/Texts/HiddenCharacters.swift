/// Characters that could forge a line, move a terminal's cursor or make a text read otherwise than it is.
package enum HiddenCharacters {
    /// What stands for such a character; `nil` for any other.
    package static func escape(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        case _ where isOne(scalar): "\\u{" + String(scalar.value, radix: 16) + "}"
        default: nil
        }
    }

    /// Whether a character is one: a control character, or one that changes the direction of what follows.
    package static func isOne(_ scalar: Unicode.Scalar) -> Bool { isControl(scalar) || turns(scalar) }

    /// Whether a character is a control character, or one of Unicode's line ends.
    package static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029
    }

    private static func turns(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
