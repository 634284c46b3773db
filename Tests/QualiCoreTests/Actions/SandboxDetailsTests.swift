import Foundation
import LocalCloud
import SandboxAPI
import Testing

@testable import QualiCore

@Suite("The variable SandboxDetails", .timeLimit(.minutes(1)))
struct SandboxDetailsTests {
    @Test func `has name, type and address of each component, as far as the lab tells them`() throws {
        let components = [
            Component(id: "1", name: "web/1", type: .application, model: "M", address: "10.0.0.2"),
            Component(id: "2", name: "\"bare\""),
        ]
        #expect(
            try SandboxDetails.text(components)
                == #"{"components":[{"address":"10.0.0.2","name":"web/1","type":"Application"},{"name":"\"bare\""}]}"#
        )
        #expect(try SandboxDetails.text([]) == #"{"components":[]}"#)
    }

    @Test(arguments: [0, 1, 1_000, 1_500, 5_000])
    func `is cut by whole components, and says how many are left out`(count: Int) throws {
        let components = (0..<count).map {
            Component(id: "", name: "Gerät \($0)", type: .resource, address: "10.0.\($0 / 256).\($0 % 256)")
        }
        let text = try SandboxDetails.text(components)
        #expect(text.utf8.count <= 100_000)
        let json = try JSON(parsing: Data(text.utf8))
        let kept = try #require(json["components"]?.array)
        #expect(kept.compactMap { $0["name"]?.string } == components.prefix(kept.count).map(\.name))
        #expect(json["omitted"] == (kept.count == count ? nil : .integer(count - kept.count)))
        // No more is left out than has to be.
        #expect(kept.count == count || text.utf8.count > 99_800)
    }

    @Test func `keeps its limit with the note on what is left out, wherever the cut is`() throws {
        let components = (0..<12).map { Component(id: "", name: "c\($0)") }
        for limit in 60...300 {
            let text = try SandboxDetails.text(components, limit: limit)
            #expect(text.utf8.count <= limit)
            let json = try JSON(parsing: Data(text.utf8))
            #expect(json["omitted"] != nil || json["components"]?.array?.count == 12)
        }
    }

    @Test func `leaves out a component that is too long by itself`() throws {
        let components = [Component(id: "", name: String(repeating: "x", count: 200_000))]
        #expect(try SandboxDetails.text(components) == #"{"components":[],"omitted":1}"#)
    }

    @Test func `is set by a start, without secrets`() async throws {
        var blueprint = Site.blueprint()
        blueprint.components.append(
            LabComponent(
                name: "console",
                kind: .resource,
                model: "Console",
                address: "https://ops:s3cret-of-the-web@10.0.0.4/x?token=t0ken-of-the-console"
            )
        )
        try await Site.withRunning(blueprints: [blueprint]) { site in
            let end = try await site.pipeline(Site.startAction(), Site.endAction())
            let details = try #require(end.action("Start")?.outputVariables["SandboxDetails"])
            let components = try #require(try JSON(parsing: Data(details.utf8))["components"]?.array)
            #expect(components.count == 4)
            let web = try #require(components.first { $0["name"]?.string?.hasPrefix("web-server") == true })
            #expect(web["type"] == "Application" && web["address"]?.string?.isEmpty == false)
            #expect(components.contains(["address": "10.0.0.2", "name": "core-switch", "type": "Resource"]))
            #expect(components.contains { $0["address"] == "https://10.0.0.4/x" }, "\(details)")
            #expect(!details.contains("s3cret") && !details.contains("t0ken"))
            #expect(end.action("Start")?.outputVariables.count == 4)
        }
    }
}
