import AWSLite
import Testing

/// Runs `body`, expects it to fail with an ``AWSError`` of this code, and returns the error.
@discardableResult
func expectError(
    _ code: AWSError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> AWSError? {
    let error = await #expect(throws: AWSError.self, sourceLocation: sourceLocation) { try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error
}
