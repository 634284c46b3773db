public import FoundationEssentials
import HTTPTransport
import HTTPTypes

extension S3 {
    /// How S3 encrypts an object.
    public struct ServerSideEncryption: Sendable, Hashable {
        /// The algorithm's name on the wire.
        package let algorithm: String
        /// The KMS key; `nil` for the account's own S3 key.
        package let keyID: String?

        private init(algorithm: String, keyID: String?) {
            self.algorithm = algorithm
            self.keyID = keyID
        }

        /// Encryption under a KMS key, which artifact buckets demand; `nil` for the account's own S3 key.
        public static func kms(keyID: String?) -> Self {
            Self(algorithm: "aws:kms", keyID: keyID.flatMap { $0.isEmpty ? nil : $0 })
        }

        /// Encryption under a key that S3 manages.
        package static var s3Managed: Self { Self(algorithm: "AES256", keyID: nil) }
    }

    /// What S3 says of an object that it has written.
    public struct PutObjectResult: Sendable, Hashable {
        /// The entity tag, with its quotation marks.
        public var eTag: String?
        /// The version, in a bucket that keeps versions.
        public var versionID: String?

        /// Creates a result, as a stand-in for S3 does.
        package init(eTag: String? = nil, versionID: String? = nil) {
            self.eTag = eTag
            self.versionID = versionID
        }

        init(_ reply: HTTPReply) {
            self.init(
                eTag: reply.response.headerFields[.eTag],
                versionID: reply.response.headerFields[.amz("x-amz-version-id")]
            )
        }
    }

    /// An object.
    public struct Object: Sendable, Hashable {
        /// The content.
        public var body: Data
        /// The entity tag, with its quotation marks.
        public var eTag: String?
        /// The content's type.
        public var contentType: String?
        /// The version, in a bucket that keeps versions.
        public var versionID: String?
        /// What stands under `x-amz-meta-…`, by lower-case names.
        public var metadata: [String: String]

        /// Creates an object, as a stand-in for S3 does.
        package init(
            body: Data,
            eTag: String? = nil,
            contentType: String? = nil,
            versionID: String? = nil,
            metadata: [String: String] = [:]
        ) {
            self.body = body
            self.eTag = eTag
            self.contentType = contentType
            self.versionID = versionID
            self.metadata = metadata
        }
    }

    /// What S3 says of an object without its content.
    public struct ObjectHead: Sendable, Hashable {
        /// The content's length in bytes; `nil` where S3 didn't say.
        public var contentLength: Int?
        /// The entity tag, with its quotation marks.
        public var eTag: String?
        /// The content's type.
        public var contentType: String?
        /// The version, in a bucket that keeps versions.
        public var versionID: String?
        /// The algorithm of server-side encryption.
        package var encryptionAlgorithm: String?
        /// The KMS key of server-side encryption.
        package var encryptionKeyID: String?
        /// What stands under `x-amz-meta-…`, by lower-case names.
        public var metadata: [String: String]

        /// Creates a head, as a stand-in for S3 does.
        package init(
            contentLength: Int? = nil,
            eTag: String? = nil,
            contentType: String? = nil,
            versionID: String? = nil,
            encryptionAlgorithm: String? = nil,
            encryptionKeyID: String? = nil,
            metadata: [String: String] = [:]
        ) {
            self.contentLength = contentLength
            self.eTag = eTag
            self.contentType = contentType
            self.versionID = versionID
            self.encryptionAlgorithm = encryptionAlgorithm
            self.encryptionKeyID = encryptionKeyID
            self.metadata = metadata
        }

        init(_ response: HTTPResponse) {
            let fields = response.headerFields
            let prefix = "x-amz-meta-"
            var metadata: [String: String] = [:]
            for field in fields where field.name.canonicalName.hasPrefix(prefix) {
                metadata[String(field.name.canonicalName.dropFirst(prefix.count))] = field.value
            }
            self.init(
                contentLength: fields[.contentLength].flatMap { Int($0) },
                eTag: fields[.eTag],
                contentType: fields[.contentType],
                versionID: fields[.amz("x-amz-version-id")],
                encryptionAlgorithm: fields[.amz("x-amz-server-side-encryption")],
                encryptionKeyID: fields[.amz("x-amz-server-side-encryption-aws-kms-key-id")],
                metadata: metadata
            )
        }
    }
}
