import LocalCloud
import WorkerTestSupport

extension Given {
    /// The environment of a worker at the stand-ins, without a lab.
    static func workerEnvironment(_ cloud: LocalCloud) -> [String: String] {
        let lab = [
            "CLOUDSHELL_URL": "http://127.0.0.1:9", "CLOUDSHELL_USER": "ci", "CLOUDSHELL_PASSWORD": "hidden-password",
            "LOG_LEVEL": "debug", "QUALI_POLL_SECONDS": "0.2",
        ]
        return cloud.environment.merging(lab) { $1 }
    }

    /// Starts a pipeline whose one action, called Start, fails without a lab, and whose executions run side by side.
    ///
    /// - Returns: The execution's id.
    static func failingExecution(in cloud: LocalCloud) throws -> String {
        let configuration = ["BlueprintName": "x", "DurationInMinutes": "-1"]
        let start = VirtualPipeline.Action(
            "Start",
            .init(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1"),
            configuration
        )
        try cloud.create(VirtualPipeline("Failing", stages: [.init("Lab", [start])], executionMode: "PARALLEL"))
        return try cloud.codePipeline.start("Failing")
    }
}
