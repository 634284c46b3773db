import Configuration
import Foundation

/// Where settings come from: flags before the environment before a file, and answers at the terminal before all.
struct SettingSources: Sendable {
    /// One source.
    struct Layer: Sendable {
        /// Where its values are, in words such as `the environment`.
        let title: String
        /// The values by name.
        var values: [String: String]
        /// Whether it is a file of settings, which is nobody else's.
        var isFile = false
        /// Where a value that was read from a file of its own comes from, by the setting's name.
        var origins: [String: String] = [:]
    }

    /// The sources, the strongest first.
    private(set) var layers: [Layer]
    /// What is wrong with the sources themselves.
    private(set) var problems: [SettingProblem] = []
    /// What is worth a warning.
    private(set) var warnings: [String] = []

    /// Collects settings.
    ///
    /// - Parameters:
    ///   - flags: The values of flags, by the setting's name (for a secret with `_FILE`).
    ///   - environment: The process's environment.
    ///   - path: The file of `--config`.
    init(flags: [String: String] = [:], environment: [String: String], configurationFile path: String? = nil) {
        var layers = [
            Layer(title: "a flag", values: flags),
            // An empty variable is an unset one, as AWS tools have it. A stray CR comes from a script with CRLF.
            Layer(title: "the environment", values: environment.compactMapValues(Self.meaningful)),
        ]
        var problems: [SettingProblem] = []
        if let path {
            let (values, found) = Self.read(path)
            layers.append(Layer(title: path, values: values, isFile: true))
            problems += found
            warnings += Self.warnings(path, values)
        }
        self.layers = layers
        self.problems = problems
        hideWeaker()
        readSecretFiles()
    }

    /// Reads values by name; secrets are marked as such.
    var reader: ConfigReader { ConfigReader(providers: providers) }

    /// The sources as the reader has them.
    var providers: [InMemoryProvider] {
        let secretNames = Set(Setting.all.filter { $0.secrecy != .open }.flatMap { [$0.name] + $0.otherNames })
        return layers.map { layer in
            let values = layer.values.map { name, value in
                (AbsoluteConfigKey([name]), ConfigValue(.string(value), isSecret: secretNames.contains(name)))
            }
            return InMemoryProvider(name: layer.title, values: Dictionary(uniqueKeysWithValues: values))
        }
    }

    /// All values, as if they all were in the environment.
    var merged: [String: String] {
        layers.reduce(into: [:]) { $0.merge($1.values) { stronger, _ in stronger } }
    }

    /// Where the value of a name comes from, in words; `nil` where there is none.
    func origin(of name: String) -> String? {
        layers.first { $0.values[name] != nil }.map { $0.origins[name] ?? $0.title }
    }

    /// The settings whose value is `PROMPT`, which are to be asked for at the terminal.
    var prompts: [Setting] {
        Setting.all.filter { setting in
            guard setting.canPrompt, let layer = layers.first(where: { $0.values[setting.name] != nil }) else {
                return false
            }
            return layer.values[setting.name] == "PROMPT" && layer.origins[setting.name] == nil
        }
    }

    /// The sources with answers that beat everything else.
    func answered(_ answers: [String: String]) -> SettingSources {
        var sources = self
        sources.layers.insert(Layer(title: "the terminal", values: answers), at: 0)
        return sources
    }

    /// Names in the environment or the file that look like settings but are none.
    var unknownNames: [UnknownSetting] {
        let all = Set(layers.flatMap { $0.values.keys })
        let found = layers.flatMap { UnknownSetting.all(in: $0.values.keys, of: all, isFile: $0.isFile) }
        return Set(found).sorted { $0.name < $1.name }
    }

    private static func meaningful(_ value: String) -> String? {
        var value = value
        if value.last == "\r" { value.removeLast() }
        return value.isEmpty ? nil : value
    }

    private static func read(_ path: String) -> ([String: String], [SettingProblem]) {
        do {
            let file = EnvironmentFile(try String(contentsOfFile: path, encoding: .utf8))
            let problems = file.malformedLines.map { line in
                SettingProblem(
                    name: path,
                    message: "has a line \(line.number) that can't be read: \(line.reason). Wanted: NAME=value, or a "
                        + "comment that begins with #."
                )
            }
            return (file.values.compactMapValues(meaningful), problems)
        } catch {
            let problem = SettingProblem(
                name: "--config",
                message: "names \(path), which can't be read. Wanted: a file of NAME=value lines in UTF-8."
            )
            return ([:], [problem])
        }
    }

    /// What is wrong, but no reason to refuse it, with a file of settings.
    private static func warnings(_ path: String, _ values: [String: String]) -> [String] {
        let secrets = Setting.all.filter { $0.secrecy == .secret }.flatMap { [$0.name] + $0.otherNames }
        let held = secrets.filter { values[$0] != nil && values[$0] != "PROMPT" }
        guard let name = held.first, let mode = SecretFile.openMode(path) else { return [] }
        return [
            "Others on this host can read \(path) (mode \(mode)), which holds \(name): run chmod o-r \(path), or give the "
                + "secret by \(name)_FILE"
        ]
    }

    /// Takes out of each source what a stronger one gives, under whatever name.
    private mutating func hideWeaker() {
        for setting in Setting.all {
            let names = setting.allNames
            guard let strongest = layers.firstIndex(where: { layer in names.contains { layer.values[$0] != nil } })
            else { continue }
            for index in layers.indices.dropFirst(strongest + 1) {
                for name in names { layers[index].values[name] = nil }
            }
        }
    }

    private mutating func readSecretFiles() {
        for index in layers.indices {
            for setting in Setting.all {
                guard let fileName = setting.fileName, let path = layers[index].values[fileName] else { continue }
                let source = "\(fileName) (\(layers[index].title))"
                func fail(_ message: String) {
                    problems.append(SettingProblem(name: fileName, message: message))
                }
                if layers[index].values[setting.name] != nil {
                    fail("and \(setting.name) are both set in \(layers[index].title). Wanted: one of them.")
                    continue
                }
                layers[index].values[fileName] = nil
                // A placeholder, lest the setting be called missing on top of this.
                layers[index].values[setting.name] = "unreadable"
                layers[index].origins[setting.name] = source
                guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                    fail("names \(path), which can't be read. Wanted: a file with the value alone, in UTF-8.")
                    continue
                }
                if let mode = SecretFile.openMode(path), setting.secrecy == .secret || text.contains("@") {
                    fail("names \(path), which others on this host can read (mode \(mode)). Wanted: chmod o-r \(path)")
                    continue
                }
                let value = text.droppingLineEnd
                guard !value.isEmpty else {
                    fail("names \(path), which is empty. Wanted: a file with the value alone.")
                    continue
                }
                layers[index].values[setting.name] = value
            }
        }
    }
}

extension SettingSources.Layer: CustomStringConvertible, CustomReflectable {
    /// The title alone, since some values are secret.
    var description: String { title }

    /// A mirror without children, so that `dump` shows no values either.
    var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

extension String {
    /// The text without one line end at its end.
    fileprivate var droppingLineEnd: String {
        // CR and LF together are one character.
        last == "\n" || last == "\r\n" ? String(dropLast()) : self
    }
}
