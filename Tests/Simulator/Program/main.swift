import Foundation
import HTTPTransport
import VirtualSystem

// Dictionaries must have the same order in every process, which is decided before the first line of a program.
if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
    setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
    fatalError("The simulator can't begin anew with the right environment")
}

VirtualExecutor.shared.install()
HeavyWork.stayWithCaller()
exit(Program(CommandLine.arguments.dropFirst()).run())
