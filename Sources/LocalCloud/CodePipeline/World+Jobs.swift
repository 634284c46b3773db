import Foundation

extension World {
    mutating func pollForJobs(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let key = ActionTypeKey(input["actionTypeId"])
        guard key.owner == "Custom" else { throw .validation("ActionType with owner '\(key.owner)' is not supported") }
        guard let type = liveType(key) else { throw .actionTypeNotFound(key) }
        let query = (input["queryParam"]?.object ?? [:]).compactMapValues(\.string)
        if let property = type.queryableProperty {
            guard let name = query.keys.first else {
                throw .validation("\(key) has the queryable property '\(property)'; queryParam must be supplied")
            }
            guard name == property else { throw .validation("'\(name)' is not the queryable property of \(key)") }
        } else if !query.isEmpty {
            throw .validation("\(key) has no queryable property; queryParam must be empty")
        }
        let limit = input["maxBatchSize"]?.integer ?? behavior.defaultBatchSize
        var list: [JSON] = []
        for id in (offers[key] ?? JobLine()).ids {
            guard list.count < limit else { break }
            guard let job = jobs[id], isOffered(job, now: now), let run = runs[job.runID],
                query.allSatisfy({ run.configuration[$0.key] == $0.value })
            else { continue }
            let isFirst = job.status != .dispatched
            jobs[id]?.status = .dispatched
            // What is handed out before its time doesn't defer that.
            if isDue(job, now: now) {
                jobs[id]?.dispatched = now
                jobs[id]?.isOwedAgain = true
            } else {
                jobs[id]?.isOwedAgain = false
            }
            if isFirst || !behavior.keepsNonce { jobs[id]?.nonce += 1 }
            list.append([
                "id": .string(id), "nonce": .string(String(jobs[id]?.nonce ?? 0)),
                "accountId": .string(LocalCodePipeline.accountID), "data": jobData(job, run, now: now),
            ])
        }
        return ["jobs": .array(list)]
    }

    private func isOffered(_ job: Job, now: Date) -> Bool {
        if isDue(job, now: now) { return true }
        guard job.status == .dispatched else { return false }
        return switch behavior.handsOutAgain {
        case .never: false
        case .once: job.isOwedAgain
        case .atEachPoll: true
        }
    }

    /// Whether it is time for a job to be handed out, for the first time or again.
    private func isDue(_ job: Job, now: Date) -> Bool {
        switch job.status {
        case .created, .queued: return job.available <= now
        case .dispatched:
            let age = job.dispatched.map { now.timeIntervalSince($0) } ?? 0
            return age >= behavior.redispatchInterval / .seconds(1)
        default: return false
        }
    }

    mutating func acknowledgeJob(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let id = input["jobId"]?.string ?? ""
        guard let job = jobs[id] else { throw .jobNotFound(id) }
        guard input["nonce"]?.string == String(job.nonce) else {
            guard behavior.staleNonce == .status, job.status != .inProgress else { throw .invalidNonce(id) }
            return ["status": .string(job.status.rawValue)]
        }
        switch job.status {
        case .dispatched:
            jobs[id]?.status = .inProgress
            jobs[id]?.acknowledged = now
            withdraw(id)
        case .inProgress where behavior.acceptsRepeatedAcknowledgement: break
        default: throw .invalidNonce(id)
        }
        return ["status": .string(Job.Status.inProgress.rawValue)]
    }

    func getJobDetails(_ input: JSON, now: Date) throws(LocalServiceError) -> JSON {
        let id = input["jobId"]?.string ?? ""
        guard let job = jobs[id], let run = runs[job.runID], job.status.isOpen || behavior.answersDetailsOfEndedJobs
        else { throw .jobNotFound(id) }
        return [
            "jobDetails": typed(
                "JobDetails",
                [
                    "id": .string(id), "accountId": .string(LocalCodePipeline.accountID),
                    "data": jobData(job, run, now: now),
                ]
            )
        ]
    }

    mutating func putJobSuccessResult(_ input: JSON, now: Date) throws(LocalServiceError) {
        let (job, run) = try jobInProgress(input)
        let variables = (input["outputVariables"]?.object ?? [:]).compactMapValues(\.string)
        let token = input["continuationToken"]?.string
        guard token == nil || variables.isEmpty else {
            throw .validation("Output variables can't be given together with a continuation token")
        }
        guard variables.reduce(0, { $0 + $1.key.utf8.count + $1.value.utf8.count }) <= 122_880 else {
            throw LocalServiceError(
                code: "OutputVariablesSizeExceededException",
                message: "The output variables of the action are larger than 122880 bytes"
            )
        }
        close(job.id, as: .succeeded, with: input, now: now)
        let details = input["executionDetails"]
        runs[run.id]?.summary = details?["summary"]?.string ?? run.summary
        runs[run.id]?.externalExecutionID = details?["externalExecutionId"]?.string ?? run.externalExecutionID
        runs[run.id]?.percentComplete = details?["percentComplete"]?.integer ?? run.percentComplete
        runs[run.id]?.currentRevision = input["currentRevision"] ?? run.currentRevision
        runs[run.id]?.updated = now
        if let token {
            addJob(to: run.id, token: token, now: now)
        } else {
            runs[run.id]?.outputVariables = variables
            finish(run.id, status: "Succeeded", now: now)
        }
        settle(now: now)
    }

    mutating func putJobFailureResult(_ input: JSON, now: Date) throws(LocalServiceError) {
        let (job, run) = try jobInProgress(input)
        let details = input["failureDetails"]
        close(job.id, as: .failed, with: input, now: now)
        runs[run.id]?.errorCode = details?["type"]?.string
        runs[run.id]?.errorMessage = details?["message"]?.string
        runs[run.id]?.externalExecutionID = details?["externalExecutionId"]?.string ?? run.externalExecutionID
        finish(run.id, status: "Failed", now: now)
        settle(now: now)
    }

    private func jobInProgress(_ input: JSON) throws(LocalServiceError) -> (Job, ActionRun) {
        let id = input["jobId"]?.string ?? ""
        guard let job = jobs[id], let run = runs[job.runID] else { throw .jobNotFound(id) }
        guard job.status == .inProgress else {
            guard behavior.lateResult == .invalidJobState else { throw .jobNotFound(id) }
            throw LocalServiceError(
                code: "InvalidJobStateException",
                message: "The job '\(id)' is in state \(job.status.rawValue)"
            )
        }
        return (job, run)
    }

    // MARK: Job data

    /// What a worker gets to know of a job, with fresh credentials.
    private func jobData(_ job: Job, _ run: ActionRun, now: Date) -> JSON {
        let execution = executions[run.executionID]
        let scope = ArtifactScope(
            readable: Set(run.inputs.values).union(run.outputs.values),
            writable: Set(run.outputs.values)
        )
        func artifacts(_ names: [String], _ places: [String: ArtifactScope.Object]) -> JSON {
            .array(names.compactMap { name in places[name].map { artifact(name, $0) } })
        }
        let needsCredentials = !run.inputs.isEmpty || !run.outputs.isEmpty
        let store = execution.flatMap { artifactStore(of: $0.declaration) }
        return typed(
            "JobData",
            .members([
                "actionTypeId": typed("ActionTypeId", run.action.type.json),
                "actionConfiguration": typed(
                    "ActionConfiguration",
                    ["configuration": .strings(run.configuration)]
                ),
                "pipelineContext": context(run, execution),
                "inputArtifacts": artifacts(run.action.inputs, run.inputs),
                "outputArtifacts": artifacts(run.action.outputs, run.outputs),
                "artifactCredentials": needsCredentials ? credentials(scope, now: now) : nil,
                "encryptionKey": store?["encryptionKey"].map { typed("EncryptionKey", $0) },
                "continuationToken": job.continuationToken.map { .string($0) },
            ])
        )
    }

    private func artifact(_ name: String, _ place: ArtifactScope.Object) -> JSON {
        typed(
            "Artifact",
            [
                "name": .string(name),
                "location": typed(
                    "ArtifactLocation",
                    [
                        "type": "S3",
                        "s3Location": typed(
                            "S3ArtifactLocation",
                            ["bucketName": .string(place.bucket), "objectKey": .string(place.key)]
                        ),
                    ]
                ),
            ]
        )
    }

    private func context(_ run: ActionRun, _ execution: Execution?) -> JSON {
        let name = execution?.pipelineName ?? ""
        return typed(
            "PipelineContext",
            [
                "pipelineName": .string(name), "pipelineArn": .string(arn(name)),
                "pipelineExecutionId": .string(run.executionID),
                "stage": typed("StageContext", ["name": .string(run.stageName)]),
                "action": typed(
                    "ActionContext",
                    ["name": .string(run.action.name), "actionExecutionId": .string(run.id)]
                ),
            ]
        )
    }

    private func credentials(_ scope: ArtifactScope, now: Date) -> JSON {
        let minted = registry.mint(
            scope: scope,
            expires: now.addingTimeInterval(behavior.credentialLifetime / .seconds(1))
        )
        return typed(
            "AWSSessionCredentials",
            .members([
                "accessKeyId": .string(minted.accessKeyID), "secretAccessKey": .string(minted.session.secretAccessKey),
                "sessionToken": minted.session.token.map { .string($0) },
            ])
        )
    }
}
