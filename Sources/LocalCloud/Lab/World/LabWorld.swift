import Foundation

/// The whole state of the lab; everything it does is a function of its state, a request and the time.
struct LabWorld: Sendable {
    struct Session: Sendable {
        var account: LabAccount
        var domain: String
        var expires: Date
    }

    var behavior: LabBehavior {
        didSet { touchAll() }
    }
    var accounts: [LabAccount]
    var blueprints: [LabBlueprint]
    var sessions: [String: Session] = [:]
    /// How often logins of a user have failed in a row, and until when the user is locked out.
    var failedLogins: [String: (count: Int, end: Date)] = [:]
    var sandboxes: [LabSandbox] = []
    var executions: [LabExecution] = []
    /// Where they are in those lists, by their ids in small letters.
    var sandboxPlaces: [String: Int] = [:]
    var executionPlaces: [String: Int] = [:]
    /// When something is due in each sandbox.
    var dues: [Date] = []
    /// Nothing is due before.
    var nextDue = Date.distantFuture
    var conflictsLeft: [String: Int] = [:]
    var lastEventID = 9_126
    /// When the requests of the running rate window came.
    var recentRequests: [Date] = []
    /// The bodies of requests that need none, by operation.
    var needlessBodies: [(operation: String, body: Data)] = []

    init(behavior: LabBehavior, accounts: [LabAccount], blueprints: [LabBlueprint]) {
        self.behavior = behavior
        self.accounts = accounts
        self.blueprints = blueprints
        for blueprint in blueprints { conflictsLeft[blueprint.id] = blueprint.conflicts }
    }

    /// Answers a request.
    mutating func answer(_ request: LocalRequest, now: Date) -> LocalReply {
        if behavior.gateway == .down { return LocalLab.badGateway }
        settle(now)
        let reply: LocalReply
        do throws(LabError) {
            reply = try dispatch(request, now)
        } catch {
            reply = error.reply
        }
        return behavior.gateway == .emptyReplies ? LocalLab.emptyReply : reply
    }

    private mutating func dispatch(_ request: LocalRequest, _ now: Date) throws(LabError) -> LocalReply {
        try countRequest(now)
        guard
            let (route, version) = LabRoute.parse(
                method: request.method,
                path: behavior.gateway.path(request.path),
                ignoringCase: behavior.ignoresCaseOfPaths,
                takesRawToken: behavior.takesRawTokenInPath
            ), behavior.knowsActivity || !route.isActivity
        else { throw .unknownRoute(behavior) }
        if case .login = route { return try login(request, now) }
        let session = try session(of: request, now)
        if !request.body.isEmpty, !route.takesBody { needlessBodies.append((route.name, request.body)) }
        let writer = LabWriter(behavior: behavior, version: version, now: now)
        switch route {
        case .login: throw .unknownRoute(behavior)
        case .token: return try token(request, session, now)
        case .deleteToken(let token):
            sessions[token] = nil
            return .json(["result": "success"])
        case .blueprints:
            return .json(.array(visibleBlueprints(session).map { writer.blueprint($0, withInputs: false) }))
        case .blueprint(let name):
            return .json(writer.blueprint(try blueprint(name, session), withInputs: true))
        case .startSandbox(let name):
            return try start(blueprint(name, session), isPersistent: false, request, session, now, writer)
        case .startPersistentSandbox(let name):
            return try start(blueprint(name, session), isPersistent: true, request, session, now, writer)
        case .sandboxes: return list(request, session, writer, now)
        case .sandboxesOfOwner(let owner): return list(of: owner, session, writer, now)
        case .sandbox(let id): return try read(sandboxIndex(id, session), writer)
        case .stopSandbox(let id): return try stop(sandboxIndex(id, session), now, writer)
        case .extendSandbox(let id): return try extend(sandboxIndex(id, session), request, now, writer)
        case .activity(let id): return try activity(sandboxIndex(id, session), request, writer)
        case .output(let id): return try console(sandboxIndex(id, session), request, writer)
        case .instructions(let id):
            return .json(.string(sandboxes[try sandboxIndex(id, session)].blueprint.instructions))
        case .components(let id):
            let sandbox = sandboxes[try sandboxIndex(id, session)]
            return .json(.array(sandbox.components.map { writer.component($0, of: sandbox, byID: false) }))
        case .component(let id, let componentID):
            let sandbox = sandboxes[try sandboxIndex(id, session)]
            return .json(writer.component(try component(componentID, of: sandbox), of: sandbox, byID: true))
        case .commands, .command, .startCommand, .componentCommands, .componentCommand, .startComponentCommand,
            .execution, .stopExecution:
            return try answerCommand(route, request, session, now, writer)
        }
    }

    private mutating func countRequest(_ now: Date) throws(LabError) {
        guard let quota = behavior.rateQuota else { return }
        recentRequests.removeAll { now.timeIntervalSince($0) >= behavior.rateWindow / .seconds(1) }
        guard recentRequests.count < quota else { throw .quota(behavior) }
        recentRequests.append(now)
    }

    // MARK: Things by name

    func visibleBlueprints(_ session: Session) -> [LabBlueprint] {
        blueprints.filter { $0.isPublic && $0.domain == session.domain }
    }

    func blueprint(_ nameOrID: String, _ session: Session) throws(LabError) -> LabBlueprint {
        let visible = visibleBlueprints(session)
        guard
            let found = visible.first(where: { $0.id.lowercased() == nameOrID.lowercased() })
                ?? visible.first(where: { $0.name == nameOrID })
        else { throw .notFound }
        return found
    }

    func sandboxIndex(_ id: String, _ session: Session) throws(LabError) -> Int {
        guard let index = sandboxPlaces[id.lowercased()], sandboxes[index].domain == session.domain,
            isPublic(sandboxes[index])
        else { throw .notFound }
        guard isVisible(sandboxes[index], session) else { throw .forbidden }
        return index
    }

    /// Whether the blueprint is public now; a sandbox is hidden as soon as its blueprint is.
    func isPublic(_ sandbox: LabSandbox) -> Bool {
        blueprints.first { $0.id == sandbox.blueprint.id }?.isPublic ?? sandbox.blueprint.isPublic
    }

    func isVisible(_ sandbox: LabSandbox, _ session: Session) -> Bool {
        session.account.isAdmin || sandbox.permittedUsers.contains(session.account.username)
    }

    func component(_ id: String, of sandbox: LabSandbox) throws(LabError) -> LabSandbox.Component {
        guard let found = sandbox.components.first(where: { $0.id.lowercased() == id.lowercased() }) else {
            throw .notFound
        }
        return found
    }
}

extension LabRoute {
    /// Whether the documentation gives the request a body.
    fileprivate var takesBody: Bool {
        switch self {
        case .login, .token, .startSandbox, .startPersistentSandbox, .extendSandbox, .startCommand,
            .startComponentCommand:
            true
        default: false
        }
    }
}
