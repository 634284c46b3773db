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
        let failure = JobFailure("The command can't be read", error, ParameterNames())
        #expect(failure.type == (isForgotten ? .systemUnavailable : .permissionError))
        #expect(failure.message.contains("lab.password") == !isForgotten)
        #expect(error.isRefusal == !isForgotten)
    }

    @Test func `says the names by which the program's users know its parameters`() {
        var names = ParameterNames()
        (names.labUser, names.labPassword, names.labDomain) = ("LAB_USER", "LAB_PASSWORD", "LAB_DOMAIN")
        let error = SandboxAPIError(.authentication, "Unauthorized", operation: "execution", httpStatus: 401)
        let failure = JobFailure("The command can't be read", error, names)
        #expect(failure.message.hasSuffix("Check the worker's LAB_USER, LAB_PASSWORD and LAB_DOMAIN."))
    }
}
