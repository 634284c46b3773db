import FoundationEssentials
import HTTPTransport

/// The credentials that a program writes to its standard output, as a profile's `credential_process` says.
struct ProcessSource: Sendable {
    static let name = "process"
    private static let timeLimit: TimeInterval = 60

    let context: CredentialContext
    var limit = timeLimit

    /// Runs the program and reads what it says.
    ///
    /// - Throws: ``AWSCredentialError``: not configured where the profile names no program. `CancellationError` when
    ///   the task was cancelled, in which case the program has been killed.
    func fetch() async throws -> AWSCredentials {
        let (_, selected) = try context.profile(for: Self.name)
        // Only the configuration file's counts in botocore too, since it reads profiles from there and adds the rest.
        guard let profile = selected, let command = profile.text("credential_process") else {
            throw error(.notConfigured, "the profile has no credential_process")
        }
        guard let words = ShellWords.split(command), !words.isEmpty else {
            throw error(.invalid, "credential_process of \(profile.place) lacks a closing quotation mark")
        }
        let result: ChildProcess.Result
        do {
            result = try await ChildProcess.run(words, timeLimit: limit)
        } catch let failure as ChildProcess.Failure {
            throw error(.unavailable, "credential_process of \(profile.place) \(failure.reason)")
        }
        guard result.status == 0 else {
            // Enough to see what is wrong, and not all that a program may print about its secrets.
            let tail = String(decoding: result.errors.suffix(200), as: UTF8.self)
                .split(whereSeparator: \.isNewline).last.map { ": \($0)" }
            throw error(
                .unavailable,
                "credential_process of \(profile.place) ended with status \(result.status)\(tail ?? "")"
            )
        }
        let document = try CredentialDocument(result.output, provider: Self.name)
        guard document.version == 1 else {
            let version = document.version.map { String($0) } ?? "none"
            throw error(.invalid, "credential_process of \(profile.place) speaks version \(version), not 1")
        }
        return try document.credentials(provider: Self.name, expires: false)
    }

    private func error(_ code: AWSCredentialError.Code, _ message: String) -> AWSCredentialError {
        AWSCredentialError(code, provider: Self.name, message)
    }
}
