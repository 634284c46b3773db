import ArgumentParser
import Foundation
import LocalCloud
import WorkerSettings

/// `quali-worker demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a pipeline with a sandbox, against stand-ins of AWS and of a lab on this machine.",
        discussion: """
            Nothing else is needed: no AWS account, no lab, no settings. The worker is the one of 'quali-worker run', \
            with real requests and signatures; only what answers them is a stand-in. With --stay the stand-ins and \
            the worker stay until Ctrl-C, for the AWS CLI, boto3 or a second worker; with --stay --no-worker the stand-ins \
            alone, for a worker of yours.
            """
    )

    @Flag(help: "Go on until Ctrl-C, and print the environment for other tools first.")
    var stay = false
    @Flag(help: "With --stay: run no worker, so that one of yours takes the jobs.")
    var noWorker = false
    @Option(
        help: ArgumentHelp(
            "How long the lab takes for a setup, a command or a teardown (default: 3, 1 and 2).",
            valueName: "seconds"
        )
    )
    var pace: Double?
    @OptionGroup(title: "Log") var log: LogOptions

    func validate() throws {
        guard (0...600).contains(pace ?? 0) else { throw ValidationError("--pace takes seconds from 0 to 600.") }
        if noWorker, !stay { throw ValidationError("--no-worker is about --stay.") }
    }

    func run() async throws {
        // The stand-ins are on this machine, whatever proxy the environment names.
        unsafe setenv("no_proxy", "127.0.0.1,localhost", 1)
        let story = DemoStory()
        var options = LocalCloud.Options()
        options.blueprints = DemoLab.blueprints(pace: pace.map { .seconds($0) })
        try await LocalCloud.withRunning(options) { cloud in
            story.line("Stand-ins on this machine:")
            story.line("   CodePipeline     \(cloud.codePipelineURL)")
            story.line("   S3               \(cloud.s3URL)")
            story.line("   CloudShell lab   \(cloud.labURL)")
            try await Demo(cloud, story: story, log: log.flags).run(stays: stay, hasWorker: !noWorker)
        }
    }
}
