import Foundation
import HTTPTypes

/// A reply of the status page.
struct StatusReply: Sendable {
    /// What browsers may do with a reply that is no page: nothing.
    private static let noContent = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

    /// The status.
    var status: HTTPResponse.Status
    /// Its header fields, but for those that every reply has.
    var fields: HTTPFields
    /// Its body.
    var body: Data

    /// Creates a reply with a text.
    init(_ status: HTTPResponse.Status, _ text: String, type: String = "text/plain; charset=utf-8") {
        self.status = status
        fields = [.contentType: type, .contentSecurityPolicy: Self.noContent]
        body = Data(text.utf8)
    }

    /// The reply as it goes over the wire.
    func bytes(isHead: Bool, date: Date = Date()) -> Data {
        var fields = fields
        fields[.date] = date.formatted(Self.dateStyle)
        fields[.cacheControl] = "no-store"
        fields[.xContentTypeOptions] = "nosniff"
        fields[.referrerPolicy] = "no-referrer"
        fields[.contentLength] = "\(body.count)"
        // One request per connection: nobody holds one without asking for something.
        fields[.connection] = "close"
        var head = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        for field in fields { head += "\(field.name.rawName): \(field.value)\r\n" }
        return Data((head + "\r\n").utf8) + (isHead ? Data() : body)
    }

    private static let dateStyle = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
            \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
            \(second: .twoDigits) GMT
            """,
        locale: Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt,
        calendar: Calendar(identifier: .gregorian)
    )
}

extension HTTPField.Name {
    fileprivate static var referrerPolicy: Self { Self("Referrer-Policy") ?? .contentSecurityPolicy }
}
