/// Runs `body` for each item, a few at a time.
///
/// `width` is how many at a time. `isEnough` is asked after each result; `true` ends the rest.
///
/// - Returns: The results so far, in the order in which they came.
/// - Throws: What the first `body` to fail throws.
package func inParallel<Item: Sendable, Value: Sendable>(
    _ items: [Item],
    width: Int,
    until isEnough: () -> Bool = { false },
    _ body: @escaping @Sendable (Item) async throws -> Value
) async throws -> [Value] {
    try await withThrowingTaskGroup { group in
        var rest = items.makeIterator()
        for _ in 0..<width {
            guard let item = rest.next() else { break }
            group.addTask { try await body(item) }
        }
        var values: [Value] = []
        while let value = try await group.next() {
            values.append(value)
            if isEnough() { break }
            if let item = rest.next() { group.addTask { try await body(item) } }
        }
        group.cancelAll()
        return values
    }
}
