extension LabBlueprint {
    /// The inventory of a demo: a lab that works and one whose setup fails.
    public static var demo: [LabBlueprint] { [webLab, brokenLab] }

    /// `Web lab`: an input, a switch and two Apps, ready after three seconds.
    ///
    /// Its commands take a second: `health-check`, `deploy` (needs `Version`), `run-tests` (fails), and
    /// `soak-test`, which runs until it's cancelled; the web server has `install` and `restart`, the database `backup`
    /// and `migrate` (fails), the switch `show-ports`.
    package static var webLab: LabBlueprint {
        var blueprint = LabBlueprint(
            name: "Web lab",
            description: "A web server and a database behind a switch",
            inputs: [
                LabInput("Release", default: "latest"),
                LabInput("Browser", default: "Firefox", type: "Lookup", possibleValues: ["Firefox", "Safari"]),
            ],
            components: [webServer, database, coreSwitch],
            commands: [
                LabCommand(name: "health-check", outcome: .completed("web-server: up\r\ndatabase: up\r\n")),
                LabCommand(name: "deploy", params: [.init("Version", isMandatory: true), .init("Region")]),
                LabCommand(
                    name: "run-tests",
                    outcome: .failed("12 tests, 1 failure\r\n<font style=\"color:red\">login page: 500</font>\r\n")
                ),
                LabCommand(name: "soak-test", outcome: .never),
            ],
            setup: .succeeds(after: .seconds(3)),
            teardown: .succeeds(after: .seconds(2))
        )
        blueprint.categories = ["Demo"]
        blueprint.estimatedSetup = .seconds(3)
        blueprint.instructions = "<p>Open the web server's address in a browser.</p>"
        return blueprint
    }

    /// `Broken lab`: its setup fails in the stage Connectivity, after two seconds.
    package static var brokenLab: LabBlueprint {
        var blueprint = LabBlueprint(
            name: "Broken lab",
            description: "A lab whose setup fails",
            components: [coreSwitch],
            setup: .fails(
                at: .connectivity,
                events: ["'Connect' resource command on 'core-switch' failed", "'Setup' Blueprint command failed"],
                after: .seconds(2)
            ),
            teardown: .succeeds(after: .seconds(1))
        )
        blueprint.estimatedSetup = .seconds(2)
        return blueprint
    }

    private static var webServer: LabComponent {
        LabComponent(
            name: "web-server",
            kind: .application,
            model: "Generic App Model",
            attributes: [
                .init("User", value: "web"), .init("Password", value: "s3cret-of-the-web-server", type: "password"),
                .init("CPUs", value: "2", type: "numeric"), .init("Public", value: "True", type: "boolean"),
            ],
            interfaces: [.init("SSH", url: "ssh://web-server")],
            commands: [
                LabCommand(name: "install", params: [.init("Package", isMandatory: true), .init("Version")]),
                LabCommand(name: "restart", isCancellable: false),
            ]
        )
    }

    private static var database: LabComponent {
        LabComponent(
            name: "database",
            kind: .application,
            model: "Generic App Model",
            attributes: [
                .init("User", value: "postgres"),
                .init("Password", value: "s3cret-of-the-database", type: "password"),
            ],
            commands: [
                LabCommand(name: "backup", outcome: .completed("1024 rows saved\n")),
                LabCommand(name: "migrate", outcome: .failed("relation \"users\" already exists\n")),
            ]
        )
    }

    private static var coreSwitch: LabComponent {
        LabComponent(
            name: "core-switch",
            kind: .resource,
            model: "Generic Switch Model",
            address: "10.0.0.2",
            attributes: [.init("Vendor", value: "Example")],
            interfaces: [.init("Telnet", url: "telnet://10.0.0.2")],
            commands: [LabCommand(name: "show-ports", outcome: .completed("1 up\r\n2 down\r\n"))]
        )
    }
}
