import Foundation
import LocalCloud
import TestSupport
import Testing

/// All templates of CloudFormation that are shipped, be they files or in a page.
@Suite("Templates of CloudFormation", .timeLimit(.minutes(3)))
struct TemplateTests {
    private static func templates() throws -> [String: String] {
        try Pages.texts(in: ["Examples", "Docs", "Packaging"]) {
            $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") || $0.hasSuffix(".json")
        }
        .filter { $0.value.contains("AWSTemplateFormatVersion") }
    }

    @Test("are what cfn-lint and CloudFormation's own reader of YAML take", Python.condition)
    func shipped() async throws {
        let paths = try Self.templates().keys.sorted().map { Python.repository.appendingPathComponent($0).path }
        #expect(paths.count >= 2)
        let (status, output) = try await Python.run("lint.py", paths)
        #expect(status == 0, "\(output)")
        let (read, problems) = try await Python.run("cloudformation.py", paths)
        #expect(read == 0, "\(problems)")
    }

    @Test(
        "are refused with what CloudFormation lacks, although YAML has it",
        Python.condition,
        arguments: [
            ("alias", "Metadata: { A: &a { B: c }, D: *a }"), ("merge", "Metadata: { A: { <<: { B: c } } }"),
            ("twice", "Metadata: { A: b, A: c }"), ("documents", "Metadata: { A: b }\n---\nMetadata: {}"),
            ("tag", "Metadata: { A: !Reference b }"), ("tag", "Metadata: { A: !!set { b } }"),
            ("long", "Metadata: { A: \(String(repeating: "x", count: 51_200)) }"),
        ]
    )
    func lacking(what: String, metadata: String) async throws {
        let text = """
            AWSTemplateFormatVersion: "2010-09-09"
            Resources: { Log: { Type: "AWS::Logs::LogGroup", Properties: { RetentionInDays: 30 } } }
            """
        try await withTemporaryFolder { folder in
            let good = try folder.write("good.yaml", text)
            #expect(try await Python.run("cloudformation.py", [good]).status == 0)
            let bad = try folder.write("bad.yaml", "\(text)\n\(metadata)\n")
            let (status, output) = try await Python.run("cloudformation.py", [bad])
            #expect(status == 1 && output.contains(what), "\(output)")
        }
    }

    @Test("fail cfn-lint for a warning, too", Python.condition)
    func warnings() async throws {
        let text = """
            AWSTemplateFormatVersion: "2010-09-09"
            Parameters: { Unused: { Type: String } }
            Resources: { Topic: { Type: "AWS::SNS::Topic" } }
            """
        try await withTemporaryFolder { folder in
            let (status, output) = try await Python.run("lint.py", [try folder.write("unused.yaml", text)])
            #expect(status != 0 && output.contains("W2001"), "\(output)")
        }
    }
}
