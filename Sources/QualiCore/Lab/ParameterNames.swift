/// What the messages of jobs and the checks call the parameters of a worker when they say which to change.
///
/// A program whose users know them by other names, such as those of its settings, gives these.
public struct ParameterNames: Sendable {
    /// The address of the lab's Sandbox API.
    public var labURL = "lab.url"
    /// The lab's user.
    public var labUser = "lab.username"
    /// The user's password.
    public var labPassword = "lab.password"
    /// The domain in the lab.
    public var labDomain = "lab.domain"
    /// The certificates to trust for the lab.
    public var labCertificates = "the lab client's caBundle"
    /// The lab's proxy.
    public var labProxy = "the lab client's proxy"
    /// The lab's proxy, and the value with which the lab is reached without one.
    public var labWithoutProxy = "the lab client's proxy .none"
    /// The pipelines' region.
    public var region = "aws.region"
    /// The certificates to trust for AWS.
    public var awsCertificates = "the AWS client's caBundle"
    /// AWS's proxy, where the environment names none.
    public var awsProxy = "HTTPS_PROXY"
    /// CodePipeline's endpoint.
    public var codePipelineEndpoint = "aws.codePipelineEndpoint"
    /// STS's endpoint.
    public var stsEndpoint = "aws.stsEndpoint"
    /// What is said of credentials that the chain's source "the environment" has given.
    public var environment = "the environment"
    /// The version of the action types.
    public var actionVersion = "actions.version"
    /// The lab's name, by which several labs share action types.
    public var labName = "actions.labName"
    /// What gives the default of a property, by its name, where a pipeline can't give the property.
    public var propertyDefault: @Sendable (_ property: String) -> String = { "propertyDefaults (\($0))" }
    /// How run actions find their components.
    public var componentMatch = "componentMatch"
    /// What tells the names that the lab's certificate is for; `nil` where the program has nothing that does.
    public var certificateCheck: String?
    /// The worker's state folder.
    public var stateFolder = "stateFolder"
    /// What registers the action types under a version.
    public var registration: @Sendable (_ version: String) -> String = {
        "ActionRegistrar.install(_:) with version \($0)"
    }
    /// What prints the policy with a worker's rights.
    public var workerPolicy = "IAMPolicy(for: .worker)"
    /// What prints the policy with the rights to register action types.
    public var registrarPolicy = "IAMPolicy(for: .registrar)"

    /// The names of the library's own parameters.
    public init() {}
}
