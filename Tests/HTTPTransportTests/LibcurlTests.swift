import CLibcurl
import Foundation
import Testing

@testable import HTTPTransport

/// What is true of one libcurl and not of another.
struct LibcurlTests {
    /// A run of the tests with another libcurl names it, lest they run with the system's by mistake.
    @Test func `it is the libcurl that is wanted`() {
        guard let wanted = ProcessInfo.processInfo.environment["EXPECTED_LIBCURL"] else { return }
        #expect(String(cString: curl_version()).hasPrefix("libcurl/\(wanted) "))
    }

    /// What each version says, from runs of 7.88.1, 8.12.1 and 8.14.1 with OpenSSL 3.
    @Test(arguments: [
        (CURLE_SEND_FAIL_REWIND, "necessary data rewind was not possible", HTTPClientError.Code.connectionLost, false),
        (CURLE_READ_ERROR, "necessary data rewind was not possible", .connectionLost, false),
        (CURLE_READ_ERROR, "Failed to open/read local data from file/application", .connectionLost, false),
        (CURLE_GOT_NOTHING, "Empty reply from server", .connectionLost, false),
        (CURLE_RECV_ERROR, "Recv failure: Connection reset by peer", .connectionLost, false),
        (CURLE_SSL_CONNECT_ERROR, "Recv failure: Connection reset by peer", .connectionLost, true),
        (
            CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:1 ", .connectionLost,
            true
        ),
        (
            CURLE_SSL_CONNECT_ERROR, "TLS connect error: error:0A000126:SSL routines::unexpected eof while reading",
            .connectionLost, true
        ),
        (CURLE_SSL_CONNECT_ERROR, "TLS connect error: error:00000000:lib(0)::reason(0)", .connectionLost, true),
        (
            CURLE_SSL_CONNECT_ERROR, "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number",
            .connectionLost, true
        ),
        (
            CURLE_SSL_CONNECT_ERROR, "OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure",
            .tlsFailed, true
        ),
        (
            CURLE_SSL_CONNECT_ERROR, "TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version",
            .tlsFailed, true
        ),
        (
            CURLE_SSL_CONNECT_ERROR,
            "TLS connect error: error:0A000152:SSL routines::unsafe legacy renegotiation disabled", .tlsFailed, true
        ),
        (
            CURLE_RECV_ERROR,
            "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
            .tlsFailed, false
        ),
        (CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: self-signed certificate", .tlsFailed, true),
        (CURLE_SSL_CACERT_BADFILE, "error setting certificate file: /no/such", .tlsFailed, true),
        (CURLE_SSL_CERTPROBLEM, "could not load PEM client certificate", .tlsFailed, true),
        (CURLE_SSL_CIPHER, "failed setting cipher list", .tlsFailed, true),
        (CURLE_COULDNT_CONNECT, "Failed to connect to h port 9", .connectionFailed, true),
        (CURLE_COULDNT_RESOLVE_HOST, "Could not resolve host: h", .nameNotResolved, true),
    ])
    func `a number of curl's is read by what happened`(
        _ result: CURLcode,
        _ words: String,
        _ code: HTTPClientError.Code,
        _ isBeforeRequest: Bool
    ) {
        let failure = CurlFailure(result, words: words)
        #expect(failure.code == code)
        #expect(failure.isBeforeRequest == isBeforeRequest)
        #expect(failure.message.hasSuffix(words))
    }

    @Test func `a proxy's refusal is the proxy's, whatever the number`() {
        #expect(CurlFailure(CURLE_RECV_ERROR, words: "", isProxyRefusal: true).code == .proxyFailed)
    }
}
