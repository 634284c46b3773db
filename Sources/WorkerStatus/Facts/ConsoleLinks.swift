import AWSLite
import Foundation
import JobEngine

/// Links into the AWS console.
struct ConsoleLinks: Sendable, Hashable {
    private let region: String
    private let suffix: String?

    /// Creates links into the console of a region's partition; there are none where its address isn't public.
    init(region: String) {
        self.region = region
        suffix =
            switch AWSPartition.of(region: region).id {
            case "aws": "console.aws.amazon.com"
            case "aws-cn": "console.amazonaws.cn"
            case "aws-us-gov": "console.amazonaws-us-gov.com"
            case "aws-eusc": "console.amazonaws-eusc.eu"
            default: nil
            }
    }

    /// The page of a pipeline's execution.
    func execution(_ place: JobPlace) -> String? {
        guard let suffix, !place.pipeline.isEmpty, !place.pipelineExecutionID.isEmpty,
            let region = Self.segment(region), let pipeline = Self.segment(place.pipeline),
            let id = Self.segment(place.pipelineExecutionID)
        else { return nil }
        return "https://\(region).\(suffix)/codesuite/codepipeline/pipelines/\(pipeline)/executions/\(id)"
            + "/visualization?region=\(region)"
    }

    private static func segment(_ text: String) -> String? {
        let unreserved = CharacterSet(
            charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        )
        return text.addingPercentEncoding(withAllowedCharacters: unreserved)
    }
}
