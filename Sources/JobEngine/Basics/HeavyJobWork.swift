package import HTTPTransport

extension HeavyWork {
    /// Where what handlers do with bytes from outside is done: archives are read and written, outputs masked, patterns
    /// tried.
    package static let ofJobs = HeavyWork(threads: 2)
}
