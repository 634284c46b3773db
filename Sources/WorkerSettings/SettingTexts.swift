package import HTTPTransport

/// The texts of the files that settings are in, and whether they are still what they were.
package struct SettingTexts: Sendable {
    /// What a file says.
    package struct Text: Sendable {
        /// The text; `nil` where it isn't UTF-8.
        package let text: String?
        /// The file as it was when it was read.
        package let file: FileAccess.Content

        fileprivate init(_ file: FileAccess.Content) {
            self.file = file
            text = String(validating: file.bytes, as: UTF8.self)
        }
    }

    private var known: [String: Text?] = [:]
    /// Is told each path before it is read, which may take long.
    private let willRead: @Sendable (String) -> Void

    /// Has read nothing yet.
    package init(willRead: @escaping @Sendable (String) -> Void = { _ in }) {
        self.willRead = willRead
    }

    /// Reads a file; a pipe, which can be read once only, to its end.
    ///
    /// It blocks for as long as the system takes, and for a pipe until somebody has written.
    ///
    /// - Returns: `nil` where it can't be read.
    package mutating func read(_ path: String) -> Text? {
        if let before = known[path] { return before }
        willRead(path)
        let text = (try? FileAccess.content(of: path, mayBePipe: true)).map(Text.init)
        known[path] = .some(text)
        return text
    }

    /// Whether there are files that may change.
    var canChange: Bool { known.values.contains { $0?.file.identity != nil } }

    /// Whether a file that was read is another now, or is gone; pipes never are.
    var haveChanged: Bool {
        known.contains { path, text in
            let now = try? FileAccess.identity(path)
            guard let text else { return now != nil }
            return text.file.identity != nil && text.file.identity != now
        }
    }

    /// What is to be read anew, and the texts of pipes, which can't be.
    var renewed: SettingTexts {
        var texts = SettingTexts()
        texts.known = known.filter { _, text in text.map { $0.file.identity == nil } ?? false }
        return texts
    }
}

extension SettingTexts: CustomStringConvertible, CustomReflectable {
    /// The number of files, since their texts are secret.
    package var description: String { "\(known.count) files" }

    /// A mirror without children, so that `dump` shows no text either.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
