import Foundation

/// Dates that an older version has written.
///
/// They are in the time of a host whose clock may have been wrong, and may have been set right since. So they are read
/// as if they had been written just now: a job that was begun before an upgrade may get its time twice, and is never
/// taken for late because of a clock.
extension JobRecord {
    /// The same with its dates in CodePipeline's time.
    ///
    /// `now` is CodePipeline's time; `action` is the job's, which knows where the checkpoint has dates.
    func inServiceTime(now: Date, _ action: JobAction?) -> Self {
        guard isInServiceTime != true else { return self }
        let latest = max(claimedAt, offeredAt, shows?.last ?? .distantPast)
        let offset = now.timeIntervalSince(latest)
        var record = self
        record.isInServiceTime = true
        record.claimedAt += offset
        record.offeredAt += offset
        record.shows?.last?.addTimeInterval(offset)
        if let checkpoint, let action { record.checkpoint = action.movingDates(checkpoint, offset) }
        return record
    }
}

extension JobAction {
    /// Moves the dates of an encoded checkpoint by some seconds; one that can't be read stays as it is.
    static func moveDates<Checkpoint: Codable>(in data: Data, by offset: TimeInterval, of type: Checkpoint.Type) -> Data
    {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let seconds = try decoder.singleValueContainer().decode(TimeInterval.self)
            return Date(timeIntervalSince1970: seconds + offset)
        }
        guard let checkpoint = try? decoder.decode(type, from: data) else { return data }
        return (try? JSONEncoder.compact.encode(checkpoint)) ?? data
    }
}
