package import AWSLite

extension ActionRegistrar {
    /// A definition that CodePipeline didn't register.
    public struct InstallFailure: Error, Sendable, Hashable {
        /// The definition.
        package let definition: CodePipeline.CustomActionType
        /// Why it isn't registered.
        package let cause: AWSError
        /// What the same call registered before; it stays registered.
        package let created: [CodePipeline.CustomActionType]

        /// Whether it may be that the version is taken for good, by a deleted type with another definition.
        ///
        /// CodePipeline's word for that is `ValidationException`, as for much else, and deleted types aren't listed.
        package var mayBeTakenVersion: Bool { cause.code == .validation || cause.code == .actionTypeAlreadyExists }
    }
}

extension ActionRegistrar.InstallFailure: CustomStringConvertible {
    /// The definition, why it isn't registered, and what was registered before it.
    public var description: String {
        var sentences = ["\(Self.name(definition)) can't be registered: \(cause)."]
        if mayBeTakenVersion {
            sentences.append(
                "If an action type of this version was deleted once, the version stays taken for its old definition: "
                    + "choose a higher one."
            )
        }
        if !created.isEmpty {
            let names = created.map(Self.name).joined(separator: "; ")
            sentences.append("Registered before that, and still there: \(names).")
        }
        return sentences.joined(separator: " ")
    }

    private static func name(_ definition: CodePipeline.CustomActionType) -> String {
        "\(definition.provider), version \(definition.version) (\(definition.category))"
    }
}
