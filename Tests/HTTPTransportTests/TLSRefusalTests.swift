import HTTPTransport
import Testing

@Suite("What a refusal of TLS is about")
struct TLSRefusalTests {
    @Test(
        arguments: [
            ("TLS connect error: error:0A00042E:SSL routines::tlsv1 alert protocol version", .version),
            ("OpenSSL/3.0.19: error:0A000102:SSL routines::unsupported protocol", .version),
            ("TLS connect error: error:0A000152:SSL routines::unsafe legacy renegotiation disabled", .version),
            ("OpenSSL/3.0.19: error:0A000410:SSL routines::sslv3 alert handshake failure", .strength),
            ("TLS connect error: error:0A00018A:SSL routines::dh key too small", .strength),
            ("SSL certificate problem: EE certificate key too weak", .strength),
            (
                "OpenSSL SSL_read: OpenSSL/3.0.19: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
                .clientCertificate
            ),
            ("TLS connect error: error:0A000412:SSL routines::sslv3 alert bad certificate", .clientCertificate),
            ("TLS connect error: error:0A000418:SSL routines::tlsv1 alert unknown ca", .clientCertificate),
            ("TLS connect error: error:0A000458:SSL routines::tlsv1 unrecognized name", .name),
            ("SSL: no alternative certificate subject name matches target host name 'lab.example'", .name),
            ("SSL: certificate subject name 'a.example' does not match target hostname 'lab.example'", .name),
            ("SSL certificate problem: hostname mismatch", .name),
            ("SSL certificate problem: IP address mismatch", .name),
            ("SSL certificate problem: self-signed certificate", nil), ("error:00000000:lib(0)::reason(0)", nil),
            ("", nil),
        ] as [(String, TLSRefusal.Reason?)]
    )
    func `is told by OpenSSL's number or curl's words`(words: String, reason: TLSRefusal.Reason?) {
        #expect(TLSRefusal.reason(in: words) == reason)
    }
}
