import Foundation
package import HTTPTransport
package import SandboxAPI

/// The lab, and how it is reached.
package struct LabSettings: Sendable {
    /// The Sandbox API's address.
    package var url: String
    /// Whether the way to it is encrypted.
    var isEncrypted: Bool
    /// The CloudShell user.
    package var user: String
    /// The user's password.
    package var password: Secret
    /// The CloudShell domain.
    package var domain: String
    /// The certificates to trust; `nil` for the system's.
    package var caBundle: String?
    /// How the lab is reached.
    package var proxy: CurlHTTPClient.Proxy
    /// How many calls are on their way to the lab at once at most.
    package var connections = Self.mostConnections
    /// What is called so is a secret.
    package var secretNames: SecretNames

    /// Enough for a crowd of jobs where the lab takes half a second for each call, and little for a server.
    static let mostConnections = 128

    /// Reads the lab's settings.
    package init(_ reader: inout SettingReader) {
        url = reader.required(.labURL)
        isEncrypted = true
        if !url.isEmpty {
            do {
                isEncrypted = try LabURL(url).isEncrypted
            } catch {
                let reason = (error as? SandboxAPIError)?.message ?? "\(error)"
                reader.note(
                    Setting.labURL.name,
                    "can't be used (\(reader.sources.origin(of: Setting.labURL.name) ?? "")). \(reason)"
                )
            }
        }
        user = reader.required(.labUser)
        password = Secret(reader.required(.labPassword))
        domain = reader.text(.labDomain) ?? "Global"
        caBundle = reader.certificates(.labCABundle)
        proxy = Self.proxy(&reader)
        if let number = reader.wholeNumber(.labConnections, in: 1...1_000) { connections = number }
        secretNames =
            reader.value(.secretNames, wanted: "names with commas between them, such as password,token or +pin,serial")
        {
            SecretNames(list: $0)
        } ?? .standard
    }

    private static func proxy(_ reader: inout SettingReader) -> CurlHTTPClient.Proxy {
        let setting = Setting.labProxy
        guard let text = reader.text(setting) else { return .environment }
        if text.lowercased() == "none" { return .none }
        if text.contains("@"), reader.sources.origin(of: setting.name) == "a flag" {
            reader.note(
                setting.name,
                "has a user in it, which others on this host could read in a flag. Wanted: the address in the "
                    + "environment, in the --config file or in the file that CLOUDSHELL_PROXY_FILE names."
            )
            return .environment
        }
        let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
        let whole = text.contains("://") ? text : "http://" + text
        guard let url = URLComponents(string: whole), let scheme = url.scheme?.lowercased(),
            schemes.contains(scheme), url.host?.isEmpty == false, (1...65_535).contains(url.port ?? 1)
        else {
            reader.problem(
                setting,
                text,
                wanted: "an address such as http://proxy.example.com:3128 or socks5h://10.0.0.7:1080, or 'none'"
            )
            return .environment
        }
        return .url(Secret(whole))
    }

    /// What the Sandbox API's client needs.
    package var client: SandboxClient.Configuration {
        .init(url: url, username: user, password: password, domain: domain)
    }

    /// A client of HTTP for the lab.
    ///
    /// `currentProxy` tells how the lab is reached from now on, and is asked before each call; `nil` for ``proxy``.
    ///
    /// - Throws: `HTTPClientError` when libcurl can't start or the certificates can't be read.
    package func httpClient(
        currentProxy: (@Sendable () async -> CurlHTTPClient.Proxy)? = nil
    ) throws -> CurlHTTPClient {
        var configuration = CurlHTTPClient.Configuration()
        configuration.caBundle = caBundle
        configuration.proxy = proxy
        configuration.currentProxy = currentProxy
        configuration.connectionsPerHost = connections
        return try CurlHTTPClient(configuration)
    }
}
