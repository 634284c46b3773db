extension CodePipeline {
    /// Registers an action type (`CreateCustomActionType`).
    ///
    /// Not repeated after a lost reply.
    ///
    /// - Returns: The type as CodePipeline has it.
    /// - Throws: ``AWSError``; ``AWSError/Code/limitExceeded`` when the region has 50 custom types.
    @discardableResult
    public func createCustomActionType(_ definition: CustomActionType) async throws -> ActionType {
        struct Output: Decodable {
            var actionType: ActionType
        }
        let output: Output = try await call(
            .createCustomActionType,
            definition,
            retrySafety: .notAfterLostReply,
            retryableCodes: [.concurrentModification]
        )
        return output.actionType
    }

    /// Marks an action type as deleted (`DeleteCustomActionType`).
    ///
    /// Its version can't be used again for another definition.
    ///
    /// - Throws: ``AWSError``.
    public func deleteCustomActionType(category: ActionCategory, provider: String, version: String) async throws {
        struct Input: Encodable {
            var category: ActionCategory
            var provider: String
            var version: String
        }
        let _: Nothing = try await call(
            .deleteCustomActionType,
            Input(category: category, provider: provider, version: version),
            retryableCodes: [.concurrentModification]
        )
    }

    /// Lists the action types of the account and region, all pages (`ListActionTypes`).
    ///
    /// - Parameter owner: Whose types; `nil` for everybody's.
    /// - Returns: The types, without those that can't be read.
    /// - Throws: ``AWSError``.
    public func listActionTypes(owner: ActionOwner? = nil) async throws -> [ActionType] {
        struct Input: Encodable {
            var actionOwnerFilter: ActionOwner?
            var nextToken: String?
        }
        struct Output: Decodable {
            var actionTypes: [Lossy<ActionType>]
            var nextToken: String?
        }
        let name = AWSOperationName.listActionTypes
        return try await pages(of: name) { token in
            let page: Output = try await call(name, Input(actionOwnerFilter: owner, nextToken: token))
            return (page.actionTypes.compactMap(\.value), page.nextToken)
        }
    }
}
