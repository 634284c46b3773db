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
    /// - Returns: What `decode` has made of the reply.
    /// - Throws: ``AWSError``; `CancellationError`.
    func call<Output>(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        body: Data?,
        decode: (HTTPReply) async throws -> Output
    ) async throws -> Output {
        var output: Output?
        try await call(operation, request, payload: payload(of: body, operation)) { output = try await decode($0) }
        return try Self.taken(output)
    }

    /// What a reply was read as.
    ///
    /// ``call(_:_:payload:take:)`` knows nothing of its type, so that the compiler makes one of it, not one for each type.
    static func taken<Output>(_ output: Output?) throws -> Output {
        // Something was taken, or an error thrown.
        guard let output else { throw CancellationError() }
        return output
    }

    /// As ``call(_:_:body:decode:)``, with a body that may be a file's: `take` takes a 2xx reply, and what it throws counts as
    /// what `decode` throws.
    func call(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        payload: AWSPayload?,
        take: (HTTPReply) async throws -> Void
    ) async throws {
        let payload = try payload ?? self.payload(of: nil, operation)
        var attempts = Attempts(operation, configuration)
        while true {
            try Task.checkCancellation()
            let clockOffset = attempts.clockOffset
            do {
                try await send(
                    operation,
                    request,
                    payload: payload,
                    clockOffset: clockOffset,
                    isCorrection: attempts.areCorrected,
                    timeout: attempts.timeout,
                    take: take
                )
                return attempts.succeeded()
            } catch let error as AWSError {
                if let delay = try attempts.failed(error, signedWith: clockOffset) {
                    try await configuration.retry.sleep(delay)
                }
            }
        }
    }

    /// The attempts of a call.
    private struct Attempts {
        private let operation: AWSOperation
        private let configuration: AWSClientConfiguration
        private let deadline: ContinuousClock.Instant?
        private var correction: ClockCorrection
        private var earlierAttemptMayHaveBeenProcessed = false
        private var paid: Int?
        private var attempt = 1

        init(_ operation: AWSOperation, _ configuration: AWSClientConfiguration) {
            self.operation = operation
            self.configuration = configuration
            // How long a bulk transfer takes in all is its size's affair, so only a stall ends it.
            deadline = operation.isBulk ? nil : configuration.callTimeout.map { configuration.retry.now() + $0 }
            correction = ClockCorrection(configuration.clock)
        }

        var clockOffset: TimeInterval { correction.offset }
        var areCorrected: Bool { correction.isTried }
        var timeout: Duration { min(configuration.timeout, remaining ?? configuration.timeout) }

        private var remaining: Duration? {
            deadline.map { max(.zero, configuration.retry.now().duration(to: $0)) }
        }

        func succeeded() { configuration.memory.refund(paid ?? RetryCost.reward) }

        /// Tells whether there is another attempt.
        ///
        /// - Returns: The pause before it, if any.
        /// - Throws: The failure, if it is the call's.
        mutating func failed(_ error: AWSError, signedWith clockOffset: TimeInterval) throws(AWSError) -> Duration? {
            var failure = error
            failure.service = operation.service.id
            failure.operation = operation.name.rawValue
            failure.attempts = attempt
            failure.earlierAttemptMayHaveBeenProcessed = earlierAttemptMayHaveBeenProcessed
            let isAmbiguous = failure.mayHaveBeenProcessed
            failure.mayHaveBeenProcessed = isAmbiguous || earlierAttemptMayHaveBeenProcessed
            if remaining ?? .seconds(1) > .zero, correction.correct(after: failure, signedWith: clockOffset) {
                // The service refused to look at the request, so this attempt doesn't count as one.
                attempt += 1
                return nil
            }
            let number = attempt - correction.count
            let attemptsLeft = configuration.retry.attempts - number
            guard attemptsLeft > 0,
                AWSCaller.mayRepeat(operation, after: failure, isAmbiguous: isAmbiguous),
                failure.retryAfter ?? .zero <= configuration.retry.longestRetryAfter
            else { throw failure }
            let delay = configuration.retry.delay(afterAttempt: number, retryAfter: failure.retryAfter)
            if let remaining, delay >= remaining { throw failure }
            let cost = failure.underlying?.code == .timedOut ? RetryCost.timeout : RetryCost.other
            guard configuration.memory.payForRetry(cost) else { throw failure }
            paid = cost
            earlierAttemptMayHaveBeenProcessed = failure.mayHaveBeenProcessed
            attempt += 1
            return delay
        }
    }

    /// What botocore's `RetryQuotaChecker` takes for a retry, and gives for a call that needed none.
    private enum RetryCost {
        static let timeout = 10
        static let other = 5
        static let reward = 1
    }

    /// Notes what a reply proves of AWS's time.
    private func noteProof(_ operation: AWSOperation, _ exchange: Exchange) {
        // S3 takes signatures that are too far off to tell the time by, unless there is something to be put right.
        let clock = configuration.clock
        guard exchange.isCorrection || clock.offset == nil && operation.isSigned && operation.service != .s3 else {
            return
        }
        let ahead = clock.proved(
            exchange.clockOffset,
            isCorrection: exchange.isCorrection,
            date: exchange.reply.response.headerFields[.amz("Date")].flatMap(HTTPDate.parse),
            middle: exchange.sent.addingTimeInterval(clock.local().timeIntervalSince(exchange.sent) / 2)
        )
        guard let ahead else { return }
        configuration.warn(
            "the clock of this host is \(Int(abs(ahead)) / 60) minutes \(ahead > 0 ? "behind" : "ahead of") that "
                + "of \(operation.service.id); requests are signed with the service's time, but set the clock (NTP)"
        )
    }

    /// One attempt, with credentials and a signature of its own.
    private func send(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        payload: AWSPayload,
        clockOffset: TimeInterval,
        isCorrection: Bool,
        timeout: Duration,
        take: (HTTPReply) async throws -> Void
    ) async throws {
        let exchange = try await exchange(operation, request, payload, clockOffset, isCorrection, timeout)
        do {
            try await take(exchange.reply)
            noteProof(operation, exchange)
        } catch {
            throw Self.unreadable(exchange.reply, error)
        }
    }

    /// A request that has had its reply.
    private struct Exchange {
        let reply: HTTPReply
        let sent: Date
        let clockOffset: TimeInterval
        let isCorrection: Bool
    }

    /// Signs and sends a request.
    ///
    /// - Throws: `AWSError` where no reply came, or one that is no success of AWS's.
    private func exchange(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        _ payload: AWSPayload,
        _ clockOffset: TimeInterval,
        _ isCorrection: Bool,
        _ timeout: Duration
    ) async throws -> Exchange {
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
        let begin = configuration.onRequest.map { _ in configuration.retry.now() }
        let reply: HTTPReply
        do {
            reply = try await configuration.httpClient.send(call)
        } catch let error as HTTPClientError {
            let failure = AWSError(
                Self.code(of: error, operation),
                error.description,
                underlying: error,
                mayHaveBeenProcessed: error.mayHaveBeenProcessed
            )
            tell(operation, failure, since: begin)
            throw failure
        }
        let exchange = Exchange(reply: reply, sent: sent, clockOffset: clockOffset, isCorrection: isCorrection)
        let error = Self.error(of: reply, operation, hiding: credentials)
        tell(operation, error, since: begin)
        guard let error else { return exchange }
        if error.code.provesSignature { noteProof(operation, exchange) }
        throw error
    }

    /// What a reply reports that is no success of AWS's.
    private static func error(
        of reply: HTTPReply,
        _ operation: AWSOperation,
        hiding credentials: AWSCredentials?
    ) -> AWSError? {
        guard (200..<300).contains(reply.response.status.code) else {
            return ErrorReply(reply, format: operation.errorFormat).error(hiding: credentials)
        }
        return operation.proof.isMet(by: reply) ? nil : ErrorReply(foreign: reply).error(hiding: credentials)
    }

    /// Tells who watches of a request.
    private func tell(_ operation: AWSOperation, _ error: AWSError?, since begin: ContinuousClock.Instant?) {
        guard let onRequest = configuration.onRequest, let begin else { return }
        let duration = begin.duration(to: configuration.retry.now())
        onRequest(AWSRequestReport(operation: operation.name.rawValue, error: error, duration: duration))
    }

    /// Why a success couldn't be read.
    private static func unreadable(_ reply: HTTPReply, _ error: any Error) -> any Error {
        if error is AWSError || error is CancellationError { return error }
        var failure = AWSError(
            .malformedReply,
            "\(error)",
            httpStatus: reply.response.status.code,
            requestID: ErrorReply.requestID(of: reply),
            mayHaveBeenProcessed: true
        )
        failure.isForeign = failure.requestID == nil
        return failure
    }

    private static func code(of error: HTTPClientError, _ operation: AWSOperation) -> AWSError.Code {
        switch error.code {
        case .responseTooLarge where operation.service == .s3: .objectTooLarge
        case .fileFailed: .fileFailed
        default: .transport
        }
    }

    func payload(of body: Data?, _ operation: AWSOperation) throws -> AWSPayload {
        do {
            return try AWSPayload(body)
        } catch {
            throw AWSError.unsent(.invalidRequest, "\(error)", operation)
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
    private static func mayRepeat(_ operation: AWSOperation, after failure: AWSError, isAmbiguous: Bool) -> Bool {
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

extension AWSError {
    /// Why nothing was sent.
    static func unsent(_ code: Code, _ message: String, _ operation: AWSOperation) -> AWSError {
        AWSError(
            code,
            message,
            service: operation.service.id,
            operation: operation.name.rawValue,
            attempts: 0
        )
    }
}
