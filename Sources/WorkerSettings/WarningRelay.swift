import HTTPTransport

/// Carries warnings to a log that isn't there yet while settings are read.
///
/// What comes before it is connected is dropped: nothing is renewed by then.
package final class WarningRelay: Sendable {
    private let receiver = Locked<(@Sendable (String) -> Void)?>(nil)

    /// Sends all warnings from now on to `receiver`.
    package func connect(to receiver: @escaping @Sendable (String) -> Void) {
        self.receiver.withLock { $0 = receiver }
    }

    /// Takes a warning.
    package var warn: @Sendable (String) -> Void {
        { [self] text in receiver.withLock { $0 }?(text) }
    }
}
