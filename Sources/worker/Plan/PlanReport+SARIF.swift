import Foundation
import PipelinePlan
import WorkerStatus

/// The plan in the form of static analysis tools, SARIF 2.1.0.
extension PlanReport {
    private struct Log: Encodable {
        let version = "2.1.0"
        let schema = "https://json.schemastore.org/sarif-2.1.0.json"
        let runs: [Run]

        enum CodingKeys: String, CodingKey {
            case version, runs
            case schema = "$schema"
        }
    }

    private struct Run: Encodable {
        struct Tool: Encodable {
            struct Driver: Encodable {
                let name = "quali-worker"
                let version = Program.version
                let rules: [Rule]
            }
            let driver: Driver
        }
        let tool: Tool
        let results: [Result]
    }

    private struct Rule: Encodable {
        struct Configuration: Encodable {
            let level: String
        }
        let id: String
        let defaultConfiguration: Configuration
    }

    private struct Result: Encodable {
        struct Message: Encodable {
            let text: String
        }
        struct Location: Encodable {
            struct Physical: Encodable {
                struct Artifact: Encodable {
                    let uri: String
                }
                struct Region: Encodable {
                    let startLine: Int
                    let startColumn: Int
                }
                let artifactLocation: Artifact
                let region: Region
            }
            let physicalLocation: Physical
        }
        let ruleId: String
        let level: String
        let message: Message
        let locations: [Location]
    }

    func sarif() throws -> String {
        let path = name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name
        let results = plan.findings.map { finding in
            let region = Result.Location.Physical.Region(
                startLine: finding.place.line,
                startColumn: finding.place.column
            )
            let location = Result.Location(
                physicalLocation: .init(artifactLocation: .init(uri: path), region: region)
            )
            return Result(
                ruleId: finding.id.rawValue,
                level: finding.severity.rawValue,
                message: .init(text: Self.whole(finding)),
                locations: hasPlaces ? [location] : []
            )
        }
        let rules = Finding.ID.allCases.map { id in
            Rule(id: id.rawValue, defaultConfiguration: .init(level: id.severity.rawValue))
        }
        return try Log(runs: [Run(tool: .init(driver: .init(rules: rules)), results: results)]).printedJSON()
    }
}
