extension CodePipeline {
    /// The definition of an action type, to be registered.
    ///
    /// Its JSON form is that of `aws codepipeline create-custom-action-type --cli-input-json`: a member that the
    /// command doesn't know is an error here too, so that a misspelt one isn't ignored.
    public struct CustomActionType: Sendable, Hashable, Codable {
        /// The kind of action.
        public var category: ActionCategory
        /// The type's name, at most 25 characters to be safe.
        public var provider: String
        /// The version, at most 9 characters.
        public var version: String
        /// Links.
        package var settings: ActionTypeSettings?
        /// The properties that a pipeline's author fills in; at most 10.
        public var configurationProperties: [ActionConfigurationProperty]
        /// How many artifacts it reads.
        package var inputArtifactDetails: ArtifactDetails
        /// How many artifacts it writes.
        package var outputArtifactDetails: ArtifactDetails
        /// Tags of the type.
        package var tags: [Tag]

        /// Creates a definition.
        public init(
            category: ActionCategory,
            provider: String,
            version: String,
            settings: ActionTypeSettings? = nil,
            configurationProperties: [ActionConfigurationProperty] = [],
            inputArtifactDetails: ArtifactDetails = .init(),
            outputArtifactDetails: ArtifactDetails = .init(),
            tags: [Tag] = []
        ) {
            self.category = category
            self.provider = provider
            self.version = version
            self.settings = settings
            self.configurationProperties = configurationProperties
            self.inputArtifactDetails = inputArtifactDetails
            self.outputArtifactDetails = outputArtifactDetails
            self.tags = tags
        }

        /// What the type is known by once it is registered.
        package var id: ActionTypeID { ActionTypeID(category: category, provider: provider, version: version) }

        /// Reads a definition.
        ///
        /// - Throws: `DecodingError` for a member that is missing, of another type or unknown.
        public init(from decoder: any Decoder) throws {
            let members = try Members(decoder, only: CodingKeys.self)
            category = try members.container.decode(ActionCategory.self, forKey: .category)
            provider = try members.container.decode(String.self, forKey: .provider)
            version = try members.container.decode(String.self, forKey: .version)
            settings = try members.strict(ActionTypeSettings.self, .settings, ActionTypeSettings.CodingKeys.self)
            configurationProperties = try members.strictList(
                ActionConfigurationProperty.self,
                .configurationProperties,
                ActionConfigurationProperty.CodingKeys.self
            )
            inputArtifactDetails = try members.required(
                .inputArtifactDetails,
                members.strict(ArtifactDetails.self, .inputArtifactDetails, ArtifactDetails.CodingKeys.self)
            )
            outputArtifactDetails = try members.required(
                .outputArtifactDetails,
                members.strict(ArtifactDetails.self, .outputArtifactDetails, ArtifactDetails.CodingKeys.self)
            )
            tags = try members.strictList(Tag.self, .tags, Tag.CodingKeys.self)
        }

        /// Writes a definition; what is empty is left out.
        ///
        /// - Throws: The encoder's error.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(category, forKey: .category)
            try container.encode(provider, forKey: .provider)
            try container.encode(version, forKey: .version)
            if let settings, settings != ActionTypeSettings() { try container.encode(settings, forKey: .settings) }
            if !configurationProperties.isEmpty {
                try container.encode(configurationProperties, forKey: .configurationProperties)
            }
            try container.encode(inputArtifactDetails, forKey: .inputArtifactDetails)
            try container.encode(outputArtifactDetails, forKey: .outputArtifactDetails)
            if !tags.isEmpty { try container.encode(tags, forKey: .tags) }
        }

        private enum CodingKeys: String, CodingKey, CaseIterable {
            case category
            case provider
            case version
            case settings
            case configurationProperties
            case inputArtifactDetails
            case outputArtifactDetails
            case tags
        }
    }

    /// A name and a value that somebody attached.
    public struct Tag: Sendable, Hashable, Codable {
        /// The name, at most 128 characters.
        package var key: String
        /// The value, at most 256 characters.
        package var value: String

        /// Creates a tag.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case key
            case value
        }
    }
}

/// An object's members, each of which has to be a known one.
private struct Members<Key: CodingKey & CaseIterable> {
    let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder, only keys: Key.Type) throws {
        container = try decoder.container(keyedBy: Key.self)
        try Self.check(decoder.container(keyedBy: AnyKey.self), Key.self)
    }

    /// An optional object without unknown members.
    func strict<Value: Decodable, Inner: CodingKey & CaseIterable>(
        _ type: Value.Type,
        _ key: Key,
        _ inner: Inner.Type
    ) throws -> Value? {
        guard let value = try container.decodeIfPresent(type, forKey: key) else { return nil }
        try Self.check(container.nestedContainer(keyedBy: AnyKey.self, forKey: key), inner)
        return value
    }

    /// A list of objects without unknown members; empty where it is absent.
    func strictList<Value: Decodable, Inner: CodingKey & CaseIterable>(
        _ type: Value.Type,
        _ key: Key,
        _ inner: Inner.Type
    ) throws -> [Value] {
        guard let values = try container.decodeIfPresent([Value].self, forKey: key) else { return [] }
        var list = try container.nestedUnkeyedContainer(forKey: key)
        while !list.isAtEnd { try Self.check(list.nestedContainer(keyedBy: AnyKey.self), inner) }
        return values
    }

    func required<Value>(_ key: Key, _ value: Value?) throws -> Value {
        guard let value else {
            let context = DecodingError.Context(codingPath: container.codingPath, debugDescription: "Missing member.")
            throw DecodingError.keyNotFound(key, context)
        }
        return value
    }

    private static func check<Inner: CodingKey & CaseIterable>(
        _ container: KeyedDecodingContainer<AnyKey>,
        _ keys: Inner.Type
    ) throws {
        let known = keys.allCases.map(\.stringValue)
        guard let unknown = container.allKeys.first(where: { !known.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorruptedError(
            forKey: unknown,
            in: container,
            debugDescription: "Unknown member \"\(unknown.stringValue)\"; known are \(known.joined(separator: ", "))."
        )
    }
}
