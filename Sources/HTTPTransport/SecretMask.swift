/// A ``SecretRedactor`` that learns: it masks what was secret from the start, and what has become known since, such as
/// the token of a session.
package final class SecretMask: Sendable {
    private struct State {
        var redact: SecretRedactor
        var learnt: [Secret] = []
    }

    /// A server may repeat a token for a while after it was replaced.
    private static let longestMemory = 16

    private let secrets: [Secret]
    private let state: Locked<State>

    /// Creates a mask of these secrets.
    package init(_ secrets: [Secret]) {
        self.secrets = secrets
        state = Locked(State(redact: SecretRedactor(secrets)))
    }

    /// Masks one more secret from now on; of those that were learnt, the latest are kept.
    package func learn(_ secret: Secret) {
        state.withLock { state in
            let known = state.learnt.firstIndex(of: secret)
            if let known { state.learnt.remove(at: known) }
            state.learnt.append(secret)
            // What is known already costs no new forms.
            guard known == nil else { return }
            if state.learnt.count > Self.longestMemory { state.learnt.removeFirst() }
            state.redact = SecretRedactor(secrets + state.learnt)
        }
    }

    /// The text with ``SecretRedactor/mark`` for each secret.
    package func callAsFunction(_ text: String) -> String {
        state.withLock { $0.redact }(text)
    }
}
