/// What the service's model says of a value, and the check of a request against it.
indirect enum Shape: Sendable {
    case string(ClosedRange<Int>, Pattern? = nil)
    case choice([String])
    case integer(ClosedRange<Int>)
    case boolean
    case timestamp
    case list(Shape, ClosedRange<Int> = 0...Int.max)
    case map(key: Shape, value: Shape, ClosedRange<Int> = 0...Int.max)
    case structure([Member])
    /// What the service's model has and the stand-in doesn't play; an empty list of it does no harm.
    case unplayed

    struct Member: Sendable {
        var name: String
        var shape: Shape
        var isRequired: Bool
    }

    /// A pattern of the model, with code that does what it says.
    struct Pattern: Sendable {
        var text: String
        var matches: @Sendable (String) -> Bool
    }

    /// Checks a request.
    ///
    /// - Throws: `ValidationException` that lists what's wrong, or `SerializationException` for a wrong type.
    func validate(_ json: JSON) throws(LocalServiceError) {
        var failures: [String] = []
        try check(json, at: "", into: &failures)
        guard !failures.isEmpty else { return }
        let count = failures.count == 1 ? "1 validation error" : "\(failures.count) validation errors"
        throw .validation("\(count) detected: " + failures.joined(separator: "; "))
    }

    private func check(_ json: JSON, at path: String, into failures: inout [String]) throws(LocalServiceError) {
        func fail(_ value: String, _ constraint: String) {
            failures.append("Value '\(value)' at '\(path)' failed to satisfy constraint: \(constraint)")
        }
        func lengthCheck(_ count: Int, _ range: ClosedRange<Int>, of value: String) {
            if count > range.upperBound {
                fail(value, "Member must have length less than or equal to \(range.upperBound)")
            } else if count < range.lowerBound {
                fail(value, "Member must have length greater than or equal to \(range.lowerBound)")
            }
        }
        switch self {
        case .unplayed:
            guard json.array?.isEmpty != true else { return }
            failures.append("The stand-in doesn't play '\(path)': leave it out")
        case .string(let range, let pattern):
            guard let text = json.string else { throw wrongType(path, "a string") }
            // The service is written in Java, which counts UTF-16 units.
            lengthCheck(text.utf16.count, range, of: text)
            if let pattern, !pattern.matches(text) {
                fail(text, "Member must satisfy regular expression pattern: \(pattern.text)")
            }
        case .choice(let values):
            guard let text = json.string else { throw wrongType(path, "a string") }
            if !values.contains(text) {
                fail(text, "Member must satisfy enum value set: [\(values.joined(separator: ", "))]")
            }
        case .integer(let range):
            guard let number = json.integer else { throw wrongType(path, "an integer") }
            if number < range.lowerBound {
                fail("\(number)", "Member must have value greater than or equal to \(range.lowerBound)")
            } else if number > range.upperBound {
                fail("\(number)", "Member must have value less than or equal to \(range.upperBound)")
            }
        case .boolean:
            guard json.bool != nil else { throw wrongType(path, "a boolean") }
        case .timestamp:
            guard json.double != nil else { throw wrongType(path, "a number of seconds") }
        case .list(let element, let range):
            guard let elements = json.array else { throw wrongType(path, "a list") }
            lengthCheck(elements.count, range, of: "[\(elements.count) items]")
            for (index, value) in elements.enumerated() {
                try element.check(value, at: "\(path).\(index + 1).member", into: &failures)
            }
        case .map(let key, let value, let range):
            guard let members = json.object else { throw wrongType(path, "a map") }
            lengthCheck(members.count, range, of: "[\(members.count) entries]")
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                try key.check(.string(name), at: "\(path).\(name).key", into: &failures)
                try value.check(member, at: "\(path).\(name).member", into: &failures)
            }
        case .structure(let members):
            guard let object = json.object else { throw wrongType(path, "a structure") }
            // What a reply had beside the model's members may come back.
            let unknown = Set(object.keys).subtracting(members.map(\.name)).subtracting(["__type"])
            failures += unknown.sorted().map { "The model has no member '\($0)' at '\(path)'" }
            for member in members {
                let place = path.isEmpty ? member.name : "\(path).\(member.name)"
                if let value = json[member.name] {
                    try member.shape.check(value, at: place, into: &failures)
                } else if member.isRequired {
                    failures.append("Value null at '\(place)' failed to satisfy constraint: Member must not be null")
                }
            }
        }
    }

    private func wrongType(_ path: String, _ expected: String) -> LocalServiceError {
        LocalServiceError(code: "SerializationException", message: "The value at '\(path)' is not \(expected)")
    }
}

extension Shape.Pattern {
    private init(_ text: String, set: @escaping @Sendable (UInt8) -> Bool) {
        self.init(text: text) { value in !value.isEmpty && value.utf8.allSatisfy(set) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func alphanumeric(and others: String, _ text: String) -> Self {
        let others = Array(others.utf8)
        return Self(text) { isAlphanumeric($0) || others.contains($0) }
    }

    static let provider = alphanumeric(and: "_-", #"[0-9A-Za-z_-]+"#)
    static let name = alphanumeric(and: ".@-_", #"[A-Za-z0-9.@\-_]+"#)
    static let artifactName = alphanumeric(and: "_-", #"[a-zA-Z0-9_\-]+"#)
    static let variable = alphanumeric(and: "@-_", #"[A-Za-z0-9@\-_]+"#)
    static let bucket = alphanumeric(and: "-.", #"[a-zA-Z0-9\-\.]+"#)
    static let token = alphanumeric(and: "-", "^[a-zA-Z0-9-]+$")
    static let transitionReason = alphanumeric(and: "!@ ().*?-", #"[a-zA-Z0-9!@ \(\)\.\*\?\-]+"#)
    static let uuid = Self(text: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}") { value in
        let groups = value.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
    static let codePipelineARN = Self(text: #"arn:aws(-[\w]+)*:codepipeline:.+:[0-9]{12}:.+"#) { value in
        let parts = value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "codepipeline"
            && !parts[3].isEmpty && isAccount(parts[4]) && !parts[5].isEmpty
    }
    static let roleARN = Self(text: #"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*"#) { value in
        let parts = value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam"
            && parts[3].isEmpty && isAccount(parts[4]) && parts[5].hasPrefix("role/")
    }

    private static func isAccount(_ text: Substring) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (48...57).contains($0) }
    }
}
