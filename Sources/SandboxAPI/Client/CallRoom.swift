/// For how many calls at once a lab has room, as its answers tell; it knows no clock and sends nothing.
///
/// It grows by a call for each answer at first, so that it doubles in the time of a call, until the lab slows down for the
/// first time or says that there are too many; from then on by some calls in that time. It shrinks by a fifth when answers
/// take twice as long as they did at best lately, and by half when the lab refuses calls or doesn't answer. These are the
/// rules by which TCP finds its window (RFC 5681), with the delay as a sign of its own. Once in a minute there is a
/// quarter of it for a moment, to see again how quick the lab is at best: else a load that never ends would be taken for that.
/// A lab that stays slow with few calls is slow for other reasons, and gets as many as before.
struct CallRoom: Sendable {
    /// What became of a call.
    enum Answer: Sendable {
        /// It was answered, whatever the answer says.
        case given
        /// There were too many calls, or no answer came in time.
        case overload
        /// It tells nothing of the lab's load.
        case none
    }

    /// How many calls are sent at once before anything is known.
    static let first = 32
    /// To how many it shrinks where the lab refuses calls.
    private static let least = 8.0
    /// To how many it shrinks where the lab slows down, which may have other reasons than our calls.
    private static let leastOfSlow = 16.0
    /// By how many it grows in the time of a call, once it has shrunk.
    private static let growth = 4.0
    /// How long it takes until the lab's best is seen again.
    private static let memory: Duration = .seconds(60)
    /// What an answer may always take longer than at best.
    private static let slack: Duration = .milliseconds(50)

    /// How many there may be at most.
    let most: Int
    private var size: Double
    private var hasShrunk = false
    private var times: [String: Times] = [:]
    private var nextShrink: ContinuousClock.Instant?
    private var nextProbe: ContinuousClock.Instant?

    init(most: Int) {
        self.most = max(most, 1)
        size = Double(min(max(most, 1), Self.first))
    }

    /// How many calls may be on their way.
    var count: Int { Int(size) }

    /// Notes what became of a call.
    ///
    /// `wasFull` says whether there was room for no other call when it began.
    mutating func note(
        _ answer: Answer,
        to operation: String,
        after time: Duration,
        wasFull: Bool,
        at now: ContinuousClock.Instant
    ) {
        switch answer {
        case .none: return
        case .overload: shrink(to: max(size / 2, Self.least), at: now, pause: time)
        case .given:
            if let nextProbe, nextProbe <= now { probe(at: now, pause: time) }
            nextProbe = nextProbe ?? now + Self.memory
            if times[operation, default: Times(time)].add(time) {
                if size > Self.leastOfSlow {
                    shrink(to: max(size * 0.8, Self.leastOfSlow), at: now, pause: time)
                } else {
                    // So few can't be what makes it slow.
                    times[operation] = Times(time)
                    hasShrunk = false
                }
            } else if wasFull, nextShrink.map({ $0 <= now }) ?? true {
                size = min(size + (hasShrunk ? Self.growth / size : 1), Double(most))
            }
        }
    }

    /// Once in the time of a call: those that were on their way meanwhile tell nothing new.
    private mutating func shrink(to smaller: Double, at now: ContinuousClock.Instant, pause: Duration) {
        guard nextShrink.map({ $0 <= now }) ?? true else { return }
        hasShrunk = true
        size = min(smaller, Double(most))
        nextShrink = now + max(pause, Self.slack)
    }

    private mutating func probe(at now: ContinuousClock.Instant, pause: Duration) {
        for operation in times.keys { times[operation]?.forget() }
        size = max(size / 4, min(size, Self.leastOfSlow))
        hasShrunk = false
        // Those that are on their way are as slow as the load before.
        nextShrink = now + pause * 2
        nextProbe = now + Self.memory
    }

    /// How long an operation takes: lately, and at best.
    private struct Times {
        /// The mean of some ten answers, in which a single slow one counts little.
        private var recent: Duration
        private var best: Duration
        private var earlierBest: Duration

        init(_ time: Duration) {
            (recent, best, earlierBest) = (time, time, time)
        }

        /// - Returns: Whether it takes much longer lately than at best.
        mutating func add(_ time: Duration) -> Bool {
            recent += (time - recent) / 8
            best = min(best, recent)
            return recent > min(best, earlierBest) * 2 + CallRoom.slack
        }

        /// Forgets the best but the latest.
        mutating func forget() {
            (earlierBest, best) = (best, recent)
        }
    }
}
