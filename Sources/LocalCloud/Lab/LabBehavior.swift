import Foundation

/// Everything about the lab that its documentation leaves open or that differs between releases.
///
/// The defaults are the documented or the most likely answer. A client has to survive every other one too.
public struct LabBehavior: Sendable {
    // MARK: Transport

    /// What stands before the lab.
    package enum Gateway: Sendable {
        /// Nothing wrong.
        case working
        /// The gateway answers an HTML page with status 502; the lab sees nothing.
        case down
        /// Requests are acted upon, and answered with 200 and an empty body.
        case emptyReplies
        /// The escapes in paths are decoded, and steps in them followed, before the lab gets them.
        case decodesPaths
    }

    /// What stands before the lab.
    package var gateway = Gateway.working
    /// Whether `/API/V2/Sandboxes` is `/api/v2/sandboxes`.
    package var ignoresCaseOfPaths = true
    /// The status of a route that this release doesn't know: `Invalid Api call`.
    package var unknownRouteStatus = 404
    /// Whether this release has activity and output (since 8.1).
    package var knowsActivity = true
    /// How many requests within ``rateWindow`` are answered before the quota is exceeded; `nil` for no quota.
    package var rateQuota: Int?
    /// The length of time that ``rateQuota`` counts in.
    package var rateWindow: Duration = .seconds(60)
    /// The status of an exceeded quota.
    package var rateQuotaStatus = 429

    // MARK: Login

    /// What tokens look like.
    package enum TokenStyle: Sendable {
        /// Sixteen random bytes in base64: 24 characters, the last two `=`, with a `/` in three of ten.
        case base64
        /// The same with a `/` before all else and a `+` within, which need care in a path.
        case base64WithSlash
        /// A short text, a caret and a web token: about 1.6 KB.
        case identityProvider
        /// Nothing: a login that answers 200 with an empty string, and opens no session.
        case empty
    }

    /// What tokens look like.
    package var tokenStyle = TokenStyle.base64
    /// How long a token is good.
    package var tokenLifetime: Duration = .seconds(300 * 60)
    /// Whether each use of a token gives it its whole life again.
    package var tokenLifeSlides = false
    /// Whether a token may stand in the path of its deletion as it is, slashes and all, as Quali's own client sends it.
    package var takesRawTokenInPath = true
    /// Whether every login is refused, as it is with a password that was changed.
    package var refusesLogins = false
    /// How many failed logins in a row lock a user out; `nil` for no such protection.
    package var failedLoginsToLock: Int?
    /// For how long a user who is locked out is refused, whatever the password.
    package var lockTime: Duration = .seconds(36_000)
    /// The status for an unknown or expired token; releases have been seen that don't say 401.
    package var invalidTokenStatus = 401

    // MARK: Start

    /// The status of requests that miss something.
    package var validationStatus = 400
    /// The status of a start whose resources are taken.
    package var conflictStatus = 400
    /// What stands around the conflict's known words.
    package var conflictMessage = "Blueprint has conflicting resources"
    /// A limit to the sandboxes that go on at once, and what a start beyond it is answered; the words aren't published.
    package struct Limit: Sendable {
        /// How many sandboxes may go on.
        package var sandboxes: Int
        /// The status of the refusal.
        package var status: Int
        /// Its message.
        package var message: String

        /// Describes a limit.
        package init(_ sandboxes: Int, status: Int = 400, message: String) {
            self.sandboxes = sandboxes
            self.status = status
            self.message = message
        }
    }

    /// The limit of each user, ten in a real lab unless an administrator says otherwise; `nil` for none.
    package var userLimit: Limit?
    /// The limit of the whole lab's licence; `nil` for none.
    package var licenceLimit: Limit?
    /// How many users a start may permit (Quali's help, `MaxPermittedUsersForReservarion`).
    package var mostPermittedUsers = 20
    /// Whether a start is refused that permits somebody who can't log in to its domain; how isn't documented.
    package var checksPermittedUsers = true
    /// Whether this release reads `start_time`; an older one starts at once.
    package var knowsStartTime = true

    // MARK: Life of a sandbox

    /// What an ended sandbox's `GET` answers.
    package enum AfterEnd: Sendable {
        /// The sandbox, `Ended`.
        case ended
        /// 404.
        case notFound
        /// 200 with an empty body.
        case emptyBody
    }

    /// Other names for states: an older release's `Pending Setup`, or a state nobody has heard of.
    package var stateNames: [LabState: String] = [:]
    /// Whether setup has the stage Preparation before all others, as the lab's orchestration has.
    package var hasPreparation = false
    /// What `setup_stage` says once setup is through.
    package var stageAfterSetup = LabStage.ended
    /// How many reads of a sandbox after its stop still tell the old state.
    package var staleReadsAfterStop = 1
    /// The state that a sandbox stays in whose teardown has failed; what the API tells of it isn't documented.
    package var stateAfterFailedTeardown = LabState.ended
    /// What an ended sandbox's `GET` answers.
    package var afterEnd = AfterEnd.ended
    /// How many stop requests per sandbox fail with 500 before one is taken.
    package var failingStops = 0
    /// Whether stopping a sandbox that's in teardown or over is an error, with status 400.
    package var refusesRepeatedStop = false
    /// How many reads per sandbox answer 200 with an empty body before one tells something.
    package var emptyFirstReads = 0
    /// How many reads of `GET /sandboxes` miss a sandbox that was just started.
    public var listLag = 0

    /// How many sandboxes of others have ended before the first one; `show_historic` lists them all, first.
    public var pastSandboxes = 0

    // MARK: Activity

    /// Whether there is always one more page of activity.
    public var activityNeverEnds = false
    /// How many events or entries are on a page.
    package var pageSize = 1_000
    /// Whether events have GUIDs for ids, as one documented sample has, instead of numbers.
    package var givesEventsGUIDs = false
    /// How many reads of activity miss an event that has just happened.
    package var activityLag = 0

    // MARK: Commands

    /// What becomes of a sandbox command while another one of the sandbox runs.
    package enum Concurrency: Sendable {
        /// It waits, `Pending`.
        case queued
        /// It's refused with 400.
        case refused
        /// It runs.
        case allowed
    }

    /// What becomes of a sandbox command while another one of the sandbox runs.
    package var sandboxCommands = Concurrency.queued
    /// Other spellings of statuses, such as `Canceled`.
    package var statusNames: [LabExecutionStatus: String] = [:]
    /// How many executions a command's history shows, the newest; `nil` for all.
    package var executionHistoryDepth: Int?
    /// Whether a command's history begins with the newest execution.
    package var showsNewestExecutionFirst = false
    /// Whether a sandbox's commands begin with `Setup` and `Teardown`, which every sandbox has.
    package var listsOrchestration = true
    /// Whether a connected command is refused without its `command_tag`.
    package var wantsCommandTags = true
    /// How long a cancelled execution is `Stopping`.
    package var cancellationTime: Duration = .zero
    /// Whether a `DELETE` of an execution that can't be cancelled answers 400; else it says `success` and does nothing.
    package var refusesFutileCancellation = true
    /// Whether a `DELETE` of an execution that is over answers 400; else it says `success` and does nothing.
    package var refusesLateCancellation = false

    // MARK: Secrets

    /// What a sandbox shows as the value of an input of type `Password`.
    package enum PasswordInputs: Sendable {
        /// The value.
        case shown
        /// Asterisks.
        case masked
        /// Nothing.
        case empty
    }

    /// The ways into components.
    package enum Links: Sendable, Hashable {
        /// Those that the components have.
        case own
        /// Those of QualiX, Quali's gateway, with its token and the component's user and password in the query.
        case qualiX(token: String)
        /// The same with all of it in the fragment.
        case qualiXFragment(token: String)
    }

    /// What a sandbox shows as the value of an input of type `Password`.
    package var passwordInputs = PasswordInputs.shown
    /// The ways into components.
    package var links = Links.own

    // MARK: Spelling

    /// How the words of a compound field name are joined.
    package enum Joining: String, Sendable {
        /// `possible values`, as documented.
        case space
        /// `possibleValues`.
        case camelCase
        /// `possible_values`.
        case underscore
    }

    /// How a timestamp tells its seconds.
    package enum Seconds: Sendable {
        /// `2017-01-15T09:51:17Z`.
        case whole
        /// `2019-10-07T14:50:53.503Z`.
        case fractional
    }

    /// How nothing is written.
    package enum Nothing: Sendable {
        /// `null`.
        case null
        /// `""`.
        case emptyString
        /// `"Null"`.
        case word
    }

    /// How words such as `Undeployed` or `Running` are written.
    package enum Casing: Sendable {
        /// As in most documented samples.
        case usual
        /// `undeployed`, `running`.
        case lowercase
    }

    /// Whether booleans and numbers are written as strings.
    package var writesStringsOnly = false
    /// How `possible values` and `default value` are joined.
    package var parameterKeys = Joining.space
    /// How the same keys of a blueprint's inputs are joined, as a client has them.
    package var inputKeys = Joining.underscore
    /// The key of the cancellation flag; older pages have `supports_Cancelation`.
    package var cancellationKey = "supports_cancellation"
    /// The key of a sandbox's blueprint; a sample has `blueprint id`.
    package var blueprintIDKey = "blueprint_id"
    /// The key of a sandbox's inputs; a client reads `params`.
    package var sandboxInputsKey = "parameters"
    /// The key of the count of events; a table has `number_of_returned_events`.
    package var eventCountKey = "num_returned_events"
    /// The key of the ways into a component; a table has `connection_ interfaces`.
    package var interfacesKey = "connection_interfaces"
    /// How timestamps are written.
    package var seconds = Seconds.whole
    /// How absent outputs are written.
    package var nothing = Nothing.null
    /// How component types, life cycles and statuses are written.
    package var casing = Casing.usual

    /// Creates the documented behavior.
    public init() {}
}

extension LabBehavior.Gateway {
    /// The path that reaches the lab.
    func path(_ path: String) -> String {
        guard self == .decodesPaths, let decoded = path.removingPercentEncoding else { return path }
        var segments: [String] = []
        for segment in decoded.split(separator: "/") {
            switch segment {
            case ".": break
            case "..": _ = segments.popLast()
            default: segments.append(String(segment))
            }
        }
        return "/"
            + segments.map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }.joined(
                separator: "/"
            )
    }
}
