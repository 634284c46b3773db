import Testing

@testable import SandboxAPI

@Suite struct LastingStatusTests {
    @Test(arguments: [501, 505])
    func `what a server can't do isn't waited for`(_ status: Int) {
        #expect(ErrorCatalogue.find(status: status, by: .unknown).code == .configuration)
    }

    @Test(arguments: [408, 500, 502, 503, 504, 520])
    func `a server's trouble is`(_ status: Int) {
        #expect(ErrorCatalogue.find(status: status, by: .unknown).code == .server)
    }

    @Test(arguments: [400, 401, 403, 404, 409, 501, 505])
    func `what somebody else says tells nothing of the lab`(_ status: Int) {
        #expect(ErrorCatalogue.find(status: status, by: .somebodyElse).code == .server)
    }
}
