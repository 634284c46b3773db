/// How the stand-in of S3 behaves where tests want a choice.
package struct S3Behavior: Sendable {
    /// Whether signatures are verified.
    package var verifiesSignatures = true
    /// How far the time of a signature may be from the real one.
    package var signatureTolerance: Duration = .seconds(900)
    /// Whether a bucket is made by the first object that's put into it.
    package var createsBuckets = false
    /// Whether a job's credentials get `AccessDenied` instead of `NoSuchKey` for an object that isn't there.
    ///
    /// S3 answers so whoever may not list the bucket, and a job's credentials most likely may not.
    package var hidesAbsentObjectsFromJobs = true

    /// Creates the default behavior.
    package init() {}
}

/// What a bucket's policy asks of uploads.
package struct BucketPolicy: Sendable, Hashable {
    /// Whether an upload must say `x-amz-server-side-encryption: aws:kms`, as CodePipeline's own buckets have it.
    package var requiresKMS: Bool
    /// The key that an upload must name; where it's `nil`, an upload must name none.
    package var keyID: String?

    /// Creates a policy.
    package init(requiresKMS: Bool = true, keyID: String? = nil) {
        self.requiresKMS = requiresKMS
        self.keyID = keyID
    }

    /// Takes any upload.
    package static var open: BucketPolicy { BucketPolicy(requiresKMS: false) }
}
