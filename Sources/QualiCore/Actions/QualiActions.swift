public import AWSLite

/// The three action types: their names, their version, and their definitions as CodePipeline registers them.
public struct QualiActions: Sendable, Hashable {
    /// The version of all three; a definition can't be changed under a version once it is registered.
    public var version = "1"
    /// The provider name of the action that starts a sandbox.
    public var startSandbox = "Quali-Start-Sandbox"
    /// The provider name of the action that runs a command.
    public var runCommand = "Quali-Run-Command"
    /// The provider name of the action that ends a sandbox.
    public var endSandbox = "Quali-End-Sandbox"

    /// The value of the property ``labNameProperty`` that jobs must have; `nil` for types without that property.
    ///
    /// 1 to 50 of the characters A-Z, a-z, 0-9, - and _. Definitions depend on whether there is a name, not on which:
    /// workers of several labs poll the same types, each for its own name.
    public var labName: String?

    /// The queryable property of types that several labs share.
    package static let labNameProperty = "LabName"

    /// Creates the default names.
    public init() {}

    /// What a worker polls for.
    public var typeIDs: [CodePipeline.ActionTypeID] {
        definitions().map { .init(category: $0.category, provider: $0.provider, version: $0.version) }
    }

    /// The handlers of the three, bound to their types.
    ///
    /// `keeper` looks after the sandboxes; `nil` for nobody. `defaults` is what optional properties say where a job
    /// doesn't.
    package func jobActions(
        lab: LabAccess,
        keeper: SandboxKeeper? = nil,
        defaults: PropertyDefaults = PropertyDefaults()
    ) -> [JobAction] {
        let types = typeIDs
        var actions = [
            JobAction(types[0], handler: StartSandbox(lab: lab, keeper: keeper)),
            JobAction(types[1], handler: RunCommand(lab: lab, keeper: keeper)),
            JobAction(types[2], handler: EndSandbox(lab: lab.urgent, keeper: keeper), freesResources: true),
        ]
        for index in actions.indices {
            actions[index].externalExecutionName = "sandbox"
            actions[index].propertyDefaults = defaults.texts
            if let labName { actions[index].queryParameters = [Self.labNameProperty: labName] }
        }
        return actions
    }

    /// Defines the three action types.
    ///
    /// - Parameter portal: Where the console's links lead; without it the actions have none.
    /// - Returns: The definitions of start, run and end, in this order.
    public func definitions(portal: PortalLinks? = nil) -> [CodePipeline.CustomActionType] {
        let settings = portal.map {
            CodePipeline.ActionTypeSettings(
                entityURLTemplate: $0.home + "/",
                executionURLTemplate: $0.executionURLTemplate
            )
        }
        func type(
            _ category: CodePipeline.ActionCategory,
            _ provider: String,
            inputs: Int,
            outputs: Int,
            _ properties: [CodePipeline.ActionConfigurationProperty]
        ) -> CodePipeline.CustomActionType {
            .init(
                category: category,
                provider: provider,
                version: version,
                settings: settings,
                configurationProperties: (labName == nil ? [] : [Self.labProperty]) + properties,
                inputArtifactDetails: .init(minimumCount: 0, maximumCount: inputs),
                outputArtifactDetails: .init(minimumCount: 0, maximumCount: outputs)
            )
        }
        return [
            type(.deploy, startSandbox, inputs: 0, outputs: 1, Self.startProperties),
            type(.test, runCommand, inputs: 1, outputs: 1, Self.runProperties),
            type(.deploy, endSandbox, inputs: 1, outputs: 0, Self.endProperties),
        ]
    }

    // The names of the original worker's properties must stay: pipelines in the field use them.

    private static let labProperty = CodePipeline.ActionConfigurationProperty(
        name: labNameProperty,
        required: true,
        key: true,
        secret: false,
        queryable: true,
        description: "The lab that runs this action, by the name that its worker has; at most 20 characters.",
        type: .string
    )

    private static let startProperties = [
        required("BlueprintName", "Name or id of a public blueprint."),
        optional(
            "InputsJSON",
            #"Blueprint inputs as a flat JSON dictionary, such as {"Cloud": "AWS"}; blank for none."#
        ),
        optional(
            "SandboxName",
            "The sandbox's name; a short tag is added. Default: the blueprint's name - CodePipeline."
        ),
        required("DurationInMinutes", "How long the sandbox is reserved, its setup included.", .number),
        optional(
            .setupTimeout,
            "How long to wait for the setup. Default: 30, or twice the blueprint's estimate if that is more.",
            .number
        ),
        optional(.onSetupFailure, "End or Keep the sandbox when this action fails after its start. Default: End."),
        optional(
            .waitForResources,
            "How long to retry while other sandboxes hold the resources. Default: 0.",
            .number
        ),
        optional(.artifactFormat, "zip (sandbox.json in an archive) or json (that file alone). Default: zip."),
        optional(
            StartOptions.property,
            "A JSON dictionary of EndWithPipeline, MaxDurationInMinutes and PermittedUsers; blank for none."
        ),
    ]

    private static let runProperties = [
        required(
            "ComponentName",
            "A component's exact name, a regular expression that matches one whole name, model:MODEL for the one of that model, or SANDBOX."
        ),
        required("CommandName", "The command's internal name."),
        optional("ArgumentsJSON", #"Arguments as a flat JSON dictionary, such as {"Version": "1.2"}; blank for none."#),
        optional(.commandTimeout, "How long the command may take before it is cancelled. Default: 15.", .number),
        optional(
            .onCommandFailure,
            "Fail, or Continue: a failed command lets the action succeed with CommandStatus = Failed. Default: Fail."
        ),
        optional("SandboxId", "The sandbox, where no input artifact names it, such as #{lab.SandboxId}."),
    ]

    private static let endProperties = [
        optional(
            .waitForTeardown,
            "true to wait for the teardown and to fail when it reports errors. Default: false."
        ),
        optional(.teardownTimeout, "How long to wait for the teardown. Default: 30.", .number),
        optional("SandboxId", "The sandbox, where no input artifact names it, such as #{lab.SandboxId}."),
    ]

    private static func required(
        _ name: String,
        _ description: String,
        _ type: CodePipeline.PropertyType = .string
    ) -> CodePipeline.ActionConfigurationProperty {
        .init(name: name, required: true, key: true, secret: false, description: description, type: type)
    }

    private static func optional(
        _ name: String,
        _ description: String,
        _ type: CodePipeline.PropertyType = .string
    ) -> CodePipeline.ActionConfigurationProperty {
        .init(name: name, required: false, key: true, secret: false, description: description, type: type)
    }

    private static func optional(
        _ property: PropertyDefaults.Property,
        _ description: String,
        _ type: CodePipeline.PropertyType = .string
    ) -> CodePipeline.ActionConfigurationProperty {
        optional(property.rawValue, description, type)
    }
}
