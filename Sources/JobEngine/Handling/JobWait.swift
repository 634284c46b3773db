public import Foundation

/// What a job waits for: a value that a handler returns, and that holds neither a task nor a thread.
///
/// The worker keeps the job's data alone until the wait is over, and then runs the handler anew, from its last checkpoint,
/// with the event. Meanwhile the job may be put back into CodePipeline's queue, to show its progress there, because the
/// worker stops, or because it always waits there (``JobWorker/Handoff/always``). Then the handler is run anew without an
/// event, by any worker. So deadlines belong in the checkpoint.
public struct JobWait<Event: Sendable>: Sendable {
    /// Gives up a wait; what it waited for is told no more once this has returned.
    public typealias GiveUp = @Sendable () async -> Void

    /// What is waited for, for people, as in "the sandbox's setup".
    public let reason: String
    /// When it ends at the latest, for people; `nil` if that isn't known.
    public let deadline: Date?
    /// How long the job stays in the queue where it waits there.
    package let pause: Duration
    package let kind: Kind

    package enum Kind: Sendable {
        /// Something is looked at again and again.
        case looks(Begin)
        /// Something calls back.
        case callback(@Sendable (_ wake: @escaping @Sendable (Event) -> Void) async -> GiveUp)
        /// The pause is over; then the handler gets this.
        case time(Event?)
    }

    /// Begins a wait.
    ///
    /// Of the two functions the first tells whether the wait is to give way now though it would go on, which is asked after
    /// each look at what is waited for; it is told whether the looks follow each other faster than the queue could bring the
    /// job back. The second is called once: with the event, or with `nil` where the wait gives way.
    package typealias Begin =
        @Sendable (
            _ givesWay: @escaping @Sendable (_ isInHaste: Bool) -> Bool,
            _ wake: @escaping @Sendable (Event?) -> Void
        ) async -> GiveUp

    /// A wait for something that is looked at again and again.
    ///
    /// - Parameters:
    ///   - reason: What is waited for.
    ///   - deadline: When it ends at the latest.
    ///   - pause: The time between two looks where the job waits in the queue.
    ///   - begin: Begins the wait.
    package init(for reason: String, until deadline: Date?, pause: Duration, looking begin: @escaping Begin) {
        self.init(reason: reason, deadline: deadline, pause: pause, kind: .looks(begin))
    }

    /// A wait for something that calls back.
    ///
    /// - Parameters:
    ///   - reason: What is waited for, for people; secrets in it are masked.
    ///   - deadline: When it ends at the latest. Then the handler is run anew without an event.
    ///   - pause: How long the job stays in the queue, where it waits there, before the wait is begun anew.
    ///   - begin: Begins the wait, and returns what gives it up. It calls back once, from any task, with what has come.
    public init(
        for reason: String,
        until deadline: Date? = nil,
        pause: Duration = .seconds(30),
        _ begin: @escaping @Sendable (_ wake: @escaping @Sendable (Event) -> Void) async -> GiveUp
    ) {
        self.init(reason: reason, deadline: deadline, pause: pause, kind: .callback(begin))
    }

    /// A wait for the time to pass, before the next look at something that takes long.
    ///
    /// - Parameters:
    ///   - duration: How long to wait.
    ///   - reason: What is waited for, for people.
    ///   - deadline: When the last such wait ends, for people.
    ///   - event: What the handler gets then, unless the job was put back meanwhile.
    /// - Returns: The wait.
    public static func pause(
        _ duration: Duration,
        for reason: String,
        until deadline: Date? = nil,
        then event: Event? = nil
    ) -> Self {
        Self(reason: reason, deadline: deadline, pause: duration, kind: .time(event))
    }

    /// The same wait, which brings something made of its event.
    package func map<Other>(_ transform: @escaping @Sendable (Event) -> Other) -> JobWait<Other> {
        let kind: JobWait<Other>.Kind =
            switch kind {
            case .looks(let begin):
                .looks { givesWay, wake in await begin(givesWay) { wake($0.map(transform)) } }
            case .callback(let begin):
                .callback { wake in await begin { wake(transform($0)) } }
            case .time(let event): .time(event.map(transform))
            }
        return JobWait<Other>(reason: reason, deadline: deadline, pause: pause, kind: kind)
    }

    /// The same wait, whose reason is told in other words.
    func telling(_ words: (String) -> String) -> Self {
        Self(reason: words(reason), deadline: deadline, pause: pause, kind: kind)
    }

    private init(reason: String, deadline: Date?, pause: Duration, kind: Kind) {
        self.reason = reason
        self.deadline = deadline
        self.pause = pause
        self.kind = kind
    }
}

extension JobWait {
    /// Whether its first look comes before anything else.
    var looks: Bool { if case .time = kind { false } else { true } }

    /// The same wait, whatever it brings.
    var erased: JobWait<any Sendable> { map { $0 } }
}

extension JobWaitInfo {
    init(_ wait: JobWait<any Sendable>) { self.init(reason: wait.reason, deadline: wait.deadline) }
}
