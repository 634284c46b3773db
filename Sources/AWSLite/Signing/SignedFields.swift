import HTTPTransport

/// The header fields that take part in a signature: lower-case names, canonical values, merged and sorted by name.
struct SignedFields {
    private struct Field {
        let name: String
        var value: String
    }

    private var fields: [Field] = []
    /// How many bytes ``writeLines(to:)`` writes.
    private(set) var linesCount = 0
    /// How many bytes ``writeNames(to:)`` writes.
    private(set) var namesCount = 0

    init(capacity: Int) { fields.reserveCapacity(capacity) }

    /// Adds a field by its name in lower case; the values of one name stay in the order in which they come.
    mutating func add(_ name: String, _ value: String) {
        let value = Self.canonical(value)
        // Most requests have few fields, and those nearly in order. Names are ASCII, which Swift orders by its bytes.
        var place = fields.endIndex
        while place > 0, name < fields[place - 1].name { place -= 1 }
        if place > 0, fields[place - 1].name == name {
            fields[place - 1].value += "," + value
            linesCount += value.utf8.count + 1
            return
        }
        linesCount += name.utf8.count + value.utf8.count + 2
        namesCount += name.utf8.count + (fields.isEmpty ? 0 : 1)
        let field = Field(name: name, value: value)
        if place == fields.endIndex { fields.append(field) } else { fields.insert(field, at: place) }
    }

    /// Writes a line of name and value for each field.
    func writeLines(to text: inout ByteWriter) {
        for field in fields {
            text.write(field.name)
            text.write(.colon)
            text.write(field.value)
            text.write(.newline)
        }
    }

    /// Writes the names with semicolons between them.
    func writeNames(to text: inout ByteWriter) {
        for (index, field) in fields.enumerated() {
            if index > 0 { text.write(.semicolon) }
            text.write(field.name)
        }
    }

    /// Without white space at the ends, and with one space for each run of it inside.
    private static func canonical(_ value: String) -> String {
        // Nearly every value has no white space at all.
        let least = value.lend { $0.reduce(UInt8.max, min) }
        if least > UInt8(ascii: " ") { return value }
        return value.utf8
            .split { $0 == UInt8(ascii: " ") || (0x09...0x0D).contains($0) }
            .map { String(Substring($0)) }
            .joined(separator: " ")
    }
}
