import Foundation
import QualiCore

/// What is in an artifact, in words.
enum DemoArtifact {
    /// The artifact's form and size, and a line for each of its files.
    static func description(of data: Data, named name: String) -> String {
        let size = data.count.formatted(.number.locale(Locale(identifier: "en_US")))
        guard let files = try? ArtifactArchive.read(data, where: { _ in true }) else {
            return "artifact \(name), \(size) bytes: \(content(data))"
        }
        return
            (["artifact \(name), a ZIP of \(size) bytes"]
            + files.map { "\($0.path): \(content($0.content))" }).joined(separator: "\n")
    }

    /// A JSON object's members that tell something to a person, or the text itself, without its line ends.
    private static func content(_ data: Data) -> String {
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            return String(decoding: data, as: UTF8.self).split { $0.isNewline }.joined(separator: " / ")
        }
        let dull = ["url", "type", "setup_stage", "start_time", "end_time"]
        let members = object.sorted { $0.key < $1.key }.compactMap { key, value -> String? in
            switch value {
            case let text as String where !text.isEmpty && !key.hasSuffix("id") && !dull.contains(key): "\(key) \(text)"
            case let list as [[String: Any]]: names(list).map { "\(key) \($0)" }
            default: nil
            }
        }
        return members.joined(separator: "; ")
    }

    private static func names(_ list: [[String: Any]]) -> String? {
        let names = list.compactMap { member -> String? in
            guard let name = member["name"] as? String else { return nil }
            if let address = member["address"] as? String, !address.isEmpty { return "\(name) (\(address))" }
            if let value = member["value"] as? String { return "\(name) = \(value)" }
            return name
        }
        return names.isEmpty ? nil : names.joined(separator: ", ")
    }
}
