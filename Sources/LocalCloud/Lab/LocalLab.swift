import Foundation

/// A stand-in of the CloudShell Sandbox API: version 2 with login and tokens, and what version 1 has.
///
/// All state is in memory. Nothing in it waits: what has happened is computed from the time when somebody looks.
public final class LocalLab: LocalService {
    /// `lab`.
    package let name = "lab"
    /// The time.
    package let clock: LocalClock

    let world: Watched<LabWorld>

    /// Creates a lab.
    ///
    /// - Parameters:
    ///   - behavior: What the documentation leaves open.
    ///   - accounts: The users; by default `admin` with the password `admin` in the domain `Global`.
    ///   - blueprints: What can be started; by default ``LabBlueprint/demo``.
    ///   - clock: The time.
    package init(
        behavior: LabBehavior = LabBehavior(),
        accounts: [LabAccount] = [LabAccount(username: "admin", password: "admin")],
        blueprints: [LabBlueprint] = LabBlueprint.demo,
        clock: LocalClock = LocalClock()
    ) {
        self.clock = clock
        world = Watched(LabWorld(behavior: behavior, accounts: accounts, blueprints: blueprints))
    }

    /// How the lab behaves; a change counts from the next request on.
    package var behavior: LabBehavior {
        get { world.read(\.behavior) }
        set { world.change { $0.behavior = newValue } }
    }

    // MARK: LocalService

    /// The operation's name as `SandboxClient` has it, such as `startSandbox`; `unknown` for a route that there isn't.
    package func operation(of request: LocalRequest) -> String { route(of: request)?.name ?? "unknown" }

    /// Answers a request.
    package func reply(to request: LocalRequest) async -> LocalReply {
        let now = clock.now
        return world.change { $0.answer(request, now: now) }
    }

    /// The names and ids in the path.
    package func facts(of request: LocalRequest) -> [String: String] { route(of: request)?.facts ?? [:] }

    /// The lab's error body.
    package func errorReply(status: Int, code: String, message: String) -> LocalReply {
        LabError(status: status, message: message).reply
    }

    private func route(of request: LocalRequest) -> LabRoute? {
        let behavior = world.read(\.behavior)
        return LabRoute.parse(
            method: request.method,
            path: behavior.gateway.path(request.path),
            ignoringCase: behavior.ignoresCaseOfPaths,
            takesRawToken: behavior.takesRawTokenInPath
        )?.route
    }

    /// What the gateway before the lab says when the lab is away.
    package static let badGateway = LocalReply.text(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>502 Proxy Error</title>\n"
            + "</head><body>\n<h1>Proxy Error</h1>\n<p>The proxy server received an invalid response.</p>\n</body></html>\n",
        status: 502,
        contentType: "text/html; charset=iso-8859-1"
    )

    /// A success without a body.
    package static let emptyReply = LocalReply(headers: [("Content-Type", "application/json")])
}
