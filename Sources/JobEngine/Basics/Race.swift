/// Runs operations side by side until one of them ends, then cancels the others and waits for their end.
package func race(_ operations: (@Sendable () async -> Void)...) async {
    await withTaskGroup { group in
        for operation in operations { group.addTask { await operation() } }
        await group.next()
        group.cancelAll()
    }
}
