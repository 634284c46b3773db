import Foundation
import QualiCore
import TestSupport
import Testing

@testable import WorkerSettings

@Suite("What a person leaves in a state folder")
struct OperatorFolderTests {
    private let then = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func `is a pause, which a later one replaces, and which ends once`() async throws {
        try await withTemporaryFolder { state in
            let folder = OperatorFolder(stateFolder: state.path)
            #expect(try folder.pause() == nil)
            try folder.write(WorkerPause(since: then, note: "first"))
            let pause = WorkerPause(since: then, until: then + 60)
            try folder.write(pause)
            #expect(try folder.pause() == pause)
            #expect(try folder.endPause())
            #expect(try folder.pause() == nil)
            #expect(try !folder.endPause())
        }
    }

    @Test func `are jobs to cancel`() async throws {
        try await withTemporaryFolder { state in
            let folder = OperatorFolder(stateFolder: state.path)
            #expect(try folder.cancellations().isEmpty)
            let wishes = ["one", "../two"].map { OperatorFolder.Cancellation(of: $0, because: "why", since: then) }
            let files = try wishes.map(folder.write)
            #expect(Set(try folder.cancellations().map(\.wish)) == Set(wishes))
            folder.remove(files[0])
            #expect(try folder.cancellations().map(\.wish) == [wishes[1]])
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func `is the worker's to read if root leaves it`() async throws {
        try await withTemporaryFolder { state in
            try FileManager.default.setAttributes([.ownerAccountID: 65_534], ofItemAtPath: state.path)
            try OperatorFolder(stateFolder: state.path).write(WorkerPause(since: then))
            for path in ["operator", "operator/pause.json"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: state.path + "/" + path)
                #expect(attributes[.ownerAccountID] as? Int == 65_534)
            }
        }
    }

    @Test func `is refused with its file's name if it can't be read, or there is no state folder`() async throws {
        try await withTemporaryFolder { state in
            let folder = OperatorFolder(stateFolder: state.path)
            try folder.write(WorkerPause(since: then))
            _ = try state.write("operator/pause.json", "{\"since\": 1}")
            let failure = #expect(throws: ProgramFailure.self) { try folder.pause() }
            #expect(failure?.message.contains("operator/pause.json") == true)
            let absent = OperatorFolder(stateFolder: state.path + "/absent")
            #expect(try absent.pause() == nil)
            let usage = #expect(throws: ProgramFailure.self) { try absent.write(WorkerPause(since: then)) }
            #expect(usage?.status == .usage)
        }
    }
}
