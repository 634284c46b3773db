import Foundation
import JobEngine
import Testing

@testable import WorkerStatus

@Suite("The status page's text")
struct StatusPageTests {
    private func page(_ snapshot: WorkerSnapshot, _ change: (inout StatusFacts) -> Void = { _ in }) -> String {
        var facts = Given.facts()
        change(&facts)
        return String(decoding: StatusPage(snapshot, facts).reply().body, as: UTF8.self)
    }

    @Test func `escapes everything from outside`() {
        let evil = "<script>alert(1)</script>\"'&\u{202E}\u{0}"
        var snapshot = Given.idle()
        snapshot.jobs = [Given.job(1, pipeline: evil)]
        snapshot.jobs[0].place.stage = evil
        snapshot.jobs[0].progress.summary = evil
        snapshot.jobs[0].action = evil
        snapshot.jobs[0].progress.externalExecutionID = evil
        snapshot.ended = [Given.outcome(2, pipeline: evil)]
        snapshot.ended[0].detail = evil
        snapshot.lab.trouble = evil
        snapshot.lab.troubleSince = Given.now
        let text = page(snapshot)
        #expect(!text.contains("<script") && !text.contains("\u{202E}") && !text.contains("\u{0}"))
        #expect(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
        // The console has it in an address, in which it stands for itself.
        #expect(text.contains("pipelines/%3Cscript%3Ealert%281%29%3C%2Fscript%3E%22%27%26"))
    }

    @Test func `makes no link of anything but addresses of the web`() {
        let script: HTML = "\("x", link: "javascript:alert(1)")"
        #expect(script.text == "x")
        let web: HTML = "\("x", link: "https://a/?b=\"")"
        #expect(web.text == #"<a href="https://a/?b=&quot;">x</a>"#)
    }

    @Test func `links to the execution, by partition, and to the sandbox`() {
        var snapshot = Given.idle()
        snapshot.jobs = [Given.job(1)]
        let id = snapshot.jobs[0].place.pipelineExecutionID
        let text = page(snapshot)
        let path = "codesuite/codepipeline/pipelines/Release-2026.4/executions/\(id)/visualization"
        #expect(text.contains("https://eu-west-1.console.aws.amazon.com/\(path)?region=eu-west-1\""))
        #expect(text.contains("https://portal.example.com/RM/Diagram/Index/a937583f-"))
        let partitions = [
            "cn-north-1": "https://cn-north-1.console.amazonaws.cn/\(path)?region=cn-north-1",
            "us-gov-west-1": "https://us-gov-west-1.console.amazonaws-us-gov.com/\(path)?region=us-gov-west-1",
        ]
        for (region, link) in partitions {
            #expect(ConsoleLinks(region: region).execution(snapshot.jobs[0].place) == link)
        }
        #expect(ConsoleLinks(region: "us-iso-east-1").execution(snapshot.jobs[0].place) == nil)
    }

    @Test func `says what a worker does on the whole`() {
        #expect(page(Given.idle()).contains("Nothing to do; polling every 5 to 15 s."))
        #expect(
            page(Given.idle()) { ($0.pollInterval, $0.longestPollInterval) = (.seconds(20), .seconds(20)) }.contains(
                "polling every 20 s."
            )
        )
        let troubled = page(Given.busy())
        #expect(troubled.contains("In trouble – quali-worker on worker-7.example.com"))
        #expect(troubled.contains("since 12:09 UTC (4 min 12 s)") && troubled.contains("after 2041 ms"))
        #expect(troubled.contains("<strong>18</strong> of 24") && troubled.contains("3 throttles"))
        var stopping = Given.busy()
        stopping.isStopping = true
        #expect(page(stopping).contains("takes no new jobs, with 18 actions in hand"))
        var stuck = Given.idle()
        stuck.queues[0].activity = .asking(since: Given.now.addingTimeInterval(-400))
        #expect(page(stuck).contains("A poller makes no progress"))
    }

    @Test func `says what a job waits for, and until when`() throws {
        var snapshot = Given.busy()
        for index in snapshot.jobs.indices { (snapshot.jobs[index].stage, snapshot.jobs[index].wait) = (.running, nil) }
        let deadline = Given.now.addingTimeInterval(720)
        snapshot.jobs[0].stage = .waiting
        snapshot.jobs[0].wait = JobWaitInfo(reason: "the <sandbox>", deadline: deadline)
        snapshot.jobs[1].wait = JobWaitInfo(reason: "a bell")
        let text = page(snapshot)
        #expect(text.contains(" · waits for the &lt;sandbox&gt;, until 2026-07-31 12:25:20 UTC"))
        #expect(text.contains(" · waits for a bell ·"))
        let json = try StatusDocument(snapshot, Given.facts()).json()
        let document = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        #expect(document?["schema_version"] as? Int == 1)
        let jobs = try #require(document?["jobs"] as? [[String: Any]])
        #expect(jobs[0]["state"] as? String == "waiting" && jobs[0]["waits_for"] as? String == "the <sandbox>")
        #expect(jobs[0]["waits_until"] as? String == deadline.formatted(.iso8601))
        #expect(jobs[2]["state"] as? String == "running" && jobs[2]["waits_for"] == nil)
        let ended = try #require(document?["ended"] as? [[String: Any]])
        #expect(ended[0]["state"] == nil)
    }

    @Test func `tells of a job in the words of its description, in each state`() throws {
        for state in JobDescription.states {
            var snapshot = Given.idle()
            snapshot.ended = []
            let description: JobDescription
            if let ending = WorkerSnapshot.Ending.all.first(where: { $0.rawValue == state }) {
                snapshot.ended = [Given.outcome(1)]
                snapshot.ended[0].ending = ending
                description = JobDescription(snapshot.ended[0])
            } else {
                snapshot.jobs = [Given.job(1)]
                snapshot.jobs[0].stage = .init(rawValue: state)
                snapshot.jobs[0].wait = JobWaitInfo(reason: "a bell", deadline: Given.now)
                description = JobDescription(snapshot.jobs[0])
            }
            #expect(description.state == state)
            let text = page(snapshot)
            #expect(text.contains("</span> \(state.prefix(1).uppercased() + state.dropFirst())</span>"), "\(state)")
            #expect(text.contains("</svg> 1 \(state)</li>"), "\(state)")
            #expect(text.contains("<title>\(description.place): \(state), "), "\(state)")
            #expect(text.contains(description.waiting() ?? "waits for") == (description.wait != nil), "\(state)")
            let json = try StatusDocument(snapshot, Given.facts()).json()
            #expect(json.contains("\"\(snapshot.ended.isEmpty ? "state" : "ending")\" : \"\(state)\""), "\(json)")
            #expect(json.contains("\"waits_for\" : \"a bell\"") == (description.wait != nil))
        }
    }

    @Test func `leads from each row to the story of its job, where there is a command for that`() {
        let snapshot = Given.busy()
        let jobs =
            snapshot.jobs.prefix(100).map(\.actionExecutionID)
            + snapshot.ended.prefix(25).map(\.job.actionExecutionID)
        let text = page(snapshot)
        for id in jobs { #expect(text.contains("<code>quali-worker jobs show \(id.prefix(8))</code>"), "\(id)") }
        #expect(text.components(separatedBy: "<code>").count - 1 == jobs.count)
        var facts = Given.facts()
        facts.version = nil
        let embedded = String(decoding: StatusPage(snapshot, facts).reply().body, as: UTF8.self)
        #expect(!embedded.contains("jobs show") && embedded.contains("<code>\(jobs[0].prefix(8))</code>"))
    }

    @Test func `draws a bar for each action, with its ending in words`() {
        let text = page(Given.busy())
        #expect(text.components(separatedBy: "<rect class=\"bar ").count - 1 == 90 + 6)
        let counts = "11 running, 7 waiting, 2 requeued, 52 succeeded, 11 failed, 7 abandoned"
        #expect(text.contains("Actions of the last 6 hours: \(counts)"))
        #expect(text.contains(": failed, "))
    }

    @Test func `stands still where somebody wants it to`() {
        let facts = Given.facts()
        let refresh = "http-equiv=\"refresh\""
        for (refreshes, count) in [(true, 1), (false, 0)] {
            let body = StatusPage(Given.idle(), facts, refreshes: refreshes).reply().body
            #expect(String(decoding: body, as: UTF8.self).components(separatedBy: refresh).count - 1 == count)
        }
    }

    @Test(arguments: [
        (0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (245, "4 min 5 s"), (3_599, "59 min"), (3_600, "1 h"),
        (3_900, "1 h 5 min"), (86_400, "1 d"), (100_000, "1 d 3 h"), (-5, "0 s"),
    ])
    func `says lengths of time shortly`(seconds: Double, words: String) {
        #expect(Words.span(seconds) == words)
    }

    @Test func `calls a worker dead whose poller is stuck, by name`() {
        var snapshot = Given.idle()
        #expect(snapshot.isAlive)
        snapshot.queues[1].activity = .asking(since: Given.now.addingTimeInterval(-301))
        #expect(snapshot.stuckQueues.map(\.action) == ["Quali-Run-Command"])
        snapshot.isStopping = true
        #expect(snapshot.isAlive)
    }
}
