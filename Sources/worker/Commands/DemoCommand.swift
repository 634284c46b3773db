import ArgumentParser
import Foundation
import LocalCloud
import PipelinePlan
import QualiCore
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

            --pipeline runs a definition of your own: the JSON of 'aws codepipeline get-pipeline' or a CloudFormation \
            template, of which the first pipeline is taken. The three actions are real. All other actions succeed with \
            the artifacts that they declare, approvals too. The lab has what the pipeline asks for, or what a file has that \
            'quali-worker plan' has recorded. At the end it says which sandboxes are left behind; the exit status is 1 \
            then.
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
    @Option(help: ArgumentHelp("Run this definition of a pipeline.", valueName: "file")) var pipeline: String?
    @Option(help: ArgumentHelp("With --pipeline: what its sources bring.", valueName: "folder")) var source: String?
    @Option(help: ArgumentHelp("With --pipeline: take the lab from a file of plan's --record.", valueName: "file"))
    var lab: String?
    @Option(help: ArgumentHelp("With --pipeline: let this action fail, such as Test/Run.", valueName: "action"))
    var fail: String?
    @Option(help: ArgumentHelp("With --pipeline: stop the execution after this time.", valueName: "seconds"))
    var stopAfter: String?
    @OptionGroup(title: "Log") var log: LogOptions

    /// The time of `--stop-after`, such as `40` or `40s`.
    private var stopTime: Duration? {
        stopAfter.flatMap { Double($0.hasSuffix("s") ? String($0.dropLast()) : $0) }.flatMap { seconds in
            (0...3_600).contains(seconds) ? .seconds(seconds) : nil
        }
    }

    func validate() throws {
        guard (0...600).contains(pace ?? 0) else { throw ValidationError("--pace takes seconds from 0 to 600.") }
        if noWorker, !stay { throw ValidationError("--no-worker is about --stay.") }
        if noWorker, pipeline != nil {
            throw ValidationError("--no-worker and --pipeline are both given. Wanted: one of them.")
        }
        if pipeline == nil, source != nil || lab != nil || fail != nil || stopAfter != nil {
            throw ValidationError("--source, --lab, --fail and --stop-after are about --pipeline.")
        }
        if let stopAfter, stopTime == nil {
            throw ValidationError("--stop-after is '\(stopAfter)'. Wanted: seconds from 0 to 3600, such as 40s.")
        }
    }

    func run() async throws {
        // The stand-ins are on this machine, whatever proxy the environment names.
        unsafe setenv("no_proxy", "127.0.0.1,localhost", 1)
        let story = DemoStory()
        var options = LocalCloud.Options()
        let own = try await self.own()
        options.blueprints = DemoLab.blueprints(own?.definition.blueprints, pace: pace.map { .seconds($0) })
        try await LocalCloud.withRunning(options) { cloud in
            story.line("Stand-ins on this machine:")
            story.line("   CodePipeline     \(cloud.codePipelineURL)")
            story.line("   S3               \(cloud.s3URL)")
            story.line("   CloudShell lab   \(cloud.labURL)")
            try await Demo(cloud, story: story, log: log.flags, own: own).run(stays: stay, hasWorker: !noWorker)
        }
    }

    private func own() async throws -> Demo.Own? {
        guard let pipeline else { return nil }
        var record: LabRecord?
        if let lab { record = try await PlanCommand.record(in: lab) }
        let definition = try DemoDefinition(
            try await PlanCommand.content(of: pipeline),
            lab: record,
            failing: fail,
            names: QualiActions()
        )
        let played = try await PlayedActions(definition.played, folder: source)
        return Demo.Own(definition: definition, played: played, stop: stopTime)
    }
}
