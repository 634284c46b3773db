package import FoundationEssentials

/// Decodes JSON to the same values as `JSONDecoder`, plain texts at a fraction of its cost.
///
/// Most of what a worker does for a job is to read replies, so this is worth it. Where anything is unusual, and for every
/// error, `JSONDecoder` has the word.
package enum PlainJSON {
    /// Decodes a value.
    ///
    /// Where `mendsTexts` is set, what isn't Unicode reads as U+FFFD, as ``JSONRepair`` says; else it is an error.
    ///
    /// - Throws: What `JSONDecoder` throws; ``JSONSize/TooManyValues`` before a decoder is asked.
    package static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self,
        from data: Data,
        mendsTexts: Bool = false
    ) throws -> Value {
        let mostValues = try JSONSize.check(data)
        if let value = plainly(type, from: data, mostValues: mostValues) { return value }
        let mended = mendsTexts ? JSONRepair.mended(data) : nil
        return try JSONDecoder().decode(type, from: mended ?? data)
    }

    /// Decodes a value from a plain text that has all that is asked for; `nil` from any other.
    static func plainly<Value: Decodable>(_ type: Value.Type, from data: Data, mostValues: Int = .max) -> Value? {
        guard let tape = JSONTape(data, mostValues: mostValues),
            let value = try? PlainJSONDecoder(tape: tape, index: 0).value(type)
        else {
            return nil
        }
        // What isn't there may have been asked for by somebody who does without.
        return tape.isDoubtful ? nil : value
    }
}

/// Decodes one value of a ``JSONTape``.
///
/// Whatever can't be answered raises a doubt; then the whole text is decoded anew by `JSONDecoder`.
package struct PlainJSONDecoder: Decoder {
    let tape: JSONTape
    let index: Int

    /// Asked for only by those who are about to throw.
    package var codingPath: [any CodingKey] {
        tape.isDoubtful = true
        return []
    }

    package var userInfo: [CodingUserInfoKey: Any] { [:] }

    package func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        _ = try object()
        return KeyedDecodingContainer(Members(tape: tape, object: index))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .list = tape.values[index].kind else { throw tape.doubt() }
        return Elements(tape: tape, list: index)
    }

    package func singleValueContainer() -> any SingleValueDecodingContainer { self }

    /// A text, a whole number or a truth value as text.
    package func scalarText() throws -> String {
        switch tape.values[index].kind {
        case .integer: String(try decode(Int64.self))
        case .truth(let isTrue): String(isTrue)
        default: try decode(String.self)
        }
    }

    /// The value as an object.
    package func object() throws -> PlainObject {
        guard case .object = tape.values[index].kind else { throw tape.doubt() }
        return PlainObject(tape: tape, index: index)
    }

    /// Goes through the values of a list.
    package func forEachElement(_ body: (PlainJSONDecoder) -> Void) throws {
        guard case .list = tape.values[index].kind else { throw tape.doubt() }
        var place = index + 1
        while place < tape.values[index].next {
            body(PlainJSONDecoder(tape: tape, index: place))
            place = tape.values[place].next
        }
    }

    /// The value as a type that decodes itself.
    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        // JSONDecoder has ways of its own for these.
        if type == Date.self || type == Data.self || type == URL.self || type == Decimal.self { throw tape.doubt() }
        return try Value(from: self)
    }
}

extension PlainJSONDecoder: SingleValueDecodingContainer {
    package func decodeNil() -> Bool {
        if case .null = tape.values[index].kind { true } else { false }
    }

    package func decode(_ type: Bool.Type) throws -> Bool {
        guard case .truth(let isTrue) = tape.values[index].kind else { throw tape.doubt() }
        return isTrue
    }

    package func decode(_ type: String.Type) throws -> String { try there(tape.string(index)) }
    package func decode(_ type: Double.Type) throws -> Double { try there(tape.double(index)) }
    package func decode(_ type: Float.Type) throws -> Float { throw tape.doubt() }
    package func decode(_ type: Int.Type) throws -> Int { try integer() }
    package func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    package func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    package func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    package func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    package func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    package func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    package func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    package func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    package func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try value(type) }

    private func integer<Number: FixedWidthInteger>() throws -> Number {
        try there(tape.integer(index).flatMap { Number(exactly: $0) })
    }

    private func there<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw tape.doubt() }
        return value
    }
}

/// An object whose members are looked for by what their keys are like.
package struct PlainObject {
    let tape: JSONTape
    let index: Int

    /// The first member that is as wanted, by the ASCII of its key, and its value.
    package func member(
        where isWanted: (BorrowedBytes, PlainJSONDecoder) -> Bool
    ) -> PlainJSONDecoder? {
        tape.member(of: index) { isWanted($0, PlainJSONDecoder(tape: tape, index: $1)) }
            .map { PlainJSONDecoder(tape: tape, index: $0) }
    }
}

/// The members of an object.
private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let tape: JSONTape
    let object: Int

    var codingPath: [any CodingKey] {
        tape.isDoubtful = true
        return []
    }

    var allKeys: [Key] { tape.keys(of: object).compactMap { tape.string($0) }.compactMap { Key(stringValue: $0) } }

    private func find(_ key: Key) -> PlainJSONDecoder? {
        tape.index(of: key.stringValue, in: object).map { PlainJSONDecoder(tape: tape, index: $0) }
    }

    private func member(_ key: Key) throws -> PlainJSONDecoder {
        guard let member = find(key) else { throw tape.doubt() }
        return member
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try member(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try member(key).decode(type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try member(key).decode(type) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try member(key).decode(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try member(key).decode(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try member(key).decode(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try member(key).decode(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try member(key).decode(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try member(key).decode(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try member(key).decode(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try member(key).decode(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try member(key).decode(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try member(key).decode(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try member(key).decode(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try member(key).decode(type) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try member(key).value(type)
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        guard let member = find(key), !member.decodeNil() else { return nil }
        return try member.decode(type)
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        guard let member = find(key), !member.decodeNil() else { return nil }
        return try member.value(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try member(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try member(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { throw tape.doubt() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw tape.doubt() }
}

/// The elements of a list, one after the other.
private struct Elements: UnkeyedDecodingContainer {
    let tape: JSONTape
    let list: Int
    private var place: Int
    private(set) var currentIndex = 0

    init(tape: JSONTape, list: Int) {
        self.tape = tape
        self.list = list
        place = list + 1
    }

    var codingPath: [any CodingKey] {
        tape.isDoubtful = true
        return []
    }

    var count: Int? { nil }
    var isAtEnd: Bool { place >= tape.values[list].next }

    private func element() throws -> PlainJSONDecoder {
        guard !isAtEnd else { throw tape.doubt() }
        return PlainJSONDecoder(tape: tape, index: place)
    }

    private mutating func take<Value>(_ read: (PlainJSONDecoder) throws -> Value) throws -> Value {
        let value = try read(element())
        place = tape.values[place].next
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try element().decodeNil() else { return false }
        return try take { _ in true }
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.decode(type) } }
    mutating func decode(_ type: String.Type) throws -> String { try take { try $0.decode(type) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try take { try $0.decode(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try take { try $0.decode(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try take { try $0.decode(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try take { try $0.decode(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try take { try $0.decode(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try take { try $0.decode(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try take { try $0.decode(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try take { try $0.decode(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try take { try $0.decode(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try take { try $0.decode(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try take { try $0.decode(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try take { try $0.decode(type) } }
    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try take { try $0.value(type) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try take { try $0.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { throw tape.doubt() }
}
