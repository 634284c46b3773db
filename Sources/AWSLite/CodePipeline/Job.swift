import HTTPTransport

extension CodePipeline {
    /// What an action type is known by.
    public struct ActionTypeID: Sendable, Hashable, Codable, CustomStringConvertible {
        /// The kind of action.
        public var category: ActionCategory
        /// Who provides it.
        public var owner: ActionOwner
        /// The type's name, at most 35 characters (25 to be safe).
        public var provider: String
        /// The version, at most 9 characters.
        public var version: String

        /// Creates an id.
        public init(category: ActionCategory, owner: ActionOwner = .custom, provider: String, version: String) {
            self.category = category
            self.owner = owner
            self.provider = provider
            self.version = version
        }

        /// The id as ARNs have it: owner, category, provider, version.
        public var description: String { "\(owner)/\(category)/\(provider)/\(version)" }

        /// Stands for an id that a reply left out.
        static let unknown = Self(
            category: .init(rawValue: ""),
            owner: .init(rawValue: ""),
            provider: "",
            version: ""
        )
    }

    /// A job as a poll hands it out.
    public struct Job: Sendable, Hashable, Decodable {
        /// The job's id; another one after each continuation.
        public var id: String
        /// What the job is acknowledged with; opaque.
        public var nonce: String
        /// The account that the pipeline belongs to.
        public var accountID: String
        /// The work.
        public var data: JobData

        /// Creates a job, as a stand-in for CodePipeline does.
        package init(id: String, nonce: String, accountID: String, data: JobData) {
            self.id = id
            self.nonce = nonce
            self.accountID = accountID
            self.data = data
        }

        /// Reads a job; its id and nonce have to be there.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            nonce = try container.decode(String.self, forKey: .nonce)
            accountID = try container.decodeIfPresent(String.self, forKey: .accountID) ?? ""
            data = try container.decodeIfPresent(JobData.self, forKey: .data) ?? JobData(actionTypeID: .unknown)
        }

        private enum CodingKeys: String, CodingKey {
            case id
            case nonce
            case accountID = "accountId"
            case data
        }
    }

    /// A job as `GetJobDetails` tells it.
    public struct JobDetails: Sendable, Hashable, Decodable {
        /// The job's id.
        public var id: String
        /// The account that the pipeline belongs to.
        public var accountID: String
        /// The work, with fresh credentials.
        public var data: JobData

        /// Creates details, as a stand-in for CodePipeline does.
        package init(id: String, accountID: String, data: JobData) {
            self.id = id
            self.accountID = accountID
            self.data = data
        }

        /// Reads the details; the id has to be there.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            accountID = try container.decodeIfPresent(String.self, forKey: .accountID) ?? ""
            data = try container.decodeIfPresent(JobData.self, forKey: .data) ?? JobData(actionTypeID: .unknown)
        }

        private enum CodingKeys: String, CodingKey {
            case id
            case accountID = "accountId"
            case data
        }
    }

    /// The work of a job.
    public struct JobData: Sendable, Hashable, Decodable {
        /// The action type; where a poll's reply leaves it out, the one that was polled for.
        public var actionTypeID: ActionTypeID
        /// The action's properties by name, a blank one absent; values may be secrets.
        public var configuration: [String: String]
        /// Pipeline, stage and action.
        public var pipelineContext: PipelineContext?
        /// What the action reads.
        public var inputArtifacts: [Artifact]
        /// What the action has to write.
        public var outputArtifacts: [Artifact]
        /// Temporary credentials for the artifacts alone; they live for about 15 minutes and don't say so.
        public var artifactCredentials: AWSCredentials?
        /// What the previous job of this action left; `nil` on an action's first job.
        public var continuationToken: String?
        /// The key to encrypt artifacts with; `nil` for the account's own S3 key.
        public var encryptionKey: EncryptionKey?

        /// Creates the data of a job, as a stand-in for CodePipeline does.
        package init(
            actionTypeID: ActionTypeID,
            configuration: [String: String] = [:],
            pipelineContext: PipelineContext? = nil,
            inputArtifacts: [Artifact] = [],
            outputArtifacts: [Artifact] = [],
            artifactCredentials: AWSCredentials? = nil,
            continuationToken: String? = nil,
            encryptionKey: EncryptionKey? = nil
        ) {
            self.actionTypeID = actionTypeID
            self.configuration = configuration
            self.pipelineContext = pipelineContext
            self.inputArtifacts = inputArtifacts
            self.outputArtifacts = outputArtifacts
            self.artifactCredentials = artifactCredentials
            self.continuationToken = continuationToken
            self.encryptionKey = encryptionKey
        }

        /// Reads the data; every member may be absent or `null`.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            struct ActionConfiguration: Decodable {
                var configuration: LenientTextMap?
            }
            struct SessionCredentials: Decodable {
                var accessKeyId: String?
                var secretAccessKey: String?
                var sessionToken: String?
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            func read<Member: Decodable>(_ key: CodingKeys, as type: Member.Type = Member.self) throws -> Member? {
                try container.decodeIfPresent(type, forKey: key)
            }
            actionTypeID = try read(.actionTypeID) ?? .unknown
            configuration = try read(.configuration, as: ActionConfiguration.self)?.configuration?.values ?? [:]
            pipelineContext = try read(.pipelineContext)
            inputArtifacts = try read(.inputArtifacts) ?? []
            outputArtifacts = try read(.outputArtifacts) ?? []
            let session: SessionCredentials? = try read(.artifactCredentials)
            if let keyID = session?.accessKeyId, let secret = session?.secretAccessKey {
                artifactCredentials = AWSCredentials(
                    accessKeyID: keyID,
                    secretAccessKey: Secret(secret),
                    sessionToken: session?.sessionToken.map { Secret($0) }
                )
            } else {
                artifactCredentials = nil
            }
            continuationToken = try read(.continuationToken, as: String.self).flatMap { $0.isEmpty ? nil : $0 }
            encryptionKey = try read(.encryptionKey)
        }

        private enum CodingKeys: String, CodingKey {
            case actionTypeID = "actionTypeId"
            case configuration = "actionConfiguration"
            case pipelineContext
            case inputArtifacts
            case outputArtifacts
            case artifactCredentials
            case continuationToken
            case encryptionKey
        }
    }
}

extension CodePipeline.JobData: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Action type and properties' names; values aren't shown, since any of them may be secret.
    public var description: String {
        "JobData(\(actionTypeID), \(configuration.keys.sorted().joined(separator: ", ")))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without the properties' values and the continuation token.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "actionTypeID": actionTypeID, "configuration": configuration.keys.sorted(),
                "pipelineContext": pipelineContext as Any, "inputArtifacts": inputArtifacts,
                "outputArtifacts": outputArtifacts, "artifactCredentials": artifactCredentials as Any,
                "encryptionKey": encryptionKey as Any,
            ]
        )
    }
}
