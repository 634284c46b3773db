import Foundation
import HTTPTransport
import SandboxAPI
import Testing

@Suite("A sandbox without secrets")
struct SecretSweepTests {
    private func text(_ sandbox: Sandbox) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(sandbox), as: UTF8.self)
    }

    private func sandbox(_ attributes: [ComponentAttribute], _ more: [ComponentAttribute] = []) -> Sandbox {
        Sandbox(
            id: "S",
            name: "n",
            state: .ready,
            components: [Component(id: "C", name: "App", attributes: attributes + more)]
        )
    }

    @Test(arguments: [
        "password", "PASSWORD", "Password", "cloudshell.datatypes.Password", "My Password ", "enable_password",
    ])
    func `lacks attributes of a password's type, whatever their name`(type: String) throws {
        let attribute = ComponentAttribute(type: ValueType(rawValue: type), name: "Login", value: "CANARY-1")
        let kept = ComponentAttribute(type: "PasswordHint", name: "User", value: "root")
        #expect(sandbox([attribute, kept]).withoutSecrets == sandbox([kept]))
        #expect(!String(describing: attribute).contains("CANARY"))
    }

    @Test(arguments: [
        "API Token", "Root Pwd", "SNMP Read Community", "API Key", "Cisco IOS Switch 2G.SNMP Read Community", "token",
    ])
    func `lacks attributes and inputs with a secret name, and their values anywhere`(name: String) throws {
        var whole = sandbox(
            [.init(name: name, value: "CANARY/%1")],
            [
                .init(name: "Motd", value: "it's CANARY/%1"), .init(name: "Body", value: #"{"x": "CANARY\/%1"}"#),
                .init(name: "Basic", value: Data("u:CANARY/%1".utf8).base64EncodedString()),
            ]
        )
        whole.name = "for CANARY/%1"
        whole.description = "CANARY/%1"
        whole.permittedUsers = ["CANARY/%1"]
        whole.parameters = [
            .init(name: name, value: "INPUT-CANARY"), .init(name: "Note", value: "INPUT-CANARY, CANARY%2F%251"),
            .init(name: "KNOWN-CANARY", value: "known-canary"),
        ]
        whole.components[0].description = "CANARY/%1"
        whole.components[0].address = "CANARY/%1"
        whole.components[0].model = "CANARY/%1"
        whole.components[0].templateName = "CANARY/%1"
        whole.components[0].activeDeploymentName = "CANARY/%1"
        whole.components[0].connectionInterfaces = [.init(name: "CANARY/%1", url: "https://h/CANARY/%251")]
        let text = try text(
            whole.withoutSecrets(named: .standard, known: [Secret("KNOWN-CANARY"), Secret("known-canary")])
        )
        #expect(!text.uppercased().contains("CANARY") && !text.contains("Q0FOQVJZ"), "\(text)")
        #expect(text.contains("\"id\":\"S\"") && text.contains("Motd") && text.contains("it's <redacted>"))
    }

    @Test func `has no secret of its links anywhere`() throws {
        var whole = sandbox([.init(name: "Motd", value: "QTOKEN-CANARY LINK/CANARY USER-CANARY")])
        whole.components[0].connectionInterfaces = [
            .init(
                name: "SSH",
                url: "https://q/Qx/connect?qtoken=QTOKEN-CANARY&hostname=h&username=root&password=LINK%2FCANARY"
            ),
            .init(name: "RDP", url: "rdp://admin:USER-CANARY@h:3389"),
        ]
        let clean = whole.withoutSecrets
        #expect(clean.components[0].attributes[0].value == "<redacted> <redacted> <redacted>")
        #expect(
            clean.components[0].connectionInterfaces.map(\.url) == ["https://q/Qx/connect?hostname=h", "rdp://h:3389"]
        )
    }

    @Test func `has no secret in the API's links`() throws {
        var whole = sandbox([.init(name: "Login Token", value: "TOKEN-CANARY")])
        whole.links = [
            "self": APILink(href: "/sandboxes/S?auth_token=LINK-CANARY", name: "for TOKEN-CANARY"),
            "of TOKEN-CANARY": APILink(href: "/x"),
        ]
        whole.components[0].links = ["self": APILink(href: "/LINK-CANARY/TOKEN-CANARY", method: "TOKEN-CANARY")]
        let clean = whole.withoutSecrets
        #expect(clean.links == ["self": APILink(href: "/sandboxes/S", name: "for <redacted>")])
        #expect(clean.components[0].links == ["self": APILink(href: "/<redacted>/<redacted>", method: "<redacted>")])
    }

    @Test func `keeps ids, states, types and what is a secret's value by chance`() throws {
        var whole = sandbox(
            [
                .init(type: "Boolean", name: "Use Token", value: "True"), .init(name: "Token Count", value: "5"),
                .init(name: "Password", value: "abcd"),
            ],
            [.init(type: "Boolean", name: "On", value: "True"), .init(name: "Rack", value: "5")]
        )
        whole.id = "abcd-1"
        whole.components[0].id = "abcd-2"
        let clean = whole.withoutSecrets
        #expect(clean.id == "abcd-1" && clean.components[0].id == "abcd-2")
        #expect(clean.components[0].attributes.map(\.value) == ["True", "5"])
    }

    @Test func `goes by the names that are given`() throws {
        let pin = ComponentAttribute(name: "Pin", value: "CANARY-1")
        let token = ComponentAttribute(name: "Token", value: "t-1")
        #expect(sandbox([pin, token]).withoutSecrets(named: SecretNames(["pin"])) == sandbox([token]))
        #expect(sandbox([pin, token]).withoutSecrets == sandbox([pin]))
    }

    @Test func `is masked as said, too`() throws {
        var whole = sandbox([])
        whole.parameters = [Input(name: "Pin", value: "INPUT-CANARY"), Input(name: "Note", value: "INPUT-CANARY")]
        whole.parameters[0].isHidden = true
        #expect(whole.withoutSecrets.parameters.map(\.value) == ["<redacted>"])
        #expect(try text(whole).contains("isHidden") == false)
    }

    @Test(.timeLimit(.minutes(1))) func `of very many secrets has no texts in which one might be`() {
        let attributes = (0..<20_000).map { ComponentAttribute(name: "Token", value: "CANARY-\($0)") }
        var whole = sandbox(attributes, [.init(name: "Motd", value: "CANARY-19999")])
        whole.description = "CANARY-19999"
        whole.components[0].description = "CANARY-19999"
        let clean = whole.withoutSecrets
        #expect(clean.description == nil && clean.components[0].description == nil)
        #expect(clean.components[0].attributes.isEmpty && clean.components[0].name == "App")
    }
}
