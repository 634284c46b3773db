import Foundation
import WorkerSettings

/// The environment that the process was started with.
///
/// Its secrets are taken out of the process's own copy when it is first read: `/proc/PID/environ` shows that copy to
/// whoever runs under the same user, a dump of the process has it, and each child process would get one more.
enum ProcessEnvironment {
    /// The variables by name, secrets and all.
    static let variables = take()

    /// Variables with a secret that are no settings of ours.
    private static let otherSecrets = ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    /// Addresses of proxies, which libcurl reads by itself.
    private static let proxies = ["HTTPS_PROXY", "https_proxy", "http_proxy", "ALL_PROXY", "all_proxy"]

    private static func take() -> [String: String] {
        let variables = ProcessInfo.processInfo.environment
        let settings = Setting.all.filter { $0.secrecy == .secret }.flatMap { [$0.name] + $0.otherNames }
        for name in settings + otherSecrets + [Setting.labProxy.name] { hide(name) }
        for name in proxies where variables[name]?.contains("@") == true {
            hide(name)
            // What is set anew is elsewhere than what the process was started with.
            if let value = variables[name] { unsafe setenv(name, value, 1) }
        }
        return variables
    }

    private static func hide(_ name: String) {
        guard let value = unsafe getenv(name) else { return }
        // It is the process's own memory, up to the text's end, and nobody else runs yet.
        unsafe memset(value, 0, strlen(value))
        unsafe unsetenv(name)
    }
}
