import FoundationEssentials
import Testing

@testable import SandboxAPI

@Suite struct StateTests {
    @Test func `States are compared without case, spaces and hyphens, and keep their spelling`() {
        #expect(SandboxState(rawValue: "READY") == .ready)
        #expect(!(SandboxState(rawValue: "READY") != .ready))
        #expect(SandboxState(rawValue: "PendingSetup") == .pendingSetup)
        #expect(SandboxState(rawValue: "Before Setup") == .beforeSetup)
        #expect(Set<SandboxState>([.ready, "ready", "Ended"]).count == 2)
        #expect([SandboxState.ready: 1]["rEADY"] == 1)
        #expect("\(SandboxState(rawValue: "Overtime"))" == "Overtime")
    }

    @Test func `Each state has its meaning and an unknown one has none`() {
        #expect(SandboxState.ready.isReady)
        #expect(SandboxState.error.isFailed)
        #expect(SandboxState.teardown.isEnding)
        #expect(SandboxState.ended.isEnded)
        for state: SandboxState in ["Pending", "BeforeSetup", "Pending Setup", "setup"] {
            #expect(state.isBeforeReady && state.isKnown && !state.isReady && !state.isFailed)
        }
        let unknown: SandboxState = "Overtime"
        #expect(!unknown.isKnown && !unknown.isReady && !unknown.isFailed && !unknown.isEnding && !unknown.isEnded)
    }

    @Test(
        "An execution's status is final, and a success, only where that is sure",
        arguments: [
            ("pending", false, false), ("Running", false, false), ("stopping", false, false), ("", false, false),
            ("Whatever", false, false), ("Completed", true, true), ("COMPLETED", true, true),
            ("Failed", true, false), ("error", true, false), ("canceled", true, false), ("Cancelled", true, false),
            ("Stopped", true, false),
        ]
    )
    func execution(_ status: String, _ isFinal: Bool, _ isSuccess: Bool) {
        #expect(ExecutionStatus(rawValue: status).isFinal == isFinal)
        #expect(ExecutionStatus(rawValue: status).isSuccess == isSuccess)
        #expect(ExecutionStatus(rawValue: status).isFailure == (isFinal && !isSuccess))
    }
}

@Suite struct TimeTests {
    @Test(
        "Points in time are read in each form",
        arguments: [
            ("2017-01-15T09:51:17Z", 1_484_473_877), ("2019-10-07T14:50:53.503Z", 1_570_459_853.503),
            ("2017-01-15T09:51:17", 1_484_473_877), ("2017-01-15T11:51:17+0200", 1_484_473_877),
            ("2017-01-15T11:51:17+02:00", 1_484_473_877), ("2017-01-15T08:51:17-01", 1_484_473_877),
            ("2017-01-15 09:51:17z", 1_484_473_877), ("2017-01-15T09:51Z", 1_484_473_860),
            ("2000-02-29T00:00:00Z", 951_782_400), ("1969-12-31T23:59:59Z", -1), ("2000-12-31T23:59:60Z", 978_307_200),
            ("2019-10-07T14:50:53.5030000Z", 1_570_459_853.503),
        ]
    )
    func reads(_ text: String, _ seconds: Double) throws {
        let date = try #require(Timestamp.parse(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 0.000_1)
    }

    @Test(
        "What is no point in time is none",
        arguments: [
            "", "soon", "2017", "2017-13-01T00:00:00Z", "2039-09-07T15:50+00Z", "2017-01-15T09:51:17.Z", "PT23H",
            "2017-01-15T09:51:17ZZ", "2017-01-15T25:00:00Z", "٢٠١٧-01-15T09:51:17Z",
        ]
    )
    func refuses(_ text: String) {
        #expect(Timestamp.parse(text) == nil)
    }

    @Test func `A written time reads as the same`() throws {
        for seconds in stride(from: -5e9, through: 9e9, by: 12_345_678.25) {
            let date = Date(timeIntervalSince1970: seconds)
            #expect(Timestamp.parse(Timestamp.text(date)) == date)
        }
    }

    @Test func `Durations are written in whole minutes, rounded up`() {
        #expect(ISO8601Duration.text(minutes: 125) == "PT125M")
        #expect(ISO8601Duration.text(minutes: -5) == "PT0M")
        #expect(ISO8601Duration.text(.seconds(7_200)) == "PT120M")
        #expect(ISO8601Duration.text(.seconds(61)) == "PT2M")
        #expect(ISO8601Duration.text(.milliseconds(60_001)) == "PT2M")
        #expect(ISO8601Duration.text(.zero) == "PT0M")
        #expect(ISO8601Duration.text(.seconds(-1)) == "PT0M")
    }

    @Test func `Durations are read, and what is none is none`() {
        #expect(ISO8601Duration.parse("PT24H30M") == .seconds(88_200))
        #expect(ISO8601Duration.parse("P1DT1.5S") == .milliseconds(86_401_500))
        #expect(ISO8601Duration.parse("P2W") == .seconds(1_209_600))
        for text in ["", "P", "PT", "25", "PT5", "P1Y", "P1M", "PT1D", "PT99999999999H", "P-1D", "PTM", "PT١M"] {
            #expect(ISO8601Duration.parse(text) == nil, "\(text)")
        }
    }
}

@Suite struct LabURLTests {
    @Test(
        "Each form of the address leads to the API",
        arguments: [
            ("https://host:3443", "https://host:3443/api"), ("https://host:3443/", "https://host:3443/api"),
            ("https://host:3443/api", "https://host:3443/api"), ("https://host:3443/api/", "https://host:3443/api"),
            ("https://host/Api/v2/", "https://host/api"),
            ("HTTP://Host.Example.COM:82", "http://host.example.com:82/api"),
            ("  http://10.0.0.5:82/api \n", "http://10.0.0.5:82/api"),
            ("http://[fe80::1]:82", "http://[fe80::1]:82/api"),
            ("https://gate/labs/one/api", "https://gate/labs/one/api"),
            ("https://gate/labs/one/", "https://gate/labs/one/api"),
            ("http://my_lab", "http://my_lab/api"),
        ]
    )
    func reads(_ text: String, _ expected: String) throws {
        let url = try LabURL(text)
        #expect("\(url.scheme)://\(url.authority)\(url.root)" == expected)
        #expect("\(url)/api" == expected)
        #expect(url.isEncrypted == expected.hasPrefix("https"))
    }

    @Test(
        "A bad address says what was found and what is wanted",
        arguments: [
            ("lab.example.com:82", "no scheme"), ("ftp://lab", "scheme is neither"), ("https://", "no host"),
            ("https://lab:port", "port"), ("https://lab:0", "port"), ("https://lab:", "port"),
            ("https://lab:99999", "port"), ("https://la b", "host"), ("https://läb", "host"),
            ("https://[::1", "host"), ("https://[::1]x", "host"), ("https://lab/a b", "path"),
            ("https://lab?x=1", "query"), ("https://lab/#/x", "query"),
        ]
    )
    func refuses(_ text: String, _ reason: String) throws {
        let error = try #require(#expect(throws: SandboxAPIError.self) { try LabURL(text) })
        #expect(error.code == .configuration)
        #expect(error.message.contains("“\(text)”"))
        #expect(error.message.contains(reason))
        #expect(error.message.contains("https://lab.example.com:3443"))
    }

    @Test func `An empty address is missing`() throws {
        let error = try #require(#expect(throws: SandboxAPIError.self) { try LabURL("  ") })
        #expect(error.message.hasPrefix("The lab's address is missing"))
    }

    @Test func `A password in the address is refused and not shown`() throws {
        let error = try #require(#expect(throws: SandboxAPIError.self) { try LabURL("https://ci:CAN@RY@lab:82") })
        #expect(error.message.contains("user"))
        #expect(!error.message.contains("CAN"))
        #expect(!error.message.contains("RY"))
    }

    @Test func `Only unreserved characters stay in a segment`() {
        #expect(APICall.encode(segment: "aZ09-._~") == "aZ09-._~")
        #expect(APICall.encode(segment: "a/b c+d%20é") == "a%2Fb%20c%2Bd%2520%C3%A9")
        #expect(APICall.encode(segment: "..") == "%2E%2E")
    }
}
