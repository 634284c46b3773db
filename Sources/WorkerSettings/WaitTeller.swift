/// Says what is waited for while something takes long.
package protocol WaitTeller: Sendable {
    /// Does something that may take long.
    ///
    /// - Parameters:
    ///   - what: What is waited for, in words, each time that it is to be said.
    ///   - body: What takes long.
    /// - Returns: What `body` returns.
    func wait<Value>(
        for what: @escaping @Sendable () -> String,
        _ body: () async throws -> Value
    ) async rethrows -> Value
}

extension (any WaitTeller)? {
    /// Does something that may take long; where there is somebody to say what is waited for, it is said.
    func waiting<Value>(
        for what: @escaping @Sendable () -> String,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        guard let self else { return try await body() }
        return try await self.wait(for: what, body)
    }
}
