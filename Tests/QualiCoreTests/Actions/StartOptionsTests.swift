import AWSLite
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite struct StartOptionsTests {
    @Test(arguments: [nil, "", " \n", "{}", " { } "] as [String?])
    func `no text, a blank one and an empty dictionary are no options`(_ text: String?) throws {
        let options = try StartOptions(text, duration: .seconds(3_600))
        #expect(options.endWithPipeline == nil && options.maxDuration == nil && options.permittedUsers.isEmpty)
    }

    @Test func `all options are read, and numbers may be texts`() throws {
        let text = #"{"EndWithPipeline": "always", "MaxDurationInMinutes": 480, "PermittedUsers": [" anna ", "ben"]}"#
        let options = try StartOptions(text, duration: .seconds(3_600))
        #expect(options.endWithPipeline == .always)
        #expect(options.maxDuration == .seconds(480 * 60))
        #expect(options.permittedUsers == ["anna", "ben"])
        for number in ["60", #""60""#, #"" 60 ""#] {
            let options = try StartOptions(#"{"MaxDurationInMinutes": \#(number)}"#, duration: .seconds(3_600))
            #expect(options.maxDuration == .seconds(3_600))
        }
        for choice in EndWithPipeline.allCases {
            let options = try StartOptions(#"{"EndWithPipeline":"\#(choice.rawValue)"}"#, duration: .seconds(60))
            #expect(options.endWithPipeline == choice)
        }
    }

    @Test(arguments: [
        (
            #"{"EndWithPipeline": "Sometimes"}"#,
            #"has "Sometimes" for the key 'EndWithPipeline', which should be "OnFailure" or "Always" or "Never"."#
        ),
        (#"{"EndWithPipeline": true}"#, "has true for the key 'EndWithPipeline'"),
        (#"{"EndWithPipeline": null}"#, "has null for the key 'EndWithPipeline'"),
        (
            #"{"MaxDurationInMinutes": 59}"#,
            "has 59 for the key 'MaxDurationInMinutes', which should be a whole number of minutes, 60 (as 'DurationInMinutes' says) to 525600."
        ),
        (#"{"MaxDurationInMinutes": "59"}"#, #"has "59" for the key 'MaxDurationInMinutes'"#),
        (#"{"MaxDurationInMinutes": 90.5}"#, "has 90.5 for"),
        (#"{"MaxDurationInMinutes": 1e3}"#, "has 1e3 for"),
        (#"{"MaxDurationInMinutes": 525601}"#, "has 525601 for"),
        (#"{"MaxDurationInMinutes": 99999999999999999999}"#, "has 99999999999999999999 for"),
        (#"{"MaxDurationInMinutes": [60]}"#, "has [60] for"),
        (
            #"{"PermittedUsers": "anna"}"#,
            #"has "anna" for the key 'PermittedUsers', which should be a list of 1 to 20 different names of users, such as ["anna", "ben"]."#
        ),
        (#"{"PermittedUsers": []}"#, "has [] for the key 'PermittedUsers'"),
        (#"{"PermittedUsers": ["anna", 7]}"#, #"has ["anna", 7] for"#),
        (#"{"PermittedUsers": ["anna", " "]}"#, #"has ["anna", " "] for"#),
        (#"{"PermittedUsers": ["anna", "Anna"]}"#, #"has ["anna", "Anna"] for"#),
        (#"{"PermittedUsers": [["anna"]]}"#, #"has [["anna"]] for"#),
        (#"{"PermittedUsers": {"anna": "}"}}"#, #"has {"anna": "}"} for"#),
        (
            #"{"Users": ["anna"]}"#,
            "has the key 'Users', which is unknown. The known ones are 'EndWithPipeline', 'MaxDurationInMinutes', 'PermittedUsers'."
        ),
        (#"{"endwithpipeline": "Never"}"#, "has the key 'endwithpipeline', which is unknown"),
        (
            #"{"EndWithPipeline": "Never", "EndWithPipeline": "Never"}"#,
            "should be a JSON dictionary of options; it has the name 'EndWithPipeline' twice, the second time at line 1, column 30."
        ),
        (#"{"EndWithPipeline": "Never""#, "should be a JSON dictionary of options; it ends at line 1, column 28"),
        (#"{"PermittedUsers": ["anna" "ben"]}"#, #"at line 1, column 28 is '"', where ',' or ']' should be"#),
        (#"{"PermittedUsers": [{"anna": ["#, "it ends at line 1, column 31, where the end of the value should be"),
        ("Never", "at line 1, column 1 is 'N', where '{' should be"),
        (#"["anna"]"#, "at line 1, column 1 is '[', where '{' should be"),
        ("{} {}", "at line 1, column 4 is '{', where nothing more should be"),
    ])
    func `a flaw is an error that names property and key, what was found and what is wanted`(
        _ text: String,
        _ words: String
    ) throws {
        let failure = try #require(throws: JobFailure.self) { try StartOptions(text, duration: .seconds(3_600)) }
        #expect(failure.type == .configurationError)
        #expect(failure.message.hasPrefix("The property 'OptionsJSON' "))
        #expect(failure.message.contains(words), "\(failure.message)")
    }

    @Test func `a server takes 20 users at most`() throws {
        func options(_ count: Int) throws -> StartOptions {
            let names = (1...count).map { "\"user\($0)\"" }.joined(separator: ",")
            return try StartOptions("{\"PermittedUsers\": [\(names)]}", duration: .seconds(60))
        }
        #expect(try options(20).permittedUsers.count == 20)
        let failure = try #require(throws: JobFailure.self) { try options(21) }
        #expect(failure.message.contains("1 to 20"))
    }

    @Test func `an action reads its options against its duration, and does without them`() throws {
        func configuration(_ more: [String: String]) throws -> StartSandbox.Configuration {
            let properties = ["BlueprintName": "B", "DurationInMinutes": "90"].merging(more) { $1 }
            return try StartSandbox.Configuration(ActionProperties(properties))
        }
        #expect(try configuration([:]).options == StartOptions(nil, duration: .zero))
        let options = try configuration(["OptionsJSON": #"{"MaxDurationInMinutes": 90}"#]).options
        #expect(options.maxDuration == .seconds(5_400))
        let failure = try #require(throws: JobFailure.self) {
            try configuration(["OptionsJSON": #"{"MaxDurationInMinutes": 89}"#])
        }
        #expect(failure.message.contains("90 (as 'DurationInMinutes' says)"))
    }

    @Test func `a start has its ten properties, of which the options are the last`() {
        let start = QualiActions().definitions()[0].configurationProperties
        #expect(start.last?.name == "OptionsJSON")
        #expect(start.last.map { !$0.required && !$0.secret && !$0.queryable && $0.key } == true)
        var shared = QualiActions()
        shared.labName = "berlin"
        #expect(shared.definitions()[0].configurationProperties.count == 10)
    }
}
