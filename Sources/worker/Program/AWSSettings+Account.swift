import AWSLite
import Logging
import WorkerChecks
import WorkerSettings

extension AWSSettings {
    /// How long the account is waited for: a worker does without.
    private static let patience: Duration = .seconds(3)

    /// The account that the credentials are of, for which STS is asked once.
    ///
    /// - Returns: `nil` where STS doesn't say it in time, and where CodePipeline's endpoint is set and STS' isn't.
    func account(_ logger: Logger) async -> String? {
        guard codePipelineEndpoint == nil || stsEndpoint != nil else { return nil }
        do {
            var configuration = client(try httpClient(), endpoint: stsEndpoint)
            configuration.retry.attempts = 1
            let service = SecurityTokenService(configuration)
            return try await withDeadline(Self.patience) { try await service.callerIdentity().account }
        } catch is DeadlineExceeded {
            logger.debug("The account isn't known", metadata: ["error": "STS hasn't answered in \(Self.patience)"])
        } catch {
            logger.debug("The account isn't known", metadata: ["error": "\(error)"])
        }
        return nil
    }
}
