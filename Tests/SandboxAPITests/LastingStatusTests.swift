import Testing

@testable import SandboxAPI

@Suite struct LastingStatusTests {
    @Test(arguments: [501, 505])
    func `what a server can't do isn't waited for`(_ status: Int) {
        #expect(ErrorCatalogue.find(status: status, fromAPI: false).code == .configuration)
    }

    @Test(arguments: [408, 500, 502, 503, 504, 520])
    func `a server's trouble is`(_ status: Int) {
        #expect(ErrorCatalogue.find(status: status, fromAPI: false).code == .server)
    }
}
