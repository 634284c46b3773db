/// How the stand-in of S3 behaves where tests want a choice.
public struct S3Behavior: Sendable {
    /// Whether signatures are verified.
    public var verifiesSignatures = true
    /// How far the time of a signature may be from the real one.
    public var signatureTolerance: Duration = .seconds(900)
    /// Whether a bucket is made by the first object that's put into it.
    public var createsBuckets = false
    /// Whether a job's credentials get `AccessDenied` instead of `NoSuchKey` for an object that isn't there.
    ///
    /// S3 answers so whoever may not list the bucket, and a job's credentials most likely may not.
    public var hidesAbsentObjectsFromJobs = true

    /// Creates the default behavior.
    public init() {}
}

/// What a bucket's policy asks of uploads.
public struct BucketPolicy: Sendable, Hashable {
    /// Whether an upload must say `x-amz-server-side-encryption: aws:kms`, as CodePipeline's own buckets have it.
    public var requiresKMS: Bool
    /// The key that an upload must name; where it's `nil`, an upload must name none.
    public var keyID: String?

    /// Creates a policy.
    public init(requiresKMS: Bool = true, keyID: String? = nil) {
        self.requiresKMS = requiresKMS
        self.keyID = keyID
    }

    /// Takes any upload.
    public static var open: BucketPolicy { BucketPolicy(requiresKMS: false) }
}
