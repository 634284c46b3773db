import Foundation
import HTTPTransport

/// Where settings come from: flags before the environment before a file, and answers at the terminal before all.
package struct SettingSources: Sendable {
    /// One source.
    package struct Layer: Sendable {
        /// Where its values are, in words such as `the environment`.
        package let title: String
        /// The values by name.
        package var values: [String: String]
        /// Whether it is a file of settings, which is nobody else's.
        var isFile = false
        /// Where a value that was read from a file of its own comes from, by the setting's name.
        var origins: [String: String] = [:]
    }

    /// The sources, the strongest first.
    package private(set) var layers: [Layer]
    /// What is wrong with the sources themselves.
    package private(set) var problems: [SettingProblem] = []
    /// What is worth a warning.
    package private(set) var warnings: [String] = []

    /// What they are made of, but for the answers at the terminal.
    private let origin: Origin
    private var answers: [String: String] = [:]
    /// An access key under the original worker's names.
    private static let oldKey: [Setting] = [.oldAccessKeyID, .oldSecretAccessKey]
    /// Whether an access key is left out for which nobody could be asked.
    private(set) var hasUnaskedKey = false
    private var texts: SettingTexts

    fileprivate struct Origin: Sendable {
        var flags: [String: String]
        var environment: [String: String]
        var configurationFile: String?
        var service: ServiceUnit?
    }

    /// Collects settings, and reads the files that they are in; it takes as long as that.
    ///
    /// - Parameters:
    ///   - flags: The values of flags, by the setting's name (for a secret with `_FILE`).
    ///   - environment: The process's environment.
    ///   - path: The file of `--config`.
    ///   - texts: What is known of files already.
    package init(
        flags: [String: String] = [:],
        environment: [String: String],
        configurationFile path: String? = nil,
        texts: SettingTexts = SettingTexts()
    ) {
        self.init(Origin(flags: flags, environment: environment, configurationFile: path), texts)
    }

    /// Collects what a service's unit gives the worker.
    ///
    /// - Parameters:
    ///   - flags: The values of flags, as above.
    ///   - service: The unit.
    ///   - texts: What is known of files already: the service's user can't read all of them.
    package init(flags: [String: String], service: ServiceUnit, texts: SettingTexts) {
        self.init(Origin(flags: flags, environment: service.environment, service: service), texts)
    }

    private init(_ origin: Origin, _ texts: SettingTexts) {
        self.origin = origin
        self.texts = texts
        // An empty variable is an unset one, as AWS tools have it. A stray CR comes from a script with CRLF.
        let environment = Layer(
            title: origin.service?.name ?? "the environment",
            values: origin.environment.compactMapValues(Self.meaningful)
        )
        layers = [Layer(title: "a flag", values: origin.flags)]
        for file in origin.service?.environmentFiles.reversed() ?? [] {
            add(file.path, namedBy: "EnvironmentFile", isOptional: file.isOptional)
        }
        layers.append(environment)
        if let path = origin.configurationFile { add(path, namedBy: "--config") }
        hideWeaker()
        readSecretFiles()
    }

    /// Adds a file of settings as the weakest source so far.
    private mutating func add(_ path: String, namedBy name: String, isOptional: Bool = false) {
        let text = texts.read(path)
        if text == nil, isOptional { return }
        let (values, found) = Self.read(path, namedBy: name, text)
        layers.append(Layer(title: path, values: values, isFile: true))
        problems += found
        warnings += Self.warnings(path, values, text)
    }

    /// The value that a name has in the strongest source with that name; `nil` where none has it.
    package func value(of name: String) -> String? {
        layers.lazy.compactMap { $0.values[name] }.first
    }

    /// All values, as if they all were in the environment.
    package var merged: [String: String] {
        layers.reduce(into: [:]) { $0.merge($1.values) { stronger, _ in stronger } }
    }

    /// Where the value of a name comes from, in words; `nil` where there is none.
    package func origin(of name: String) -> String? {
        layers.first { $0.values[name] != nil }.map { $0.origins[name] ?? $0.title }
    }

    /// The settings whose value is `PROMPT`, which are to be asked for at the terminal, but those that nobody would use.
    package var prompts: [Setting] {
        let unused = origin(of: Setting.accessKeyID.name) == nil ? [] : Self.oldKey
        return Setting.all.filter { setting in
            guard !unused.contains(setting) else { return false }
            guard setting.canPrompt, let layer = layers.first(where: { $0.values[setting.name] != nil }) else {
                return false
            }
            return layer.values[setting.name] == "PROMPT" && layer.origins[setting.name] == nil
        }
    }

    /// The sources with answers that beat everything else.
    package func answered(_ answers: [String: String]) -> SettingSources {
        var sources = self
        sources.answers = answers
        sources.layers.insert(Layer(title: "the terminal", values: answers), at: 0)
        return sources
    }

    /// The sources where nobody can be asked: an access key under the original worker's names is then as if it weren't there,
    /// since that worker asked for one and used AWS's other sources.
    package func withoutTerminal() -> SettingSources {
        guard Set(Self.oldKey).isSubset(of: prompts) else { return self }
        var sources = self
        sources.hasUnaskedKey = true
        for index in sources.layers.indices {
            for setting in Self.oldKey { sources.layers[index].values[setting.name] = nil }
        }
        return sources
    }

    /// Whether settings were read from files that may change.
    var hasFiles: Bool { texts.canChange }

    /// Whether a file that settings were read from is another now.
    var haveChanged: Bool { texts.haveChanged }

    /// The same sources with what their files say now; it takes as long as the files take.
    ///
    /// `files` are those of which a service manager has made the environment.
    func readAnew(_ files: [ServiceUnit.File] = []) -> SettingSources {
        var origin = origin
        for file in files {
            guard let text = (try? FileAccess.content(of: file.path)).map({ String(decoding: $0.bytes, as: UTF8.self) })
            else { continue }
            origin.environment.merge(EnvironmentFile(text).values) { $1 }
        }
        let sources = SettingSources(origin, texts.renewed)
        if hasUnaskedKey { return sources.withoutTerminal() }
        return answers.isEmpty ? sources : sources.answered(answers)
    }

    /// Names in the environment or the file that look like settings but are none.
    package var unknownNames: [UnknownSetting] {
        let all = Set(layers.flatMap { $0.values.keys })
        let found = layers.flatMap { UnknownSetting.all(in: $0.values.keys, of: all, isFile: $0.isFile) }
        return Set(found).sorted { $0.name < $1.name }
    }

    private static func meaningful(_ value: String) -> String? {
        var value = value
        if value.last == "\r" { value.removeLast() }
        return value.isEmpty ? nil : value
    }

    private static func read(
        _ path: String,
        namedBy name: String,
        _ text: SettingTexts.Text?
    ) -> ([String: String], [SettingProblem]) {
        guard let text, let lines = text.text else {
            let problem = SettingProblem(
                name: name,
                message: "names \(path), which can't be read. Wanted: a file of NAME=value lines in UTF-8."
            )
            return ([:], [problem])
        }
        let file = EnvironmentFile(lines)
        var problems = file.malformedLines.map { line in
            SettingProblem(
                name: path,
                message: "has a line \(line.number) that can't be read: \(line.reason). Wanted: NAME=value, or a "
                    + "comment that begins with #."
            )
        }
        if text.file.isWritableByOthers {
            problems.append(SettingProblem(name: name, message: writable(path, text)))
        }
        return (file.values.compactMapValues(meaningful), problems)
    }

    /// What is wrong with a file that anybody may change.
    private static func writable(_ path: String, _ text: SettingTexts.Text) -> String {
        "names \(path), which others on this host can change (mode \(text.file.modeText)). Wanted: chmod o-w \(path)"
    }

    /// What is wrong, but no reason to refuse it, with a file of settings.
    private static func warnings(
        _ path: String,
        _ values: [String: String],
        _ text: SettingTexts.Text?
    ) -> [String] {
        let secrets = Setting.all.filter { $0.secrecy == .secret }.flatMap { [$0.name] + $0.otherNames }
        let held = secrets.filter { values[$0] != nil && values[$0] != "PROMPT" }
        guard let name = held.first, let file = text?.file, file.isOpenToOthers else { return [] }
        return [
            "Others on this host can read \(path) (mode \(file.modeText)), which holds \(name): run chmod o-r \(path), or give the "
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
                guard let found = texts.read(path), let text = found.text else {
                    fail("names \(path), which can't be read. Wanted: a file with the value alone, in UTF-8.")
                    continue
                }
                guard !found.file.isWritableByOthers else {
                    fail(Self.writable(path, found))
                    continue
                }
                if found.file.isOpenToOthers, setting.secrecy == .secret || text.contains("@") {
                    let mode = found.file.modeText
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

extension SettingSources.Origin: CustomReflectable {
    /// A mirror without children, as a layer's.
    fileprivate var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

extension SettingSources.Layer: CustomStringConvertible, CustomReflectable {
    /// The title alone, since some values are secret.
    package var description: String { title }

    /// A mirror without children, so that `dump` shows no values either.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}

extension String {
    /// The text without one line end at its end.
    fileprivate var droppingLineEnd: String {
        // CR and LF together are one character.
        last == "\n" || last == "\r\n" ? String(dropLast()) : self
    }
}
