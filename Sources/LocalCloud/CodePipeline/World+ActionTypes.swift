import Foundation

extension World {
    mutating func createCustomActionType(_ input: JSON) throws(LocalServiceError) -> JSON {
        let key = ActionTypeKey(
            category: input["category"]?.string ?? "",
            provider: input["provider"]?.string ?? "",
            version: input["version"]?.string ?? ""
        )
        try checkDefinition(input)
        let tags = Self.tags(input["tags"])
        var definition = input
        definition["tags"] = nil
        if let existing = types[key] {
            let isSame = Self.normalized(existing.definition) == Self.normalized(definition)
            guard isSame else {
                guard !existing.isDeleted else {
                    throw .validation(
                        "\(key) was deleted; its version can be used again for the same definition alone. "
                            + "Choose another version"
                    )
                }
                throw LocalServiceError(
                    code: "ActionTypeAlreadyExistsException",
                    message: "\(key) already exists with a different definition"
                )
            }
            if existing.isDeleted { try checkTypeLimit() }
            types[key]?.isDeleted = false
        } else {
            try checkTypeLimit()
            types[key] = CustomType(key: key, definition: definition, tags: tags)
            typeOrder.append(key)
        }
        var reply: JSON = ["actionType": actionType(key, definition)]
        if !tags.isEmpty { reply["tags"] = Self.tagList(tags) }
        return reply
    }

    mutating func deleteCustomActionType(_ input: JSON) throws(LocalServiceError) {
        let key = ActionTypeKey(
            category: input["category"]?.string ?? "",
            provider: input["provider"]?.string ?? "",
            version: input["version"]?.string ?? ""
        )
        // The model has no "not found" error for this call: deleting what isn't there is taken as done.
        types[key]?.isDeleted = true
    }

    func listActionTypes(_ input: JSON) throws(LocalServiceError) -> JSON {
        let owner = input["actionOwnerFilter"]?.string
        var list: [JSON] = []
        guard input["regionFilter"]?.string ?? region == region else { return ["actionTypes": []] }
        if owner == nil || owner == "AWS" { list.append(actionType(Self.source, Self.sourceDefinition)) }
        if owner == nil || owner == "Custom" {
            list += typeOrder.compactMap { key in
                types[key].flatMap { $0.isDeleted ? nil : actionType(key, $0.definition) }
            }
        }
        return try page(list, of: "actionTypes", input)
    }

    /// The type that a caller may use, unless it's deleted or was never there.
    func liveType(_ key: ActionTypeKey) -> CustomType? {
        types[key].flatMap { $0.isDeleted ? nil : $0 }
    }

    // MARK: Parts

    /// The one type of AWS's own that the stand-in offers: a source that succeeds at once.
    static let source = ActionTypeKey(category: "Source", owner: "AWS", provider: "S3", version: "1")
    private static let sourceDefinition: JSON = [
        "configurationProperties": [
            ["name": "S3Bucket", "required": true, "key": true, "secret": false],
            ["name": "S3ObjectKey", "required": true, "key": true, "secret": false],
        ],
        "inputArtifactDetails": ["minimumCount": 0, "maximumCount": 0],
        "outputArtifactDetails": ["minimumCount": 1, "maximumCount": 1],
    ]

    /// The request member `configurationProperties` has another name in the reply.
    private func actionType(_ key: ActionTypeKey, _ definition: JSON) -> JSON {
        .members([
            "id": typed("ActionTypeId", key.json),
            "settings": definition["settings"].map { typed("ActionTypeSettings", $0) },
            "actionConfigurationProperties": definition["configurationProperties"] ?? [],
            "inputArtifactDetails": definition["inputArtifactDetails"],
            "outputArtifactDetails": definition["outputArtifactDetails"],
        ])
    }

    private func checkTypeLimit() throws(LocalServiceError) {
        guard types.values.count(where: { !$0.isDeleted }) < behavior.actionTypeLimit else {
            throw LocalServiceError(
                code: "LimitExceededException",
                message: "The number of custom action types has reached its limit of \(behavior.actionTypeLimit)"
            )
        }
    }

    private func checkDefinition(_ input: JSON) throws(LocalServiceError) {
        let properties = input["configurationProperties"]?.array ?? []
        let names = properties.compactMap { $0["name"]?.string }
        guard Set(names).count == names.count else {
            throw .validation("Two configuration properties have the same name")
        }
        let queryable = properties.filter { $0["queryable"]?.bool == true }
        guard queryable.count <= 1 else { throw .validation("At most one configuration property may be queryable") }
        if let property = queryable.first, property["required"]?.bool != true || property["secret"]?.bool == true {
            throw .validation("A queryable configuration property must be required and not secret")
        }
        for member in ["inputArtifactDetails", "outputArtifactDetails"] {
            guard let low = input[member]?["minimumCount"]?.integer, let high = input[member]?["maximumCount"]?.integer,
                low <= high
            else { throw .validation("\(member): the minimum count is greater than the maximum count") }
        }
        let allowed = Set(
            properties.filter { $0["required"]?.bool == true && $0["secret"]?.bool != true }
                .compactMap { $0["name"]?.string }
        )
        for (name, template) in input["settings"]?.object ?? [:] {
            for used in Self.configurationReferences(in: template.string ?? "") where !allowed.contains(used) {
                throw .validation("\(name): {Config:\(used)} is no property that is required and not secret")
            }
        }
    }

    private static func configurationReferences(in template: String) -> [String] {
        template.components(separatedBy: "{Config:").dropFirst().compactMap { part in
            part.firstIndex(of: "}").map { String(part[..<$0]) }
        }
    }

    /// A definition with the defaults written out, so that two can be compared.
    private static func normalized(_ definition: JSON) -> JSON {
        var result = definition
        result["configurationProperties"] = .array(
            (definition["configurationProperties"]?.array ?? []).map { property in
                var property = property
                property["queryable"] = property["queryable"] ?? false
                return property
            }
        )
        result["settings"] = definition["settings"] ?? [:]
        return result
    }
}
