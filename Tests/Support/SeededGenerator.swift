import FoundationEssentials

/// The random numbers of a test, which one number repeats.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// Begins with a seed, which it prints, so that a run that failed can be repeated.
    ///
    /// The environment's `TEST_SEED` comes first, then `usual`; without either each run has a new one.
    public init(usual: UInt64? = nil, of test: String = #function) {
        let given = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) }
        let seed = given ?? usual ?? UInt64.random(in: 0...UInt64(UInt32.max))
        print("TEST_SEED=\(seed) repeats \(test)")
        state = seed
    }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
