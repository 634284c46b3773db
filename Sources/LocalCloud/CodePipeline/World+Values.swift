import Foundation

/// What stands in an action's or rule's declaration, put in for an execution.
extension World {
    struct UnknownReference: Error {
        var reference: String
    }

    /// A value with its variables put in.
    func resolve(_ value: String, in execution: Execution) -> Result<String, UnknownReference> {
        var rest = value[...]
        var result = ""
        while let open = rest.range(of: "#{"), let close = rest[open.upperBound...].firstIndex(of: "}") {
            let reference = rest[open.upperBound..<close]
            let parts = reference.split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return .failure(UnknownReference(reference: String(reference))) }
            let known: String? =
                switch parts[0] {
                case "codepipeline": parts[1] == "PipelineExecutionId" ? execution.id : nil
                case "variables": execution.variables[parts[1]]
                default: execution.namespaces[parts[0]]?[parts[1]]
                }
            guard let known else { return .failure(UnknownReference(reference: String(reference))) }
            result += rest[..<open.lowerBound] + known
            rest = rest[rest.index(after: close)...]
        }
        return .success(result + rest)
    }

    /// The bucket of the pipeline's region, and a key whose parts are cut as AWS cuts them.
    func place(of artifact: String, in execution: Execution) -> ArtifactScope.Object {
        ArtifactScope.Object(
            bucket: artifactStore(of: execution.declaration)?["location"]?.string ?? "",
            key: "\(execution.pipelineName.prefix(20))/\(artifact.prefix(10))/" + Random.text(7, from: Random.letters)
        )
    }

    func artifactStore(of declaration: JSON) -> JSON? {
        declaration["artifactStore"] ?? declaration["artifactStores"]?[region]
    }
}
