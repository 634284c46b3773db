/// Where a job is, as far as this worker knows.
///
/// The one place that says how a job gets from one state to the next is ``after(_:)``. It knows neither time nor services;
/// ``JobTable`` holds each job's state, and carries out what a transition entails.
enum JobState: String, CaseIterable, Sendable {
    /// A poll has brought it, and the journal is about to note it.
    case offered
    /// An acknowledgement is on its way, or about to be.
    case acknowledging
    /// It is offered, and no acknowledgement is on its way at present.
    case unanswered
    /// Not this worker's; it is being let go.
    case lost
    /// An acknowledgement whose answer got lost may have been taken.
    case doubted
    /// This worker's; its handler is about to run.
    case claimed
    /// Its handler runs.
    case running
    /// Its handler has returned a wait.
    case waiting
    /// Its outcome is noted.
    case completed
    /// Its outcome is on its way to CodePipeline.
    case reporting
    /// CodePipeline says of a job with an outcome that nobody has acknowledged it.
    case unclaimed
    /// The same while an acknowledgement is on its way.
    case reclaiming
    /// What it has begun is being undone.
    case undoing
    /// It was put back, and waits in CodePipeline's queue.
    case requeued
    /// The worker has nothing to do with it any more, or leaves it to the journal.
    case released
}

/// What can happen to a job.
enum JobEvent: String, CaseIterable, Sendable {
    /// An acknowledgement is about to be sent.
    case asks
    /// CodePipeline has given it to this worker.
    case claimed
    /// It is another worker's, or nobody's, or can't be had.
    case lost
    /// No answer has come, and none will; it is asked again later.
    case unanswered
    /// An acknowledgement may have been taken.
    case doubted
    /// Its handler begins to run, or goes on.
    case runs
    /// Its handler has returned a wait.
    case waits
    /// Its outcome is noted.
    case completes
    /// Its outcome is about to be reported.
    case reports
    /// CodePipeline has put it back into the queue.
    case requeued
    /// CodePipeline wants no result of it.
    case unwanted
    /// CodePipeline says that nobody has acknowledged it.
    case unclaimed
    /// Its pipeline was stopped, its action's time is over, or somebody has cancelled it.
    case abandoned
    /// The worker stops.
    case stops
    /// It is reported, forgotten or left to the journal; or its action goes on with another job.
    case released
}

/// What a transition entails.
enum JobEffect: Sendable {
    /// It is one more claim of its type.
    case countsClaim
    /// Its handler is cancelled.
    case cancelsHandler
    /// Its wait is over.
    case endsWait
    /// What it has begun is to be undone.
    case undoes
    /// It takes no room any more.
    case freesRoom
}

extension JobState {
    /// Where a job comes to by an event, and what that entails.
    ///
    /// An event that means nothing in a state leaves it as it is.
    func after(_ event: JobEvent) -> (state: JobState, effects: [JobEffect]) {
        switch (self, event) {
        case (.released, _): (self, [])
        case (.requeued, .released): (.released, [])
        case (_, .released): (.released, [.freesRoom])
        case (.requeued, .abandoned): (.undoing, [.undoes])
        case (.requeued, _): (self, [])
        // Whatever was thought of it.
        case (_, .requeued): (.requeued, [.freesRoom])

        // Whose it is.
        case (.offered, .asks), (.unanswered, .asks), (.lost, .asks), (.doubted, .asks): (.acknowledging, [])
        case (.acknowledging, .claimed): (.claimed, [.countsClaim])
        case (.offered, .lost), (.acknowledging, .lost), (.unanswered, .lost), (.doubted, .lost): (.lost, [])
        case (.offered, .unanswered), (.acknowledging, .unanswered): (.unanswered, [])
        case (.offered, .doubted), (.acknowledging, .doubted), (.unanswered, .doubted): (.doubted, [])

        // Its work.
        case (.claimed, .runs): (.running, [])
        case (.running, .waits): (.waiting, [])
        case (.waiting, .runs): (.running, [.endsWait])
        case (.running, .abandoned): (self, [.cancelsHandler])
        case (.waiting, .abandoned), (.waiting, .stops): (.running, [.endsWait])

        // Its outcome, which a job has that can't be begun, too.
        case (.offered, .completes), (.unanswered, .completes), (.doubted, .completes), (.claimed, .completes),
            (.running, .completes):
            (.completed, [])
        case (.completed, .reports), (.unclaimed, .reports), (.reclaiming, .reports): (.reporting, [])
        case (.reporting, .unwanted), (.unclaimed, .unwanted): (.undoing, [])
        case (.reporting, .unclaimed): (.unclaimed, [])
        case (.unclaimed, .asks): (.reclaiming, [])
        case (.reclaiming, .claimed): (.reporting, [.countsClaim])
        case (.reclaiming, .lost), (.reclaiming, .unanswered), (.reclaiming, .doubted): (.unclaimed, [])

        default: (self, [])
        }
    }

    /// Whether an acknowledgement is on its way, or about to be.
    var isAsking: Bool { self == .offered || self == .acknowledging || self == .reclaiming }

    /// Whether it isn't known to be this worker's.
    var isOpen: Bool {
        switch self {
        case .offered, .acknowledging, .unanswered, .lost, .doubted: true
        default: false
        }
    }

    /// Whether this worker has it in hand.
    var isHeld: Bool { self != .requeued && self != .released }
}
