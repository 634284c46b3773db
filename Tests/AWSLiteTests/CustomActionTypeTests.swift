import AWSLite
import Foundation
import Testing

@Suite struct CustomActionTypeTests {
    private let definition = CodePipeline.CustomActionType(
        category: .deploy,
        provider: "Quali-Start-Sandbox",
        version: "1",
        settings: .init(
            entityURLTemplate: "https://lab/{Config:BlueprintName}",
            executionURLTemplate: "https://lab/{ExternalExecutionId}",
            revisionURLTemplate: ""
        ),
        configurationProperties: [
            .init(name: "BlueprintName", required: true, key: true, secret: false, description: "d", type: .string),
            .init(
                name: "Secret",
                required: false,
                key: false,
                secret: true,
                queryable: true,
                description: "",
                type: .number
            ),
        ],
        inputArtifactDetails: .init(minimumCount: 0, maximumCount: 0),
        outputArtifactDetails: .init(minimumCount: 0, maximumCount: 1),
        tags: [.init(key: "k", value: "v")]
    )

    private let text = #"""
        {"category": "Deploy", "provider": "P", "version": "1",
         "settings": {"entityUrlTemplate": "https://x"},
         "configurationProperties": [{"name": "n", "required": true, "key": true, "secret": false, "queryable": false}],
         "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
         "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 0}}
        """#

    @Test func `A definition is written and read without loss`() throws {
        let again = try JSONDecoder().decode(
            CodePipeline.CustomActionType.self,
            from: JSONEncoder().encode(definition)
        )
        var expected = definition
        // Empty texts can't be sent, so they aren't written either.
        expected.settings?.revisionURLTemplate = nil
        expected.configurationProperties[1].description = nil
        #expect(again == expected)
    }

    @Test func `A file as the AWS CLI takes it is read`() throws {
        let read = try JSONDecoder().decode(CodePipeline.CustomActionType.self, from: Data(text.utf8))
        #expect(
            read
                == .init(
                    category: .deploy,
                    provider: "P",
                    version: "1",
                    settings: .init(entityURLTemplate: "https://x"),
                    configurationProperties: [.init(name: "n", required: true, key: true, secret: false)],
                    inputArtifactDetails: .init(minimumCount: 0, maximumCount: 1)
                )
        )
    }

    @Test(arguments: [
        ("\"version\"", "\"versoin\""), ("entityUrlTemplate", "entityURLTemplate"), ("\"queryable\"", "\"queriable\""),
        ("\"minimumCount\"", "\"minimum\""), ("\"outputArtifactDetails\"", "\"x\""),
        ("\"key\": true", "\"key\": \"true\""),
    ])
    func `A misspelt or mistyped member is an error`(_ good: String, _ bad: String) {
        let data = Data(text.replacingOccurrences(of: good, with: bad).utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CodePipeline.CustomActionType.self, from: data)
        }
    }

    @Test func `The AWS CLI takes no unknown member, and neither do we`() throws {
        let data = Data(text.replacingOccurrences(of: "\"provider\"", with: "\"note\": 1, \"provider\"").utf8)
        let error = #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(CodePipeline.CustomActionType.self, from: data)
        }
        #expect("\(String(describing: error))".contains("note"))
    }

    @Test func `What CodePipeline sends back is an action type with the other member's name`() async throws {
        let reply = #"""
            {"actionType":{"id":{"category":"Deploy","owner":"Custom","provider":"P","version":"1"},
            "settings":{"entityUrlTemplate":"u"},"actionConfigurationProperties":[{"name":"n","required":true,"key":true,
            "secret":false,"queryable":false,"type":"String","__type":"x"}],"inputArtifactDetails":
            {"minimumCount":0,"maximumCount":1},"outputArtifactDetails":{"minimumCount":0,"maximumCount":0}},"tags":[]}
            """#
        let stub = StubHTTPClient([.reply(200, reply)])
        let made = try await CodePipeline(.test(stub)).createCustomActionType(definition)
        #expect(made.id.description == "Custom/Deploy/P/1")
        #expect(made.configurationProperties.first?.type == .string)
        let sent = try await stub.json()
        #expect(sent["configurationProperties"] != nil)
        #expect(sent["actionConfigurationProperties"] == nil)
        #expect((sent["settings"] as? NSDictionary)?["revisionUrlTemplate"] == nil)
    }

    struct OracleCase: Encodable {
        var operation = "CreateCustomActionType"
        var input: CodePipeline.CustomActionType
    }

    @Test(Oracle.condition, .eachBotocore)
    func `botocore takes what is written, with every member and with the fewest`() async throws {
        let fewest = CodePipeline.CustomActionType(category: .test, provider: "P", version: "1", settings: .init())
        let reports = try await Oracle.run(
            "validate.py",
            [OracleCase(input: definition), OracleCase(input: fewest)],
            as: String.self
        )
        #expect(reports == ["", ""])
    }
}
