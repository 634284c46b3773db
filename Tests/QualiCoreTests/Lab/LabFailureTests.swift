import AWSLite
import SandboxAPI
import Testing

@testable import JobEngine
@testable import QualiCore

@Suite("A lab's failure, in a job's words", .timeLimit(.minutes(1)))
struct LabFailureTests {
    @Test(arguments: [true, false])
    func `is nobody's password where the lab took it and forgot the session`(isForgotten: Bool) {
        var error = SandboxAPIError(.authentication, "Unauthorized", operation: "execution", httpStatus: 401)
        error.isTransient = isForgotten
        let failure = JobFailure("The command can't be read", error)
        #expect(failure.type == (isForgotten ? .systemUnavailable : .permissionError))
        #expect(failure.message.contains("CLOUDSHELL_PASSWORD") == !isForgotten)
        #expect(error.isRefusal == !isForgotten)
    }
}
