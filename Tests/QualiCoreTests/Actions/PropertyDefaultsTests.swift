import AWSLite
import LocalCloud
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("What properties say where a job doesn't", .timeLimit(.minutes(1)))
struct PropertyDefaultsTests {
    private typealias Property = PropertyDefaults.Property

    private static let texts: [(PropertyDefaults.Property, String)] = [
        (.setupTimeout, "45"), (.onSetupFailure, "keep"), (.waitForResources, "0"), (.artifactFormat, "JSON"),
        (.commandTimeout, " 525600 "), (.waitForTeardown, "Yes"), (.teardownTimeout, "1"),
        (.onCommandFailure, "continue"),
    ]

    private static func properties(_ given: [String: String] = [:]) throws -> ActionProperties {
        var defaults = PropertyDefaults()
        for (property, text) in texts { try defaults.set(text, for: property) }
        let required = [
            "BlueprintName": "B", "DurationInMinutes": "60", "ComponentName": "C", "CommandName": "C",
        ]
        return ActionProperties(required.merging(given) { $1 }, defaults: defaults.texts)
    }

    @Test(arguments: ["", " \n", nil])
    func `counts where a property is missing or blank`(text: String?) throws {
        var given: [String: String] = [:]
        for property in Property.allCases { given[property.rawValue] = text }
        let properties = try Self.properties(given)
        let start = try StartSandbox.Configuration(properties)
        #expect(start.setupTimeout == .seconds(2_700))
        #expect(start.onSetupFailure == .keep)
        #expect(start.waitForResources == .zero)
        #expect(start.artifactFormat == .json)
        let run = try RunCommand.Configuration(properties)
        #expect(run.timeout == .seconds(31_536_000) && run.onCommandFailure == .continue)
        let end = try EndSandbox.Configuration(properties)
        #expect(end.waitForTeardown)
        #expect(end.teardownTimeout == .seconds(60))
    }

    @Test func `yields to what the pipeline says`() throws {
        let properties = try Self.properties([
            "SetupTimeoutInMinutes": "5", "OnSetupFailure": "End", "WaitForResourcesInMinutes": "7",
            "ArtifactFormat": "zip", "TimeoutInMinutes": "8", "WaitForTeardown": "false",
            "TeardownTimeoutInMinutes": "9", "OnCommandFailure": "Fail",
        ])
        let start = try StartSandbox.Configuration(properties)
        #expect(start.setupTimeout == .seconds(300) && start.waitForResources == .seconds(420))
        #expect(start.onSetupFailure == .end && start.artifactFormat == .zip)
        let run = try RunCommand.Configuration(properties)
        #expect(run.timeout == .seconds(480) && run.onCommandFailure == .fail)
        let end = try EndSandbox.Configuration(properties)
        #expect(!end.waitForTeardown && end.teardownTimeout == .seconds(540))
    }

    @Test(arguments: [
        (PropertyDefaults.Property.setupTimeout, "0", "a whole number of minutes, 1 to 525600"),
        (.setupTimeout, "1.5", "a whole number of minutes, 1 to 525600"),
        (.onSetupFailure, "Maybe", "'End' or 'Keep'"),
        (.waitForResources, "-1", "a whole number of minutes, 0 to 525600"),
        (.artifactFormat, "rar", "'zip' or 'json'"),
        (.commandTimeout, "525601", "a whole number of minutes, 1 to 525600"),
        (.onCommandFailure, "Ignore", "'Fail' or 'Continue'"),
        (.waitForTeardown, "1", "'true' or 'false'"),
        (.teardownTimeout, "soon", "a whole number of minutes, 1 to 525600"),
    ])
    func `has the limits of the property`(property: PropertyDefaults.Property, text: String, wanted: String) throws {
        var defaults = PropertyDefaults()
        let problem = try #require(throws: PropertyDefaults.Problem.self) { try defaults.set(text, for: property) }
        #expect(problem.property == property.rawValue && problem.wanted == wanted)
        #expect(defaults == PropertyDefaults())
        #expect("\(problem)" == "The default of '\(property.rawValue)' should be \(wanted)")
    }

    @Test func `takes a property by its name, and no other one`() throws {
        var (byName, defaults) = (PropertyDefaults(), PropertyDefaults())
        try byName.set("json", for: "ArtifactFormat")
        try defaults.set("json", for: .artifactFormat)
        #expect(byName == defaults)
        let problem = try #require(throws: PropertyDefaults.Problem.self) { try byName.set("id", for: "SandboxId") }
        #expect("\(problem)".hasPrefix("The default of 'SandboxId' should be that of another property: "))
        #expect(byName == defaults)
    }

    @Test func `is there for each property that the original definitions lack, but for what is one pipeline's own`() {
        let original: Set = ["InputsJSON", "SandboxName", "ArgumentsJSON"]
        let optional = QualiActions().definitions().flatMap(\.configurationProperties).filter { !$0.required }
        let wanted = Set(optional.map(\.name)).subtracting(original).subtracting(["SandboxId", "OptionsJSON"])
        #expect(Set(Property.allCases.map(\.rawValue)) == wanted)
    }

    @Test func `reaches jobs whose definitions are the original worker's, and not those that say otherwise`()
        async throws
    {
        var defaults = PropertyDefaults()
        try defaults.set("json", for: .artifactFormat)
        try defaults.set("true", for: .waitForTeardown)
        try await LocalCloud.withRunning { [defaults] cloud in
            cloud.lab.add(Site.blueprint())
            try cloud.codePipeline.register(
                Site.start,
                required: ["BlueprintName", "DurationInMinutes"],
                optional: ["InputsJSON", "SandboxName"]
            )
            try cloud.codePipeline.register(Site.end)
            try await Site.serve(cloud, defaults: defaults) { site in
                let old = try await site.pipeline(Site.startAction(), Site.endAction())
                let start = try #require(old.action("Start"))
                #expect(site.cloud.artifact("Sandbox", of: start)?.first == UInt8(ascii: "{"))
                #expect(site.lab.sandboxes.first?.state == .ended)
            }
        }
        try await LocalCloud.withRunning { [defaults] cloud in
            cloud.lab.add(Site.blueprint())
            try await Site.serve(cloud, defaults: defaults) { site in
                let end = try await site.pipeline(Site.startAction(["ArtifactFormat": "zip"]))
                let start = try #require(end.action("Start"))
                #expect(site.cloud.artifact("Sandbox", of: start)?.first == UInt8(ascii: "P"))
            }
        }
    }
}
