import Foundation
import HTTPTransport
import Testing

@testable import AWSLite

/// Has nothing to offer, and counts who asks.
private final class StubCredentialProvider: AWSCredentialProvider {
    let asked = Locked(0)
    private let code: AWSCredentialError.Code

    init(_ code: AWSCredentialError.Code) { self.code = code }

    func credentials() async throws -> AWSCredentials {
        asked.withLock { $0 += 1 }
        throw AWSCredentialError(code, provider: "stub", "has nothing")
    }
}

@Suite struct CredentialTests {
    /// Writes both files and gives the environment that names them.
    private func withFiles(
        config: String? = nil,
        credentials: String? = nil,
        _ body: ([String: String]) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let paths = ["config", "credentials"].map { folder.appendingPathComponent($0) }
            for (path, text) in zip(paths, [config, credentials]) {
                if let text { try Data(text.utf8).write(to: path) }
            }
            try await body([
                "AWS_CONFIG_FILE": paths[0].path, "AWS_SHARED_CREDENTIALS_FILE": paths[1].path, "HOME": folder.path,
                "AWS_EC2_METADATA_DISABLED": "true",
            ])
        }
    }

    private func find(_ environment: [String: String]) async throws -> AWSCredentials {
        try await CredentialProviderChain.default(environment: environment).credentials()
    }

    private func problem(_ environment: [String: String]) async -> AWSCredentialError? {
        await #expect(throws: AWSCredentialError.self) { try await find(environment) }
    }

    @Test func `The environment comes first, with the older token variable before the newer`() async throws {
        try await withFiles(credentials: "[default]\naws_access_key_id=F\naws_secret_access_key=f") {
            (files: [String: String]) async throws in
            let keys = ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "absent"]
            let plain = try await find(files.merging(keys) { $1 })
            #expect(plain == AWSCredentials(accessKeyID: "E", secretAccessKey: Secret("e")))
            let session = keys.merging(["AWS_SESSION_TOKEN": "new"]) { $1 }
            #expect(try await find(files.merging(session) { $1 }).sessionToken == Secret("new"))
            let both = session.merging(["AWS_SECURITY_TOKEN": "old"]) { $1 }
            #expect(try await find(files.merging(both) { $1 }).sessionToken == Secret("old"))
            #expect(try await find(files).accessKeyID == "F")
        }
    }

    @Test(arguments: [["AWS_ACCESS_KEY_ID": "x"], ["AWS_SECRET_ACCESS_KEY": "hush"]])
    func `Half a pair in the environment is an error, not a reason to look further`(_ half: [String: String])
        async throws
    {
        try await withFiles(credentials: "[default]\naws_access_key_id=F\naws_secret_access_key=f") {
            (files: [String: String]) async throws in
            let error = await problem(files.merging(half) { $1 })
            #expect(error?.code == .invalid)
            #expect(error?.description.contains("hush") == false)
        }
    }

    @Test func `The credentials file comes before the configuration file`() async throws {
        let config = "[default]\naws_access_key_id=C\naws_secret_access_key=c\naws_session_token=t"
        try await withFiles(config: config, credentials: "[default]\naws_access_key_id=F\naws_secret_access_key=f") {
            (files: [String: String]) async throws in
            #expect(try await find(files).accessKeyID == "F")
        }
        try await withFiles(config: config) { (files: [String: String]) async throws in
            #expect(try await find(files).accessKeyID == "C")
            #expect(try await find(files).sessionToken == Secret("t"))
        }
    }

    @Test func `A named profile has its prefix in the configuration file alone`() async throws {
        let config = """
            [profile work]
            aws_access_key_id = C
            aws_secret_access_key = c
            [bare]
            aws_access_key_id = B
            aws_secret_access_key = b
            """
        try await withFiles(config: config, credentials: "[other]\naws_access_key_id=O\naws_secret_access_key=o") {
            (files: [String: String]) async throws in
            #expect(try await find(files.merging(["AWS_PROFILE": "work"]) { $1 }).accessKeyID == "C")
            #expect(try await find(files.merging(["AWS_PROFILE": "other"]) { $1 }).accessKeyID == "O")
            let both = ["AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "other"]
            #expect(try await find(files.merging(both) { $1 }).accessKeyID == "O")
            #expect(await problem(files.merging(["AWS_PROFILE": "bare"]) { $1 })?.code == .invalid)
        }
    }

    @Test func `A profile that doesn't exist is an error that names it and the files`() async throws {
        try await withFiles(config: "[default]\nregion=r") { (files: [String: String]) async throws in
            let environment = files.merging(["AWS_PROFILE": "absent"]) { $1 }
            let message = await problem(environment)?.description ?? ""
            #expect(message.contains("\"absent\""))
            #expect(message.contains(files["AWS_CONFIG_FILE"] ?? "?"))
            #expect(message.contains("\(files["AWS_SHARED_CREDENTIALS_FILE"] ?? "?") (no such file)"))
            let error = #expect(throws: AWSConfigurationError.self) { try AWSEnvironment(environment) }
            #expect(error?.message.contains("\"absent\"") == true)
        }
    }

    @Test func `A chain that finds nothing says whom it asked and why each had nothing`() async throws {
        try await withFiles(config: "[default]\nregion = r") { (files: [String: String]) async throws in
            let error = await problem(files)
            #expect(error?.code == .notConfigured)
            let message = error?.description ?? ""
            for part in [
                "no AWS credentials found", "environment: AWS_ACCESS_KEY_ID isn't set",
                "there is no \(files["AWS_SHARED_CREDENTIALS_FILE"] ?? "?")", "has no aws_access_key_id",
                "EC2 instance",
            ] {
                #expect(message.contains(part), "\(part)")
            }
        }
    }

    @Test(arguments: ["login_session = s"])
    func `A login isn't passed over for the configuration file's key pair`(_ setting: String) async throws {
        let keys = "[default]\naws_access_key_id = F\naws_secret_access_key = f"
        try await withFiles(config: "[default]\n\(setting)", credentials: keys) {
            (files: [String: String]) async throws in
            #expect(try await find(files).accessKeyID == "F")
        }
        try await withFiles(config: "\(keys)\n\(setting)") { (files: [String: String]) async throws in
            #expect(await problem(files)?.code == .unsupported)
        }
    }

    @Test(arguments: ["dev", "our dev", "the dev's"])
    func `A login is refused with the way out, which is a process that a profile can have`(_ name: String) async throws
    {
        try await withFiles(config: "[profile \"\(name)\"]\nlogin_session = arn:aws:iam::1:user/u") {
            (files: [String: String]) async throws in
            let message = await problem(files.merging(["AWS_PROFILE": name]) { $1 })?.description ?? ""
            #expect(message.contains("profile \"\(name)\" has login_session"))
            let command = try #require(message.components(separatedBy: "credential_process = ").last)
            #expect(
                ShellWords.split(command)
                    == ["aws", "configure", "export-credentials", "--profile", name, "--format", "process"]
            )
        }
    }

    @Test func `The environment's keys end at their time`() async throws {
        let keys = ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "e"]
        let later = keys.merging(["AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00+00:00"]) { $1 }
        #expect(try await find(later).expiration == Date(timeIntervalSince1970: 4_070_908_800))
        #expect(await problem(keys.merging(["AWS_CREDENTIAL_EXPIRATION": "2001-01-01T00:00:00Z"]) { $1 }) != nil)
        #expect(await problem(keys.merging(["AWS_CREDENTIAL_EXPIRATION": "soon"]) { $1 }) != nil)
    }

    @Test func `Once a source has given credentials, the chain stays with it`() async throws {
        let first = StubCredentialProvider(.notConfigured)
        let chain = CredentialProviderChain([first, StaticCredentialProvider(.example)])
        #expect(try await chain.credentials() == .example)
        #expect(try await chain.credentials() == .example)
        #expect(first.asked.withLock { $0 } == 1)
    }

    @Test func `Half a pair in a profile is an error that names the missing half, not the other`() async throws {
        try await withFiles(credentials: "[default]\naws_secret_access_key = hush") {
            (files: [String: String]) async throws in
            let error = await problem(files)
            #expect(error?.code == .invalid)
            #expect(error?.message.contains("lacks aws_access_key_id") == true)
            #expect(error?.description.contains("hush") == false)
        }
    }

    @Test func `A key pair that another tool renews in the file is used at once`() async throws {
        try await withFiles(credentials: "[default]\naws_access_key_id=1\naws_secret_access_key=f") {
            (files: [String: String]) async throws in
            let chain = CredentialProviderChain.default(environment: files)
            #expect(try await chain.credentials().accessKeyID == "1")
            let renewed = Data("[default]\naws_access_key_id=2\naws_secret_access_key=f".utf8)
            try renewed.write(to: URL(fileURLWithPath: files["AWS_SHARED_CREDENTIALS_FILE"] ?? ""))
            #expect(try await chain.credentials().accessKeyID == "2")
        }
    }

    @Test func `Without the variables the files of the home folder are read`() {
        let location = AWSProfileFiles.Location(environment: ["HOME": "/home/x", "AWS_CONFIG_FILE": "~/c"])
        #expect(location == .init(configuration: "/home/x/c", credentials: "/home/x/.aws/credentials"))
    }

    @Test func `Credentials don't print their secrets`() {
        var text = "\(AWSCredentials.temporary) \(String(reflecting: AWSCredentials.temporary))"
        dump(AWSCredentials.temporary, to: &text)
        #expect(text.contains("ASIDEXAMPLE"))
        #expect(!text.contains("temporary-"))
    }
}
