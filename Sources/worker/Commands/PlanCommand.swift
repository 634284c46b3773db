import AWSLite
import ArgumentParser
import Foundation
import HTTPTransport
import PipelinePlan
import SandboxAPI
import WorkerChecks
import WorkerSettings
import WorkerStatus

/// `quali-worker plan`.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Check a pipeline's definition before it runs, and say which sandboxes it leaves behind.",
        discussion: """
            It takes the JSON of 'aws codepipeline get-pipeline', or a CloudFormation template in YAML or JSON, as the CDK \
            writes it, too. Where the settings name a lab, it is asked as well, and nothing is changed there. What can't \
            be known before the deployment is left alone.

            The exit status is 0 if there is no error, 1 if there is one, and 64 for a file that can't be read. \
            Docs/plan.md explains each finding.

            \(SameOptions.advice)
            """
    )

    @Argument(help: ArgumentHelp("The definition's file; - for the standard input.", valueName: "definition"))
    var file: String?
    @Option(help: ArgumentHelp("Ask AWS for the definition of this pipeline.", valueName: "name"))
    var pipeline: String?
    @Flag(help: "Ask no lab, whatever the settings name.") var offline = false
    @Option(help: ArgumentHelp("Take the lab from a file of --record.", valueName: "file")) var lab: String?
    @Option(help: ArgumentHelp("Write what the lab has to a file, without secrets.", valueName: "file")) var record:
        String?
    @Flag(help: "Say what the original Python worker does otherwise.") var moving = false
    @Flag(help: "Print JSON; Docs/plan.md describes it.") var json = false
    @Flag(help: "Print SARIF.") var sarif = false
    @Flag(help: "Print JUnit's XML.") var junit = false
    @OptionGroup var service: ServiceOptions
    @OptionGroup var options: SameOptions

    func validate() throws {
        guard (file == nil) != (pipeline == nil) else {
            throw ValidationError("Give a definition's file or --pipeline, one of them.")
        }
        guard [json, sarif, junit].count(where: { $0 }) < 2 else {
            throw ValidationError("Give one of --json, --sarif and --junit.")
        }
        if offline, record != nil { throw ValidationError("--record asks the lab, which --offline forbids.") }
        if lab != nil, record != nil || offline {
            throw ValidationError("--lab stands in for the lab, so it goes with neither --record nor --offline.")
        }
    }

    func run() async throws {
        let sources = try options.sources(service)
        Program.exportProxies(sources)
        var reader = SettingReader(sources)
        let settings = WorkerSettings(&reader)
        let asksLab = lab == nil && !offline && (!settings.lab.url.isEmpty || record != nil)
        try check(reader, asksLab: asksLab)
        var planOptions = PlanOptions()
        planOptions.actions = settings.actions.names
        planOptions.propertyDefaults = settings.actions.propertyDefaults
        planOptions.componentMatch = settings.actions.componentMatch
        planOptions.endWithPipeline = settings.jobs.endWithPipeline
        planOptions.comparesWithOriginal = moving
        let mask = SecretRedactor(settings.secrets)
        do {
            let definition = try await definition(settings, &planOptions)
            let record = try await record(asksLab, definition, planOptions, settings)
            let plan = try await Plan.of(definition, lab: record, planOptions)
            let report = PlanReport(plan, of: file == "-" ? "standard input" : file, pipeline: pipeline)
            print(json ? try report.json() : sarif ? try report.sarif() : junit ? report.junit() : report.text)
            if !plan.isGood { throw ExitCode(1) }
        } catch let error as DefinitionError {
            throw ProgramFailure(.usage, "'\(file ?? pipeline ?? "")' \(error)".escaping(HiddenCharacters.escape))
        } catch let error as SandboxAPIError {
            throw ProgramFailure(.unavailable, "The lab: \(CheckText.line(mask("\(error)"), limit: 1_200))")
        } catch let error as AWSError {
            throw ProgramFailure(.unavailable, CheckText.line(mask("\(error)"), limit: 1_200))
        } catch let error as HTTPClientError {
            throw ProgramFailure(.software, mask("\(error)"))
        }
    }

    /// Other settings than those of what is asked may be missing.
    private func check(_ reader: SettingReader, asksLab: Bool) throws {
        let groups: [Setting.Group] =
            [.actions, .properties] + (asksLab ? [.lab] : []) + (pipeline == nil ? [] : [.aws])
        let names = Set(Setting.all.filter { groups.contains($0.group) }.flatMap(\.allNames))
        let others = Set(Setting.all.flatMap(\.allNames)).subtracting(names)
        let problems = reader.problems.filter { problem in
            names.contains(problem.name) || problem.name == Setting.endWithPipeline.name
                || pipeline != nil && !others.contains(problem.name)
        }
        guard problems.isEmpty else { throw SettingsError(problems: problems) }
    }

    private func definition(_ settings: WorkerSettings, _ options: inout PlanOptions) async throws -> Data {
        guard let pipeline else { return try await Self.content(of: file ?? "-") }
        let aws = settings.aws.client(try settings.aws.httpClient(), endpoint: settings.aws.codePipelineEndpoint)
        let client = CodePipeline(aws)
        // Who may read a pipeline needn't have the right to read the types.
        options.registered = try? await client.listActionTypes(owner: .custom)
        return try await client.pipelineDefinition(name: pipeline)
    }

    /// What a file has, or the standard input.
    static func content(of path: String) async throws -> Data {
        do {
            return try await OwnThread.run {
                path == "-"
                    ? try FileHandle.standardInput.readToEnd() ?? Data()
                    : try Data(contentsOf: URL(fileURLWithPath: path))
            }
        } catch {
            let reason = (error as NSError).localizedFailureReason ?? error.localizedDescription
            throw ProgramFailure(.usage, "'\(path)' can't be read: \(reason)")
        }
    }

    private func record(
        _ asksLab: Bool,
        _ definition: Data,
        _ options: PlanOptions,
        _ settings: WorkerSettings
    ) async throws -> LabRecord? {
        if let lab { return try await Self.record(in: lab) }
        guard asksLab else { return nil }
        let client = try SandboxClient(settings.lab.client, httpClient: settings.lab.httpClient())
        let names = try Plan.blueprints(of: definition, options)
        let result: Result<LabRecord, any Error>
        do {
            result = .success(try await LabReader(client).record(of: names))
        } catch {
            result = .failure(error)
        }
        await client.logout()
        let found = try result.get()
        if let record {
            do {
                try Data((try found.printedJSON() + "\n").utf8).write(
                    to: URL(fileURLWithPath: record),
                    options: .atomic
                )
            } catch {
                throw ProgramFailure(.cannotCreate, "'\(record)' can't be written: \(error.localizedDescription)")
            }
        }
        return found
    }

    /// A lab from a file of `--record`.
    static func record(in path: String) async throws -> LabRecord {
        let data = try await content(of: path)
        do {
            return try JSONDecoder().decode(LabRecord.self, from: data)
        } catch {
            throw ProgramFailure(.usage, "'\(path)' has no lab. Wanted: a file that 'quali-worker plan' has recorded.")
        }
    }
}
