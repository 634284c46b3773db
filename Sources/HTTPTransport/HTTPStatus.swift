/// What a reply's status tells of its sender.
package enum HTTPStatus {
    /// Whether the sender is in trouble that passes by itself.
    ///
    /// That is any 5xx but those that say what it can't do, or won't for long: 501 (Not Implemented), 505 (HTTP Version
    /// Not Supported) and 509 (Bandwidth Limit Exceeded, which nginx and Apache's modules send for a used-up quota).
    package static func passesByItself(_ code: Int) -> Bool {
        (500...599).contains(code) && ![501, 505, 509].contains(code)
    }
}
