import PipelinePlan
import Testing

/// What `Plan` says of definitions that are clean, and of such with one mistake each.
@Suite struct PlanTests {
    /// A definition in YAML that is clean.
    static let clean = """
        pipeline:
          name: nightly
          pipelineType: V2
          executionMode: QUEUED
          variables:
            - { name: Package, defaultValue: nginx }
          stages:
            - name: Source
              actions:
                - name: Source
                  actionTypeId: { category: Source, owner: AWS, provider: S3, version: "1" }
                  outputArtifacts: [{ name: Code }]
                  namespace: code
            - name: Lab
              actions:
                - name: Start
                  runOrder: 1
                  actionTypeId: { category: Deploy, owner: Custom, provider: Quali-Start-Sandbox, version: "1" }
                  configuration:
                    BlueprintName: Web lab
                    DurationInMinutes: "90"
                    InputsJSON: '{"Release": "1.2"}'
                    OptionsJSON: '{"MaxDurationInMinutes": 120}'
                  outputArtifacts: [{ name: Sandbox }]
                  namespace: lab
                - name: Build
                  runOrder: 2
                  actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: "1" }
                  configuration: { ProjectName: tests, EnvironmentVariables: "#{lab.SandboxId} #{code.VersionId}" }
                  inputArtifacts: [{ name: Code }, { name: Sandbox }]
                - name: Run
                  runOrder: 3
                  actionTypeId: { category: Test, owner: Custom, provider: Quali-Run-Command, version: "1" }
                  configuration:
                    ComponentName: web-server.*
                    CommandName: install
                    ArgumentsJSON: '{"Package": "#{variables.Package}"}'
                  inputArtifacts: [{ name: Sandbox }]
                  namespace: run
                - name: End
                  runOrder: 4
                  actionTypeId: { category: Deploy, owner: Custom, provider: Quali-End-Sandbox, version: "1" }
                  configuration: { SandboxId: "#{lab.SandboxId}" }

        """

    /// A mistake: what of the clean definition is replaced by what, and what is found where.
    struct Mistake: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let id: Finding.ID
        let severity: Finding.Severity
        /// What the finding's place has; the first place of it in the changed definition is meant.
        let mark: String
        var isFound = true

        init(_ old: String, _ new: String, _ id: Finding.ID, at mark: String, _ severity: Finding.Severity = .error) {
            // Written as the clean definition is in this file.
            self.old = old.outdented
            self.new = new.outdented
            self.id = id
            self.severity = severity
            self.mark = mark.outdented
        }

        var testDescription: String { "\(id.rawValue): \(new.prefix(60))" }
    }

    static let mistakes: [Mistake] = [
        // The definition.
        .init("  name: nightly\n", "", .missingMember, at: "pipelineType"),
        .init("stages:\n", "steps:\n", .missingMember, at: "name: nightly"),
        .init(
            "                - name: Build\n                  runOrder: 2\n",
            "                - runOrder: 2\n",
            .missingMember,
            at: "runOrder: 2"
        ),
        .init(
            "                - name: Build\n                  runOrder: 2\n                  actionTypeId: { category: Build, owner: AWS, provider: CodeBuild, version: \"1\" }\n",
            "                - name: Build\n                  runOrder: 2\n",
            .missingMember,
            at: "name: Build"
        ),
        .init(
            "provider: CodeBuild, version: \"1\" }",
            "provider: CodeBuild }",
            .missingMember,
            at: "{ category: Build"
        ),
        .init("outputArtifacts: [{ name: Code }]", "outputArtifacts: { name: Code }", .wrongType, at: "{ name: Code }"),
        .init("outputArtifacts: [{ name: Code }]", "outputArtifacts: [Code]", .wrongType, at: "Code]"),
        .init(
            "configuration: { SandboxId: \"#{lab.SandboxId}\" }",
            "configuration: SandboxId",
            .wrongType,
            at: "SandboxId\n"
        ),
        .init("InputsJSON: '{\"Release\": \"1.2\"}'", "InputsJSON: { Release: \"1.2\" }", .wrongType, at: "{ Release"),
        .init("runOrder: 4", "runOrder: 1000", .limit, at: "1000"),
        .init("runOrder: 4", "runOrder: last", .limit, at: "last"),
        .init("namespace: run", "namespace: \(String(repeating: "r", count: 101))", .limit, at: "rrrrr"),
        .init("CommandName: install", "CommandName: \(String(repeating: "i", count: 1_001))", .limit, at: "iiiii"),
        .init("CommandName: install", "CommandName: \"\"", .limit, at: "\"\"\n"),
        .init(
            "name: Source\n              actions:",
            "name: Lab\n              actions:",
            .nameTwice,
            at: "Lab\n              actions:\n                - name: Start"
        ),
        .init("name: Build\n", "name: Start\n", .nameTwice, at: "Start\n                  runOrder: 2"),
        .init("pipelineType: V2", "pipelineType: V1", .needsV2, at: "QUEUED"),
        .init("  name: nightly", "  name: nightly\n  name: weekly", .keyTwice, at: "name: nightly", .warning),
        .init("[{ name: Code }]", "[{ name: \"${Project}-code\" }]", .limit, at: "\"${Project}"),
        .init(
            "    - name: Lab\n",
            "    - name: Empty\n      actions: []\n    - name: Lab\n",
            .limit,
            at: "name: Empty"
        ),
        .init("namespace: run", "namespace: my run", .limit, at: "my run"),
        .init("category: Source", "category: Build", .sourceStage, at: "Build"),
        .init("category: Build", "category: Source", .sourceStage, at: "Source, owner: AWS, provider: CodeBuild"),
        // Artifacts, namespaces and variables.
        .init(
            "[{ name: Code }, { name: Sandbox }]",
            "[{ name: Cod }, { name: Sandbox }]",
            .artifactUnmade,
            at: "Cod }"
        ),
        .init(
            "inputArtifacts: [{ name: Sandbox }]\n                  namespace: run",
            "inputArtifacts: [{ name: Sandbx }]\n                  namespace: run",
            .artifactUnmade,
            at: "Sandbx"
        ),
        .init("runOrder: 2", "runOrder: 1", .artifactLater, at: "Sandbox }]\n                - name: Run"),
        .init(
            "namespace: run",
            "outputArtifacts: [{ name: Code }]\n                  namespace: run",
            .artifactTwice,
            at: "Code }]\n                  namespace: run"
        ),
        .init(
            "configuration: { SandboxId: \"#{lab.SandboxId}\" }",
            "configuration: { SandboxId: \"#{labs.SandboxId}\" }",
            .namespaceUnmade,
            at: "\"#{labs"
        ),
        .init("#{code.VersionId}", "#{run.ExecutionId}", .namespaceLater, at: "\"#{lab.SandboxId} #{run"),
        .init("namespace: run", "namespace: code", .namespaceTwice, at: "code\n                - name: End"),
        .init("#{lab.SandboxId} #{code", "#{lab.SandboxID} #{code", .variableUnknown, at: "\"#{lab.SandboxID}"),
        .init("#{variables.Package}", "#{variables.Pakage}", .variableUnknown, at: "'{\"Package\""),
        .init("#{code.VersionId}", "#{run.Output}", .namespaceLater, at: "\"#{lab.SandboxId} #{run"),
        .init(
            "SandboxId: \"#{lab.SandboxId}\" }",
            "SandboxId: \"#{run.CommandResult}\" }",
            .variableUnknown,
            at: "\"#{run.CommandResult"
        ),
        // Action types.
        .init(
            "provider: Quali-End-Sandbox",
            "provider: Quali-End-Sandboxes",
            .typeUnknown,
            at: "Quali-End-Sandboxes",
            .warning
        ),
        .init(
            "{ category: Test, owner: Custom",
            "{ category: Deploy, owner: Custom",
            .typeCategory,
            at: "Deploy, owner: Custom, provider: Quali-Run"
        ),
        .init(
            "owner: Custom, provider: Quali-End",
            "owner: AWS, provider: Quali-End",
            .typeCategory,
            at: "AWS, provider: Quali-End"
        ),
        .init(
            "Quali-Run-Command, version: \"1\"",
            "Quali-Run-Command, version: \"2\"",
            .typeVersion,
            at: "\"2\"",
            .warning
        ),
        // Properties.
        .init(
            "CommandName: install",
            "Command: install\n                    CommandName: install",
            .propertyUnknown,
            at: "Command: install"
        ),
        .init(
            "DurationInMinutes: \"90\"",
            "DurationInMinutes: \"90\"\n                    Duration: \"90\"",
            .propertyUnknown,
            at: "Duration: "
        ),
        .init(
            "configuration: { SandboxId:",
            "configuration: { WaitForTearDown: \"true\", SandboxId:",
            .propertyUnknown,
            at: "WaitForTearDown"
        ),
        .init("                    BlueprintName: Web lab\n", "", .propertyMissing, at: "DurationInMinutes"),
        .init("                    DurationInMinutes: \"90\"\n", "", .propertyMissing, at: "BlueprintName"),
        .init("                    CommandName: install\n", "", .propertyMissing, at: "ComponentName"),
        .init("                    ComponentName: web-server.*\n", "", .propertyMissing, at: "CommandName"),
        .init("DurationInMinutes: \"90\"", "DurationInMinutes: 1.5 hours", .propertyWrong, at: "1.5 hours"),
        .init("DurationInMinutes: \"90\"", "DurationInMinutes: \"0\"", .propertyWrong, at: "\"0\""),
        .init("'{\"Release\": \"1.2\"}'", "'{\"Release\": \"1.2\"'", .propertyWrong, at: "'{\"Release"),
        .init("'{\"Release\": \"1.2\"}'", "'{\"Release\": [\"1.2\"]}'", .propertyWrong, at: "'{\"Release"),
        .init(
            "'{\"Release\": \"1.2\"}'",
            "'{\"Release\": \"1\", \"Release\": \"2\"}'",
            .propertyWrong,
            at: "'{\"Release"
        ),
        .init(
            "'{\"Package\": \"#{variables.Package}\"}'",
            "'{\"Package\": \"a\",}'",
            .propertyWrong,
            at: "'{\"Package"
        ),
        .init("'{\"MaxDurationInMinutes\": 120}'", "'{\"MaxDuration\": 120}'", .propertyWrong, at: "'{\"MaxDuration"),
        .init(
            "'{\"MaxDurationInMinutes\": 120}'",
            "'{\"MaxDurationInMinutes\": 60}'",
            .propertyWrong,
            at: "'{\"MaxDuration"
        ),
        .init(
            "'{\"MaxDurationInMinutes\": 120}'",
            "'{\"EndWithPipeline\": \"Sometimes\"}'",
            .propertyWrong,
            at: "'{\"EndWith"
        ),
        .init("'{\"MaxDurationInMinutes\": 120}'", "'{\"PermittedUsers\": []}'", .propertyWrong, at: "'{\"Permitted"),
        .init(
            "DurationInMinutes: \"90\"",
            "DurationInMinutes: \"90\"\n                    OnSetupFailure: Stop",
            .propertyWrong,
            at: "Stop"
        ),
        .init(
            "DurationInMinutes: \"90\"",
            "DurationInMinutes: \"90\"\n                    ArtifactFormat: tar",
            .propertyWrong,
            at: "tar\n"
        ),
        .init(
            "DurationInMinutes: \"90\"",
            "DurationInMinutes: \"90\"\n                    SetupTimeoutInMinutes: long",
            .propertyWrong,
            at: "long"
        ),
        .init(
            "CommandName: install",
            "CommandName: install\n                    TimeoutInMinutes: \"-1\"",
            .propertyWrong,
            at: "\"-1\""
        ),
        .init(
            "CommandName: install",
            "CommandName: install\n                    OnCommandFailure: Ignore",
            .propertyWrong,
            at: "Ignore"
        ),
        .init(
            "configuration: { SandboxId:",
            "configuration: { WaitForTeardown: perhaps, SandboxId:",
            .propertyWrong,
            at: "perhaps"
        ),
        .init("SandboxId: \"#{lab.SandboxId}\" }", "SandboxId: the lab's one }", .propertyWrong, at: "the lab's one"),
        .init("#{variables.Package}", "#{code.VersionId}\" \"", .propertyUnknown, at: "").never,
        .init(
            "ComponentName: web-server.*",
            "ComponentName: \"web-server[\"",
            .patternInvalid,
            at: "\"web-server[",
            .warning
        ),
        .init("ComponentName: web-server.*", "ComponentName: \"(web\"", .patternInvalid, at: "\"(web", .warning),
        // Which sandbox.
        .init(
            "                  inputArtifacts: [{ name: Sandbox }]\n                  namespace: run",
            "                  namespace: run",
            .sandboxUnnamed,
            at: "name: Run"
        ),
        .init(
            "                  configuration: { SandboxId: \"#{lab.SandboxId}\" }\n",
            "",
            .sandboxUnnamed,
            at: "name: End"
        ),
        .init(
            "inputArtifacts: [{ name: Sandbox }]\n                  namespace: run",
            "inputArtifacts: [{ name: Code }]\n                  namespace: run",
            .sandboxElsewhere,
            at: "Code }]\n                  namespace: run",
            .warning
        ),
        .init(
            "inputArtifacts: [{ name: Sandbox }]\n                  namespace: run",
            "inputArtifacts: [{ name: Sandbox }, { name: Code }]\n                  namespace: run",
            .artifactCount,
            at: "Code }]\n                  namespace: run"
        ),
        .init(
            "outputArtifacts: [{ name: Sandbox }]\n",
            "outputArtifacts: [{ name: Sandbox }, { name: Other }]\n",
            .artifactCount,
            at: "Other"
        ),
        .init("runOrder: 4", "runOrder: 3", .endTooEarly, at: "name: Run"),
        // Time.
        .init(
            "OptionsJSON: '{\"MaxDurationInMinutes\": 120}'",
            "SetupTimeoutInMinutes: \"80\"",
            .durationShort,
            at: "\"90\"",
            .warning
        ),
        .init(
            "CommandName: install",
            "CommandName: install\n                    TimeoutInMinutes: \"100\"",
            .durationShort,
            at: "\"90\"",
            .warning
        ),
        .init(
            "                  inputArtifacts: [{ name: Code }, { name: Sandbox }]",
            "                  timeoutInMinutes: 200\n                  inputArtifacts: [{ name: Code }, { name: Sandbox }]",
            .durationShort,
            at: "\"90\"",
            .warning
        ),
        // Sandboxes that stay.
        .init(
            "configuration: { SandboxId: \"#{lab.SandboxId}\" }",
            "configuration: { SandboxId: a1b2c3d4-0000-4000-8000-1234567890ab }",
            .leakSuccess,
            at: ""
        ).never,
        .init(
            "'{\"MaxDurationInMinutes\": 120}'",
            "'{\"EndWithPipeline\": \"never\"}'",
            .leakFailure,
            at: "name: Start",
            .warning
        ),
        .init(
            "                - name: End\n",
            "            - name: End\n              beforeEntry: { conditions: [{ result: SKIP }] }\n              actions:\n                - name: End\n",
            .leakSkip,
            at: "name: End\n                  runOrder: 4",
            .warning
        ),
        .init(
            "                - name: End\n",
            "            - name: End\n              actions:\n                - name: End\n",
            .leakRollback,
            at: "name: Start",
            .note
        ),
        .init(
            "                - name: Run\n",
            "            - name: Test\n              onFailure: { result: ROLLBACK }\n              actions:\n                - name: Run\n",
            .rollbackBreaks,
            at: "name: Test",
            .warning
        ),
        .init("executionMode: QUEUED", "executionMode: PARALLEL", .parallel, at: "PARALLEL", .note),
    ]

    @Test func `finds nothing in a clean definition, in YAML and in JSON`() async throws {
        let plan = try await Plan.of(Self.clean.utf8)
        #expect(plan.findings == [])
        #expect(plan.pipelines == ["nightly"])
        #expect(plan.actions == 3)
        #expect(plan.isGood)
    }

    @Test(arguments: mistakes) func `finds a mistake where it stands`(_ mistake: Mistake) async throws {
        try #require(Self.clean.contains(mistake.old), "the clean definition hasn't got what is to be replaced")
        let definition = Self.clean.replacingOnce(mistake.old, with: mistake.new)
        let found = try await Plan.of(definition.utf8).findings.filter { $0.id == mistake.id }
        guard mistake.isFound else {
            #expect(found == [])
            return
        }
        let finding = try #require(found.first)
        #expect(finding.severity == mistake.severity)
        #expect(finding.place == definition.place(of: mistake.mark))
    }

    @Test func `has enough mistakes`() {
        #expect(Self.mistakes.count(where: \.isFound) >= 60)
    }
}

extension PlanTests.Mistake {
    /// The same change, of which the finding isn't made.
    fileprivate var never: Self {
        var mistake = self
        mistake.isFound = false
        return mistake
    }
}

extension String {
    /// The text without the eight blanks with which the lines of a text in this file begin.
    var outdented: String {
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { $0.hasPrefix("        ") ? $0.dropFirst(8) : $0 }.joined(separator: "\n")
    }

    func replacingOnce(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { return self }
        return self[..<range.lowerBound] + new + self[range.upperBound...]
    }

    /// Where a text stands for the first time.
    func place(of mark: String) -> Place? {
        guard let range = firstRange(of: mark) else { return nil }
        let lines = self[..<range.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)
        return Place(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }
}
