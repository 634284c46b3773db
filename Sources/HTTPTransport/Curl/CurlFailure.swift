import CLibcurl

/// Why a transfer failed: curl's number, read with what else curl tells, since one number stands for several things.
struct CurlFailure {
    let code: HTTPClientError.Code
    /// What happened, in words.
    let message: String
    /// Whether it failed before a request could be written.
    let isBeforeRequest: Bool

    /// `words` is what curl has written into its buffer for errors.
    init(_ result: CURLcode, of handle: CurlHandle, words: String) {
        let proxyStatus = handle.number(CURLINFO_HTTP_CONNECTCODE)
        self.init(
            result,
            words: words.isEmpty ? curlText(result) : words,
            isProxyRefusal: proxyStatus != 0 && !(200...299).contains(proxyStatus),
            canOpenFiles: FileAccess.canOpenFiles
        )
    }

    init(_ result: CURLcode, words: String, isProxyRefusal: Bool = false, canOpenFiles: Bool = true) {
        let isWithinHandshake = result == CURLE_SSL_CONNECT_ERROR
        let code = isProxyRefusal ? .proxyFailed : Self.code(result, words)
        // What a server refuses with an alert in its reply's place, it has got.
        let isLateRefusal = code == .tlsFailed && result == CURLE_RECV_ERROR
        let isEarly = isWithinHandshake || Self.isBeforeRequest(code) && !isLateRefusal
        guard canOpenFiles || !(isEarly || code == .other) else {
            // A socket, a pipe for a name's lookup or the file of certificates: curl names each after what it was for.
            self.code = .other
            message = "the process may open no more files (see 'ulimit -n'): \(words)"
            isBeforeRequest = isEarly
            return
        }
        self.code = code
        message = isWithinHandshake && code == .connectionLost ? "the TLS handshake was broken off: \(words)" : words
        isBeforeRequest = isEarly
    }

    private static func code(_ result: CURLcode, _ words: String) -> HTTPClientError.Code {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST: .nameNotResolved
        case CURLE_COULDNT_CONNECT: .connectionFailed
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxyFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CLIENTCERT,
            CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_USE_SSL_FAILED:
            .tlsFailed
        // With TLS 1.3 a server refuses a client's certificate only when that believes the handshake done.
        case CURLE_SSL_CONNECT_ERROR, CURLE_RECV_ERROR: TLSRefusal.isNamed(in: words) ? .tlsFailed : .connectionLost
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        // A body that can't be rewound is told as the former by libcurl 8.12, and as the latter by others. A callback
        // that has failed has said so itself.
        case CURLE_READ_ERROR, CURLE_SEND_FAIL_REWIND: .connectionLost
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM: .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: .malformedResponse
        case CURLE_URL_MALFORMAT: .invalidRequest
        default: .other
        }
    }

    /// Whether a code is of a phase that ends before a request is written.
    private static func isBeforeRequest(_ code: HTTPClientError.Code) -> Bool {
        code == .nameNotResolved || code == .connectionFailed || code == .tlsFailed || code == .proxyFailed
            || code == .invalidRequest
    }
}

/// What ends a TLS handshake by somebody's will, which trying again won't change.
///
/// curl has one number for that and for a connection that ends within the handshake. It quotes OpenSSL, though, whose
/// errors are `error:0A000410:SSL routines::…` in every version of both.
package enum TLSRefusal {
    /// What it is about.
    package enum Reason: Sendable {
        /// Versions of TLS that the two don't have in common.
        case version
        /// Keys, ciphers or signatures that one of them holds for too weak, or doesn't have.
        case strength
        /// The certificate that the client should have, or should have another one of.
        case clientCertificate
        /// The name that the client asks for.
        case name
    }

    /// The library's number of an error of OpenSSL's that is about TLS: `ERR_LIB_SSL`.
    private static let library: UInt64 = 20
    /// What OpenSSL adds to an alert's number: `SSL_AD_REASON_OFFSET`.
    private static let firstAlert: UInt64 = 1_000
    /// The alerts of RFC 8446 about versions, ciphers, certificates, names and rights.
    ///
    /// The others tell of bytes that were harmed on their way, or of a server in trouble (`internal_error`).
    private static let alerts: Set<UInt64> = [
        40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 70, 71, 86, 109, 110, 112, 113, 115, 116, 120,
    ]
    /// OpenSSL's own reasons to refuse a server: no ciphers (181) or protocols (191) left, an old protocol (258), unsafe
    /// renegotiation (338), too short a key (394).
    private static let reasons: Set<UInt64> = [181, 191, 258, 338, 394]

    /// Whether curl's words quote such an error.
    static func isNamed(in words: String) -> Bool {
        numbers(in: words).contains { number in
            number >= firstAlert ? alerts.contains(number - firstAlert) : reasons.contains(number)
        }
    }

    /// What the refusal is about that curl's words quote; `nil` where they don't tell.
    package static func reason(in words: String) -> Reason? {
        for number in numbers(in: words) {
            switch number {
            case 191, 258, 338, firstAlert + 70, firstAlert + 86: return .version
            case 181, 394, firstAlert + 40, firstAlert + 71: return .strength
            case (firstAlert + 41)...(firstAlert + 46), firstAlert + 48, firstAlert + 49, firstAlert + 116:
                return .clientCertificate
            case firstAlert + 112: return .name
            default: continue
            }
        }
        // Of what this side finds wrong with a certificate curl quotes a sentence alone.
        if words.contains("too weak") { return .strength }
        return ["subject name", "hostname mismatch", "address mismatch"].contains { words.contains($0) } ? .name : nil
    }

    /// The numbers of OpenSSL's errors about TLS that are quoted.
    private static func numbers(in words: String) -> [UInt64] {
        // They may begin with "TLS connect error: ".
        words.ranges(of: "error:").compactMap { mark in
            guard let number = UInt64(words[mark.upperBound...].prefix { $0.isHexDigit }, radix: 16),
                number >> 23 == library
            else { return nil }
            return number & 0x7F_FFFF
        }
    }
}
