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
    var name: String
    var retrySafety: RetrySafety = .idempotent
    /// Codes by which this operation says that it has done nothing and may be asked again.
    var retryableCodes: Set<AWSError.Code> = []
    var errorFormat: ErrorFormat = .json
    /// The largest reply accepted, in bytes.
    var responseLimit: Int = 16 << 20
}

/// The way of every call: sign, send, read; and again, where that is safe and may help.
struct AWSCaller: Sendable {
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
        decode: (HTTPReply) throws -> Output
    ) async throws -> Output {
        // Hashed once: the body is the same in every attempt.
        let payload = try payloadHash(of: body, operation)
        var earlierAttemptMayHaveBeenProcessed = false
        var attempt = 1
        while true {
            try Task.checkCancellation()
            var failure: AWSError
            do {
                return try await send(operation, request, body: body, payload: payload, decode: decode)
            } catch let error as AWSError {
                failure = error
            }
            failure.service = operation.service.id
            failure.operation = operation.name
            failure.attempts = attempt
            failure.earlierAttemptMayHaveBeenProcessed = earlierAttemptMayHaveBeenProcessed
            let isAmbiguous = failure.mayHaveBeenProcessed
            failure.mayHaveBeenProcessed = isAmbiguous || earlierAttemptMayHaveBeenProcessed
            guard attempt < configuration.retry.attempts,
                mayRepeat(operation, after: failure, isAmbiguous: isAmbiguous),
                failure.retryAfter ?? .zero <= configuration.retry.longestRetryAfter
            else { throw failure }
            earlierAttemptMayHaveBeenProcessed = failure.mayHaveBeenProcessed
            try await configuration.retry.sleep(
                configuration.retry.delay(afterAttempt: attempt, retryAfter: failure.retryAfter)
            )
            attempt += 1
        }
    }

    /// One attempt, with credentials and a signature of its own.
    private func send<Output>(
        _ operation: AWSOperation,
        _ request: HTTPRequest,
        body: Data?,
        payload: SigV4PayloadHash,
        decode: (HTTPReply) throws -> Output
    ) async throws -> Output {
        let credentials = try await currentCredentials()
        let signer = SigV4Signer(service: operation.service.signingName, region: configuration.region)
        let signed: HTTPRequest
        do {
            signed = try signer.sign(request, payload: payload, credentials: credentials, date: configuration.now())
        } catch {
            throw AWSError(.invalidRequest, "\(error)")
        }
        let call = HTTPCall(
            signed,
            body: body,
            timeout: configuration.timeout,
            responseLimit: operation.responseLimit
        )
        let reply: HTTPReply
        do {
            reply = try await configuration.httpClient.send(call)
        } catch let error as HTTPClientError {
            throw AWSError(
                error.code == .responseTooLarge && operation.service == .s3 ? .objectTooLarge : .transport,
                error.description,
                underlying: error,
                mayHaveBeenProcessed: error.mayHaveBeenProcessed
            )
        }
        let status = reply.response.status.code
        if (200..<300).contains(status) {
            do {
                return try decode(reply)
            } catch let error as AWSError {
                throw error
            } catch {
                throw AWSError(
                    .malformedReply,
                    "\(error)",
                    httpStatus: status,
                    requestID: ErrorReply.requestID(of: reply),
                    mayHaveBeenProcessed: true
                )
            }
        }
        throw ErrorReply(reply, format: operation.errorFormat).error(hiding: credentials)
    }

    private func payloadHash(of body: Data?, _ operation: AWSOperation) throws -> SigV4PayloadHash {
        guard let body, !body.isEmpty else { return .digest(SigV4.emptyPayloadHash) }
        do {
            return .digest(try SigV4.payloadHash(body))
        } catch {
            throw AWSError(
                .invalidRequest,
                "\(error)",
                service: operation.service.id,
                operation: operation.name,
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
            if transport.code == .invalidRequest || transport.code == .responseTooLarge { return false }
            return !isAmbiguous || operation.retrySafety == .idempotent
        }
        if failure.code == .malformedReply { return operation.retrySafety == .idempotent }
        let isTransient =
            failure.code.isTransient || [500, 502, 503, 504].contains(failure.httpStatus ?? 0)
        guard isTransient else { return false }
        switch operation.retrySafety {
        case .idempotent, .notAfterLostReply: return true
        case .neverAfterAmbiguity: return !isAmbiguous
        }
    }
}
