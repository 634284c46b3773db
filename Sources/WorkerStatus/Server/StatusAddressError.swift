/// An address at which the status page can't listen.
public struct StatusAddressError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address.
    package let address: StatusAddress
    /// Why it can't be had, in the system's words.
    package let reason: String

    /// The address, and why it can't be had.
    public var description: String { "The status page can't listen at \(address): \(reason)" }
}
