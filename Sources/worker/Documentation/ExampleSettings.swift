import WorkerSettings

/// A file of settings to begin with: all of them, as comments.
enum ExampleSettings {
    /// The file's text.
    static var text: String {
        let introduction = """
            # Settings of quali-worker: NAME=value lines. To set one, take away the # before it.
            #
            # The worker can't do without CLOUDSHELL_URL, CLOUDSHELL_USER and AWS_REGION, nor without the lab's
            # password, which the service takes from the file /etc/quali-worker/cloudshell-password: root alone
            # needs to read that. AWS credentials come from wherever AWS tools take them.
            #
            # quali-worker(1) explains it all. After a change: systemctl restart quali-worker
            """
        return ([introduction] + Setting.Group.allCases.map(section)).joined(separator: "\n")
    }

    private static func section(_ group: Setting.Group) -> String {
        let settings = Setting.all.filter { $0.group == group }
        return "\n# --- \(group.rawValue) ---\n" + settings.map { "\n" + entry($0) }.joined()
    }

    private static func entry(_ setting: Setting) -> String {
        let comment = wrapped(setting.explanation, indent: 0, width: 98).split(separator: "\n")
        return comment.map { "# \($0)\n" }.joined()
            + "#\(setting.nameOfFlag)=\(setting.isPlain ? setting.standard ?? "" : "")\n"
    }
}

extension Setting {
    /// Whether the default, in words, is also the value that has the same effect.
    fileprivate var isPlain: Bool {
        guard let standard else { return false }
        return standard.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            && !["off", "default"].contains(standard)
    }
}
