import Testing

@testable import SandboxAPI

@Suite("Addresses of the lab")
struct LabLinkTests {
    @Test(arguments: [
        // As Quali's help has them.
        (
            "https://q.example.com/Qx/connect?qtoken=CANARY-1&hostname=10.0.0.5&protocol=rdp&port=3389&username=root&password=CANARY-2",
            "https://q.example.com/Qx/connect?hostname=10.0.0.5&protocol=rdp&port=3389"
        ),
        (
            "https://q.example.com/remote/#/client/c/ssh1?qtoken=CANARY-1&password=CANARY-2",
            "https://q.example.com/remote/"
        ),
        ("https://q/remote/#token=CANARY-1", "https://q/remote/"),
        ("ssh://root:CANARY-1@10.0.0.1:22/a@b", "ssh://10.0.0.1:22/a@b"),
        ("ssh://CANARY-1@10.0.0.1", "ssh://10.0.0.1"),
        ("ssh://root:CANARY/1?x#y@10.0.0.1:22/", "ssh://10.0.0.1:22/"),
        ("root:CANARY-1@10.0.0.1:22", "10.0.0.1:22"), ("//u:CANARY-1@h/p", "//h/p"),
        ("http:\\\\u:CANARY-1@h/p", "h/p"),
        ("https://[fe80::1]:8443/x?password=CANARY-1", "https://[fe80::1]:8443/x"),
        ("https://h/a;password=CANARY-1/b;x?y", "https://h/a/b"),
        ("https://h/?port=22&amp;password=CANARY-1&hostname=a b", "https://h/?port=22"),
        ("https://h/?hostname=u:CANARY-1@h&port=2%32&PROTOCOL=SSH", "https://h/?PROTOCOL=SSH"),
        ("https://h/?pass%77ord=CANARY-1;p%6Frt=CANARY-2", "https://h/"),
        ("https://h/x?\u{301}password=CANARY-1", "https://h/x"),
        ("https://h/x#\u{301}password=CANARY-1", "https://h/x"),
        ("https://h/go?to=https://o/?password=CANARY-1", "https://h/go"),
        ("https://h/https://u:CANARY-1@o/", "https://h/"),
        ("host:22", "host:22"), ("telnet://10.0.0.1:23", "telnet://10.0.0.1:23"), ("", ""), ("?token=CANARY-1", ""),
        ("://", "://"), ("https://", "https://"), ("%", "%"), ("https://h?port=1", "https://h?port=1"),
    ]) func `show where they lead, and no more`(text: String, shown: String) {
        #expect(LabLink(text, .standard).shown == shown)
    }

    @Test(arguments: [
        ("https://h/?password=p%26w+d%zz", ["p%26w+d%zz", "p&w+d%zz"]), ("https://h/#/c?qtoken=abc", ["abc", "abc"]),
        ("ssh://root:p%40w@h", ["p%40w", "p@w"]), ("https://h/?user=root", []), ("ssh://root@h", []),
    ]) func `tell the secrets that were in them`(text: String, secrets: [String]) {
        #expect(LabLink(text, .standard).secrets == secrets)
    }

    @Test(arguments: [
        ("see https://h/x?token=CANARY-1, or <ssh://u:CANARY-2@h:22>.", "see https://h/x or <ssh://h:22>."),
        ("https://h/x?password=CANARY-1 CANARY-2", "https://h/x"),
        (" \nhttps://h/x?a=CANARY-1 CANARY-2", " \nhttps://h/x"),
        ("url=https://u:CANARY-1@h/x", "url=https://h/x"), ("no address", "no address"),
        ("a://b\u{301}", "a://b\u{301}"),
        ("x ://CANARY y", "x ://CANARY y"), ("\"http://h/?a=CANARY-1\"", "\"http://h/\""),
    ]) func `are found within texts`(text: String, shown: String) {
        var secrets: [String] = []
        #expect(LabLink.shown(in: text, .standard) { secrets.append($0) } == shown)
    }

    @Test func `show what is a secret by name neither, though it would be shown else`() {
        #expect(LabLink("https://h/?port=1&protocol=ssh", SecretNames(["port"])).shown == "https://h/?protocol=ssh")
    }

    @Test(.timeLimit(.minutes(1))) func `cost no more than their length`() {
        for part in ["https://", "a://b?", "@", "a:", "/;", "?&", "://", " a://", " x a://"] {
            let text = String(repeating: part, count: 50_000)
            _ = LabLink(text, .standard)
            _ = LabLink.shown(in: text, .standard) { _ in }
        }
    }
}
