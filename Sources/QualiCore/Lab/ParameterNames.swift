/// What the messages of jobs and the checks call the parameters of a worker when they say which to change.
///
/// A program whose users know them by other names, such as those of its settings, gives these.
package struct ParameterNames: Sendable {
    /// The address of the lab's Sandbox API.
    package var labURL = "lab.url"
    /// The lab's user.
    package var labUser = "lab.username"
    /// The user's password.
    package var labPassword = "lab.password"
    /// The domain in the lab.
    package var labDomain = "lab.domain"
    /// The certificates to trust for the lab.
    package var labCertificates = "the lab client's caBundle"
    /// The lab's proxy.
    package var labProxy = "the lab client's proxy"
    /// The lab's proxy, and the value with which the lab is reached without one.
    package var labWithoutProxy = "the lab client's proxy .none"
    /// The pipelines' region.
    package var region = "aws.region"
    /// The certificates to trust for AWS.
    package var awsCertificates = "the AWS client's caBundle"
    /// AWS's proxy, where the environment names none.
    package var awsProxy = "HTTPS_PROXY"
    /// CodePipeline's endpoint.
    package var codePipelineEndpoint = "aws.codePipelineEndpoint"
    /// STS's endpoint.
    package var stsEndpoint = "aws.stsEndpoint"
    /// What is said of credentials that the chain's source "the environment" has given.
    package var environment = "the environment"
    /// The version of the action types.
    package var actionVersion = "actions.version"
    /// The lab's name, by which several labs share action types.
    package var labName = "actions.labName"
    /// What gives the default of a property, by its name, where a pipeline can't give the property.
    package var propertyDefault: @Sendable (_ property: String) -> String = { "propertyDefaults (\($0))" }
    /// How run actions find their components.
    package var componentMatch = "componentMatch"
    /// What tells the names that the lab's certificate is for; `nil` where the program has nothing that does.
    package var certificateCheck: String?
    /// The worker's state folder.
    package var stateFolder = "stateFolder"
    /// What registers the action types under a version.
    package var registration: @Sendable (_ version: String) -> String = {
        "ActionRegistrar.install(_:) with version \($0)"
    }
    /// What prints the policy with a worker's rights.
    package var workerPolicy = "IAMPolicy(for: .worker)"
    /// What prints the policy with the rights to register action types.
    package var registrarPolicy = "IAMPolicy(for: .registrar)"

    /// The names of the library's own parameters.
    package init() {}
}
