import AWSLite
import Foundation
import Testing

@testable import QualiCore

@Suite("The rules of a sandbox's life")
struct LifetimeRulesTests {
    private static let hour = LifetimeTerms(duration: .seconds(3_600))
    private static let statuses: [CodePipeline.PipelineExecutionStatus] = [
        .inProgress, .stopping, .stopped, .succeeded, .superseded, .failed, .cancelled, .init(rawValue: "Paused"),
    ]

    private static func ended(_ rules: LifetimeRules, _ terms: LifetimeTerms = hour) -> [String] {
        statuses.filter { rules.isEnded(terms, with: $0) }.map(\.rawValue)
    }

    @Test func `end it with what has not succeeded, or with all that is over, or never`() {
        let unsuccessful = ["Stopped", "Superseded", "Failed", "Cancelled"]
        #expect(Self.ended(LifetimeRules()) == unsuccessful)
        #expect(
            Self.ended(LifetimeRules(endWithPipeline: .always)) == ["Stopped", "Succeeded"] + unsuccessful.dropFirst()
        )
        #expect(Self.ended(LifetimeRules(endWithPipeline: .never)) == [])
    }

    @Test(arguments: EndWithPipeline.allCases, EndWithPipeline.allCases)
    func `heed an action's own word first`(worker: EndWithPipeline, action: EndWithPipeline) {
        let terms = LifetimeTerms(endWithPipeline: action, duration: .seconds(3_600))
        #expect(
            Self.ended(LifetimeRules(endWithPipeline: worker), terms)
                == Self.ended(LifetimeRules(endWithPipeline: action))
        )
    }

    @Test func `end it when the grace is over`() {
        let rules = LifetimeRules(grace: .seconds(90))
        let over = Date(timeIntervalSince1970: 1_000)
        #expect(rules.end(of: Self.hour, with: .failed, since: over) == over + 90)
        #expect(rules.end(of: Self.hour, with: .inProgress, since: over) == nil)
    }

    @Test(
        "extend it to its first length, by whole minutes, and no further than it may last",
        arguments: [
            // Minutes since its start, minutes of its reservation, and the minutes that are added.
            (40.0, 60.0, 40), (59.5, 60, 59), (430, 440, 40), (470, 480, nil), (10, 69.5, nil), (-5, 60, nil),
        ] as [(Double, Double, Int?)]
    )
    func extensions(now: Double, end: Double, extra: Int?) {
        let start = Date(timeIntervalSince1970: 1_000)
        let terms = LifetimeTerms(duration: .seconds(3_600), maxDuration: .seconds(480 * 60))
        let found = LifetimeRules().extra(terms, start: start, end: start + end * 60, now: start + now * 60)
        #expect(found == extra.map { .seconds($0 * 60) })
    }

    @Test func `never extend what may not be, or what a lab's odd dates ask for`() {
        let start = Date(timeIntervalSince1970: 1_000)
        #expect(LifetimeRules().extra(Self.hour, start: start, end: start, now: start) == nil)
        let terms = LifetimeTerms(duration: .seconds(3_600), maxDuration: .seconds(7_200))
        #expect(LifetimeRules().extra(terms, start: .distantPast, end: .distantFuture, now: start) == nil)
        #expect(LifetimeRules().extra(terms, start: start, end: .distantPast, now: start) == nil)
    }

    @Test func `leave several looks before its end, and a worker that hasn't started it comes later`() {
        let rules = LifetimeRules()
        #expect(rules.lead(Self.hour, isOwn: true, interval: 60) == 1_200)
        #expect(rules.lead(Self.hour, isOwn: false, interval: 60) == 600)
        // Four looks, but never its whole length.
        #expect(rules.lead(LifetimeTerms(duration: .seconds(600)), isOwn: true, interval: 60) == 240)
        #expect(rules.lead(LifetimeTerms(duration: .seconds(300)), isOwn: true, interval: 60) == 200)
    }
}
