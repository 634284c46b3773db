/// A piece of work that is measured.
struct Work: Sendable {
    let name: String
    /// How often it is to be done for its time to be worth a look.
    let count: Int
    /// Prepares the work, does it a number of times, and returns how long that took without the preparation.
    let run: @Sendable (_ count: Int) async throws -> Duration

    /// All works.
    static let all = aws + artifacts + journal + [watcher, engine] + cloud

    /// Work that is the same each time.
    ///
    /// `prepare` returns the work.
    static func repeated(
        _ name: String,
        _ count: Int,
        _ prepare: @escaping @Sendable () async throws -> (@Sendable () async throws -> Void)
    ) -> Work {
        Work(name: name, count: count) { count in
            let work = try await prepare()
            // The first time has more to do, and isn't what is asked for.
            try await work()
            return try await ContinuousClock().measure {
                for _ in 0..<count { try await work() }
            }
        }
    }
}
