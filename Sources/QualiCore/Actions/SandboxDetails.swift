import Foundation
import SandboxAPI

/// What the output variable `SandboxDetails` tells of a ready sandbox: its components in one line of JSON.
enum SandboxDetails {
    /// The output variable.
    static let variable = "SandboxDetails"
    /// All variables of an action may have 122,880 bytes together; this leaves room for the others.
    static let limit = 100_000
    /// What `omitted` needs at the end.
    private static let roomForNote = 40

    private struct Item: Encodable {
        let name: String
        let type: String?
        let address: String?
    }

    /// An object whose `components` have `name`, `type` and `address`, those that the lab tells.
    ///
    /// Where they are too long, the last ones are left out whole, and `omitted` says how many.
    ///
    /// The given components have no secrets.
    static func text(_ components: [Component], limit: Int = limit) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var text = #"{"components":["#
        var count = 0
        for component in components {
            let item = Item(name: component.name, type: component.type?.rawValue, address: component.address)
            let json = (count == 0 ? "" : ",") + String(decoding: try encoder.encode(item), as: UTF8.self)
            guard text.utf8.count + json.utf8.count + roomForNote <= limit else { break }
            text += json
            count += 1
        }
        let omitted = components.count - count
        return text + "]" + (omitted == 0 ? "" : #","omitted":\#(omitted)"#) + "}"
    }
}
