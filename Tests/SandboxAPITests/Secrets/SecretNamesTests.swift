import SandboxAPI
import Testing

@Suite("Names of secrets")
struct SecretNamesTests {
    @Test(arguments: [
        "password", "Password", "PASSWORD", "Admin Password", "adminpassword", "Cisco.Enable Password", "pass_word",
        "Password2", "passwords", "Password (old)", "Password Expiry Days", "passwd", "userPasswd", "Root Pwd",
        "rootpwd",
        "RootPWD", "pwd1", "SSH Passphrase", "Pass-Phrase", "Client Secret", "clientSecret", "secrets", "token",
        "Token",
        "API Token", "qtoken", "auth_tokens", "authToken", "tokenID", "X-Auth-Token", "OAUTHToken", "API Key", "apiKey",
        "api_key", "APIKey", "x-api-key", "API KEYS", "apikey", "Private Key", "private-key", "privateKey",
        "Credential",
        "AWS Credentials", "SNMP Read Community", "Cisco IOS Switch 2G.SNMP Read Community", "SNMP Communities",
        "snmp.write.community", "\tToken\n", "Token\u{301}", "token=", "My 2nd Token", "ÜberToken", "Zugangs-Token",
    ]) func `are known`(name: String) {
        #expect(SecretNames.standard.contains(name))
    }

    @Test(arguments: [
        "", " ", "User", "Login", "Tokenizer Count", "Passwordless", "Secretary", "Communicate", "Key", "Public Key",
        "API", "Keyboard", "Release", "Port", "Compass", "Zürich", "💡", "pass", "Word",
    ]) func `are told from others`(name: String) {
        #expect(!SecretNames.standard.contains(name))
    }

    @Test func `can be others, and are read in the same way`() throws {
        let names = try #require(SecretNames(list: " PIN, access key,Schlüssel"))
        for name in ["pin", "Pin Code", "AccessKey", "Sim.Pins", "access_key_1", "SCHLÜSSEL"] {
            #expect(names.contains(name), "\(name)")
        }
        for name in ["Password", "Pinned", "Access", "Schlüsselbund"] { #expect(!names.contains(name), "\(name)") }
        let more = try #require(SecretNames(list: "+pin"))
        #expect(more.contains("PIN") && more.contains("Password") && more.names.count == 11)
    }

    @Test(arguments: ["", " ", ",", "pin,", "pin,,key", "-", "+", "+,"]) func `are no empty ones`(list: String) {
        #expect(SecretNames(list: list) == nil)
        #expect(
            !SecretNames(list.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }).contains("x")
        )
    }
}
