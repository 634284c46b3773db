package import AWSLite

/// One difference between a definition that is wanted and the registered action type of the same version.
package struct ActionTypeDifference: Sendable, Hashable, CustomStringConvertible {
    /// What differs, as far as it matters for jobs.
    package enum Kind: Sendable, Hashable {
        /// How many artifacts it reads or writes.
        case artifacts
        /// A link of the console, or the words that describe a property.
        case appearance
        /// It lacks a property.
        case missingProperty(CodePipeline.ActionConfigurationProperty)
        /// It has a property that isn't wanted; whether pipelines have to give it.
        case extraProperty(isRequired: Bool)
        /// A property has another type, or is required, key or secret where it shouldn't be, or the other way round.
        case property
    }

    /// What differs.
    package let kind: Kind
    /// What is registered and what is wanted, in a line.
    package let description: String
}

extension ActionRegistrar {
    /// How a wanted definition differs from a registered type; empty where it doesn't.
    package static func differences(
        _ wanted: CodePipeline.CustomActionType,
        _ registered: CodePipeline.ActionType
    ) -> [ActionTypeDifference] {
        var found: [ActionTypeDifference] = []
        func compare(_ kind: ActionTypeDifference.Kind, _ what: String, _ wanted: String, _ registered: String) {
            guard wanted != registered else { return }
            found.append(.init(kind: kind, description: "\(what): registered is \(registered), wanted is \(wanted)"))
        }
        let (new, old) = (wanted, registered)
        compare(.artifacts, "input artifacts", new.inputArtifactDetails.range, old.inputArtifactDetails.range)
        compare(.artifacts, "output artifacts", new.outputArtifactDetails.range, old.outputArtifactDetails.range)
        let links: [(String, KeyPath<CodePipeline.ActionTypeSettings, String?>)] = [
            ("entity URL", \.entityURLTemplate), ("execution URL", \.executionURLTemplate),
            ("revision URL", \.revisionURLTemplate),
        ]
        for (what, path) in links {
            compare(.appearance, what, new.settings?[keyPath: path] ?? "none", old.settings?[keyPath: path] ?? "none")
        }
        for property in new.configurationProperties {
            let what = "property '\(property.name)'"
            guard let match = old.configurationProperties.first(where: { $0.name == property.name }) else {
                found.append(.init(kind: .missingProperty(property), description: "\(what): registered is none"))
                continue
            }
            compare(property.nature == match.nature ? .appearance : .property, what, property.text, match.text)
        }
        for property in old.configurationProperties
        where !new.configurationProperties.contains(where: { $0.name == property.name }) {
            let description = "property '\(property.name)': wanted is none"
            found.append(.init(kind: .extraProperty(isRequired: property.required), description: description))
        }
        return found
    }
}

extension CodePipeline.ArtifactDetails {
    fileprivate var range: String { "\(minimumCount) to \(maximumCount)" }
}

extension CodePipeline.ActionConfigurationProperty {
    /// Type and flags.
    fileprivate var nature: String {
        let flags = [
            required ? "required" : "optional", key ? "key" : nil, secret ? "secret" : nil,
            queryable == true ? "queryable" : nil,
        ]
        return "\(type?.rawValue ?? "String"), \(flags.compactMap { $0 }.joined(separator: ", "))"
    }

    fileprivate var text: String { "\(nature), '\(description ?? "")'" }
}
