import Foundation
import QualiCore

/// What the status page says of a worker besides what it does; it doesn't change.
struct StatusFacts: Sendable {
    /// The program's version.
    var version = Program.version
    /// The host's name.
    var host = ProcessInfo.processInfo.hostName
    /// The pipelines' region.
    var region: String
    /// The lab's address.
    var lab: String
    /// Where links to sandboxes lead.
    var portal: PortalLinks
    /// Where links to pipelines lead.
    var console: ConsoleLinks
    /// The pause between polls.
    var pollInterval: Duration
    /// The longest pause, to which it grows.
    var longestPollInterval: Duration
    /// How long a queue may not have been answered before the worker isn't ready.
    var pollPatience: Duration
    /// The same for the lab.
    var labPatience: Duration

    /// Gathers the facts of the settings.
    init(_ settings: WorkerSettings) {
        region = settings.aws.region
        lab = settings.lab.url
        portal = settings.actions.portal ?? PortalLinks(besideAPI: settings.lab.url)
        console = ConsoleLinks(region: region)
        pollInterval = settings.jobs.pollInterval
        longestPollInterval = settings.jobs.longestPollInterval
        pollPatience = pollInterval * 2 + longestPollInterval + settings.status.patience
        labPatience = settings.jobs.statusInterval * 3 + settings.status.labInterval + settings.status.patience
    }

    /// A sandbox's page in the portal; `nil` for an id that is none.
    func sandboxLink(_ id: String?) -> String? {
        guard let id, (1...100).contains(id.utf8.count),
            id.utf8.allSatisfy({ byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            })
        else { return nil }
        return portal.sandbox(id)
    }
}
