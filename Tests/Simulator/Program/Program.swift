import Foundation
import VirtualSystem

/// The command line: which seeds, and what is said of them.
struct Program {
    private static let usage = """
        Usage: simulate [--seeds N] [--from S] | --seed S | --load JOBS [--hosts N] [--lab MS]
                      | --plans N [--runs M] [--from S]

          --seeds N  Run N seeds (1000), from S (1) on; stop at the first that fails.
          --seed S   Run one seed and print each step.
          --load JOBS
                     Let that many jobs a day come, without any trouble, and print
                     what the services are asked for.
          --hosts N  The workers that share them (1).
          --lab MS   What the lab takes for each call, in milliseconds.
          --plans N  Compare what 'plan' says of the leaks of N pipelines, from number
                     S (1) on, with what M runs (100) of each leave behind.

        """

    private var count: UInt64 = 1_000
    private var first: UInt64 = 1
    private var single: UInt64?
    private var load: Int?
    private var hosts = 1
    private var labTime: Duration?
    private var plans: UInt64?
    private var runs: UInt64 = 100
    private var isUnderstood = true

    init(_ arguments: some Sequence<String>) {
        var iterator = arguments.makeIterator()
        while let name = iterator.next() {
            guard let value = iterator.next().flatMap(UInt64.init) else {
                isUnderstood = false
                return
            }
            switch name {
            case "--seeds": count = value
            case "--from": first = value
            case "--seed": single = value
            case "--load": load = Int(exactly: value)
            case "--plans": plans = value
            case "--runs": runs = value
            case "--lab": labTime = .milliseconds(Int64(clamping: value))
            case "--hosts": hosts = max(1, Int(exactly: value) ?? 1)
            default: isUnderstood = false
            }
        }
    }

    /// Does it; the exit code.
    func run() -> Int32 {
        guard isUnderstood else {
            say(Self.usage)
            return 64
        }
        if let single { return show(single) }
        if let load { return measure(Load(jobsADay: max(100, load), hosts: hosts, labTime: labTime)) }
        if let plans { return compare(first..<first + plans) }
        let began = virtual_system_real_time()
        var sum = Simulation.Statistics()
        for seed in first..<first + count {
            let report = Simulation.run(seed: seed, isTraced: false)
            sum += report.statistics
            guard report.violation == nil else {
                let again = Simulation.run(seed: seed, isTraced: true)
                fail(seed, again)
                if again.fingerprint != report.fingerprint {
                    say("It went another way the first time: \(report.violation ?? "")")
                }
                return 1
            }
            if sum.runs % 1_000 == 0 { say("seeds to \(seed): \(sum.line(since: began))") }
        }
        say(sum.summary(since: began))
        return 0
    }

    /// Prints a line at once, wherever it goes.
    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    /// Runs one seed with its trace.
    private func show(_ seed: UInt64) -> Int32 {
        let report = Simulation.run(seed: seed, isTraced: true)
        guard report.violation == nil else {
            fail(seed, report)
            return 1
        }
        for line in report.trace?.lines ?? [] { say(line) }
        say(
            "Seed \(seed) is well: \(report.statistics.steps) steps, fingerprint \(String(report.fingerprint, radix: 16))"
        )
        return 0
    }

    /// Runs a load.
    private func measure(_ load: Load) -> Int32 {
        let report = Simulation.run(Scenario(load))
        say(report.violation ?? report.load ?? "")
        return report.violation == nil ? 0 : 1
    }

    /// Compares what is planned with what happens.
    private func compare(_ numbers: Range<UInt64>) -> Int32 {
        let began = virtual_system_real_time()
        var sum = Simulation.Statistics()
        var (free, leaky, wrong) = (0, 0, 0)
        for number in numbers {
            let trial = PlanTrial(number)
            let findings = trial.findings()
            var leaks: [UInt64: String] = [:]
            for run in 1...max(1, runs) {
                let report = Simulation.run(trial.scenario(run), seed: trial.seed(run))
                sum += report.statistics
                if let violation = report.violation {
                    let again = Simulation.run(trial.scenario(run), seed: trial.seed(run), isTraced: true)
                    for line in again.trace?.lines ?? [] { say(line) }
                    say("\(trial), run \(run): \(violation)")
                    return 1
                }
                if let leak = report.leaks.first { leaks[run] = leak }
            }
            (free, leaky) = findings.isEmpty ? (free + 1, leaky) : (free, leaky + 1)
            let said = findings.isEmpty ? "no leak" : findings.joined(separator: ", ")
            say("\(trial): plan says \(said), \(leaks.count) of \(runs) runs leave a sandbox")
            guard findings.isEmpty != leaks.isEmpty else { continue }
            wrong += 1
            if let (run, leak) = leaks.min(by: { $0.key < $1.key }) { say("  run \(run) leaves '\(leak)'") }
        }
        say(sum.summary(since: began))
        say("\(free) pipelines without leaks, \(leaky) with, \(wrong) otherwise than 'plan' says")
        return wrong == 0 ? 0 : 1
    }

    private func fail(_ seed: UInt64, _ report: Simulation.Report) {
        for line in report.trace?.lines ?? [] { say(line) }
        say(
            """

            Seed \(seed) fails: \(report.violation ?? "only without a trace")
            Replay it: scripts/simulate --seed \(seed)
            """
        )
    }
}

extension Simulation.Statistics {
    fileprivate func line(since began: Int64) -> String {
        let seconds = max(0.001, Double(virtual_system_real_time() - began) / 1e9)
        return "\(runs) runs, \(steps) steps, \(Int(virtualTime / .seconds(3_600))) hours, "
            + "\(Int(Double(runs) / seconds * 60)) runs a minute"
    }

    fileprivate func summary(since began: Int64) -> String {
        func list(_ counts: [String: Int]) -> String {
            counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        return """
            \(line(since: began))
            \(lives) workers, \(crashes) of them killed, \(stops) stopped
            faults: \(list(faults))
            actions: \(list(outcomes)); \(mixUps) with another's execution
            """
    }
}
