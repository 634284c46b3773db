import Foundation
import LocalCloud
import Testing
import WorkerSettings
import WorkerStatus

@testable import worker

@Suite("Examples/eks", .timeLimit(.minutes(2)))
struct EKSExampleTests {
    private static func documents(_ name: String = "worker.yaml") async throws -> [JSON] {
        let file = Python.repository.appendingPathComponent("Examples/eks/\(name)").path
        return try #require(try await Python.json("manifest.py", [file]).array)
    }

    private static func document(_ kind: String) async throws -> JSON {
        try #require(try await documents().first { $0["kind"]?.string == kind })
    }

    private static func pod() async throws -> JSON {
        try #require(try await document("StatefulSet")["spec"]?["template"]?["spec"])
    }

    private static func containerfile() throws -> String {
        let file = Python.repository.appendingPathComponent("Packaging/container/Containerfile")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// The value of a variable that the container is given.
    private static func value(_ name: String, _ container: JSON) -> String? {
        container["env"]?.array?.first { $0["name"]?.string == name }?["value"]?.string
    }

    @Test("names settings that there are, and all that it can't do without", Python.condition)
    func settings() async throws {
        let container = try #require(try await Self.pod()["containers"]?[0])
        let map = try await Self.document("ConfigMap")["data"]?.object ?? [:]
        let given = (container["env"]?.array ?? []).compactMap { $0["name"]?.string } + map.keys
        #expect(Set(given).isSubset(of: Setting.all.flatMap(\.allNames)), "\(given)")
        #expect(Set(["CLOUDSHELL_URL", "CLOUDSHELL_USER", "AWS_REGION"]).isSubset(of: map.keys))
        #expect(given.contains("CLOUDSHELL_PASSWORD_FILE") && !given.contains("CLOUDSHELL_PASSWORD"))
        let values = Dictionary(uniqueKeysWithValues: map.compactMap { name, value in value.string.map { (name, $0) } })
        #expect(values.count == map.count, "each value of a ConfigMap is a text")
        var reader = SettingReader(SettingSources(environment: values))
        _ = WorkerSettings(&reader)
        #expect(reader.problems.map(\.name) == ["CLOUDSHELL_PASSWORD"])
    }

    @Test("keeps the journal on a volume, where the image has it, and writes nowhere else", Python.condition)
    func paths() async throws {
        let pod = try await Self.pod()
        let container = try #require(pod["containers"]?[0])
        let folder = try #require(Self.value("QUALI_STATE_DIR", container))
        let image = try Self.containerfile()
        #expect(image.contains("\nVOLUME \(folder)\n") && image.contains("ENV QUALI_STATE_DIR=\(folder) "))
        let mounts = container["volumeMounts"]?.array ?? []
        let writable = mounts.filter { $0["readOnly"]?.bool != true }
        #expect(writable.map { $0["mountPath"]?.string } == [folder])
        let claims = try #require(try await Self.document("StatefulSet")["spec"]?["volumeClaimTemplates"]?.array)
        #expect(claims.map { $0["metadata"]?["name"] } == writable.map { $0["name"] })
        let secret = try #require(mounts.first { $0["readOnly"]?.bool == true })
        let password = try #require(Self.value("CLOUDSHELL_PASSWORD_FILE", container))
        #expect(password.hasPrefix("\(secret["mountPath"]?.string ?? "?")/"))
        // The worker refuses a secret that others may read.
        let volume = pod["volumes"]?.array?.first { $0["name"] == secret["name"] }
        let mode = try #require(volume?["secret"]?["defaultMode"]?.integer)
        #expect(mode & 0o007 == 0)
    }

    @Test("runs the image's user, confined", Python.condition)
    func confinement() async throws {
        let pod = try await Self.pod()
        let container = try #require(pod["containers"]?[0])
        let user = try #require(pod["securityContext"]?["runAsUser"]?.integer)
        #expect(try Self.containerfile().contains("\nUSER \(user):\(user)\n"))
        #expect(pod["securityContext"]?["fsGroup"]?.integer == user)
        #expect(pod["securityContext"]?["runAsNonRoot"]?.bool == true)
        #expect(pod["automountServiceAccountToken"]?.bool == false)
        #expect(container["securityContext"]?["readOnlyRootFilesystem"]?.bool == true)
        #expect(container["securityContext"]?["allowPrivilegeEscalation"]?.bool == false)
        #expect(container["securityContext"]?["capabilities"]?["drop"] == ["ALL"])
        let policy = try await Self.document("NetworkPolicy")["spec"]
        #expect(policy?["policyTypes"] == ["Ingress"] && policy?["ingress"] == nil)
    }

    @Test("asks for its health where the status page tells it, and grants the time that a stop takes", Python.condition)
    func health() async throws {
        let pod = try await Self.pod()
        let container = try #require(pod["containers"]?[0])
        let address = try #require(StatusAddress(Self.value("QUALI_STATUS_ADDRESS", container) ?? ""))
        #expect(!address.isLoopback)
        let port = try #require(container["ports"]?[0])
        #expect("\(address)".hasSuffix(":\(port["containerPort"]?.integer ?? 0)"))
        let page = try String(
            contentsOf: Python.repository.appendingPathComponent("Sources/WorkerStatus/StatusRoutes.swift"),
            encoding: .utf8
        )
        for (probe, path) in ["startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"] {
            let request = container[probe]?["httpGet"]
            #expect(request?["path"]?.string == path, "\(probe)")
            #expect(page.contains("case \"\(path)\":"), "\(probe)")
            #expect(request?["port"] == port["name"], "\(probe)")
        }
        let seconds = try #require(pod["terminationGracePeriodSeconds"]?.integer)
        #expect(.seconds(seconds) > WorkerProcess.standardGracePeriod)
    }

    @Test("has Prometheus read what the page offers, and lets nobody else in", Python.condition)
    func prometheus() async throws {
        let documents = try await Self.documents("prometheus.yaml")
        let (stateful, container) = (try await Self.document("StatefulSet"), try await Self.pod()["containers"]?[0])
        let labels = try #require(stateful["spec"]?["selector"]?["matchLabels"])
        let port = try #require(container?["ports"]?[0]?["name"])
        let monitor = try #require(documents.first { $0["kind"] == "PodMonitor" })
        #expect(monitor["metadata"]?["namespace"] == stateful["metadata"]?["namespace"])
        let spec = monitor["spec"]
        #expect(spec?["selector"]?["matchLabels"] == labels)
        #expect(spec?["podMetricsEndpoints"]?[0]?["port"] == port)
        let path = try #require(spec?["podMetricsEndpoints"]?[0]?["path"]?.string)
        let routes = Python.repository.appendingPathComponent("Sources/WorkerStatus/StatusRoutes.swift")
        #expect(try String(contentsOf: routes, encoding: .utf8).contains("case \"\(path)\":"))
        // The alerts know the job by its name.
        let job = try #require(spec?["jobLabel"]?.string.flatMap { labels[$0]?.string })
        let rules = Python.repository.appendingPathComponent("Packaging/monitoring/rules.yml")
        #expect(try String(contentsOf: rules, encoding: .utf8).contains("up{job=\"\(job)\"}"))
        let policy = try #require(documents.first { $0["kind"] == "NetworkPolicy" })
        #expect(policy["metadata"]?["name"] != (try await Self.document("NetworkPolicy"))["metadata"]?["name"])
        #expect(policy["spec"]?["podSelector"]?["matchLabels"] == labels)
        let ingress = try #require(policy["spec"]?["ingress"]?.array)
        #expect(ingress.count == 1 && ingress[0]["ports"]?.array?.map { $0["port"] } == [port])
        let peers = try #require(ingress[0]["from"]?.array)
        #expect(peers.count == 1 && peers[0]["namespaceSelector"] != nil && peers[0]["podSelector"] != nil)
    }
}
