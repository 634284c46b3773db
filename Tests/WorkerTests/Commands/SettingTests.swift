import ArgumentParser
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
        let command = try RunWorker.parse(["--\(setting.flag)", "some value"])
        #expect(command.flags == [setting.nameOfFlag: "some value"])
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
