import FoundationEssentials

/// The certificates of a connection, as curl tells them: texts of the form `name:value`.
enum CertificateList {
    private static let mostCertificates = 20

    /// Reads them off a handle.
    static func read(_ handle: CurlHandle) -> [ConnectionReport.Certificate] {
        handle.certificates(most: mostCertificates).map(certificate)
    }

    private static func certificate(_ texts: [String]) -> ConnectionReport.Certificate {
        var certificate = ConnectionReport.Certificate(subject: "", issuer: "", names: [])
        for text in texts {
            guard let colon = text.firstIndex(of: ":") else { continue }
            let value = String(text[text.index(after: colon)...])
            switch text[..<colon] {
            case "Subject": certificate.subject = value
            case "Issuer": certificate.issuer = value
            case "X509v3 Subject Alternative Name": certificate.names = names(value)
            case "Expire date": certificate.expires = date(value)
            default: break
            }
        }
        return certificate
    }

    /// The names of a text such as `DNS:lab.example.com, IP Address:10.0.0.1`.
    private static func names(_ text: String) -> [String] {
        text.split(separator: ",").compactMap { entry in
            let parts = entry.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            return String(parts[1])
        }
    }

    /// Reads a time as OpenSSL writes it, such as `Nov 30 03:58:02 2026 GMT`.
    static func date(_ text: String) -> Date? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let words = text.split(separator: " ")
        guard words.count >= 4, let month = months.firstIndex(of: String(words[0])), let day = Int(words[1]),
            let year = Int(words[3])
        else { return nil }
        let time = words[2].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3 else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(
            from: DateComponents(
                year: year,
                month: month + 1,
                day: day,
                hour: time[0],
                minute: time[1],
                second: time[2]
            )
        )
    }
}
