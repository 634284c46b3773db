import Foundation
import QualiCore

extension Work {
    /// Packing and unpacking what a start action stores: a document of 4 KiB, and one small file beside it.
    static let artifacts = [
        repeated("artifact-pack", 5_000) {
            let files = startFiles
            return { _ = try ArtifactArchive.zip(files) }
        },
        repeated("artifact-unpack", 5_000) {
            let archive = try ArtifactArchive.zip(startFiles)
            return {
                let found = try ArtifactArchive.read(archive) { $0 == "sandbox.json" }
                precondition(found.count == 1)
            }
        },
    ]

    private static var startFiles: [ArtifactArchive.Entry] {
        let lines = (0..<64).map { #"{"name": "server-\#($0)", "address": "192.168.100.\#($0)", "type": "VM"}"# }
        return [
            .init(path: "sandbox.json", content: Data("[\(lines.joined(separator: ",\n"))]".utf8)),
            .init(path: "id", content: Data(Samples.id(1).utf8)),
        ]
    }
}
