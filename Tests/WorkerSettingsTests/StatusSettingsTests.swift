import Testing
import WorkerStatus
import WorkerTestSupport

@testable import WorkerSettings

@Suite("The setting of the status page's address")
struct StatusSettingsTests {
    @Test(arguments: [":", "on", "8080 ", "localhost:8080", "http://127.0.0.1:80"])
    func `is one problem where it is no address`(text: String) async {
        let problems = await Given.problems(["QUALI_STATUS_ADDRESS": text])
        #expect(Array(problems.keys) == ["QUALI_STATUS_ADDRESS"])
        #expect(problems.values.first?.contains("127.0.0.1:8080") == true)
    }

    @Test func `is off where nobody says anything, and is warned of where others reach it`() async throws {
        let warning = "is open to other hosts: QUALI_STATUS_ADDRESS is 0.0.0.0:8080"
        for (text, isOn, warnings) in [("off", false, 0), ("8080", true, 0), ("0.0.0.0:8080", true, 1)] {
            let settings = try await Given.settings(["QUALI_STATUS_ADDRESS": text])
            #expect((settings.status.address != nil) == isOn)
            #expect(settings.warnings.count { $0.hasSuffix(warning) } == warnings)
        }
        #expect(try await Given.settings().status.address == nil)
    }

    @Test func `has metrics in the log only if they are wanted, which is reason enough to look after the lab`()
        async throws
    {
        for (text, interval) in [("0", nil), ("60", .seconds(60)), ("0.5", .milliseconds(500))] as [(String, Duration?)]
        {
            let status = try await Given.settings(["QUALI_EMF_SECONDS": text]).status
            #expect(status.metricsLogInterval == interval && status.isWatched == (interval != nil), "\(text)")
        }
        #expect(try await Given.settings(["QUALI_STATUS_ADDRESS": "8080"]).status.isWatched)
        #expect(try await !Given.settings([:]).status.isWatched)
        for text in ["-1", "often", "3601"] {
            #expect(await Array(Given.problems(["QUALI_EMF_SECONDS": text]).keys) == ["QUALI_EMF_SECONDS"], "\(text)")
        }
    }
}
