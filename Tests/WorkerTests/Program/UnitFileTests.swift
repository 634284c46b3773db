import Foundation
import Testing

@Suite("The systemd unit")
struct UnitFileTests {
    @Test func `starts the worker again whatever ended it, within bounds`() throws {
        let file = Python.repository.appendingPathComponent("Packaging/systemd/quali-worker.service")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        for line in [
            "Restart=always", "StartLimitIntervalSec=0", "RestartPreventExitStatus=64 65 73", "LimitCORE=0",
            "LimitNOFILE=65536", "MemoryMax=1G",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }
}
