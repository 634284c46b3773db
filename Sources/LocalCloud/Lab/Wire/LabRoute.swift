import Foundation

/// An operation of the API with what its path names.
enum LabRoute: Sendable, Hashable {
    case login, token
    case deleteToken(String)
    case blueprints
    case blueprint(String)
    case startSandbox(String)
    case startPersistentSandbox(String)
    case sandboxes
    case sandboxesOfOwner(String)
    case sandbox(String)
    case stopSandbox(String)
    case extendSandbox(String)
    case activity(String)
    case output(String)
    case instructions(String)
    case commands(String)
    case command(String, String)
    case startCommand(String, String)
    case components(String)
    case component(String, String)
    case componentCommands(String, String)
    case componentCommand(String, String, String)
    case startComponentCommand(String, String, String)
    case execution(String)
    case stopExecution(String)

    /// The operation's name, without what the path names.
    var name: String {
        let text = String(describing: self)
        return String(text.prefix { $0 != "(" })
    }

    /// Reads a request line.
    ///
    /// The path is split before it's decoded, and each segment is decoded once: `%2F` is part of a name, and `%2520`
    /// is `%20`.
    ///
    /// `takesRawToken` says whether a token may be in a path with its slashes as they are.
    static func parse(
        method: String,
        path: String,
        ignoringCase: Bool,
        takesRawToken: Bool = false
    ) -> (route: LabRoute, version: Int)? {
        let token = "/api/token/"
        if takesRawToken, method == "DELETE", path.count > token.count,
            path.hasPrefix(token) || ignoringCase && path.lowercased().hasPrefix(token)
        {
            return path.dropFirst(token.count).removingPercentEncoding.map { (.deleteToken($0), 2) }
        }
        var raw = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard raw.first == "" else { return nil }
        raw.removeFirst()
        if raw.last == "" { raw.removeLast() }
        var names: [String] = []
        for segment in raw {
            guard let name = segment.removingPercentEncoding, !name.isEmpty else { return nil }
            names.append(name)
        }
        func word(_ index: Int) -> String? {
            guard names.indices.contains(index) else { return nil }
            return ignoringCase ? names[index].lowercased() : names[index]
        }
        guard word(0) == "api" else { return nil }
        let rest = Array(names.dropFirst(2))
        func fixed(_ index: Int) -> String? { word(index + 2) }
        switch word(1) {
        case "login": return method == "PUT" && rest.isEmpty ? (.login, 2) : nil
        case "token":
            switch (method, rest.count) {
            case ("POST", 0): return (.token, 2)
            case ("DELETE", 1): return (.deleteToken(rest[0]), 2)
            default: return nil
            }
        case "v1":
            guard let route = versioned(method, rest, fixed), route.isInVersion1 else { return nil }
            return (route, 1)
        case "v2": return versioned(method, rest, fixed).map { ($0, 2) }
        default: return nil
        }
    }

    private static func versioned(_ method: String, _ path: [String], _ word: (Int) -> String?) -> LabRoute? {
        switch (method, word(0), path.count) {
        case ("GET", "blueprints", 1): .blueprints
        case ("GET", "blueprints", 2): .blueprint(path[1])
        case ("POST", "blueprints", 3) where word(2) == "start": .startSandbox(path[1])
        case ("POST", "blueprints", 3) where word(2) == "start-persistent": .startPersistentSandbox(path[1])
        case ("GET", "sandboxes", 1): .sandboxes
        case ("GET", "sandboxes", 3) where word(1) == "owners": .sandboxesOfOwner(path[2])
        case ("GET", "executions", 2): .execution(path[1])
        case ("DELETE", "executions", 2): .stopExecution(path[1])
        case (_, "sandboxes", 2...): sandbox(method, path, word)
        default: nil
        }
    }

    private static func sandbox(_ method: String, _ path: [String], _ word: (Int) -> String?) -> LabRoute? {
        let id = path[1]
        switch (method, word(2), path.count) {
        case ("GET", nil, 2): return .sandbox(id)
        case ("POST", "stop", 3): return .stopSandbox(id)
        case ("POST", "extend", 3): return .extendSandbox(id)
        case ("GET", "activity", 3): return .activity(id)
        case ("GET", "output", 3): return .output(id)
        case ("GET", "instructions", 3): return .instructions(id)
        case ("GET", "commands", 3): return .commands(id)
        case ("GET", "commands", 4): return .command(id, path[3])
        case ("POST", "commands", 5) where word(4) == "start": return .startCommand(id, path[3])
        case ("GET", "components", 3): return .components(id)
        case ("GET", "components", 4): return .component(id, path[3])
        case ("GET", "components", 5) where word(4) == "commands": return .componentCommands(id, path[3])
        case ("GET", "components", 6) where word(4) == "commands": return .componentCommand(id, path[3], path[5])
        case ("POST", "components", 7) where word(4) == "commands" && word(6) == "start":
            return .startComponentCommand(id, path[3], path[5])
        default: return nil
        }
    }

    private var isInVersion1: Bool {
        switch self {
        case .blueprints, .blueprint, .startSandbox, .sandboxes, .sandbox, .stopSandbox: true
        default: false
        }
    }

    /// Whether it belongs to the activity feed and the console.
    var isActivity: Bool {
        switch self {
        case .activity, .output: true
        default: false
        }
    }

    /// What the path names, for the journal; tokens aren't told.
    var facts: [String: String] {
        switch self {
        case .blueprint(let name), .startSandbox(let name), .startPersistentSandbox(let name): ["blueprint": name]
        case .sandboxesOfOwner(let owner): ["owner": owner]
        case .sandbox(let id), .stopSandbox(let id), .extendSandbox(let id), .activity(let id), .output(let id),
            .instructions(let id), .commands(let id), .components(let id):
            ["sandbox": id]
        case .command(let id, let name), .startCommand(let id, let name): ["sandbox": id, "command": name]
        case .component(let id, let component), .componentCommands(let id, let component):
            ["sandbox": id, "component": component]
        case .componentCommand(let id, let component, let name),
            .startComponentCommand(let id, let component, let name):
            ["sandbox": id, "component": component, "command": name]
        case .execution(let id), .stopExecution(let id): ["execution": id]
        case .login, .token, .deleteToken, .blueprints, .sandboxes: [:]
        }
    }
}
