public import AWSLite

/// An identity policy of IAM: what a caller may do, and no more.
public struct IAMPolicy: Sendable, Hashable, Encodable {
    /// Who makes a call, and so needs the right to it.
    public enum Caller: String, Sendable, Hashable, CaseIterable {
        /// `quali-worker run`.
        case worker
        /// `quali-worker actions install`, `uninstall` and `list`.
        case registrar
        /// `quali-worker sandboxes`.
        case `operator`
    }

    /// One statement; it allows.
    package struct Statement: Sendable, Hashable, Encodable {
        /// Its name.
        package let id: String
        /// The actions, sorted.
        package let actions: [String]
        /// What they are allowed on, sorted.
        package let resources: [String]

        private let effect = "Allow"

        private enum CodingKeys: String, CodingKey {
            case id = "Sid"
            case effect = "Effect"
            case actions = "Action"
            case resources = "Resource"
        }
    }

    private let version = "2012-10-17"
    /// The statements, sorted by their names.
    package let statements: [Statement]

    /// Makes the policy of a caller.
    ///
    /// - Parameters:
    ///   - caller: Who is to get it.
    ///   - types: The action types.
    ///   - region: Their region, which tells the partition.
    ///   - account: Their account's id; `*` for the one that the policy is in.
    public init(for caller: Caller, types: [CodePipeline.ActionTypeID], region: String, account: String) {
        let place = "arn:\(AWSPartition.of(region: region).id):codepipeline:\(region):\(account)"
        var actions: [String: [String]] = [:]
        var resources: [String: AWSPermission.Resource] = [:]
        for permission in AWSPermission.all where permission.caller == caller {
            guard case .statement(let id, let resource) = permission.source else { continue }
            actions[id, default: []].append(permission.action)
            resources[id] = resource
        }
        statements = actions.sorted { $0.key < $1.key }.map { id, actions in
            Statement(
                id: id,
                actions: actions.sorted(),
                resources: (resources[id] ?? .everything).arns(types: types, place: place)
            )
        }
    }

    private enum CodingKeys: String, CodingKey {
        case version = "Version"
        case statements = "Statement"
    }
}

extension AWSPermission.Resource {
    /// The ARNs, sorted.
    ///
    /// `place` is the beginning of an ARN, up to the account.
    fileprivate func arns(types: [CodePipeline.ActionTypeID], place: String) -> [String] {
        switch self {
        case .everything: ["*"]
        case .pipelines: ["\(place):*"]
        // The user guide has actionType and the service authorization reference has actiontype, and ARNs in policies
        // are compared with regard to case. An ARN that nothing has gives no right.
        case .actionTypes:
            ["actionType", "actiontype"].flatMap { kind in
                types.map { "\(place):\(kind):\($0)" }
            }.sorted()
        }
    }
}
