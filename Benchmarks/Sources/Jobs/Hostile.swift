import Foundation
import LocalCloud

/// What outside may send that costs a worker most: one kind of it, with the jobs that meet it.
struct Hostile: Sendable {
    let name: String
    var options: @Sendable (inout LocalCloud.Options) -> Void = { _ in }
    /// Prepares the stand-ins and begins a pipeline's execution, given the artifact of a sandbox that is ready.
    let begin: @Sendable (Site, Data) throws -> String

    /// All kinds.
    ///
    /// `size` is how many bytes come, a little below what a worker takes at most.
    static func kinds(_ size: Int) -> [Hostile] {
        outputs(size) + replies(size) + pages(size) + archives(size)
            + [
                patterns("(a|a)+(a+)+b", "40 patterns"), patterns("b", "for comparison: 40 short patterns"), feed,
                history,
            ]
    }

    // MARK: Outputs of commands

    private static func outputs(_ size: Int) -> [Hostile] {
        let backslashes = #"\\"#
        let likeSecret = String(repeating: "a", count: 500)
        return [
            output("backslashes", backslashes, size),
            output("backslashes before quotes", backslashes + backslashes + #"\""#, size),
            output("quotes", #"\""#, size),
            output("tags that never close", "<b ", size),
            output("line ends", #"\n"#, size),
            output("line ends of Windows", #"\r\n"#, size),
            output("control characters", #"\u0001"#, size),
            output("control sequences", #"\u001b[31m"#, size),
            output("combining marks", "\u{301}", size),
            output("escapes of a URL", "%25", size),
            output("entities", "&amp;amp;", size),
            output("like a secret everywhere", "a", size, password: likeSecret + "b" + likeSecret),
            output("beginnings of a secret", "secret-secret-", size, password: "secret-secret-secret-!"),
            output("backslashes, ten commands at once", backslashes, size, count: 10),
            output("secrets alone", "correct-horse-battery", size, password: "correct-horse-battery"),
        ]
    }

    /// A command that has printed one text over and over, as JSON spells it; all of it is stored, too.
    private static func output(
        _ name: String,
        _ unit: String,
        _ size: Int,
        password: String? = nil,
        count: Int = 1
    ) -> Hostile {
        Hostile(
            name: "output: \(name)",
            options: { options in
                if let password { options.labAccount = LabAccount(username: "admin", password: password) }
            },
            begin: { site, artifact in
                let text = bytes(unit, size)
                site.cloud.faults.inject(
                    .echo { request in
                        let id = request.path.split(separator: "/").last ?? ""
                        let head = #"{"id":"\#(id)","supports_cancellation":true,"status":"Completed","output":""#
                        return .bytes(Data(head.utf8) + text + Data(#""}"#.utf8))
                    },
                    on: "execution",
                    times: .max
                )
                return try site.beginCommands(0, count: count, artifact: artifact, outputs: { ["Out\($0)"] })
            }
        )
    }

    // MARK: Replies of the lab

    private static func replies(_ size: Int) -> [Hostile] {
        [
            reply("tiny values", "[", "0,", "0]", size),
            // Each counts for five.
            reply("as many values as are read", "[", #"{"id":"","name":0,"type":[]},"#, "{}]", 99_000 * 29),
            reply("nested lists", "", "[", "", size),
            reply("nested objects", "", #"{"a":"#, "", size),
            reply("one long text", "[\"", #"\ud83d\ude42"#, "\"]", size),
        ]
    }

    /// What the lab answers three times where a sandbox's components are asked for.
    private static func reply(_ name: String, _ head: String, _ unit: String, _ tail: String, _ size: Int) -> Hostile {
        Hostile(
            name: "reply: \(name)",
            begin: { site, artifact in
                let body = Data(head.utf8) + bytes(unit, size) + Data(tail.utf8)
                site.cloud.faults.inject(.reply(.bytes(body)), on: "components", times: 3)
                return try site.beginCommand(artifact: artifact)
            }
        )
    }

    // MARK: Pages of errors

    private static func pages(_ size: Int) -> [Hostile] {
        [
            page("60 KB of tags", "<b ", 60 << 10), page("tags that never close", "<b ", size),
            page("comments that never end", "<!--", size), page("scripts", "<script></scrip", size),
            page("entities", "&amp;", size),
            Hostile(
                name: "page of S3: tags that never close",
                begin: { site, artifact in
                    site.cloud.faults.inject(
                        .reply(.bytes(bytes("<b ", size), status: 403)),
                        on: "GetObject",
                        times: 3
                    )
                    return try site.beginCommand(artifact: artifact)
                }
            ),
        ]
    }

    /// What stands before the lab and answers three times in its place, before a job's command is started.
    private static func page(_ name: String, _ unit: String, _ size: Int) -> Hostile {
        Hostile(
            name: "page: \(name)",
            begin: { site, artifact in
                let body = bytes(unit, size)
                site.cloud.faults.inject(.reply(.bytes(body, status: 502)), on: "components", times: 3)
                return try site.beginCommand(artifact: artifact)
            }
        )
    }

    // MARK: Archives

    private static func archives(_ size: Int) -> [Hostile] {
        [
            archive("another file of zeros") { Archive.zeros(in: "other", bytes: size) },
            archive("a description of zeros") { Archive.zeros(in: "sandbox.json", bytes: size) },
            archive("empty files") { Archive.emptyFiles(bytes: size) },
        ]
    }

    private static func archive(_ name: String, _ data: @escaping @Sendable () -> Data) -> Hostile {
        Hostile(name: "archive: \(name)", begin: { site, _ in try site.beginCommand(artifact: data()) })
    }

    // MARK: Patterns, feeds, histories

    /// Forty actions, each of which names its component by a pattern that fits none of 500; the worst backtrack without end
    /// on all names.
    private static func patterns(_ pattern: String, _ name: String) -> Hostile {
        Hostile(
            name: name,
            options: { options in
                options.blueprints[0].components = (1...500).map { number in
                    let name = String(repeating: "a", count: 60) + "-\(number)!"
                    return LabComponent(name: name, kind: .resource, model: "M", address: "")
                }
            },
            begin: { site, artifact in
                try site.beginCommands(
                    0,
                    count: 40,
                    artifact: artifact,
                    properties: { _ in ["ComponentName": pattern] }
                )
            }
        )
    }

    /// A setup that fails, and a feed of its errors that always has one more page.
    private static let feed = Hostile(
        name: "activity without end",
        options: { $0.lab.activityNeverEnds = true },
        begin: { site, _ in try site.beginStart(1, of: "Broken") }
    )

    /// A start whose reply is lost while the list of running sandboxes doesn't show it: it is looked for in the past ones.
    private static let history = Hostile(
        name: "25,000 past sandboxes",
        options: { options in
            options.lab.pastSandboxes = 25_000
            options.lab.listLag = 2
        },
        begin: { site, _ in
            site.cloud.faults.inject(.loseReply, on: "startSandbox")
            return try site.beginStart(1, of: "Quick")
        }
    )
}

/// Repeats a text until so many bytes are full, less what its surroundings may take.
private func bytes(_ unit: String, _ size: Int) -> Data {
    let unit = Data(unit.utf8)
    var data = Data(capacity: size)
    for _ in 0..<((size - 1_024) / unit.count) { data.append(unit) }
    return data
}

extension LocalReply {
    fileprivate static func bytes(_ body: Data, status: Int = 200) -> LocalReply {
        LocalReply(
            status: status,
            headers: [("Content-Type", status == 200 ? "application/json" : "text/html")],
            body: body
        )
    }
}

extension Site {
    /// Begins to run one command.
    fileprivate func beginCommand(artifact: Data) throws -> String {
        try beginCommands(0, count: 1, artifact: artifact)
    }
}

/// Archives that are more than they seem.
private enum Archive {
    /// A ZIP with one file of zeros, of which each of its bytes holds 158.
    static func zeros(in name: String, bytes size: Int) -> Data {
        var deflated = Data(capacity: size)
        var (held, count): (UInt32, UInt32) = (0, 0)
        func put(_ bits: UInt32, _ length: UInt32) {
            held |= bits << count
            count += length
            while count >= 8 {
                deflated.append(UInt8(truncatingIfNeeded: held))
                held >>= 8
                count -= 8
            }
        }
        // One block with fixed codes (RFC 1951, 3.2.6): a zero, then copies of 258 of them.
        put(0b011, 3)
        put(0b0000_1100, 8)
        while deflated.count < size - 1_024 {
            put(0b1010_0011, 8)
            put(0, 5)
        }
        put(0, 7)
        put(0, 7)
        return zip([(name, deflated)], method: 8)
    }

    /// A ZIP of nothing but names.
    static func emptyFiles(bytes size: Int) -> Data {
        zip((0..<(size / 100)).map { ("\($0)", Data()) }, method: 0)
    }

    private static func zip(_ files: [(name: String, content: Data)], method: Int) -> Data {
        func number(_ value: Int, _ length: Int) -> Data {
            Data((0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
        }
        var (data, directory) = (Data(), Data())
        for file in files {
            let offset = data.count
            // Version, flags, method, time, checksum, sizes, lengths; nobody comes as far as the checksum.
            let common =
                number(20, 2) + number(0, 2) + number(method, 2) + number(0, 4) + number(0, 4)
                + number(file.content.count, 4) + number(method == 8 ? 0xFFFF_FFFE : 0, 4)
                + number(file.name.utf8.count, 2) + number(0, 2)
            data += number(0x0403_4B50, 4) + common + Data(file.name.utf8) + file.content
            directory +=
                number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 10) + number(offset, 4)
                + Data(file.name.utf8)
        }
        let end =
            number(0x0605_4B50, 4) + number(0, 4) + number(min(files.count, 65_535), 2)
            + number(min(files.count, 65_535), 2) + number(directory.count, 4) + number(data.count, 4) + number(0, 2)
        return data + directory + end
    }
}
