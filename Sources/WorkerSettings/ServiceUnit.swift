import Foundation

/// What the unit of an installed service gives the worker, as systemd reads it.
///
/// Of the unit's file and its drop-ins it reads `Environment=`, `EnvironmentFile=`, `LoadCredential=`, `User=` and
/// `StateDirectory=`. Sources: systemd.unit(5), systemd.exec(5) and systemd.syntax(7) of systemd 252.
package struct ServiceUnit: Sendable {
    /// The unit's name, such as `quali-worker@lab-2.service`.
    package let name: String
    /// Whose processes it starts; `nil` for root.
    package private(set) var user: String?
    /// What `Environment=` says, and what systemd makes of the state folder.
    package var environment: [String: String] = [:]
    /// The files of `EnvironmentFile=`; a later one beats an earlier one, and each of them `Environment=`.
    package private(set) var environmentFiles: [File] = []
    /// The files that systemd reads secrets from, by the names of their copies.
    package private(set) var credentials: [String: String] = [:]

    /// A file of `NAME=value` lines.
    package struct File: Sendable, Hashable {
        /// Where it is.
        package let path: String
        /// Whether it may be missing.
        package let isOptional: Bool
    }

    /// Where units are, the strongest place first.
    private static let places = [
        "etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
        "lib/systemd/system",
    ]

    private let instance: String
    private var stateFolders: [String] = []

    /// Reads a unit.
    ///
    /// - Parameters:
    ///   - instance: What is between `@` and `.service`; `nil` for the service of the one lab.
    ///   - root: The folder that stands for `/`.
    /// - Throws: ``ProgramFailure`` where there is no such unit.
    package init(instance: String?, root: String = "/") throws {
        self.instance = instance ?? ""
        let template = instance == nil ? "quali-worker.service" : "quali-worker@.service"
        name = instance.map { "quali-worker@\($0).service" } ?? template
        let folders = Self.places.map { (root.hasSuffix("/") ? root : root + "/") + $0 }
        // An instance's own file counts before the template, wherever that is.
        let files = [name, template].flatMap { name in folders.map { "\($0)/\(name)" } }
        guard let text = files.lazy.compactMap({ try? String(contentsOfFile: $0, encoding: .utf8) }).first else {
            throw ProgramFailure(
                .usage,
                "--service: there is no \(template) in /etc/systemd/system or /usr/lib/systemd/system. Wanted: the package "
                    + "quali-worker is installed, or --config names a file of settings."
            )
        }
        apply(text)
        // Of drop-ins with one name, the strongest counts; all that are left count in the order of their names.
        var dropIns: [String: String] = [:]
        for folder in folders.flatMap({ folder in [name, template].map { "\(folder)/\($0).d" } }) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for file in names where file.hasSuffix(".conf") && dropIns[file] == nil {
                dropIns[file] = try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            }
        }
        for (_, text) in dropIns.sorted(by: { $0.key < $1.key }) { apply(text) }
        for (name, value) in environment { environment[name] = credential(value) }
        if !stateFolders.isEmpty { environment["STATE_DIRECTORY"] = stateFolders.joined(separator: ":") }
    }

    /// The unit that has started this process, where systemd has and it is one of this program's.
    ///
    /// `cgroup` is what `/proc/self/cgroup` says. Source: systemd.exec(5), `INVOCATION_ID`; cgroups(7).
    package static func ofProcess(
        _ environment: [String: String],
        cgroup: String? = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
        root: String = "/"
    ) -> ServiceUnit? {
        guard environment["INVOCATION_ID"] != nil, let cgroup else { return nil }
        let names = cgroup.split(whereSeparator: \.isNewline).compactMap { $0.split(separator: "/").last }
        guard let name = names.first(where: { $0.wholeMatch(of: #/quali-worker(@.+)?\.service/#) != nil }) else {
            return nil
        }
        let instance = name.split(separator: "@").dropFirst().first?.dropLast(".service".count)
        return try? ServiceUnit(instance: instance.map(String.init), root: root)
    }

    /// The files that are read before the service has its user's rights.
    package var filesForRoot: [String] { environmentFiles.map(\.path) + credentials.values.sorted() }

    // MARK: Reading

    private mutating func apply(_ text: String) {
        var (section, beginning) = ("", "")
        for part in text.replacing("\r\n", with: "\n").split(separator: "\n") {
            let part = part.trimmingCharacters(in: .whitespaces)
            // A comment goes on nowhere, and a value goes on behind it.
            if part.hasPrefix("#") || part.hasPrefix(";") { continue }
            if part.hasSuffix("\\") {
                beginning += part.dropLast() + " "
                continue
            }
            let line = beginning + part
            beginning = ""
            if line.hasPrefix("["), line.hasSuffix("]") { section = line }
            guard section == "[Service]", let separator = line.firstIndex(of: "=") else { continue }
            let key = line[..<separator].trimmingCharacters(in: .whitespaces)
            apply(key, line[line.index(after: separator)...].trimmingCharacters(in: .whitespaces))
        }
    }

    private mutating func apply(_ key: String, _ value: String) {
        switch key {
        case "Environment":
            if value.isEmpty { environment = [:] }
            for word in Self.words(value) {
                guard let separator = word.firstIndex(of: "=") else { continue }
                environment[String(word[..<separator])] = expanded(word[word.index(after: separator)...])
            }
        case "EnvironmentFile":
            guard !value.isEmpty else {
                environmentFiles = []
                return
            }
            let isOptional = value.hasPrefix("-")
            environmentFiles.append(File(path: expanded(value.dropFirst(isOptional ? 1 : 0)), isOptional: isOptional))
        case "LoadCredential":
            guard !value.isEmpty else {
                credentials = [:]
                return
            }
            let parts = expanded(value[...]).split(separator: ":", maxSplits: 1).map(String.init)
            if parts.count == 2 { credentials[parts[0]] = parts[1] }
        case "User": user = value.isEmpty ? nil : expanded(value[...])
        case "StateDirectory":
            if value.isEmpty { stateFolders = [] }
            stateFolders += value.split(separator: " ").map { "/var/lib/" + expanded($0) }
        default: break
        }
    }

    /// Where systemd puts its copies of secrets.
    private var credentialsFolder: String { "/run/credentials/\(name)" }

    /// The file that a copy is made of, for the path of a copy.
    private func credential(_ value: String) -> String {
        guard value.hasPrefix(credentialsFolder + "/") else { return value }
        return credentials[String(value.dropFirst(credentialsFolder.count + 1))] ?? value
    }

    /// A value with its specifiers replaced, as far as a unit of this worker has them.
    private func expanded(_ value: Substring) -> String {
        var (result, rest) = ("", value)
        while let character = rest.popFirst() {
            guard character == "%", let specifier = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch specifier {
            case "d": result += credentialsFolder
            case "i", "I": result += instance
            case "n": result += name
            case "p": result += "quali-worker"
            case "%": result += "%"
            default: result += "%\(specifier)"
            }
        }
        return result
    }

    /// The words of a value: white space separates them, but not within quotes or after a backslash.
    private static func words(_ value: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in value {
            if isEscaped {
                word = (word ?? "") + String(character == "n" ? "\n" : character == "t" ? "\t" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if let current = quote {
                if character == current { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\t" {
                if let whole = word { words.append(whole) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}
