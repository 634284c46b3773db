import Foundation
public import JobEngine

/// What the status page says of a worker besides what it does.
public struct StatusFacts: Sendable {
    /// What the page calls the worker.
    public var name = "quali-worker"
    /// The version of the program that the worker is in; `nil` for none to show.
    public var version: String?
    /// The host's name.
    package var host = ProcessInfo.processInfo.hostName
    /// The pipelines' region, to whose console the page's links lead.
    package var region: String
    /// The lab that the worker's actions use; `nil` where they use none, so that none is waited for.
    public var lab: Lab?
    /// The pause between polls.
    package var pollInterval: Duration
    /// The longest pause, to which it grows.
    package var longestPollInterval: Duration
    /// How long a queue may not have been answered before the worker isn't ready.
    package var pollPatience: Duration

    /// A lab, as the page shows it.
    public struct Lab: Sendable {
        /// The lab's address, as it is shown.
        package var address: String
        /// Where a click on the address leads; `nil` for nowhere.
        package var home: String?
        /// How long the lab may not have answered before the worker isn't ready.
        ///
        /// It should be longer than the pause between two requests to an idle lab.
        package var patience: Duration
        /// The page of a sandbox by its id; `nil` for none.
        ///
        /// It is asked for ids of ASCII letters, digits, `-` and `_` alone.
        package var sandboxLink: @Sendable (_ id: String) -> String?
        /// The host in the address; `nil` where there is none.
        var host: String? { URLComponents(string: address)?.host }

        /// Describes a lab.
        public init(
            address: String,
            home: String? = nil,
            patience: Duration = .seconds(75),
            sandboxLink: @escaping @Sendable (_ id: String) -> String? = { _ in nil }
        ) {
            self.address = address
            self.home = home
            self.patience = patience
            self.sandboxLink = sandboxLink
        }
    }

    /// Gathers the facts of a worker.
    ///
    /// - Parameters:
    ///   - region: The pipelines' region.
    ///   - configuration: How the worker polls.
    ///   - lab: The lab that its actions use; `nil` for none.
    ///   - patience: How long a queue may be late with an answer before the worker isn't ready.
    public init(
        region: String,
        polling configuration: JobWorker.Configuration = .init(),
        lab: Lab? = nil,
        patience: Duration = .seconds(30)
    ) {
        self.region = region
        self.lab = lab
        pollInterval = configuration.pollInterval
        longestPollInterval = max(configuration.pollInterval, configuration.longestPollInterval)
        pollPatience = pollInterval * 2 + longestPollInterval + patience
    }

    /// The page of a pipeline's execution in the console; `nil` where there is none.
    package func executionLink(_ place: JobPlace) -> String? { ConsoleLinks(region: region).execution(place) }

    /// A sandbox's page in the portal; `nil` for an id that is none.
    package func sandboxLink(_ id: String?) -> String? {
        guard let id, (1...100).contains(id.utf8.count),
            id.utf8.allSatisfy({ byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 95
            })
        else { return nil }
        return lab?.sandboxLink(id)
    }
}
