import FoundationEssentials
import HTTPTransport

/// A JSON object of the lab, read by names that may be spelled in several ways and hold several types.
///
/// The lab's releases differ in both: `possible values` and `possibleValues`, `true` and `"true"`, `9127` and
/// `"9127"`. Names are compared without case, spaces, hyphens and underscores. A member that is missing, null or of
/// a type that makes no sense reads as `nil`; only a value that isn't an object at all throws.
struct LenientObject {
    private enum Members {
        case plain(PlainObject)
        case other(KeyedDecodingContainer<AnyKey>, keys: [AnyKey])
    }

    private let members: Members

    init(_ decoder: any Decoder) throws {
        if let plain = decoder as? PlainJSONDecoder {
            members = .plain(try plain.object())
        } else {
            let container = try decoder.container(keyedBy: AnyKey.self)
            members = .other(container, keys: container.allKeys)
        }
    }

    /// Whether any member of one of these names is there, even as null.
    func has(_ names: String...) -> Bool {
        names.contains { name in
            switch members {
            case .plain(let object): object.member { key, _ in name.folds(to: key) } != nil
            case .other(_, let keys): keys.contains { $0.stringValue.folds(to: name) }
            }
        }
    }

    /// The first of these members that can be read; a plain one in a way of its own.
    private func value<Value: Decodable>(
        _ names: [String],
        plainly read: (PlainJSONDecoder) throws -> Value
    ) -> Value? {
        for name in names {
            switch members {
            case .plain(let object):
                let member = object.member { key, value in !value.decodeNil() && name.folds(to: key) }
                // One that can't be read so raises a doubt, and everything is read otherwise.
                if let member { return try? read(member) }
            case .other(let container, let keys):
                for key in keys where key.stringValue.folds(to: name) {
                    if let value = try? container.decodeIfPresent(Value.self, forKey: key) { return value }
                }
            }
        }
        return nil
    }

    /// A value of a type.
    func value<Value: Decodable>(_ type: Value.Type, _ names: String...) -> Value? {
        value(names) { try Value(from: $0) }
    }

    private func scalar(_ names: [String]) -> Scalar? {
        value(names) { Scalar(text: try $0.scalarText()) }
    }

    private func elements<Element: Decodable>(_ names: [String]) -> [Element]? {
        let list: LenientList<Element>? = value(names) { try LenientList(from: $0) }
        return list?.values
    }

    /// A text, also from a number or a boolean.
    func string(_ names: String...) -> String? {
        scalar(names)?.text
    }

    /// A text that is there: neither empty nor the words that the lab writes for null.
    func filledString(_ names: String...) -> String? {
        guard let text = scalar(names)?.text else { return nil }
        return text.isEmpty || text.folds(to: "null") ? nil : text
    }

    /// A truth value, also from `"true"`, `"False"`, 1 or 0.
    func bool(_ names: String...) -> Bool? {
        scalar(names)?.truth
    }

    /// A whole number, also from a text.
    func int(_ names: String...) -> Int? {
        guard let text = scalar(names)?.text else { return nil }
        return Int(text)
    }

    /// A point in time; `nil` also where the text isn't one.
    func date(_ names: String...) -> Date? {
        guard let text = scalar(names)?.text else { return nil }
        return Timestamp.parse(text)
    }

    /// A name of the lab's; `nil` where it is missing or empty.
    func name<Name: CaseInsensitiveName>(_ names: String...) -> Name? {
        guard let text = scalar(names)?.text, !text.isEmpty else { return nil }
        return Name(rawValue: text)
    }

    /// A list without the elements that can't be read.
    func list<Element: Decodable>(_ names: String...) -> [Element] {
        elements(names) ?? []
    }

    /// The links of the API, by what they lead to.
    func links() -> [String: APILink] {
        value([String: Lenient<APILink>].self, "_links")?.compactMapValues(\.value) ?? [:]
    }

    /// A list of texts; a single text counts as a list of one.
    func strings(_ names: String...) -> [String] {
        if let list: [Scalar] = elements(names) { return list.map(\.text) }
        guard let single = scalar(names)?.text, !single.isEmpty else { return [] }
        return [single]
    }
}

/// A value that is `nil` where it can't be read, so that one odd element doesn't cost a whole list.
struct Lenient<Value: Decodable> {
    let value: Value?
}

extension Lenient: Decodable {
    init(from decoder: any Decoder) throws {
        value = try? Value(from: decoder)
    }
}

/// A list without the elements that can't be read, for which it keeps no place.
struct LenientList<Value: Decodable>: Decodable {
    var values: [Value] = []

    init(from decoder: any Decoder) throws {
        if let plain = decoder as? PlainJSONDecoder {
            try plain.forEachElement { element in
                if let value = try? Value(from: element) { values.append(value) }
            }
        } else {
            var container = try decoder.unkeyedContainer()
            while !container.isAtEnd {
                if let value = try container.decode(Lenient<Value>.self).value { values.append(value) }
            }
        }
    }
}

/// A text, number or truth value of any spelling.
struct Scalar {
    let text: String

    var truth: Bool? {
        switch text.folded {
        case "true", "yes", "1": true
        case "false", "no", "0": false
        default: nil
        }
    }
}

extension Scalar: Decodable {
    init(from decoder: any Decoder) throws {
        if let plain = decoder as? PlainJSONDecoder {
            text = try plain.scalarText()
            return
        }
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            text = value
        } else if let value = try? container.decode(Bool.self) {
            text = String(value)
        } else if let value = try? container.decode(Int64.self) {
            text = String(value)
        } else {
            text = String(try container.decode(Double.self))
        }
    }
}

/// A key of any name.
struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) {
        return nil
    }
}
