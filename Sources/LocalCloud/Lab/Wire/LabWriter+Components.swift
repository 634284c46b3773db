import Foundation

extension LabWriter {
    /// A component as it's listed in a sandbox: without an id in version 1, without attributes in version 2.
    func slim(_ component: LabSandbox.Component, of sandbox: LabSandbox) -> JSON {
        var result = base(component)
        if version == 1 {
            result["attributes"] = attributes(component)
            result[behavior.interfacesKey] = interfaces(component)
        } else {
            result["id"] = .string(component.id)
            result["_links"] = ["self": link("/sandboxes/\(sandbox.id)/components/\(component.id)")]
        }
        return result
    }

    func component(_ component: LabSandbox.Component, of sandbox: LabSandbox, byID: Bool) -> JSON {
        let path = "/sandboxes/\(sandbox.id)/components/\(component.id)"
        var result = base(component)
        result["id"] = .string(component.id)
        result["attributes"] = attributes(component)
        result[behavior.interfacesKey] = interfaces(component)
        if component.template.kind == .application {
            result["active_deployment_name"] = .string(component.isDeployed ? "Default" : "")
            result["template_name"] = .string(component.template.name)
        }
        result["_links"] = byID ? ["self": link(path), "commands": link("\(path)/commands")] : ["self": link(path)]
        return result
    }

    private func base(_ component: LabSandbox.Component) -> JSON {
        let isApp = component.template.kind == .application
        return .members([
            "name": .string(component.name),
            "type": word(component.template.kind.rawValue),
            "component_type": .string(component.template.model),
            "description": .string(component.template.description),
            "address": .string(component.address),
            "app_lifecycle": isApp ? word(component.isDeployed ? "Deployed" : "Undeployed") : nil,
        ])
    }

    private func attributes(_ component: LabSandbox.Component) -> JSON {
        .array(
            component.template.attributes.map {
                ["type": .string($0.type), "name": .string($0.name), "value": .string($0.value)]
            }
        )
    }

    private func interfaces(_ component: LabSandbox.Component) -> JSON {
        .array(
            component.template.interfaces.map { interface in
                ["name": .string(interface.name), "url": .string(url(interface, component))]
            }
        )
    }

    /// A way in, in the form that Quali's help gives for QualiX (cloudshell-help, configure-remote-access.md).
    private func url(_ interface: LabComponent.Interface, _ component: LabSandbox.Component) -> String {
        func value(_ name: String) -> String {
            let attribute = component.template.attributes.first { $0.name == name || $0.name.hasSuffix(".\(name)") }
            return (attribute?.value ?? "").addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        }
        let scheme = interface.name.lowercased()
        let access =
            "hostname=\(component.address)&protocol=\(scheme)&port=\(scheme == "rdp" ? 3389 : 22)"
            + "&username=\(value("User"))&password=\(value("Password"))"
        switch behavior.links {
        case .own: return interface.url
        case .qualiX(let token):
            return "https://qualix.example.com/Qx/connect?qtoken=\(token)&\(access)"
        case .qualiXFragment(let token):
            return "https://qualix.example.com/remote/#/client/c/\(scheme)\(component.id)?qtoken=\(token)&\(access)"
        }
    }
}
