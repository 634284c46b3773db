public import ArgumentParser
import Foundation
public import QualiCore
import WorkerSettings
import WorkerStatus

/// `quali-worker actions policy`.
struct PrintPolicy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract:
            "Print the IAM policy of least privilege for the worker, or for who registers types or ends sandboxes.",
        discussion: """
            Names, version and region are those of 'install'. AWS isn't called. The statement whose name begins with \
            Optional may be left out. To give it to a role:

            aws iam put-role-policy --role-name quali-worker --policy-name quali-worker --policy-document "$(\
            quali-worker actions policy)"
            """
    )

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "Who gets the policy: worker, registrar (for 'actions') or operator (for 'sandboxes').",
            valueName: "whom"
        )
    )
    var caller = AWSPermission.Caller.worker
    @Option(
        help: ArgumentHelp("The account's id, 12 digits; '*' is the account that the policy is in.", valueName: "id")
    )
    var account = "*"
    @OptionGroup var types: ActionTypeOptions
    @OptionGroup(title: "AWS") var aws: RegionOptions

    func validate() throws {
        guard account == "*" || (account.utf8.count == 12 && account.utf8.allSatisfy { (48...57).contains($0) })
        else { throw ValidationError("--account is '\(account)'. Wanted: an account's id, 12 digits, or '*'.") }
    }

    func run() async throws {
        var reader = SettingReader(types.sources([aws]))
        let actions = ActionSettings(&reader)
        let region = AWSSettings(&reader).region
        try reader.finish()
        let policy = IAMPolicy(for: caller, types: actions.names.typeIDs, region: region, account: account)
        print(try policy.printedJSON())
    }
}

extension AWSPermission.Caller: ExpressibleByArgument {}
