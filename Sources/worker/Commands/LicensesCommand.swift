import ArgumentParser

/// `quali-worker licenses`.
struct LicensesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "licenses",
        abstract: "Print the licenses and notices of what the program is made of."
    )

    func run() {
        print(String(decoding: PackageResources.THIRD_PARTY_NOTICES_txt, as: UTF8.self), terminator: "")
    }
}
