import Foundation
import QualiCore
import Testing

@Suite("Docs/permissions.md")
struct PermissionsPageTests {
    private static func page() throws -> String {
        let file = Python.repository.appendingPathComponent("Docs/permissions.md")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The table as the page has to have it.
    private static var table: String {
        let rows = AWSPermission.all.map { permission -> [String] in
            let right: (String, String) =
                switch permission.source {
                case .statement(let id, .everything): ("`\(permission.action)` (`\(id)`)", "`*`")
                case .statement(let id, .actionTypes): ("`\(permission.action)` (`\(id)`)", "the action types")
                case .statement(let id, .pipelines): ("`\(permission.action)` (`\(id)`)", "the pipelines")
                case .jobCredentials: ("none: the job's credentials", "the job's artifacts")
                case .trust: ("`\(permission.action)`, for who takes it", "the role")
                case .token: ("none: a token", "–")
                case .signature: ("none: whoever signs may", "–")
                }
            return [
                "`\(permission.operation)`", permission.caller.rawValue, right.0, right.1, permission.purpose,
                permission.without,
            ]
        }
        let head = ["Call", "Who", "Right (statement)", "On", "What for", "Without it"]
        return ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |" }
            .joined(separator: "\n")
    }

    @Test("has the table that the code has")
    func table() throws {
        let lines = try Self.page().split(separator: "\n").filter { $0.hasPrefix("| ") }.joined(separator: "\n")
        #expect(lines == Self.table, "Wanted is:\n\(Self.table)")
    }

    @Test("shows the policies that are printed")
    func policies() async throws {
        let page = try Self.page()
        for caller in ["worker", "registrar", "operator"] {
            let ending = try await program(
                "actions",
                "policy",
                "--for",
                caller,
                "--account",
                "111122223333",
                "--aws-region",
                "eu-west-1"
            )
            #expect(ending.status == 0)
            #expect(page.contains("```json\n\(ending.output)```"), "\(ending.output)")
        }
    }
}
