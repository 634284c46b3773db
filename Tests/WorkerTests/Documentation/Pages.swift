import Foundation
import QualiCore
import WorkerSettings

/// The pages that the repository has for people who use the program, and the sources.
enum Pages {
    /// The texts of all pages and examples, by their path.
    static func texts() throws -> [String: String] {
        try files(in: ["README.md", "Docs", "Examples"], endings: [".md", ".yaml", ".json"])
    }

    /// The texts of files that a rule takes, by their path; of pages, if none is given.
    static func texts(
        in places: [String],
        where isWanted: (String) -> Bool = { $0.hasSuffix(".md") }
    ) throws -> [String: String] {
        try files(in: places, where: isWanted)
    }

    /// The sources' texts, with literals that are written over several lines or added up made whole again, and with the
    /// names of settings where the libraries ask what their parameters are called.
    static func sources() throws -> String {
        let names = ParameterNames.settings
        let parameters = [
            "labURL": names.labURL, "labUser": names.labUser, "labPassword": names.labPassword,
            "labDomain": names.labDomain, "labCertificates": names.labCertificates,
        ]
        let text = try files(in: ["Sources"], endings: [".swift"]).values.joined(separator: "\n")
        return parameters.reduce(text) { $0.replacing("\\(parameters.\($1.key))", with: $1.value) }
            .replacing(#/\\\n\s*/#, with: "")
            .replacing(#/"\s*\+\s*"/#, with: "")
            .replacing(#/\s*\n\s*/#, with: " ")
    }

    private static func files(in places: [String], endings: [String]) throws -> [String: String] {
        try files(in: places) { path in endings.contains(where: path.hasSuffix) }
    }

    private static func files(in places: [String], where isWanted: (String) -> Bool) throws -> [String: String] {
        var texts: [String: String] = [:]
        for place in places {
            let url = Python.repository.appendingPathComponent(place)
            let inner = FileManager.default.enumerator(atPath: url.path)?.compactMap { "\(place)/\($0)" } ?? []
            let pages = ([place] + inner).filter { !$0.contains("/.build") && !$0.hasSuffix(".png") }
            for path in pages where isWanted(path) {
                let file = Python.repository.appendingPathComponent(path)
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue
                else { continue }
                texts[path] = try String(contentsOf: file, encoding: .utf8)
            }
        }
        return texts
    }
}
