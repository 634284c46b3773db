extension OutageLog.Work {
    static let keepingSandboxes = OutageLog.Work(rawValue: "Looking after sandboxes")
    static let watchingSandboxes = OutageLog.Work(rawValue: "Reading the lab's sandboxes")
    static let watchingExecutions = OutageLog.Work(rawValue: "Reading the lab's executions")
    static let probingLab = OutageLog.Work(rawValue: "Asking the lab whether it is there")
    static let askingLab = OutageLog.Work(rawValue: "Asking the lab")
    static let loggingIn = OutageLog.Work(rawValue: "Logging into the lab")
}
