import Testing

@testable import JobEngine
@testable import QualiCore

@Suite struct SandboxTagTests {
    private let tag = SandboxTag(actionExecutionID: "7b1a6c1e-0a4d-4b7e-9c55-1d2e3f4a5b6c")

    @Test(arguments: [
        "Web lab - CodePipeline", String(repeating: "long ", count: 30), "ü😀" + String(repeating: "😀", count: 40), "",
    ])
    func `a name ends with the tag and is at most 60 long`(wanted: String) {
        let name = tag.name(for: wanted)
        #expect(name.utf16.count <= 60)
        #expect(name.hasSuffix(tag.description))
        #expect(tag.marks(name))
        if wanted.utf16.count < 40 { #expect(name.hasPrefix(wanted)) }
    }

    @Test func `the tag is the same for the same execution and another for another`() {
        #expect(tag == SandboxTag(actionExecutionID: "7b1a6c1e-0a4d-4b7e-9c55-1d2e3f4a5b6c"))
        let other = SandboxTag(actionExecutionID: "7b1a6c1e-0a4d-4b7e-9c55-1d2e3f4a5b6d")
        #expect(!tag.marks(other.name(for: "Web lab")))
    }

    @Test func `a tag is read where a name ends with one, and nowhere else`() {
        #expect(SandboxTag(endOf: tag.name(for: "Web lab")) == tag)
        #expect(SandboxTag(endOf: tag.description) == tag)
        #expect(SandboxTag(endOf: "😀" + tag.description) == tag)
        let others = [
            "", "Web lab", "\(tag) ", "\(tag)]", "[q0123456789a]", "[q0123456789abc]", "[q0123456789aB]",
            "[q0123456789aé]",
            "(q0123456789ab)", tag.description.uppercased(),
        ]
        for name in others { #expect(SandboxTag(endOf: name) == nil, "\(name)") }
    }
}
