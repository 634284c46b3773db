import Foundation
import WorkerSettings

/// The manual page quali-worker(1), made from what `--help`, the table of settings and the exit statuses are made from.
struct ManualPage {
    private let program: CommandDescription
    private var roff = Roff()

    /// The page's text.
    var text: String { roff.text }

    /// Makes the page.
    ///
    /// - Parameter date: The date that it bears.
    /// - Throws: An error when the parser doesn't describe itself as expected.
    init(date: String) throws {
        program = try .program()
        roff.title("QUALI-WORKER", date: date, source: "quali-worker \(Program.version)")
        introduction()
        commands()
        settings()
        endings()
    }

    private mutating func introduction() {
        let abstract = program.abstract ?? ""
        roff.section("NAME")
        roff.raw(
            "quali\\-worker \\- " + Roff.escaped(abstract.first.map { $0.lowercased() } ?? "")
                + Roff.escaped(String(abstract.dropFirst().dropLast(abstract.hasSuffix(".") ? 1 : 0)))
        )
        roff.section("SYNOPSIS")
        for command in program.leaves {
            let places = command.shownArguments.filter { $0.kind == "positional" }.map { "<\($0.valueName ?? "")>" }
            let options = command.shownArguments.contains { $0.kind != "positional" } ? ["[options]"] : []
            roff.line(bold: command.fullName, (places + options).joined(separator: " "))
        }
        roff.line(bold: "quali-worker --version", "")
        roff.section("DESCRIPTION")
        roff.paragraph(
            """
            AWS CodePipeline puts the jobs of custom actions on a queue. The worker polls for those of three actions, \
            starts sandboxes in a Quali CloudShell lab, runs commands in them, ends them, and reports how it went. It \
            needs no way in from outside. Killed in whatever way, it takes up its jobs from its journal when it \
            starts again.
            """
        )
    }

    private mutating func commands() {
        roff.section("COMMANDS")
        for command in program.leaves {
            roff.subsection(command.fullName)
            if let abstract = command.abstract { roff.paragraph(abstract) }
            for part in (command.discussion ?? "").split(separator: "\n\n") { roff.paragraph(String(part)) }
            // Those of settings are in a section of their own.
            let settings =
                command.fullName == "quali-worker run" ? Setting.all.filter(\.hasFlag).map { "--\($0.flag)" } : []
            for argument in command.shownArguments {
                if argument.names?.contains(where: { settings.contains($0.text) }) == true { continue }
                let names = (argument.names ?? []).map(\.text).joined(separator: ", ")
                let value = argument.kind == "flag" ? "" : "<\(argument.valueName ?? "")>"
                roff.item([names, value].filter { !$0.isEmpty }.joined(separator: " "), argument.abstract ?? "")
            }
            if !settings.isEmpty { roff.paragraph("The flags of settings are in the section ENVIRONMENT.") }
        }
    }

    private mutating func settings() {
        roff.section("ENVIRONMENT")
        roff.paragraph(
            """
            The settings. A flag beats the environment, which beats the file of --config, which beats the default. A \
            secret NAME may be given by NAME_FILE, the path of a file that holds it. Passwords, keys and proxies are read \
            anew when their file, or the file of --config, has changed.
            """
        )
        for group in Setting.Group.allCases {
            roff.subsection(group.rawValue)
            for setting in Setting.all where setting.group == group {
                var text = setting.explanation
                if setting.hasFlag { text += " Flag: --\(setting.shortFlag ?? setting.flag)." }
                roff.item(
                    ([setting.nameOfFlag] + setting.allNames.filter { $0 != setting.nameOfFlag }).joined(
                        separator: ", "
                    ),
                    text
                )
            }
        }
        roff.subsection("The service manager")
        roff.item(
            "NOTIFY_SOCKET, WATCHDOG_USEC",
            "Where and how often a service manager such as systemd wants to hear of the worker; see sd_notify(3)."
        )
        roff.item("STATE_DIRECTORY", "The folder of the journal where QUALI_STATE_DIR isn't set.")
    }

    private mutating func endings() {
        roff.section("FILES")
        for (path, text) in [
            ("/etc/quali-worker/worker.env", "The settings of the service of the Debian package."),
            ("/etc/quali-worker/cloudshell-password", "The lab's password for that service; root alone reads it."),
            ("/var/lib/quali-worker", "The journal of that service: what it has claimed and how far it has come."),
            ("~/.aws/config, ~/.aws/credentials", "AWS's shared files, as every AWS tool reads them."),
        ] { roff.item(path, text) }
        roff.section("SIGNALS")
        roff.item(
            "SIGTERM, SIGINT",
            """
            Stop: waiting jobs are put back for the next worker, after the time of QUALI_DRAIN, and the exit status is \
            0. Before the first poll there is nothing to put back, and the program ends at once. A second SIGTERM or \
            SIGINT ends it at once, too.
            """
        )
        roff.item(
            "SIGHUP",
            """
            At a terminal, which is gone then: stop. Else read the settings anew: LOG_LEVEL, the lab's user, password and \
            proxy, and AWS credentials count at once, and the log names what takes a restart. A SIGHUP that is ignored from \
            the start, as nohup(1) has it, stays so.
            """
        )
        roff.item("All others", "Those without a meaning here, such as SIGUSR1, are ignored.")
        roff.section("EXIT STATUS")
        roff.item("0", "All went well; after a signal, the worker has stopped in good order.")
        roff.item(
            "1",
            """
            'quali-worker check' found something else than a setting wrong, 'quali-worker plan' found an error, or the \
            demo of a definition left a sandbox behind.
            """
        )
        for status in ProgramFailure.Status.allCases { roff.item("\(status.rawValue)", status.meaning) }
        roff.item("143", "A second signal, the latter of them SIGTERM.")
        roff.section("EXAMPLES")
        roff.example(
            """
            quali-worker actions install --portal-url https://cloudshell.example.com
            quali-worker check --config /etc/quali-worker/worker.env
            quali-worker run --config /etc/quali-worker/worker.env
            quali-worker demo
            """
        )
        roff.section("SEE ALSO")
        roff.paragraph("systemd.service(5), journalctl(1)")
    }
}
