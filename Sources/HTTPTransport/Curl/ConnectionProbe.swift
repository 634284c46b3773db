import CLibcurl
import FoundationEssentials

/// A connection that is made to be looked at.
final class ConnectionProbe: CurlJob, @unchecked Sendable {
    // `@unchecked`: created on the caller's thread, then touched by the loop's thread alone.

    private let url: String
    private let configuration: CurlHTTPClient.Configuration
    private let isVerified: Bool
    private let words = CurlWords()
    private var continuation: CheckedContinuation<ConnectionReport, any Error>?
    private var report = ConnectionReport()

    private(set) var state = CurlJobState.new
    private(set) var handle: CurlHandle?

    /// `isVerified` says whether the server's certificates have to be in order.
    ///
    /// Where it is false, the one use of the connection is to read them.
    init(_ url: String, _ configuration: CurlHTTPClient.Configuration, isVerified: Bool) {
        self.url = url
        self.configuration = configuration
        self.isVerified = isVerified
    }

    /// Takes who waits for the report, before the loop knows of this.
    func attach(_ continuation: CheckedContinuation<ConnectionReport, any Error>) {
        self.continuation = continuation
    }

    func prepare(_ handle: CurlHandle) throws {
        state = .running
        self.handle = handle
        let result = setUp(handle)
        guard result == CURLE_OK else {
            throw HTTPClientError(.invalidRequest, curlText(result), mayHaveBeenProcessed: false)
        }
    }

    func finish(_ result: CURLcode) {
        guard let handle else { return }
        read(handle, result)
        release()
        continuation?.resume(returning: report)
        continuation = nil
    }

    func abandon(_ error: any Error) {
        release()
        if let failure = error as? HTTPClientError {
            report.failure = failure
            continuation?.resume(returning: report)
        } else {
            continuation?.resume(throwing: error)
        }
        continuation = nil
    }

    private func release() {
        state = .ended
        handle = nil
    }

    private func setUp(_ handle: CurlHandle) -> CURLcode {
        var steps = CurlOptions(handle: handle)
        steps.set(CURLOPT_URL, url)
        steps.set(CURLOPT_PROTOCOLS_STR, "http,https")
        // No request, and a connection that no other transfer gets.
        steps.set(CURLOPT_CONNECT_ONLY, 1)
        steps.set(CURLOPT_FRESH_CONNECT, 1)
        steps.set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        steps.set(CURLOPT_NOSIGNAL, 1)
        steps.set(CURLOPT_QUICK_EXIT, 1)
        steps.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        steps.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        steps.set(CURLOPT_TIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        steps.set(CURLOPT_USERAGENT, configuration.userAgent)
        steps.set(CURLOPT_CERTINFO, 1)
        steps.set(configuration)
        if !isVerified {
            steps.set(CURLOPT_SSL_VERIFYPEER, 0)
            steps.set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        steps.add(handle.setWords(words))
        // What curl says in words tells what it has no number for: the proxy's variable, and the addresses.
        steps.set(CURLOPT_VERBOSE, 1)
        steps.add(handle.setListener(self))
        if case .url(let proxy) = configuration.proxy.kind { report.proxy = Self.withoutUser(proxy.reveal()) }
        return steps.result
    }

    /// Takes a line of curl's own.
    func note(_ line: String) {
        let words = line.split(whereSeparator: \.isWhitespace)
        if line.hasPrefix("Uses proxy env variable "), words.count >= 5, words[4].lowercased() != "no_proxy" {
            report.proxyVariable = String(words[4])
            report.proxy = line.split(separator: "'").dropFirst().first.map { Self.withoutUser(String($0)) }
        } else if words.first == "Trying", let place = words.dropFirst().first {
            // Such as 127.0.0.1:443... or [::1]:443...
            let authority = place.hasSuffix("...") ? place.dropLast(3) : place
            report.addresses.append(String(authority.lastIndex(of: ":").map { authority[..<$0] } ?? authority))
        } else if line.hasPrefix("Connected to ") {
            report.isConnected = true
        } else if line.hasPrefix("SSL connection using "), words.count >= 4 {
            report.tlsVersion = String(words[3])
        } else if words.first == "ALPN:" {
            // TLS begins; libcurl 8 says "Connected" only when that stands.
            report.isConnected = true
        } else if words.first == "CAfile:", words.count > 1, words[1] != "none" {
            report.trustedFile = words.dropFirst().joined(separator: " ")
        }
    }

    private func read(_ handle: CurlHandle, _ result: CURLcode) {
        report.lookupTime = handle.time(CURLINFO_NAMELOOKUP_TIME_T)
        report.connectTime = handle.time(CURLINFO_CONNECT_TIME_T)
        report.handshakeTime = handle.time(CURLINFO_APPCONNECT_TIME_T)
        let status = handle.number(CURLINFO_HTTP_CONNECTCODE)
        report.tunnelStatus = status == 0 ? nil : status
        report.certificates = CertificateList.read(handle)
        report.isConnected = report.isConnected || report.connectTime != nil || status != 0
        guard result != CURLE_OK else { return }
        let failure = CurlFailure(result, of: handle, words: words.text)
        if failure.code == .tlsFailed {
            report.isConnected = true
            report.distrust = distrust(handle, result)
        }
        report.failure = HTTPClientError(failure.code, failure.message, mayHaveBeenProcessed: false)
    }

    private func distrust(_ handle: CurlHandle, _ result: CURLcode) -> ConnectionReport.Distrust? {
        // The numbers of OpenSSL's X509_V_ERR.
        switch handle.number(CURLINFO_SSL_VERIFYRESULT) {
        // It was all right, or wasn't asked about (1), and the name is compared after that.
        case 0, 1: return result == CURLE_PEER_FAILED_VERIFICATION && !report.certificates.isEmpty ? .wrongHost : nil
        case 9: return .notYetValid
        case 10: return .expired
        case 62, 64: return .wrongHost
        case 2, 18...21, 24...27: return .untrusted
        default: return nil
        }
    }

    /// A proxy's address without what may be a password.
    private static func withoutUser(_ address: String) -> String {
        guard let at = address.lastIndex(of: "@") else { return address }
        let scheme = address.firstRange(of: "://").map { address[..<$0.upperBound] } ?? ""
        return String(scheme + address[address.index(after: at)...])
    }
}
