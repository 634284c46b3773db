import HTTPTransport
import Testing

@Suite struct HTTPStatusTests {
    @Test(arguments: [500, 502, 503, 504, 507, 520, 599])
    func `a server's trouble passes by itself`(_ status: Int) {
        #expect(HTTPStatus.passesByItself(status))
    }

    @Test(arguments: [0, 200, 302, 403, 404, 429, 499, 501, 505, 509, 600])
    func `what a server can't do, and what isn't its trouble, doesn't`(_ status: Int) {
        #expect(!HTTPStatus.passesByItself(status))
    }
}
