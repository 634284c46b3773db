/// A member of a list that doesn't spoil the list when it is malformed.
enum Lossy<Value: Decodable>: Decodable {
    case value(Value)
    /// What is wrong, and the texts at the top level of the object that may name it.
    case undecodable(reason: String, hints: [String: String])

    var value: Value? {
        guard case .value(let value) = self else { return nil }
        return value
    }

    init(from decoder: any Decoder) throws {
        do {
            self = .value(try Value(from: decoder))
        } catch {
            var hints: [String: String] = [:]
            if let container = try? decoder.container(keyedBy: AnyKey.self) {
                for key in container.allKeys {
                    hints[key.stringValue] = try? container.decode(String.self, forKey: key)
                }
            }
            self = .undecodable(reason: MalformedReply.reason(error) ?? "it is malformed", hints: hints)
        }
    }
}

extension Lossy: Sendable where Value: Sendable {}

/// Any member's name.
struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// A map of texts whose values may come as numbers or truth values as well; anything else counts as absent.
struct LenientTextMap: Decodable {
    var values: [String: String] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        for key in container.allKeys where key.stringValue != "__type" {
            if let text = try? container.decode(String.self, forKey: key) {
                values[key.stringValue] = text
            } else if let flag = try? container.decode(Bool.self, forKey: key) {
                values[key.stringValue] = String(flag)
            } else if let number = try? container.decode(Int64.self, forKey: key) {
                values[key.stringValue] = String(number)
            } else if let number = try? container.decode(Double.self, forKey: key) {
                values[key.stringValue] = String(number)
            }
        }
    }
}
