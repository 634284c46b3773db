public import FoundationEssentials
import HTTPTransport

/// AWS's time, as far as its replies tell it: one for all clients and credentials of a program.
///
/// It begins with this host's time. AWS refuses a signature whose time is minutes off, so a signed request that it takes
/// proves the time it was signed with. What else a reply says may be the word of a proxy with a wrong clock: its `Date`
/// counts only within what is proven. Nothing is learned from a refusal alone: each call tries what a refusal says by
/// itself, and only what AWS then takes is kept.
public final class AWSClock: Sendable {
    private struct State {
        /// How far the time of signatures is ahead of `local`.
        var signingOffset: TimeInterval = 0
        /// How far AWS's time is ahead of `local`; `nil` until it is proven.
        var offset: TimeInterval?
        var hasWarned = false
    }

    /// AWS takes signatures that are at most so far off; S3 is more lenient.
    private static let tolerance: TimeInterval = 300
    /// What may pass unseen between two proofs; more than that is time in which this host stood still.
    private static let leastStandstill: TimeInterval = 60

    /// The time by this host, which passes evenly.
    let local: @Sendable () -> Date
    /// The host's time of day, which may be set right at any moment.
    let timeOfDay: @Sendable () -> Date
    private let state = Locked(State())

    /// A clock that begins with this host's time.
    public convenience init() {
        self.init(now: { SteadyTime.ofProcess.now }, timeOfDay: { Date() })
    }

    /// A clock that begins with another time.
    ///
    /// - Parameters:
    ///   - now: The time, which has to pass evenly.
    ///   - timeOfDay: The host's time of day; `nil` for `now`.
    package init(now: @escaping @Sendable () -> Date, timeOfDay: (@Sendable () -> Date)? = nil) {
        local = now
        self.timeOfDay = timeOfDay ?? now
    }

    /// The time by AWS, or by this host as long as AWS hasn't told.
    public var now: Date {
        local().addingTimeInterval(state.withLock { $0.offset ?? $0.signingOffset })
    }

    /// How far AWS's time is ahead of this host's even time, in seconds; `nil` until a reply has proven it.
    ///
    /// It stays as it is, so that dates by it pass evenly, too. It grows only where this host has stood still while AWS's
    /// time went on, as a virtual machine does that is paused.
    package var offset: TimeInterval? { state.withLock { $0.offset } }

    /// How far the time of the next signature is ahead of `local`.
    var signingOffset: TimeInterval { state.withLock { $0.signingOffset } }

    /// Notes that AWS has taken a signature.
    ///
    /// - Parameters:
    ///   - signingOffset: What it was signed with.
    ///   - isCorrection: Whether that is another than was known before.
    ///   - date: The reply's `Date`.
    ///   - middle: The `local` time between request and reply.
    /// - Returns: How far AWS's time is ahead of this host's time of day, if that has to be said.
    func proved(_ signingOffset: TimeInterval, isCorrection: Bool, date: Date?, middle: Date) -> TimeInterval? {
        // The field has whole seconds.
        let told = date.map { $0.addingTimeInterval(0.5).timeIntervalSince(middle) }
        let isLikely = told.map { abs($0 - signingOffset) <= Self.tolerance } ?? false
        let offset = isLikely ? told ?? signingOffset : signingOffset
        let ahead = local().addingTimeInterval(offset).timeIntervalSince(timeOfDay())
        return state.withLock { state in
            if state.offset.map({ isCorrection && offset > $0 + Self.leastStandstill }) ?? true {
                state.offset = offset
            }
            if isCorrection { state.signingOffset = signingOffset }
            guard isCorrection, abs(ahead) >= ClockCorrection.tolerance, !state.hasWarned else { return nil }
            state.hasWarned = true
            return ahead
        }
    }
}

/// What one call does about refusals for its time.
///
/// A proxy on the way may have put in a `Date` of its own, and the host's clock may have been set right since, so each
/// reply is judged anew, and each time that it makes likely is tried once.
struct ClockCorrection {
    /// AWS takes 5 minutes, S3 15; a smaller difference is no reason for a refusal.
    static let tolerance: TimeInterval = 240
    private static let most = 3

    private let clock: AWSClock
    private var attempt: TimeInterval?
    private var refused: [TimeInterval] = []

    init(_ clock: AWSClock) {
        self.clock = clock
    }

    /// What the next attempt is signed with.
    var offset: TimeInterval { attempt ?? clock.signingOffset }

    /// Whether that is an attempt at another time than the known one.
    var isTried: Bool { attempt != nil }

    /// How many attempts were refused for their time; the service hasn't looked at them.
    var count: Int { refused.count }

    /// Chooses another time after a refusal; `false` if the refusal has another reason, or there is no time left to try.
    ///
    /// `used` is what the request was signed with; another call may have corrected the clock since.
    mutating func correct(after failure: AWSError, signedWith used: TimeInterval) -> Bool {
        guard failure.code.mayBeSkew, refused.count < Self.most else { return false }
        let local = clock.local()
        let times = [failure.signatureDate, clock.timeOfDay(), failure.serverDate].compactMap { $0 }
        let offsets = [clock.signingOffset] + times.map { $0.timeIntervalSince(local) }
        let isNew = { [refused] offset in (refused + [used]).allSatisfy { abs($0 - offset) > Self.tolerance } }
        guard let next = offsets.first(where: isNew) else { return false }
        refused.append(used)
        attempt = next
        return true
    }
}
