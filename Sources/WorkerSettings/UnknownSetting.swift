import JobEngine

/// A name that looks like a setting but is none.
package struct UnknownSetting: Sendable, Hashable, CustomStringConvertible {
    /// The name as somebody wrote it.
    package let name: String
    /// The setting that was most likely meant; `nil` where none is near.
    package let nearest: String?

    package init(_ name: String, among known: some Collection<String>) {
        self.name = name
        nearest = Self.nearest(name, among: known)
    }

    /// The names of a source that look like settings but are none, sorted.
    ///
    /// A file of settings is written for this program, so a name in it is told if it begins like one of its settings or
    /// is near any of them. The environment is everybody's: there it has to be near one, and no other program's.
    ///
    /// `names` are what the source has, and `all` what all sources have. `isFile` says whether the source is a file of
    /// settings.
    package static func all(in names: some Sequence<String>, of all: Set<String>, isFile: Bool) -> [UnknownSetting] {
        let settings = Setting.all.filter(\.hasFlag)
        let candidates = settings.flatMap(\.allNames)
        let known = Set(Setting.all.flatMap(\.allNames))
        return names.filter { !known.contains($0) && !isServiceLink($0) }.sorted().compactMap { name in
            let unknown = UnknownSetting(name, among: candidates)
            if isFile ? isOurs(name) : name.hasPrefix("QUALI_") { return unknown }
            guard let nearest = unknown.nearest else { return nil }
            if isFile || isOurs(nearest) { return unknown }
            // Where the right one is set too, the other was meant for somebody else.
            let isSet = settings.first { $0.allNames.contains(nearest) }?.allNames.contains(where: all.contains)
            return isSet == false && !isVariant(name, of: nearest) ? unknown : nil
        }
    }

    /// The beginnings of several settings' names, and how many letters may be wrong after each, however short the rest.
    ///
    /// AWS has an endpoint's variable for each of its services, and some differ by a letter.
    private static let families = [("QUALI_", 1), ("CLOUDSHELL_", 1), ("JOB_WORKER_", 1), ("AWS_ENDPOINT_URL_", 0)]

    /// Whether a name has the form of those that this program and the original worker alone have.
    private static func isOurs(_ name: String) -> Bool {
        ["QUALI_", "CLOUDSHELL_", "JOB_WORKER_"].contains(where: name.hasPrefix) || name.hasSuffix("_ACTION_NAME")
    }

    /// Whether a name is one that another program may have beside everybody's name: `AWS_REGIONS`, `AWS_PROFILE_2`,
    /// `LOGLEVEL`.
    private static func isVariant(_ name: String, of other: String) -> Bool {
        let (one, other) = (name.filter { $0 != "_" }, other.filter { $0 != "_" })
        return one.hasPrefix(other) || one.hasSuffix(other)
    }

    /// Whether a name is one of those that Kubernetes gives each container for each service of its namespace:
    /// `NAME_SERVICE_HOST`, `NAME_PORT`, `NAME_PORT_8080_TCP_ADDR` (kubernetes.io, "Service", "Environment variables").
    private static func isServiceLink(_ name: String) -> Bool {
        let link = /\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)/
        return name.wholeMatch(of: link) != nil
    }

    /// The setting that a name is nearest to, in capitals or not; `nil` where none is near.
    private static func nearest(_ name: String, among known: some Collection<String>) -> String? {
        let name = name.uppercased().replacing("-", with: "_")
        // The file of a value that is no secret.
        if let setting = known.first(where: { $0 + "_FILE" == name }) { return setting }
        let near = known.compactMap { setting -> (Int, String)? in
            let limit = limit(name, setting)
            // Most names are too short or too long, and need no comparison.
            guard abs(name.utf8.count - setting.utf8.count) <= limit else { return nil }
            let distance = name.editDistance(to: setting)
            return distance <= limit ? (distance, setting) : nil
        }
        return near.min { $0 < $1 }?.1
    }

    /// How many letters may be wrong: a quarter of those by which a family's names differ, else a sixth, up to three.
    private static func limit(_ name: String, _ setting: String) -> Int {
        let family = families.first { name.hasPrefix($0.0) && setting.hasPrefix($0.0) }
        guard let (prefix, least) = family else { return min(3, setting.count / 6) }
        return max(least, min(3, (setting.count - prefix.count) / 4))
    }

    /// What to tell whoever wrote it.
    package var description: String {
        "There is no setting \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "")
    }
}
