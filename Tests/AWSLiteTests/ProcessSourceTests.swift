import Foundation
import HTTPTransport
import Testing

@testable import AWSLite

@Suite(.timeLimit(.minutes(1))) struct ProcessSourceTests {
    /// Runs a script as `credential_process`.
    private func run(
        _ script: String,
        arguments: String = "",
        limit: TimeInterval = 30
    ) async throws -> AWSCredentials {
        try await withTemporaryFolder { folder in
            let program = folder.appendingPathComponent("my program")
            try Data(script.utf8).write(to: program)
            let config = folder.appendingPathComponent("config")
            try Data("[default]\ncredential_process = sh \"\(program.path)\" \(arguments)".utf8).write(to: config)
            let context = CredentialContext(variables: [
                "AWS_CONFIG_FILE": config.path, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            ])
            return try await ProcessSource(context: context, limit: limit).fetch()
        }
    }

    private func problem(_ script: String, limit: TimeInterval = 30) async -> AWSCredentialError? {
        await #expect(throws: AWSCredentialError.self) { try await run(script, limit: limit) }
    }

    @Test func `A program's credentials are read, its words split without a shell`() async throws {
        let script = """
            echo chatter >&2
            printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s","SessionToken":"%s"}' "$1" "$2" "$3"
            """
        let found = try await run(script, arguments: #"'a b' $HOME "c\"d""#.replacingOccurrences(of: "\\\"", with: ""))
        #expect(found.accessKeyID == "a b")
        #expect(found.secretAccessKey == Secret("$HOME"))
        #expect(found.sessionToken == Secret("cd"))
        #expect(found.expiration == nil)
        let expiring =
            #"echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","Expiration":"2099-01-01T00:00:00Z"}'"#
        #expect(try await run(expiring).expiration == Date(timeIntervalSince1970: 4_070_908_800))
    }

    @Test func `What goes wrong is said, without what the program wrote`() async {
        let failed = await problem("echo first-line >&2; echo 'not logged in' >&2; exit 3")
        #expect(failed?.message.contains("status 3: not logged in") == true)
        #expect(failed?.message.contains("first-line") == false)
        #expect(await problem("echo hush")?.description.contains("hush") == false)
        #expect(await problem(#"echo '{"Version":2,"AccessKeyId":"a"}'"#)?.message.contains("version 2, not 1") == true)
        #expect(await problem(#"echo '{"Version":1,"AccessKeyId":"a"}'"#)?.message.contains("SecretAccessKey") == true)
        #expect(await problem("kill -9 $$")?.message.contains("status 137") == true)
        #expect(await problem("head -c 200000 /dev/zero")?.message.contains("writes too much") == true)
    }

    @Test func `A program finds signals as programs expect them`() async throws {
        // Whatever the worker ignores, and whatever the thread blocks that starts it.
        signal(SIGPIPE, SIG_IGN)
        let script = """
            set -- $(sed -n 's/^Sig\\(Blk\\|Ign\\):[[:space:]]*//p' /proc/self/status)
            printf '{"Version":1,"AccessKeyId":"%s","SecretAccessKey":"%s"}' "$1" "$2"
            """
        let found = try await run(script)
        #expect(found.accessKeyID == "0000000000000000")
        // glibc keeps signals 32 and 33, which are its own, from doing anything.
        let ignored = UInt64(found.secretAccessKey.reveal(), radix: 16)
        #expect(ignored.map { $0 & ~(3 << 31) } == 0)
    }

    @Test func `A program that doesn't exist is named`() async throws {
        let context = CredentialContext(variables: ["HOME": "/nonexistent"])
        let error = await #expect(throws: AWSCredentialError.self) { try await ProcessSource(context: context).fetch() }
        #expect(error?.code == .notConfigured)
        await #expect(throws: ChildProcess.Failure.self) {
            try await ChildProcess.run(["/nonexistent/program"], timeLimit: 1)
        }
    }

    @Test(arguments: ["sleep 1000", "exec >&- 2>&-; sleep 1000", "sleep 1000 & wait"])
    func `At its time limit a program is killed`(_ script: String) async throws {
        let error = await problem(script, limit: 0.2)
        #expect(error?.message.contains("ran for more than") == true)
    }

    @Test func `A program whose child holds its outputs open ends with itself`() async throws {
        let keys = #"echo '{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b"}'"#
        #expect(try await run("sleep 1000 & \(keys)").accessKeyID == "a")
    }

    @Test func `With its caller a program ends too`() async throws {
        try await withTemporaryFolder { folder in
            let started = folder.appendingPathComponent("started").path
            let task = Task {
                try await ChildProcess.run(["sh", "-c", "echo $$ >'\(started)'; sleep 1000"], timeLimit: 600)
            }
            var text = ""
            while !text.hasSuffix("\n") {
                try await Task.sleep(for: .milliseconds(5))
                text = (try? String(contentsOfFile: started, encoding: .utf8)) ?? ""
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(kill(process, 0) == -1)
        }
    }

    @Test(arguments: [
        (#"a "b c" d'e f'g"#, ["a", "b c", "de fg"]), (#"a\ b "\"" "\x" '\'"#, ["a b", "\"", #"\x"#, #"\"#]),
        ("'' \"\"", ["", ""]), ("  ", []), ("a\tb\nc", ["a", "b", "c"]),
    ])
    func `Words are split as by a POSIX shell`(_ line: String, _ words: [String]) {
        #expect(ShellWords.split(line) == words)
    }

    @Test(arguments: ["'a", "\"a", "a\\"])
    func `A line without its end has no words`(_ line: String) {
        #expect(ShellWords.split(line) == nil)
    }
}
