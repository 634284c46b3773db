import Foundation

/// One setting as it is, for people: secrets are never in it.
package struct SettingRow: Sendable, Encodable {
    /// The name.
    package let name: String
    /// The part of the worker that it is about.
    package let group: String
    /// The value; `nil` where it is unset or secret, an address without its password.
    package let value: String?
    /// Whether somebody has set it.
    package let isSet: Bool
    /// Whether its value is secret.
    package let isSecret: Bool
    /// Where its value comes from, such as `CLOUDSHELL_PASSWORD_FILE (the environment)`.
    package let origin: String
    /// The default, in words.
    package let standard: String?
    /// The source as a whole, such as `the environment`.
    package let place: String

    private enum CodingKeys: String, CodingKey {
        case name, group, value, isSet, isSecret, origin
        case standard = "default"
    }

    /// Reads a setting; what is found elsewhere, such as in a profile, isn't known here.
    package init(_ setting: Setting, _ sources: SettingSources) {
        let found = Self.names(of: setting).first { sources.origin(of: $0) != nil }
        let text = found.flatMap { sources.merged[$0] }
        let isPrompt = sources.prompts.contains(setting)
        name = setting.name
        group = setting.group.rawValue
        isSet = found != nil
        isSecret = setting.secrecy == .secret
        value = isPrompt ? "asked at the terminal" : isSecret ? nil : text.map(Self.withoutPassword)
        let origin = found.flatMap { sources.origin(of: $0) }
        // A name of another setting's kind says more than the place alone.
        let other = found.flatMap { $0 == setting.name ? nil : $0 }
        self.origin =
            origin.map { origin in other.map { "\($0) (\(origin))" } ?? origin }
            ?? (setting.standard == nil ? "not set" : "default")
        standard = setting.standard
        place = found.flatMap { name in sources.layers.first { $0.values[name] != nil }?.title } ?? "default"
    }

    /// A setting whose value comes from somewhere else than the sources.
    private init(_ row: SettingRow, value: String, origin: String) {
        name = row.name
        group = row.group
        self.value = value
        isSet = row.isSet
        isSecret = row.isSecret
        self.origin = origin
        standard = row.standard
        place = row.place
    }

    /// All settings.
    package static func all(_ sources: SettingSources) -> [SettingRow] { Setting.all.map { SettingRow($0, sources) } }

    /// All settings, with what the worker makes of those that nobody has set.
    package static func all(_ sources: SettingSources, _ settings: WorkerSettings) -> [SettingRow] {
        all(sources).map { row in
            guard !row.isSet else { return row }
            switch row.name {
            case Setting.region.name where !settings.aws.region.isEmpty:
                return SettingRow(row, value: settings.aws.region, origin: "the AWS profile")
            case Setting.awsCABundle.name:
                return settings.aws.caBundle.map { SettingRow(row, value: $0, origin: "the AWS profile") } ?? row
            case Setting.stateDirectory.name:
                let place = sources.origin(of: "STATE_DIRECTORY").map { "STATE_DIRECTORY (\($0))" }
                return SettingRow(row, value: settings.jobs.stateDirectory, origin: place ?? "default")
            default: return row
            }
        }
    }

    /// The names under which a value counts, the strongest first; curl has its own for proxies.
    private static func names(of setting: Setting) -> [String] {
        switch setting {
        case .proxy: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        case .noProxy: ["no_proxy", "NO_PROXY"]
        default: [setting.name] + setting.otherNames
        }
    }

    /// An address without the password in it; any other text as it is.
    static func withoutPassword(_ text: String) -> String {
        let start = text.range(of: "://")?.upperBound ?? text.startIndex
        guard let at = text[start...].lastIndex(of: "@") else { return text }
        let user = text[start..<at].prefix { $0 != ":" }
        return text[..<start] + user + (user.endIndex == at ? "" : ":***") + text[at...]
    }
}
