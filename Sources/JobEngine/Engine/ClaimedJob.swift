/// A job with all that its handler needs to go on.
///
/// A class, since a copy of all that would make the stack of each running job large.
final class ClaimedJob: Sendable {
    let record: JobRecord
    let properties: ActionProperties
    let artifacts: JobArtifacts
    let accountID: String
    let ledger: JobLedger

    init(
        record: JobRecord,
        properties: ActionProperties,
        artifacts: JobArtifacts,
        accountID: String,
        ledger: JobLedger
    ) {
        self.record = record
        self.properties = properties
        self.artifacts = artifacts
        self.accountID = accountID
        self.ledger = ledger
    }

    /// The same job, as far as its ledger says that it has come.
    func upToDate() -> ClaimedJob {
        let checkpoint = ledger.checkpoint
        guard checkpoint != record.checkpoint else { return self }
        var record = record
        record.checkpoint = checkpoint
        return ClaimedJob(
            record: record,
            properties: properties,
            artifacts: artifacts,
            accountID: accountID,
            ledger: ledger
        )
    }
}
