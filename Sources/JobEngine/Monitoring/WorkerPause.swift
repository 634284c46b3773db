public import Foundation

/// A worker's pause: it takes no jobs, and goes on with those that it has.
public struct WorkerPause: Sendable, Codable, Hashable {
    /// When somebody wanted it, by the host's time of day.
    public var since: Date
    /// When it ends by itself, by the host's time of day; `nil` where somebody has to end it.
    public var until: Date?
    /// Why, in somebody's words.
    public var note: String?

    /// Creates a pause.
    ///
    /// - Parameters:
    ///   - since: When somebody wants it.
    ///   - until: When it ends by itself.
    ///   - note: Why.
    public init(since: Date = Date(), until: Date? = nil, note: String? = nil) {
        (self.since, self.until, self.note) = (since, until, note)
    }
}
