import AWSLite
import Foundation
import WorkerSettings

/// A folder with definitions of action types, a JSON file each.
struct DefinitionFolder {
    private let url: URL

    /// A file's definition.
    struct File {
        /// The file's name in the folder.
        let name: String
        /// What it defines.
        let definition: CodePipeline.CustomActionType
    }

    /// Names a folder.
    init(_ path: String) {
        url = URL(fileURLWithPath: path, isDirectory: true)
    }

    /// The definitions in the folder's JSON files, by the files' names.
    ///
    /// - Throws: ``ProgramFailure`` naming each file that can't be read and why, or that there is none.
    func definitions() throws -> [File] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".json") }
        } catch {
            throw ProgramFailure(.data, "the folder \(url.path) can't be read")
        }
        guard !names.isEmpty else { throw ProgramFailure(.data, "the folder \(url.path) has no JSON files") }
        var problems: [String] = []
        let definitions = names.sorted().compactMap { name -> File? in
            let file = url.appendingPathComponent(name)
            do {
                let data = try Data(contentsOf: file)
                return File(
                    name: name,
                    definition: try JSONDecoder().decode(CodePipeline.CustomActionType.self, from: data)
                )
            } catch let error as DecodingError {
                problems.append("\(file.path): \(error.inWords)")
            } catch {
                problems.append("\(file.path) can't be read")
            }
            return nil
        }
        if !problems.isEmpty { throw ProgramFailure(.data, problems.joined(separator: "\n")) }
        return definitions
    }

    /// Writes files into the folder, making it if needed; a file that says something else is left alone.
    ///
    /// - Returns: Each file's path, and whether it was written.
    /// - Throws: ``ProgramFailure`` when a file can't be written, or is there with other contents.
    func write(_ files: [ExportFormat.File]) throws -> [(String, Bool)] {
        do {
            let contents = files.map { (url.appendingPathComponent($0.name), Data($0.text.utf8)) }
            // Nothing is written if something would be lost.
            for (file, data) in contents {
                if let old = try? Data(contentsOf: file), old != data {
                    throw ProgramFailure(.cannotCreate, "\(file.path) is there already, with other contents")
                }
            }
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            return try contents.map { file, data in
                let isNew = !FileManager.default.fileExists(atPath: file.path)
                if isNew { try data.write(to: file, options: .atomic) }
                return (file.path, isNew)
            }
        } catch let failure as ProgramFailure {
            throw failure
        } catch {
            throw ProgramFailure(.cannotCreate, "\(url.path) can't be written: \(error.localizedDescription)")
        }
    }
}

extension DecodingError {
    /// What is wrong and where, without Swift's names of types.
    fileprivate var inWords: String {
        func place(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
            let path = (context.codingPath + [key].compactMap { $0 }).map { key in
                key.intValue.map { "[\($0)]" } ?? key.stringValue
            }.joined(separator: ".").replacingOccurrences(of: ".[", with: "[")
            return path.isEmpty ? "the file" : path
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(place(context, key)) is missing"
        case .valueNotFound(_, let context): return "\(place(context)) is null"
        case .typeMismatch(_, let context): return "\(place(context)) has the wrong type"
        case .dataCorrupted(let context): return "\(place(context)) can't be read: \(context.debugDescription)"
        @unknown default: return "it can't be read"
        }
    }
}
