import HTTPTransport
import Testing

@Suite struct SecretTests {
    @Test func `a secret shows itself in no way but reveal`() {
        struct Holder { var password = Secret("hunter2") }
        var dumped = ""
        dump(Holder(), to: &dumped)
        let texts = [
            "\(Secret("hunter2"))", String(reflecting: Secret("hunter2")), String(describing: Holder()),
            String(reflecting: [Secret("hunter2")]), dumped, "\(Optional(Secret("hunter2")) as Any)",
        ]
        for text in texts { #expect(!text.contains("hunter2")) }
        #expect(Secret("hunter2").reveal() == "hunter2")
    }
}
