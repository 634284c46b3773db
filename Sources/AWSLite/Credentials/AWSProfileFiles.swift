import FoundationEssentials

/// The files `~/.aws/config` and `~/.aws/credentials`, and the profile that is in use.
package struct AWSProfileFiles: Sendable, Hashable {
    /// Where the files are, and which profile is wanted.
    package struct Location: Sendable, Hashable {
        /// The path of the configuration file.
        package var configuration: String
        /// The path of the credentials file.
        package var credentials: String
        /// The profile that somebody asked for; `nil` for `default`, which needn't exist.
        package var profile: String?

        /// Names the files and the profile.
        package init(configuration: String, credentials: String, profile: String? = nil) {
            self.configuration = configuration
            self.credentials = credentials
            self.profile = profile
        }

        /// Reads `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, `AWS_DEFAULT_PROFILE`, `AWS_PROFILE` and `HOME`.
        ///
        /// Where both profile variables are set, `AWS_DEFAULT_PROFILE` wins, as in botocore.
        package init(environment: [String: String]) {
            let home = environment.nonEmpty("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path
            func path(_ name: String, _ standard: String) -> String {
                let path = environment.nonEmpty(name) ?? standard
                return path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path
            }
            self.init(
                configuration: path("AWS_CONFIG_FILE", "~/.aws/config"),
                credentials: path("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
                profile: environment.nonEmpty("AWS_DEFAULT_PROFILE") ?? environment.nonEmpty("AWS_PROFILE")
            )
        }
    }

    /// Where the files were looked for.
    package let location: Location
    /// The configuration file's sections; `nil` when there is no such file.
    let configuration: ProfileFile?
    /// The credentials file's sections; `nil` when there is no such file.
    let credentials: ProfileFile?

    /// Reads both files; one that doesn't exist counts as empty.
    ///
    /// - Throws: ``AWSConfigurationError`` naming the file when it can't be read, and the line when it is malformed.
    package init(_ location: Location) throws {
        self.location = location
        configuration = try ProfileFile.read(location.configuration)
        credentials = try ProfileFile.read(location.credentials)
    }

    /// Reads the files that an environment names.
    ///
    /// - Throws: ``AWSConfigurationError`` as ``init(_:)`` does.
    package init(environment: [String: String]) throws {
        try self.init(Location(environment: environment))
    }

    /// The profile in use; `nil` when nobody asked for one and there is none called `default`.
    ///
    /// - Throws: ``AWSConfigurationError`` naming the profile and the files when somebody asked for a profile that
    ///   neither of them has.
    package func selectedProfile() throws -> AWSProfile? {
        let name = location.profile ?? "default"
        if let profile = profile(name) { return profile }
        guard location.profile != nil else { return nil }
        throw AWSConfigurationError(
            "there is no profile \"\(name)\": neither [\(name == "default" ? "" : "profile ")\(name)] in "
                + "\(location.configuration)\(configuration == nil ? " (no such file)" : "") nor [\(name)] in "
                + "\(location.credentials)\(credentials == nil ? " (no such file)" : "")"
        )
    }

    /// The profile of a name; `nil` when neither file has one.
    func profile(_ name: String) -> AWSProfile? {
        let fromConfiguration =
            name == "default"
            ? configuration?.sections["profile default"] ?? configuration?.sections["default"]
            : configuration?.sections["profile \(name)"]
        let fromCredentials = credentials?.sections[name]
        guard fromConfiguration != nil || fromCredentials != nil else { return nil }
        return AWSProfile(
            name: name,
            configuration: fromConfiguration ?? [:],
            credentials: fromCredentials ?? [:],
            files: self
        )
    }
}

/// One profile: what both files say under its name.
package struct AWSProfile: Sendable, Hashable {
    /// The profile's name.
    package let name: String
    /// Its part of the configuration file.
    let configuration: ProfileFile.Section
    /// Its part of the credentials file.
    let credentials: ProfileFile.Section
    /// What both files say, as botocore puts it together: the credentials file's word replaces the other's, even where
    /// it is empty.
    let settings: ProfileFile.Section
    private let files: AWSProfileFiles

    init(name: String, configuration: ProfileFile.Section, credentials: ProfileFile.Section, files: AWSProfileFiles) {
        self.name = name
        self.configuration = configuration
        self.credentials = credentials
        self.files = files
        settings = configuration.merging(credentials) { $1 }
    }

    /// The profile and its file, in words.
    var place: String { "profile \"\(name)\" in \(files.location.configuration)" }

    /// A setting's value, from the credentials file before the configuration file; `nil` where absent or empty.
    package func text(_ setting: String) -> String? {
        guard case .text(let text)? = settings[setting.lowercased()], !text.isEmpty else { return nil }
        return text
    }

    /// A setting nested under another, such as `addressing_style` under `s3`; `nil` where absent.
    func text(_ setting: String, under parent: String) -> String? {
        guard case .nested(let nested)? = settings[parent] else { return nil }
        return nested[setting]
    }

    /// What the section `[services …]` that the profile names says about one service.
    ///
    /// - Throws: ``AWSConfigurationError`` when there is no such section.
    func serviceSettings(of service: AWSService) throws -> [String: String] {
        guard let name = text("services") else { return [:] }
        guard let section = files.configuration?.sections["services \(name)"] else {
            throw AWSConfigurationError("\(place) names the services section \"\(name)\", which doesn't exist")
        }
        guard case .nested(let settings)? = section[service.configurationName] else { return [:] }
        return settings
    }
}
