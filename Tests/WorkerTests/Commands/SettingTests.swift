import ArgumentParser
import Foundation
import Testing
import WorkerSettings

@testable import worker

@Suite("The table of settings")
struct SettingTests {
    @Test("is all in the help text, in lines of at most 80 columns")
    func help() {
        let help = RunWorker.helpMessage(columns: 80)
        for setting in Setting.all {
            #expect(help.contains(setting.nameOfFlag), "\(setting.name)")
            for flag in [setting.shortFlag ?? setting.flag] where setting.hasFlag {
                #expect(help.contains("--\(flag) <"), "\(setting.name)")
            }
        }
    }

    @Test(
        "has a flag for each setting that has one, which gives that setting",
        arguments: Setting.all.filter(\.hasFlag)
    )
    func flags(setting: Setting) throws {
        let command = try RunWorker.parse(["--\(setting.flag)", "/some value"])
        #expect(command.flags == [setting.nameOfFlag: "/some value"])
    }

    @Test("takes relative paths in flags, from the current folder, and leaves other values alone")
    func paths() throws {
        let folder = FileManager.default.currentDirectoryPath
        let arguments = [
            "--quali-state-dir", "a/state", "--cloudshell-password-file", "../p", "--cloudshell-user", "me",
        ]
        let wanted = [
            "QUALI_STATE_DIR": folder + "/a/state", "CLOUDSHELL_PASSWORD_FILE": folder + "/../p",
            "CLOUDSHELL_USER": "me",
        ]
        #expect(try RunWorker.parse(arguments).flags == wanted)
        #expect(try CheckCommand.parse(arguments).options.settingFlags == wanted)
        #expect(
            try ListJobs.parse(["--quali-state-dir", "s"]).options.state.folder.flags == [
                "QUALI_STATE_DIR": folder + "/s"
            ]
        )
    }

    @Test("is in the help of 'run' alone, to which other commands point, as the manual does")
    func oneList() throws {
        let helps = [
            CheckCommand.helpMessage(columns: 80), ConfigCommand.helpMessage(columns: 80),
            SandboxesCommand.helpMessage(columns: 80),
        ]
        for help in helps {
            #expect(!help.contains("--quali-max-jobs") && help.contains("--config"), "\(help)")
            let words = help.split { $0.isWhitespace }.joined(separator: " ")
            #expect(words.contains("'quali-worker run --help' lists") && words.contains("Docs/settings.md"), "\(help)")
            #expect(words.contains("'quali-worker documentation settings'"), "\(help)")
        }
        #expect(!ListJobs.helpMessage(columns: 80).contains("--quali-max-jobs"))
        let page = try ManualPage(date: "").text
        #expect(page.components(separatedBy: Roff.escaped("--quali-max-jobs")).count == 2)
    }

    @Test("offers no flag for a secret's value")
    func secretFlags() {
        for setting in Setting.all where setting.secrecy == .secret {
            #expect(setting.flag.hasSuffix("-file"))
            #expect(throws: (any Error).self) { try RunWorker.parse(["--\(setting.flag.dropLast(5))", "x"]) }
        }
    }

    @Test("has no name twice")
    func names() {
        let names = Setting.all.flatMap(\.allNames)
        #expect(Set(names).count == names.count)
    }
}
