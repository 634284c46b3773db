import Foundation

extension JobWait<any Sendable> {
    /// Begins the wait of a job.
    ///
    /// - Parameters:
    ///   - job: Whose wait it is.
    ///   - mayGiveWay: Whether the job may go into the queue meanwhile.
    ///   - alarms: What rings when a time is over.
    ///   - clock: What deadlines are in.
    ///   - wake: Goes on with the job.
    /// - Returns: Gives up the wait.
    func begin(
        of job: ClaimedJob,
        mayGiveWay: Bool,
        _ alarms: Alarms,
        _ clock: any WorkerClock,
        _ wake: @escaping @Sendable (JobTable.Woken.Reason) -> Void
    ) async -> GiveUp {
        let ledger = job.ledger
        switch kind {
        case .looks(let begin):
            return await begin({ mayGiveWay && ledger.givesWay(inHaste: $0) }) { event in
                wake(event.map { .event($0) } ?? .givesWay)
            }
        case .callback(let begin):
            var giveUps = [await begin { wake(.event($0)) }]
            if mayGiveWay {
                let alarm = alarms.set(every: pause) {
                    guard ledger.givesWay() else { return true }
                    wake(.givesWay)
                    return false
                }
                giveUps.append(alarm)
            }
            if let deadline {
                let rest = deadline.timeIntervalSince(clock.now)
                giveUps.append(alarms.set(once: .seconds(max(rest, 1))) { wake(.event(nil)) })
            }
            return { [giveUps] in for giveUp in giveUps { await giveUp() } }
        case .time(let event):
            return alarms.set(once: pause) { wake(.event(event)) }
        }
    }
}
