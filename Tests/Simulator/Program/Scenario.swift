import LocalCloud
import QualiCore

/// What a seed holds in store: who works, what is to be done, and what goes wrong when.
struct Scenario {
    /// A host with a worker.
    struct Host {
        var handoff: JobWorker.Handoff
        var maxJobs: Int
        var pollInterval: Duration
        /// How far its clock is ahead at first.
        var skew: Duration
        /// When its clock jumps, and by how much.
        var jumps: [(time: Duration, by: Duration)]
        /// How far the clock of a box is ahead that puts its own `Date` into every reply of AWS's.
        var boxSkew: Duration?
        /// What befalls its workers, one after the other.
        var downfalls: [Downfall]
        /// When nothing can be written on its disk.
        var fullDisks: [Range<Duration>] = []
        /// When a backup of its disk is made, and whether a worker can tell that it has come back.
        var backup: (time: Duration, isKnown: Bool)?
        /// The host whose disk it begins with a copy of, and when it begins.
        var copy: (of: Int, time: Duration)?
    }

    /// The end of a worker.
    struct Downfall {
        enum Trigger {
            /// After a while.
            case time(Duration)
            /// At one of its requests, before or after that is on the wire.
            case request(Int, isSent: Bool)
            /// At one of its notes, before or after that is on disk.
            case write(Int, isWritten: Bool)
        }

        enum Kind {
            /// It is told to stop, and killed when it takes longer than this.
            case stop(grace: Duration)
            /// It is killed.
            case crash
            /// It is killed and its disk is gone.
            case loss
            /// It is killed, and its disk is as it was when the backup was made, if that was.
            case restoration
        }

        var trigger: Trigger
        var kind: Kind
        /// How long there is no worker on the host.
        var pause: Duration
        /// Whether there never is one again.
        var isForGood = false
    }

    struct Pipeline {
        var name: String
        var actions: [VirtualPipeline.Action]
        var start: Duration
        /// When somebody stops it, and whether what is under way is abandoned.
        var stop: (time: Duration, abandon: Bool)?
        /// What becomes of the actions' stage when it fails.
        var onFailure: VirtualPipeline.FailureResponse?
        /// The stages after it.
        var later: [VirtualPipeline.Stage] = []
        var executionMode = "SUPERSEDED"
        var variables: [String: String] = [:]

        /// The pipeline that is made of it.
        var whole: VirtualPipeline {
            let stage = VirtualPipeline.Stage("Lab", actions, onFailure: onFailure)
            return VirtualPipeline(name, stages: [stage] + later, executionMode: executionMode, variables: variables)
        }
    }

    /// A time in which a service can't be reached, by one host or by all.
    struct Outage {
        var host: Int?
        var service: String
        var time: Duration
        var length: Duration
        /// Whether it is noticed at once, or only by a time-out.
        var isRefused: Bool
    }

    var hosts: [Host] = []
    var pipelines: [Pipeline] = []
    var outages: [Outage] = []
    /// When the lab forgets its sessions.
    var amnesias: [Duration] = []
    /// When the lab refuses the workers' password, and has forgotten its sessions.
    var refusedLogins: Range<Duration>?
    /// How many starts of sandboxes and commands a box in between repeats by itself, until all is calm.
    var repeatedStarts = 0.0
    /// How many requests of a hundred meet a fault, and of which kinds.
    var faultRate = 0.0
    var faultKinds: [FaultKind] = []
    /// How many acknowledgements a box in between refuses by itself, until all is calm.
    var refusedAcknowledgements = 0.0
    /// The status of the pages that a box answers with in a service's place.
    var boxStatus = 502
    /// Whether a box's success is nothing at all, and not a page.
    var answersBlanks = false
    /// Whether workers may not see how far the actions of a pipeline have come.
    var deniesExecutions = false
    /// When all this is over; from then on everybody is well.
    var calm: Duration = .zero
    var codePipeline = CodePipelineBehavior()
    var lab = LabBehavior()
    let labAccount = LabAccount(username: "admin", password: Secrets.lab)
    var blueprint = LabBlueprint(name: "Web lab", id: "6f0c5c76-8a0e-4c2e-9c39-0d4f1f6f6b01")
    /// How long sandboxes are to live, where that is what the world is about.
    var lifetimes: Lifetimes?
    /// How much there is to do, where that is what the world is about.
    var load: Load?

    /// Whether a disk comes back from a backup and no worker can tell, as when a whole volume is set back.
    var setsVolumesBack: Bool { hosts.contains { $0.backup?.isKnown == false } }

    /// Whether nothing at all is meant to go wrong.
    var isHarmless: Bool {
        faultRate == 0 && outages.isEmpty && amnesias.isEmpty && refusedAcknowledgements == 0
            && refusedLogins == nil && repeatedStarts == 0
            && hosts.allSatisfy { $0.downfalls.isEmpty && $0.copy == nil && $0.jumps.isEmpty && $0.fullDisks.isEmpty }
    }

    init(seed: UInt64) {
        var random = SeededGenerator(seed)
        calm = random.seconds(30...480)
        drawServices(&random)
        for _ in 0..<random.int(1...3) { hosts.append(host(&random)) }
        for number in 1...random.int(1...3) { pipelines.append(pipeline(number, &random)) }
        // Not everything at once: what is rare in all would hide what is frequent in a few.
        faultRate = random.pick([0, 0.02, 0.08, 0.25])
        faultKinds = FaultKind.allCases.filter { _ in random.chance(0.5) }
        if faultKinds.isEmpty { faultKinds = [random.pick(FaultKind.allCases)] }
        for _ in 0..<random.pick([0, 0, 1, 2]) { outages.append(outage(&random)) }
        for _ in 0..<random.pick([0, 0, 0, 1, 1]) { amnesias.append(.milliseconds(random.int(0...calmMilliseconds))) }
        if seed >= Self.secondGeneration { drawMore(seed) }
        if seed >= Self.thirdGeneration { drawOffers(seed) }
        if seed >= Self.clockGeneration { drawClocks(seed) }
        if seed >= Self.copyingGeneration { drawCopies(seed) }
        if seed >= Self.labGeneration { drawLabTrouble(seed) }
        if seed >= Self.lifetimeGeneration { drawLifetimes(seed) }
        calm = max(calm, outages.map { $0.time + $0.length }.max() ?? .zero)
    }

    /// From this seed on worlds know more kinds of trouble; those of the seeds before stay as they were.
    private static let secondGeneration: UInt64 = 10_000
    /// And from this one on.
    private static let thirdGeneration: UInt64 = 5_000_000

    /// What CodePipeline does between hand-out and acknowledgement, which AWS doesn't document.
    private mutating func drawOffers(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 4)
        codePipeline.handsOutAgain = random.pick([.never, .once, .atEachPoll])
        codePipeline.redispatchInterval = random.pick([codePipeline.redispatchInterval, random.seconds(2...30)])
        codePipeline.staleNonce = random.pick([.invalidNonce, .status])
        codePipeline.keepsNonce = random.chance(0.2)
        // Else two workers would be told that the same job is theirs.
        if codePipeline.keepsNonce { codePipeline.acceptsRepeatedAcknowledgement = false }
        if random.chance(0.3) { refusedAcknowledgements = random.pick([0.3, 0.6]) }
    }

    /// From this seed on clocks jump by up to a year, and boxes have clocks of their own.
    private static let clockGeneration: UInt64 = 6_000_000

    private mutating func drawClocks(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 5)
        let spans: [Double] = [60, 3_600, 86_400, 365 * 86_400]
        func span() -> Duration { random.seconds(0.5...1.5) * (random.pick(spans) * (random.chance(0.5) ? 1 : -1)) }
        for index in hosts.indices {
            if random.chance(0.3) { hosts[index].skew = span() }
            for _ in 0..<random.pick([0, 0, 1, 1, 3]) {
                hosts[index].jumps.append((.milliseconds(random.int(0...calmMilliseconds)), span()))
            }
            if random.chance(0.2) { hosts[index].boxSkew = span() }
        }
    }

    /// From this seed on disks are copied, and come back from backups.
    private static let copyingGeneration: UInt64 = 7_000_000

    private mutating func drawCopies(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 6)
        deniesExecutions = random.chance(0.5)
        let mostMilliseconds = calmMilliseconds
        func someTime(_ random: inout SeededGenerator) -> Duration { .milliseconds(random.int(0...mostMilliseconds)) }
        for index in hosts.indices where random.chance(0.6) {
            hosts[index].backup = (someTime(&random), random.chance(0.7))
            let time = Downfall.Trigger.time(someTime(&random))
            hosts[index].downfalls.append(
                Downfall(trigger: time, kind: .restoration, pause: random.seconds(0...120))
            )
        }
        guard random.chance(0.6) else { return }
        var copy = host(&random)
        copy.copy = (random.int(0...(hosts.count - 1)), someTime(&random))
        hosts.append(copy)
    }

    /// From this seed on labs refuse logins, and boxes before them repeat requests.
    private static let labGeneration: UInt64 = 8_000_000

    private mutating func drawLabTrouble(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 7)
        if random.chance(0.5) {
            let start = Duration.milliseconds(random.int(0...calmMilliseconds))
            let refused = start..<start + random.seconds(1...random.pick([20, 200, 500]))
            refusedLogins = refused
            calm = max(calm, refused.upperBound)
            if random.chance(0.5) { lab.failedLoginsToLock = 3 }
            // It ends before a worker that was refused in the last moment tries again.
            lab.lockTime = .seconds(60)
        }
        if random.chance(0.5) { repeatedStarts = random.pick([0.2, 0.6, 1]) }
        boxStatus = random.pick([400, 401, 403, 404, 502])
        answersBlanks = random.chance(0.5)
    }

    private mutating func drawMore(_ seed: UInt64) {
        var random = SeededGenerator(seed &+ 3)
        deniesExecutions = random.chance(0.2)
        for index in hosts.indices {
            if random.chance(0.3) { hosts[index].handoff = .always }
            for _ in 0..<random.pick([0, 0, 0, 1, 2]) {
                let start = Duration.milliseconds(random.int(0...calmMilliseconds))
                hosts[index].fullDisks.append(start..<start + random.seconds(1...120))
            }
        }
        if random.chance(0.2) {
            // Several times within a call, too.
            var time = Duration.milliseconds(random.int(0...calmMilliseconds))
            for _ in 1...random.int(1...3) {
                amnesias.append(time)
                time += random.seconds(0.05...1)
            }
        }
        calm = max(calm, hosts.flatMap(\.fullDisks).map(\.upperBound).max() ?? .zero)
    }

    private var calmMilliseconds: Int { Int(calm / .milliseconds(1)) }

    private mutating func drawServices(_ random: inout SeededGenerator) {
        codePipeline.redispatchInterval = random.seconds(30...60)
        codePipeline.acceptsRepeatedAcknowledgement = random.chance(0.3)
        codePipeline.lateResult = random.pick([.invalidJobState, .jobNotFound])
        codePipeline.answersDetailsOfEndedJobs = random.chance(0.3)
        codePipeline.continuationDelay = random.chance(0.5) ? .zero : random.seconds(0...30)
        codePipeline.actionTimeout = .seconds(86_400)
        lab.listLag = random.pick([0, 0, 1, 2])
        lab.staleReadsAfterStop = random.int(0...2)
        lab.afterEnd = random.pick([.ended, .notFound, .emptyBody])
        lab.sandboxCommands = random.pick([.queued, .allowed])
        lab.showsNewestExecutionFirst = random.chance(0.3)
        lab.refusesRepeatedStop = random.chance(0.3)
        lab.failingStops = random.pick([0, 0, 0, 1])
        lab.emptyFirstReads = random.pick([0, 0, 0, 1])
        lab.activityLag = random.int(0...1)
        lab.tokenLifetime = random.chance(0.8) ? .seconds(18_000) : random.seconds(60...300)
        blueprint.beforeSetup = random.chance(0.5) ? .zero : random.seconds(0...10)
        blueprint.setup =
            random.chance(0.9) ? .succeeds(after: random.seconds(0...90)) : .fails(after: random.seconds(0...60))
        blueprint.teardown =
            random.chance(0.9) ? .succeeds(after: random.seconds(0...30)) : .fails(after: random.seconds(0...30))
        let package = LabCommand.Parameter("Package")
        let quick = random.seconds(0...3)
        let slow = random.seconds(5...60)
        blueprint.components = [
            LabComponent(
                name: "web-server",
                kind: .application,
                model: "Generic App Model",
                attributes: [.init("Password", value: Secrets.component, type: "password")],
                commands: [
                    LabCommand(name: "install", params: [package], duration: quick),
                    LabCommand(name: "deploy", params: [package], duration: slow),
                    LabCommand(name: "fail", params: [package], duration: quick, outcome: .failed("disk full")),
                    LabCommand(name: "hang", params: [package], outcome: .never),
                ]
            ),
            LabComponent(name: "core-switch", kind: .resource, model: "Switch", address: "10.0.0.2"),
        ]
        blueprint.commands = [
            LabCommand(name: "health-check", params: [package], duration: quick),
            LabCommand(name: "soak", params: [package], duration: slow),
        ]
    }

    private func host(_ random: inout SeededGenerator) -> Host {
        var host = Host(
            handoff: random.pick([.onStop, .onStop, .never]),
            maxJobs: random.pick([1, 2, 3, 10, 100]),
            pollInterval: random.seconds(5...20),
            skew: random.chance(0.7) ? .zero : random.seconds(-900...900),
            jumps: [],
            downfalls: []
        )
        for _ in 0..<random.pick([0, 0, 0, 1, 2]) {
            host.jumps.append((.milliseconds(random.int(0...calmMilliseconds)), random.seconds(-900...900)))
        }
        for _ in 0..<random.pick([0, 0, 1, 2, 3, 5]) { host.downfalls.append(downfall(&random)) }
        return host
    }

    private func downfall(_ random: inout SeededGenerator) -> Downfall {
        let trigger: Downfall.Trigger =
            switch random.int(0...5) {
            case 0, 1: .request(random.int(1...random.pick([10, 40, 120])), isSent: random.chance(0.6))
            case 2, 3: .write(random.int(1...random.pick([6, 24])), isWritten: random.chance(0.5))
            default: .time(random.seconds(0...90))
            }
        let kind: Downfall.Kind =
            switch random.int(0...9) {
            case 0...3: .stop(grace: random.seconds(1...40))
            case 4...8: .crash
            default: .loss
            }
        return Downfall(trigger: trigger, kind: kind, pause: random.seconds(0...random.pick([2, 30, 120])))
    }

    private func pipeline(_ number: Int, _ random: inout SeededGenerator) -> Pipeline {
        var start = VirtualPipeline.Action(
            "Start",
            Names.start,
            ["BlueprintName": blueprint.name, "DurationInMinutes": "600"],
            outputs: ["Sandbox"],
            namespace: "lab"
        )
        if random.chance(0.2) { start.configuration["OnSetupFailure"] = "Keep" }
        var actions = [start]
        let places = [("web-server.*", ["install", "deploy"]), ("SANDBOX", ["health-check", "soak"])]
        let (component, commands) = random.pick(places)
        let command = random.pick(commands)
        for place in 1...random.int(1...3) {
            // Often the same command of the same component, which is where executions may be taken for one another.
            let (component, command) =
                random.chance(0.7)
                ? (component, command)
                : {
                    let (component, commands) = random.pick(places)
                    return (component, random.pick(commands))
                }()
            let name = random.chance(0.05) ? "fail" : random.chance(0.03) ? "hang" : command
            actions.append(
                .init(
                    "Run\(place)",
                    Names.run,
                    [
                        "ComponentName": name == command ? component : "web-server.*", "CommandName": name,
                        "ArgumentsJSON": #"{"Package": "P\#(number)-\#(place)"}"#, "TimeoutInMinutes": "15",
                    ],
                    inputs: ["Sandbox"],
                    outputs: random.chance(0.3) ? ["Output\(place)"] : [],
                    runOrder: random.chance(0.7) ? 2 : 1 + place
                )
            )
        }
        let last = actions.map(\.runOrder).max() ?? 1
        var end = VirtualPipeline.Action("End", Names.end, inputs: ["Sandbox"], runOrder: last + 1)
        if random.chance(0.5) { end.configuration["WaitForTeardown"] = "true" }
        actions.append(end)
        return Pipeline(
            name: "P\(number)",
            actions: actions,
            start: random.seconds(0...60),
            stop: random.chance(0.15) ? (random.seconds(10...240), random.chance(0.5)) : nil
        )
    }

    private func outage(_ random: inout SeededGenerator) -> Outage {
        Outage(
            host: random.chance(0.5) ? random.int(0...(hosts.count - 1)) : nil,
            service: random.pick(["codepipeline", "s3", "lab"]),
            time: .milliseconds(random.int(0...calmMilliseconds)),
            length: random.seconds(1...random.pick([30, 200, 400])),
            isRefused: random.chance(0.5)
        )
    }
}

/// The action types.
enum Names {
    static let start = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-Start-Sandbox", version: "1")
    static let run = VirtualPipeline.ActionType(category: "Test", provider: "Quali-Run-Command", version: "1")
    static let end = VirtualPipeline.ActionType(category: "Deploy", provider: "Quali-End-Sandbox", version: "1")

    /// The providers of what workers do.
    static let providers: Set = [start.provider, run.provider, end.provider]
}

/// What must show up nowhere.
enum Secrets {
    static let component = "s3cret-of-the-web"
    static let lab = "canary-of-the-lab"
    static let aws = "canary/of/aws/that/opens/nothing"
}
