import HTTPTransport

/// Takes the secrets out of what a lab tells of a sandbox.
///
/// Attributes and inputs that are secret are left out whole, since it is unknown whether the lab masks their values.
/// Addresses lose all that isn't a place. What was a secret's value anywhere is then masked everywhere, but for ids, types,
/// states and times.
struct SecretSweep {
    /// More secrets than these aren't searched for: attributes and descriptions are left out whole instead.
    private static let mostSecrets = 300
    /// A shorter value is found everywhere by chance.
    private static let shortestSecret = 4
    /// No secrets, whatever their attribute is called.
    private static let usualValues: Set<String> = ["true", "false", "none", "null"]

    private let names: SecretNames
    private let known: [Secret]
    private var found: Set<Secret> = []

    /// `known` are secrets that are known already.
    init(_ names: SecretNames, known: [Secret]) {
        self.names = names
        self.known = known
    }

    /// Takes them out.
    ///
    /// `other` masks others.
    mutating func clean(_ sandbox: inout Sandbox, _ other: (String) -> String) {
        for input in sandbox.parameters where input.isSecret(named: names) { learn(input.value) }
        sandbox.parameters.removeAll { $0.isSecret(named: names) }
        clean(&sandbox.links)
        for index in sandbox.components.indices {
            let component = sandbox.components[index]
            for attribute in component.attributes where attribute.isSecret(named: names) { learn(attribute.value) }
            sandbox.components[index].attributes.removeAll { $0.isSecret(named: names) }
            for number in component.connectionInterfaces.indices {
                let link = LabLink(component.connectionInterfaces[number].url, names)
                for secret in link.secrets { learn(secret) }
                sandbox.components[index].connectionInterfaces[number].url = link.shown
            }
            clean(&sandbox.components[index].links)
        }
        sandbox.changeTexts { $0 = LabLink.shown(in: $0, names) { learn($0) } }
        if found.count > Self.mostSecrets {
            sandbox.description = nil
            for index in sandbox.components.indices {
                sandbox.components[index].attributes = []
                sandbox.components[index].description = nil
            }
        }
        let mask = SecretRedactor(known + found.prefix(Self.mostSecrets))
        sandbox.changeTexts { $0 = other(mask($0)) }
    }

    private mutating func clean(_ links: inout [String: APILink]) {
        for (key, whole) in links {
            let link = LabLink(whole.href, names)
            for secret in link.secrets { learn(secret) }
            links[key]?.href = link.shown
        }
    }

    private mutating func learn(_ value: String) {
        guard value.utf8.count >= Self.shortestSecret, !Self.usualValues.contains(value.lowercased()) else { return }
        found.insert(Secret(value))
    }
}

extension Sandbox {
    /// Changes each text that may hold anything.
    fileprivate mutating func changeTexts(_ change: (inout String) -> Void) {
        change(&name)
        description.change(change)
        for index in permittedUsers.indices { change(&permittedUsers[index]) }
        for index in parameters.indices {
            change(&parameters[index].name)
            change(&parameters[index].value)
        }
        for index in components.indices { components[index].changeTexts(change) }
        links.changeTexts(change)
    }
}

extension Component {
    fileprivate mutating func changeTexts(_ change: (inout String) -> Void) {
        change(&name)
        description.change(change)
        model.change(change)
        address.change(change)
        activeDeploymentName.change(change)
        templateName.change(change)
        for index in attributes.indices {
            change(&attributes[index].name)
            change(&attributes[index].value)
        }
        for index in connectionInterfaces.indices {
            change(&connectionInterfaces[index].name)
            change(&connectionInterfaces[index].url)
        }
        links.changeTexts(change)
    }
}

extension [String: APILink] {
    /// Changes each text; a link whose key would change is left out.
    fileprivate mutating func changeTexts(_ change: (inout String) -> Void) {
        for key in Array(keys) {
            var changed = key
            change(&changed)
            guard changed == key, var link = self[key] else {
                self[key] = nil
                continue
            }
            change(&link.href)
            link.method.change(change)
            link.name.change(change)
            self[key] = link
        }
    }
}

extension String? {
    fileprivate mutating func change(_ change: (inout String) -> Void) {
        guard var text = self else { return }
        change(&text)
        self = text
    }
}
