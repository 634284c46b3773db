extension CodePipeline {
    /// An action type as CodePipeline lists it.
    public struct ActionType: Sendable, Hashable, Codable {
        /// What the type is known by.
        public var id: ActionTypeID
        /// Links.
        package var settings: ActionTypeSettings?
        /// The properties that a pipeline's author fills in; on the wire `actionConfigurationProperties`.
        package var configurationProperties: [ActionConfigurationProperty]
        /// How many artifacts it reads.
        package var inputArtifactDetails: ArtifactDetails
        /// How many artifacts it writes.
        package var outputArtifactDetails: ArtifactDetails

        /// Creates a type.
        package init(
            id: ActionTypeID,
            settings: ActionTypeSettings? = nil,
            configurationProperties: [ActionConfigurationProperty] = [],
            inputArtifactDetails: ArtifactDetails,
            outputArtifactDetails: ArtifactDetails
        ) {
            self.id = id
            self.settings = settings
            self.configurationProperties = configurationProperties
            self.inputArtifactDetails = inputArtifactDetails
            self.outputArtifactDetails = outputArtifactDetails
        }

        /// Reads a type; members beside the id may be absent.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func read<Member: Decodable>(_ key: CodingKeys) throws -> Member? {
                try container.decodeIfPresent(Member.self, forKey: key)
            }
            id = try container.decode(ActionTypeID.self, forKey: .id)
            settings = try read(.settings)
            configurationProperties = try read(.configurationProperties) ?? []
            inputArtifactDetails = try read(.inputArtifactDetails) ?? .none
            outputArtifactDetails = try read(.outputArtifactDetails) ?? .none
        }

        private enum CodingKeys: String, CodingKey {
            case id
            case settings
            case configurationProperties = "actionConfigurationProperties"
            case inputArtifactDetails
            case outputArtifactDetails
        }
    }

    /// Links that the console shows; each at most 2048 characters.
    public struct ActionTypeSettings: Sendable, Hashable, Codable {
        /// Where a user of a third party's action signs up.
        package var thirdPartyConfigurationURL: String?
        /// The link on the action; may hold `{Config:name}`.
        package var entityURLTemplate: String?
        /// The link to a run; may hold `{Config:name}` and `{ExternalExecutionId}`.
        package var executionURLTemplate: String?
        /// The link to a revision.
        package var revisionURLTemplate: String?

        /// Creates settings.
        public init(
            thirdPartyConfigurationURL: String? = nil,
            entityURLTemplate: String? = nil,
            executionURLTemplate: String? = nil,
            revisionURLTemplate: String? = nil
        ) {
            self.thirdPartyConfigurationURL = thirdPartyConfigurationURL
            self.entityURLTemplate = entityURLTemplate
            self.executionURLTemplate = executionURLTemplate
            self.revisionURLTemplate = revisionURLTemplate
        }

        /// Writes the links that aren't empty.
        ///
        /// - Throws: The encoder's error.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            for (key, text) in [
                (CodingKeys.thirdPartyConfigurationURL, thirdPartyConfigurationURL),
                (.entityURLTemplate, entityURLTemplate), (.executionURLTemplate, executionURLTemplate),
                (.revisionURLTemplate, revisionURLTemplate),
            ] where text?.isEmpty == false {
                try container.encodeIfPresent(text, forKey: key)
            }
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case thirdPartyConfigurationURL = "thirdPartyConfigurationUrl"
            case entityURLTemplate = "entityUrlTemplate"
            case executionURLTemplate = "executionUrlTemplate"
            case revisionURLTemplate = "revisionUrlTemplate"
        }
    }

    /// A property that a pipeline's author fills in.
    public struct ActionConfigurationProperty: Sendable, Hashable, Codable {
        /// The property's name, at most 50 characters.
        public var name: String
        /// Whether it has to be filled in.
        package var required: Bool
        /// Whether its value belongs to what the action is known by.
        package var key: Bool
        /// Whether its value is hidden in the console.
        package var secret: Bool
        /// Whether jobs can be polled for by its value; at most one property of a type.
        package var queryable: Bool
        /// A hint for the author, at most 160 characters.
        package var description: String?
        /// The type of its value.
        package var type: PropertyType?

        /// Creates a property.
        public init(
            name: String,
            required: Bool,
            key: Bool,
            secret: Bool,
            queryable: Bool = false,
            description: String? = nil
        ) {
            self.name = name
            self.required = required
            self.key = key
            self.secret = secret
            self.queryable = queryable
            self.description = description
        }

        /// Creates a property whose value has a type.
        package init(
            name: String,
            required: Bool,
            key: Bool,
            secret: Bool,
            queryable: Bool = false,
            description: String? = nil,
            type: PropertyType
        ) {
            self.init(
                name: name,
                required: required,
                key: key,
                secret: secret,
                queryable: queryable,
                description: description
            )
            self.type = type
        }

        /// Reads a property; what has a natural default may be absent.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            required = try container.decode(Bool.self, forKey: .required)
            key = try container.decode(Bool.self, forKey: .key)
            secret = try container.decode(Bool.self, forKey: .secret)
            queryable = try container.decodeIfPresent(Bool.self, forKey: .queryable) ?? false
            description = try container.decodeIfPresent(String.self, forKey: .description)
                .flatMap { $0.isEmpty ? nil : $0 }
            type = try container.decodeIfPresent(PropertyType.self, forKey: .type)
        }

        /// Writes a property, without an empty description.
        ///
        /// - Throws: The encoder's error.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try container.encode(required, forKey: .required)
            try container.encode(key, forKey: .key)
            try container.encode(secret, forKey: .secret)
            try container.encode(queryable, forKey: .queryable)
            if let description, !description.isEmpty { try container.encode(description, forKey: .description) }
            try container.encodeIfPresent(type, forKey: .type)
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case name
            case required
            case key
            case secret
            case queryable
            case description
            case type
        }
    }

    /// How many artifacts an action reads or writes, each number from 0 to 5.
    public struct ArtifactDetails: Sendable, Hashable, Codable {
        /// The fewest.
        package var minimumCount: Int
        /// The most.
        package var maximumCount: Int

        /// Creates a range.
        public init(minimumCount: Int = 0, maximumCount: Int = 0) {
            self.minimumCount = minimumCount
            self.maximumCount = maximumCount
        }

        /// No artifacts.
        package static let none = Self(minimumCount: 0, maximumCount: 0)

        enum CodingKeys: String, CodingKey, CaseIterable {
            case minimumCount
            case maximumCount
        }
    }
}
