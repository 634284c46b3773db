import CLibcurl

/// The file of the certificates that a client trusts, which somebody may replace while the client lives.
///
/// curl reads it once and keeps that for a day.
final class TrustedFile: Sendable {
    private struct State {
        var identity: FileAccess.Identity?
        var changed: ContinuousClock.Instant?
    }

    private let path: String
    private let state: Locked<State>

    /// Looks at a file; `nil` for the system's, as libcurl was built to find it.
    ///
    /// - Returns: `nil` where libcurl trusts no file.
    init?(_ path: String?) {
        // A text of libcurl's own, which stays.
        let standard = unsafe quali_curl_trusted_file().map { unsafe String(cString: $0) }
        guard let path = path ?? standard else { return nil }
        self.path = path
        state = Locked(State(identity: try? FileAccess.identity(path)))
    }

    /// How long ago the file was first seen to be another than before, in whole seconds; `nil` if it never was.
    func secondsSinceChange() -> Int? {
        let identity = try? FileAccess.identity(path)
        return state.withLock { state in
            // Without a file there is nothing better to read.
            if let identity, identity != state.identity { state = State(identity: identity, changed: .now) }
            return state.changed.map { Int($0.duration(to: .now).components.seconds) }
        }
    }
}
