import Foundation

/// What concerns the process as a whole.
enum Program {
    /// The program's version.
    static let version = "0.1.0"

    /// Sets up the process, before anything else happens in it.
    static func prepare() {
        // A peer that closes a connection must cost a call, not the process.
        signal(SIGPIPE, SIG_IGN)
        ResidentMemory.shareHeaps()
        // While there is no other thread that might read the environment.
        _ = ProcessEnvironment.variables
    }

    /// Puts the proxies of a configuration file where libcurl reads them: into the environment.
    ///
    /// It must be called before the first client is made, since nobody may read the environment meanwhile.
    static func exportProxies(_ sources: SettingSources) {
        for name in ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
            // What is there already is stronger.
            if let value = sources.merged[name] { setenv(name, value, 0) }
        }
    }
}
