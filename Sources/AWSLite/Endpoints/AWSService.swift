/// A service, by each of the names that AWS has for it.
public struct AWSService: Sendable, Hashable {
    /// The name in endpoints, and this library's own: `codepipeline`.
    package let id: String
    /// The name in signatures.
    package let signingName: String
    /// The end of `AWS_ENDPOINT_URL_…`.
    package let environmentName: String
    /// The name in a `[services …]` section of the configuration file.
    package let configurationName: String

    /// AWS CodePipeline.
    public static let codePipeline = AWSService("codepipeline")
    /// Amazon S3.
    public static let s3 = AWSService("s3")
    /// The AWS Security Token Service.
    package static let sts = AWSService("sts")

    /// IAM Identity Center's portal, which credentials come from.
    static let sso = AWSService("portal.sso", named: "sso")
    /// IAM Identity Center's tokens.
    static let ssoOIDC = AWSService("oidc", named: "sso_oidc")

    private init(_ id: String, named name: String? = nil) {
        self.id = id
        signingName = id
        environmentName = (name ?? id).uppercased()
        configurationName = name ?? id
    }
}
