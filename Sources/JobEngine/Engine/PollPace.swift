import Foundation
import HTTPTransport

/// How long pollers rest between polls that bring nothing: the usual pause at first, ever longer while nothing happens.
///
/// All pollers of a worker share one, so that work of any kind makes all of them quick again: what ends is often
/// followed by the next action of its pipeline.
final class PollPace: Sendable {
    /// The rest is this share of the time for which nothing has happened.
    private static let share = 1.0 / 60

    /// The usual pause.
    let pause: Duration
    private let longest: Duration
    private let lastWork: Locked<Date>

    init(pause: Duration, longest: Duration, now: Date) {
        self.pause = pause
        self.longest = max(pause, longest)
        lastWork = Locked(now)
    }

    /// Notes that a job has come or ended.
    func noteWork(_ now: Date) {
        lastWork.withLock { $0 = max($0, now) }
    }

    /// How long the rest between two polls is to be now, without jitter.
    func rest(_ now: Date) -> Duration {
        let idle = lastWork.withLock { now.timeIntervalSince($0) }
        return min(max(.seconds(idle * Self.share), pause), longest)
    }

    /// Rests, a pause at a time, so that work ends a long rest soon.
    ///
    /// `willRest` is called before each pause with the time of its end.
    func rest(_ clock: any WorkerClock, willRest: (Date) -> Void) async {
        let began = clock.now
        repeat {
            let now = clock.now
            // Never longer, so that a job waits for a pause at most while work comes.
            let step = pause * Double.random(in: 0.9...1)
            willRest(now.addingTimeInterval(step.timeInterval))
            do { try await clock.sleep(for: step) } catch { return }
            // What is left of less than half a pause isn't worth another one.
        } while rest(clock.now) - .seconds(clock.now.timeIntervalSince(began)) > pause / 2
    }
}
