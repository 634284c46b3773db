import ArgumentParser
import Foundation
import WorkerSettings

/// The service whose settings a command reads.
struct ServiceOptions: ParsableArguments {
    @Option(
        defaultAsFlag: ServiceName(instance: nil),
        parsing: .next,
        help: ArgumentHelp(
            "Read what the installed service reads, as its user; for one of several labs, its instance. This is the default "
                + "where \(ServiceName.settings) exists and neither a flag, --config nor the environment has a setting.",
            valueName: "instance"
        )
    )
    var service: ServiceName?

    /// The settings' sources: flags with the environment and the file at `path`, or with what the service reads.
    ///
    /// With the service's, the process has the rights of the service's user from now on.
    ///
    /// - Throws: ``ProgramFailure`` where there is no such service, and where it takes root's rights.
    func sources(_ flags: [String: String], configurationFile path: String?) throws -> SettingSources {
        let environment = ProcessEnvironment.variables
        guard let name = service ?? Self.standard(flags, environment, path) else {
            return SettingSources(flags: flags, environment: environment, configurationFile: path)
        }
        if path != nil {
            throw ProgramFailure(.usage, "--service and --config are both given. Wanted: one of them.")
        }
        var unit = try ServiceUnit(instance: name.instance)
        var texts = SettingTexts()
        for path in unit.filesForRoot { _ = texts.read(path) }
        let user = try ServiceUser(of: unit)
        try user.takeOver()
        unit.environment.merge(user.variables) { said, _ in said }
        StandardError.write("Reading what \(unit.name) reads, as its user \(user.name).\n")
        return SettingSources(flags: flags, service: unit, texts: texts)
    }

    /// The installed service, where nothing else says what to read.
    private static func standard(
        _ flags: [String: String],
        _ environment: [String: String],
        _ path: String?
    ) -> ServiceName? {
        let isSaid = environment.keys.contains { $0.hasPrefix("CLOUDSHELL_") || $0.hasPrefix("QUALI_") }
        guard flags.isEmpty, path == nil, !isSaid, FileManager.default.fileExists(atPath: ServiceName.settings) else {
            return nil
        }
        return ServiceName(instance: nil)
    }
}

/// The name of a service, by its instance.
struct ServiceName: ExpressibleByArgument, CustomStringConvertible {
    /// The settings of the service of the one lab.
    static let settings = "/etc/quali-worker/worker.env"

    /// What is between `@` and `.service`; `nil` for the service of the one lab.
    let instance: String?

    init(instance: String?) {
        self.instance = instance
    }

    init?(argument: String) {
        var name = argument[...]
        if name.hasSuffix(".service") { name = name.dropLast(8) }
        if name.hasPrefix("quali-worker@") { name = name.dropFirst(13) }
        let marks = ":_.-"
        guard !name.isEmpty, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || marks.contains($0)) })
        else {
            return nil
        }
        instance = name == "quali-worker" ? nil : String(name)
    }

    var description: String { instance ?? "quali-worker" }
}

/// The user whose processes a service starts.
struct ServiceUser {
    /// The user's name.
    let name: String
    /// What systemd sets for the user.
    let variables: [String: String]
    private let (user, group): (uid_t, gid_t)

    /// Looks the user of a unit up.
    ///
    /// - Throws: ``ProgramFailure`` where the host doesn't know it.
    init(of unit: ServiceUnit) throws {
        name = unit.user ?? "root"
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>? = nil
        var buffer = [CChar](repeating: 0, count: 16_384)
        let status = unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found)
        guard status == 0, unsafe found != nil else {
            throw ProgramFailure(.usage, "--service: the host has no user '\(name)', which \(unit.name) names.")
        }
        unsafe (user, group) = (entry.pw_uid, entry.pw_gid)
        variables = unsafe ["HOME": String(cString: entry.pw_dir), "USER": name, "LOGNAME": name]
    }

    /// Gives the process the user's rights and home, and takes from it what the caller's shell says of AWS.
    ///
    /// Nothing else runs yet that would see half of it.
    ///
    /// - Throws: ``ProgramFailure`` where the process may not do that.
    func takeOver() throws {
        if geteuid() != user {
            guard geteuid() == 0, unsafe initgroups(name, group) == 0, setgid(group) == 0, setuid(user) == 0 else {
                throw ProgramFailure(
                    .usage,
                    "--service takes root's rights, since the service's secrets are root's. Wanted: sudo quali-worker …, or "
                        + "--config with a file of settings."
                )
            }
        }
        // A program that gives credentials sees no more of the caller's than the service's would.
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("AWS_") { unsafe unsetenv(name) }
        for (name, value) in variables { unsafe setenv(name, value, 1) }
    }
}
