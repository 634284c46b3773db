import FoundationEssentials
import HTTPTransport
import HTTPTypes

/// One operation of a service, as far as the way of a call depends on it.
struct AWSOperation: Sendable {
    /// How a failed attempt may be repeated.
    enum RetrySafety: Sendable {
        /// Doing it twice is as good as once.
        case idempotent
        /// Never when it may have been done: a second AcknowledgeJob would be refused for the first one's sake.
        case neverAfterAmbiguity
        /// Not when the reply was lost, but on a 5xx.
        case notAfterLostReply
    }

    /// How the service words its errors.
    enum ErrorFormat: Sendable {
        case json
        case xml
    }

    var service: AWSService
    var name: AWSOperationName
    var retrySafety: RetrySafety = .idempotent
    /// What shows that a success is the service's own word.
    var proof: ReplyProof = .content
    /// Codes by which this operation says that it has done nothing and may be asked again.
    var retryableCodes: Set<AWSError.Code> = []
    var errorFormat: ErrorFormat = .json
    /// Whether requests are signed; not where they themselves get credentials by a token.
    var isSigned = true
    /// The largest reply accepted, in bytes.
    var responseLimit: Int = 16 << 20
    /// Where the body of a successful reply goes.
    var destination: HTTPDestination = .memory
    /// Whether that much of a successful reply's body will do where it is longer.
    var acceptsBeginning = false
    /// Whether a body is so large that only a stall is a time-out, not the time in all.
    var isBulk = false
}

/// The way of every call: sign, send, read; and again, where that is safe and may help.
struct AWSCaller: Sendable {
    /// Where what costs much is done to replies and requests: long JSON, and digests of large bodies.
    static let heavyWork = HeavyWork(threads: 2)

    /// The longest time for a bulk transfer that doesn't stall.
    private static let longestBulk = Duration.seconds(24 * 3_600)

    var configuration: AWSClientConfiguration

    /// Calls an operation until it succeeds, fails for good or has used up its attempts.
    ///
    /// - Parameters:
    ///   - operation: What is called.
    ///   - request: The request without a signature.
    ///   - body: Its body.
    ///   - decode: Reads a 2xx reply; what it throws counts as a malformed reply unless it is an ``AWSError``.
    func call<Output>(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        body: Data?,
        decode: (HTTPReply) async throws -> Output
    ) async throws -> Output {
        try await call(operation, request, payload: payload(of: body, operation), decode: decode)
    }

    /// As ``call(_:_:body:decode:)``, with a body that may be a file's.
    func call<Output>(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        payload: AWSPayload,
        decode: (HTTPReply) async throws -> Output
    ) async throws -> Output {
        // How long a bulk transfer takes in all is its size's affair, so only a stall ends it.
        let deadline = operation.isBulk ? nil : configuration.callTimeout.map { configuration.retry.instant() + $0 }
        var earlierAttemptMayHaveBeenProcessed = false
        var correction = ClockCorrection(configuration.clock)
        var paid: Int?
        var attempt = 1
        while true {
            try Task.checkCancellation()
            var failure: AWSError
            let clockOffset = correction.offset
            do {
                let timeout = min(configuration.timeout, remaining(until: deadline) ?? configuration.timeout)
                let output = try await send(
                    operation,
                    request,
                    payload: payload,
                    clockOffset: clockOffset,
                    isCorrection: correction.isTried,
                    timeout: timeout,
                    decode: decode
                )
                configuration.memory.refund(paid ?? RetryCost.reward)
                return output
            } catch let error as AWSError {
                failure = error
            }
            failure.service = operation.service.id
            failure.operation = operation.name.rawValue
            failure.attempts = attempt
            failure.earlierAttemptMayHaveBeenProcessed = earlierAttemptMayHaveBeenProcessed
            let isAmbiguous = failure.mayHaveBeenProcessed
            failure.mayHaveBeenProcessed = isAmbiguous || earlierAttemptMayHaveBeenProcessed
            if remaining(until: deadline) ?? .seconds(1) > .zero,
                correction.correct(after: failure, signedWith: clockOffset)
            {
                // The service refused to look at the request, so this attempt doesn't count as one.
                attempt += 1
                continue
            }
            let number = attempt - correction.count
            let attemptsLeft = configuration.retry.attempts - number
            guard attemptsLeft > 0,
                mayRepeat(operation, after: failure, isAmbiguous: isAmbiguous),
                failure.retryAfter ?? .zero <= configuration.retry.longestRetryAfter
            else { throw failure }
            let delay = configuration.retry.delay(afterAttempt: number, retryAfter: failure.retryAfter)
            if let left = remaining(until: deadline), delay >= left { throw failure }
            let cost = failure.underlying?.code == .timedOut ? RetryCost.timeout : RetryCost.other
            guard configuration.memory.payForRetry(cost) else { throw failure }
            paid = cost
            earlierAttemptMayHaveBeenProcessed = failure.mayHaveBeenProcessed
            try await configuration.retry.sleep(delay)
            attempt += 1
        }
    }

    /// What botocore's `RetryQuotaChecker` takes for a retry, and gives for a call that needed none.
    private enum RetryCost {
        static let timeout = 10
        static let other = 5
        static let reward = 1
    }

    private func remaining(until deadline: ContinuousClock.Instant?) -> Duration? {
        deadline.map { max(.zero, configuration.retry.instant().duration(to: $0)) }
    }

    /// Notes what a reply proves of AWS's time.
    private func noteProof(
        _ operation: AWSOperation,
        _ reply: HTTPReply,
        clockOffset: TimeInterval,
        isCorrection: Bool,
        sent: Date
    ) {
        // S3 takes signatures that are too far off to tell the time by, unless there is something to be put right.
        let clock = configuration.clock
        guard isCorrection || clock.offset == nil && operation.isSigned && operation.service != .s3 else { return }
        let ahead = clock.proved(
            clockOffset,
            isCorrection: isCorrection,
            date: reply.response.headerFields[.amz("Date")].flatMap(HTTPDate.parse),
            middle: sent.addingTimeInterval(clock.local().timeIntervalSince(sent) / 2)
        )
        guard let ahead else { return }
        configuration.warn(
            "the clock of this host is \(Int(abs(ahead)) / 60) minutes \(ahead > 0 ? "behind" : "ahead of") that "
                + "of \(operation.service.id); requests are signed with the service's time, but set the clock (NTP)"
        )
    }

    /// One attempt, with credentials and a signature of its own.
    private func send<Output>(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        payload: AWSPayload,
        clockOffset: TimeInterval,
        isCorrection: Bool,
        timeout: Duration,
        decode: (HTTPReply) async throws -> Output
    ) async throws -> Output {
        let credentials = operation.isSigned ? try await currentCredentials() : nil
        let signer = SigV4Signer(service: operation.service.signingName, region: configuration.region)
        let signed: HTTPRequest
        let sent = configuration.clock.local()
        do {
            let date = sent.addingTimeInterval(clockOffset)
            signed =
                try credentials.map {
                    try signer.sign(request, payload: payload.hash, credentials: $0, date: date)
                } ?? request
        } catch {
            throw AWSError(.invalidRequest, "\(error)")
        }
        let call = HTTPCall(
            signed,
            body: payload.body,
            timeout: operation.isBulk ? Self.longestBulk : timeout,
            stallTimeout: operation.isBulk ? timeout : nil,
            destination: operation.destination,
            responseLimit: operation.responseLimit,
            acceptsBeginning: operation.acceptsBeginning
        )
        let reply: HTTPReply
        do {
            reply = try await configuration.httpClient.send(call)
        } catch let error as HTTPClientError {
            throw AWSError(
                Self.code(of: error, operation),
                error.description,
                underlying: error,
                mayHaveBeenProcessed: error.mayHaveBeenProcessed
            )
        }
        let status = reply.response.status.code
        func noteProof() {
            self.noteProof(operation, reply, clockOffset: clockOffset, isCorrection: isCorrection, sent: sent)
        }
        if (200..<300).contains(status) {
            guard operation.proof.isMet(by: reply) else {
                throw ErrorReply(foreign: reply).error(hiding: credentials)
            }
            do {
                let output = try await decode(reply)
                noteProof()
                return output
            } catch let error as AWSError {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                var failure = AWSError(
                    .malformedReply,
                    "\(error)",
                    httpStatus: status,
                    requestID: ErrorReply.requestID(of: reply),
                    mayHaveBeenProcessed: true
                )
                failure.isForeign = failure.requestID == nil
                throw failure
            }
        }
        let error = ErrorReply(reply, format: operation.errorFormat).error(hiding: credentials)
        if error.code.provesSignature { noteProof() }
        throw error
    }

    private static func code(of error: HTTPClientError, _ operation: AWSOperation) -> AWSError.Code {
        switch error.code {
        case .responseTooLarge where operation.service == .s3: .objectTooLarge
        case .fileFailed: .fileFailed
        default: .transport
        }
    }

    private func payload(of body: Data?, _ operation: AWSOperation) throws -> AWSPayload {
        do {
            return try AWSPayload(body)
        } catch {
            throw AWSError(
                .invalidRequest,
                "\(error)",
                service: operation.service.id,
                operation: operation.name.rawValue,
                attempts: 0
            )
        }
    }

    private func currentCredentials() async throws -> AWSCredentials {
        do {
            return try await configuration.credentials.credentials()
        } catch let error as CancellationError {
            throw error
        } catch let error as AWSError {
            throw error
        } catch {
            throw AWSError(.credentialsUnavailable, "\(error)")
        }
    }

    /// Whether another attempt is safe, and has a chance.
    private func mayRepeat(_ operation: AWSOperation, after failure: AWSError, isAmbiguous: Bool) -> Bool {
        if failure.isThrottling || operation.retryableCodes.contains(failure.code) { return true }
        if let transport = failure.underlying {
            if [.invalidRequest, .responseTooLarge, .fileFailed].contains(transport.code) { return false }
            return !isAmbiguous || operation.retrySafety == .idempotent
        }
        if failure.code == .malformedReply, operation.retrySafety == .idempotent {
            // Where a redirect leads is asked instead, or nobody.
            return failure.redirect == nil
        }
        guard failure.passesByItself else { return false }
        switch operation.retrySafety {
        case .idempotent, .notAfterLostReply: return true
        case .neverAfterAmbiguity: return !isAmbiguous
        }
    }
}
