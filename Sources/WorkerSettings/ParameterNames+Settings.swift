package import QualiCore

extension ParameterNames {
    /// The names of the settings that give a worker's parameters.
    package static var settings: Self {
        var names = Self()
        names.labURL = Setting.labURL.name
        names.labUser = Setting.labUser.name
        names.labPassword = Setting.labPassword.name
        names.labDomain = Setting.labDomain.name
        names.labCertificates = Setting.labCABundle.name
        names.labProxy = Setting.labProxy.name
        names.labWithoutProxy = "\(Setting.labProxy.name)=none"
        names.region = Setting.region.name
        names.awsCertificates = Setting.awsCABundle.name
        names.awsProxy = Setting.proxy.name
        names.codePipelineEndpoint = Setting.codePipelineEndpoint.name
        names.stsEndpoint = Setting.stsEndpoint.name
        names.actionVersion = Setting.actionVersion.name
        names.labName = Setting.labName.name
        names.propertyDefault = { PropertyDefaults.Property(rawValue: $0)?.setting ?? $0 }
        names.componentMatch = Setting.componentMatch.name
        names.stateFolder = Setting.stateDirectory.name
        names.certificateCheck = "'quali-worker check'"
        return names
    }
}
