extension CodePipeline {
    /// Where in which pipeline a job belongs.
    public struct PipelineContext: Sendable, Hashable, Codable {
        /// The pipeline's name.
        public var pipelineName: String?
        /// The pipeline's ARN.
        package var pipelineARN: String?
        /// The id of the pipeline's run.
        public var pipelineExecutionID: String?
        /// The stage's name.
        public var stageName: String?
        /// The action's name.
        public var actionName: String?
        /// The id of the action's run: the same over all continuations, so the key for idempotency.
        public var actionExecutionID: String?

        /// Creates a context.
        package init(
            pipelineName: String? = nil,
            pipelineARN: String? = nil,
            pipelineExecutionID: String? = nil,
            stageName: String? = nil,
            actionName: String? = nil,
            actionExecutionID: String? = nil
        ) {
            self.pipelineName = pipelineName
            self.pipelineARN = pipelineARN
            self.pipelineExecutionID = pipelineExecutionID
            self.stageName = stageName
            self.actionName = actionName
            self.actionExecutionID = actionExecutionID
        }

        /// Reads the form of the wire, where stage and action are objects.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let wire = try Wire(from: decoder)
            self.init(
                pipelineName: wire.pipelineName,
                pipelineARN: wire.pipelineArn,
                pipelineExecutionID: wire.pipelineExecutionId,
                stageName: wire.stage?.name,
                actionName: wire.action?.name,
                actionExecutionID: wire.action?.actionExecutionId
            )
        }

        /// Writes the form of the wire.
        ///
        /// - Throws: The encoder's error.
        public func encode(to encoder: any Encoder) throws {
            let hasAction = actionName != nil || actionExecutionID != nil
            try Wire(
                pipelineName: pipelineName,
                pipelineArn: pipelineARN,
                pipelineExecutionId: pipelineExecutionID,
                stage: stageName.map { Wire.Stage(name: $0) },
                action: hasAction ? Wire.Action(name: actionName, actionExecutionId: actionExecutionID) : nil
            ).encode(to: encoder)
        }

        private struct Wire: Codable {
            struct Stage: Codable { var name: String? }
            struct Action: Codable {
                var name: String?
                var actionExecutionId: String?
            }
            var pipelineName: String?
            var pipelineArn: String?
            var pipelineExecutionId: String?
            var stage: Stage?
            var action: Action?
        }
    }

    /// An object in S3 that actions hand on.
    public struct Artifact: Sendable, Hashable, Codable {
        /// The artifact's name in the pipeline.
        public var name: String
        /// A commit's id or an object's version, for people; often absent.
        package var revision: String?
        /// The bucket.
        public var bucket: String
        /// The object's key, to be used as it is.
        public var key: String

        /// Creates an artifact.
        package init(name: String, revision: String? = nil, bucket: String, key: String) {
            self.name = name
            self.revision = revision
            self.bucket = bucket
            self.key = key
        }

        /// Reads the form of the wire, where bucket and key stand under `location.s3Location`.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let wire = try Wire(from: decoder)
            self.init(
                name: wire.name ?? "",
                revision: wire.revision,
                bucket: wire.location.s3Location.bucketName,
                key: wire.location.s3Location.objectKey
            )
        }

        /// Writes the form of the wire.
        ///
        /// - Throws: The encoder's error.
        public func encode(to encoder: any Encoder) throws {
            let location = Wire.S3Location(bucketName: bucket, objectKey: key)
            try Wire(name: name, revision: revision, location: .init(type: "S3", s3Location: location))
                .encode(to: encoder)
        }

        private struct Wire: Codable {
            struct S3Location: Codable {
                var bucketName: String
                var objectKey: String
            }
            struct Location: Codable {
                var type: String?
                var s3Location: S3Location
            }
            var name: String?
            var revision: String?
            var location: Location
        }
    }

    /// The key that artifacts are encrypted with.
    public struct EncryptionKey: Sendable, Hashable, Codable {
        /// A key's id or ARN, or an alias' ARN.
        public var id: String
        /// Always `KMS`.
        package var type: String

        /// Creates a key.
        package init(id: String, type: String = "KMS") {
            self.id = id
            self.type = type
        }

        /// Reads a key; its type may be absent.
        ///
        /// - Throws: `DecodingError` for what isn't of this form.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            type = try container.decodeIfPresent(String.self, forKey: .type) ?? "KMS"
        }
    }
}
