import HTTPTransport
import LocalCloud
import TestSupport
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("Labs that share action types", .serialized, .timeLimit(.minutes(2)))
struct LabNameTests {
    private static func actions(_ labName: String?) -> QualiActions {
        var actions = QualiActions()
        actions.labName = labName
        return actions
    }

    private static func begin(_ site: Site, _ labName: String) throws -> String {
        var end = Site.endAction()
        end.configuration["LabName"] = labName
        return try site.begin([Site.startAction(["LabName": labName]), end])
    }

    private static func expectSuccess(_ site: Site, _ execution: String) async throws {
        let end = try await site.cloud.codePipeline.end(of: execution)
        #expect(end.status == "Succeeded", "\(end.actions.map { $0.errorMessage ?? "" })")
    }

    @Test func `a worker takes the jobs with its lab's name, and one without a name says why it gets none`()
        async throws
    {
        try await LocalCloud.withRunning { cloud in
            cloud.lab.add(Site.blueprint())
            let paris = try await Site.serve(cloud, actions: Self.actions("berlin")) { site in
                let paris = try Self.begin(site, "paris")
                try await Self.expectSuccess(site, Self.begin(site, "berlin"))
                #expect(cloud.lab.sandboxes.count == 1)
                return paris
            }
            try await Site.serve(cloud, actions: Self.actions(nil)) { site in
                await site.log.wait { $0.contains { $0.contains("must be polled with a value") } }
            }
            #expect(cloud.lab.sandboxes.count == 1)
            try await Site.serve(cloud, actions: Self.actions("paris")) { try await Self.expectSuccess($0, paris) }
            #expect(cloud.lab.sandboxes.count == 2)
        }
    }
}
