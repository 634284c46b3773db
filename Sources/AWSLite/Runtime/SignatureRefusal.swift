import FoundationEssentials

/// What AWS says of the time where it refuses a signature for it.
enum SignatureRefusal {
    /// The service's time.
    ///
    /// JSON and query services put it into the message: `Signature expired: 20261129T120000Z is now earlier than
    /// 20261129T121500Z (20261129T122000Z - 5 min.)`, or `Signature not yet current: … is still later than …
    /// (20261129T122000Z + 5 min.)`. S3 has an element `ServerTime` of its own.
    static func date(in message: String, _ body: Data) -> Date? {
        if let bracket = message.lastIndex(of: "("), let date = basic(message[message.index(after: bracket)...]) {
            return date
        }
        let text = XMLErrorScanner.text(of: "ServerTime", in: body)
        return text.flatMap { text in
            [false, true].lazy.compactMap { fraction in
                try? Date.ISO8601FormatStyle(includingFractionalSeconds: fraction).parse(text)
            }.first
        }
    }

    /// A date at the beginning of a text, in the form of `X-Amz-Date`: `20261129T122000Z`.
    private static func basic(_ text: Substring) -> Date? {
        let stamp = Array(text.utf8.prefix(16))
        guard stamp.count == 16, stamp[8] == UInt8(ascii: "T"), stamp[15] == UInt8(ascii: "Z") else { return nil }
        func digits(_ range: Range<Int>) -> Substring { Substring(decoding: stamp[range], as: UTF8.self) }
        let day = "\(digits(0..<4))-\(digits(4..<6))-\(digits(6..<8))"
        let time = "\(digits(9..<11)):\(digits(11..<13)):\(digits(13..<15))"
        return try? Date.ISO8601FormatStyle().parse("\(day)T\(time)Z")
    }
}
