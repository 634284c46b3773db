// The HTTP service without a worker: Plain PORT

import Foundation
import Logging
import Routes
import ServiceLifecycle

let logger = Logger(label: "service")
let service = makeService(port: CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080, logger: logger)
try await ServiceGroup(services: [Told("http", service)], gracefulShutdownSignals: [.sigterm], logger: logger).run()
