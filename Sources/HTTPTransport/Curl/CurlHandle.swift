import CLibcurl

/// A handle of curl's for one transfer at a time.
///
/// libcurl copies the texts that it is given. Whatever else is set has to outlive the transfer, for which a ``CurlJob``
/// keeps it. The loop alone makes and frees handles, and does neither while a job has one.
@safe struct CurlHandle: Hashable {
    /// For libcurl alone.
    let pointer: UnsafeMutableRawPointer

    /// Takes what libcurl gives.
    @unsafe init(_ pointer: UnsafeMutableRawPointer) {
        unsafe self.pointer = pointer
    }

    /// Makes a handle; `nil` where libcurl has no memory for it.
    init?() {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.init(pointer)
    }

    /// Makes it as new, but keeps what it has learnt.
    func reset() { unsafe curl_easy_reset(pointer) }

    /// Ends it; nothing may be done with it afterwards.
    func free() { unsafe curl_easy_cleanup(pointer) }

    func set(_ option: CURLoption, _ value: Int) -> CURLcode { unsafe quali_curl_set_long(pointer, option, value) }

    func set(_ option: CURLoption, _ value: String?) -> CURLcode {
        unsafe quali_curl_set_string(pointer, option, value)
    }

    func setBodySize(_ size: Int) -> CURLcode {
        unsafe quali_curl_set_off(pointer, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(size))
    }

    /// `words` has to outlive the transfer.
    func setWords(_ words: CurlWords) -> CURLcode {
        unsafe quali_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, words.memory)
    }

    /// `lines` has to outlive the transfer.
    func setFields(_ lines: CurlLines) -> CURLcode {
        unsafe quali_curl_set_slist(pointer, CURLOPT_HTTPHEADER, lines.first)
    }

    /// Has it leave some files to the rest of the process.
    func spareFiles() -> CURLcode { unsafe quali_curl_spare_files(pointer) }

    /// A number that the last transfer had; 0 where there is none.
    func number(_ info: CURLINFO) -> Int {
        var number = 0
        _ = unsafe quali_curl_get_long(pointer, info, &number)
        return number
    }

    /// How long it took until something; `nil` where that hasn't come.
    func time(_ info: CURLINFO) -> Duration? {
        var microseconds: curl_off_t = 0
        guard unsafe quali_curl_get_off(pointer, info, &microseconds) == CURLE_OK, microseconds > 0 else { return nil }
        return .microseconds(microseconds)
    }

    /// The certificates of the connection, each as texts of the form `name:value`; at most so many.
    func certificates(most: Int) -> [[String]] {
        // The list is the handle's own, and isn't kept.
        guard let found = unsafe quali_curl_get_certificates(pointer)?.pointee, let lists = unsafe found.certinfo else {
            return []
        }
        return unsafe (0..<min(Int(found.num_of_certs), most)).map { number in
            var texts: [String] = []
            var next = unsafe lists[number]
            while let item = unsafe next {
                unsafe next = item.pointee.next
                if let data = unsafe item.pointee.data { unsafe texts.append(String(cString: data)) }
            }
            return texts
        }
    }
}

extension CurlHandle {
    // Where the pointers lead doesn't matter here.
    static func == (left: CurlHandle, right: CurlHandle) -> Bool { unsafe left.pointer == right.pointer }
    func hash(into hasher: inout Hasher) { unsafe hasher.combine(pointer) }
}

// MARK: Callbacks

extension CurlHandle {
    /// Has a transfer's head and body given to it.
    ///
    /// `transfer` has to outlive libcurl's transfer; so what libcurl passes to a callback is always this object, and
    /// the bytes beside it are its own for as long as the callback runs.
    func setReceiver(_ transfer: Transfer) -> CURLcode {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        let result = unsafe quali_curl_set_header(
            pointer,
            { bytes, size, count, context in
                let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
                return unsafe Self.object(context, Transfer.self)
                    .receiveHead(BorrowedBytes(bytes.bindMemory(to: UInt8.self)))
            },
            context
        )
        guard result == CURLE_OK else { return result }
        return unsafe quali_curl_set_write(
            pointer,
            { bytes, size, count, context in
                let bytes = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
                return unsafe Self.object(context, Transfer.self).receiveBody(bytes.bindMemory(to: UInt8.self).span)
            },
            context
        )
    }

    /// Has a transfer asked for its body.
    ///
    /// `transfer` has to outlive libcurl's transfer, as in ``setReceiver(_:)``.
    func setSender(_ transfer: Transfer) -> CURLcode {
        unsafe quali_curl_set_read(
            pointer,
            { bytes, size, count, context in
                let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
                return unsafe Self.object(context, Transfer.self).sendBody(buffer)
            },
            Unmanaged.passUnretained(transfer).toOpaque()
        )
    }

    /// Has a probe told what curl says in words.
    ///
    /// `probe` has to outlive libcurl's transfer, as in ``setReceiver(_:)``.
    func setListener(_ probe: ConnectionProbe) -> CURLcode {
        unsafe quali_curl_set_debug(
            pointer,
            { _, type, text, size, context in
                guard type == CURLINFO_TEXT, let text = unsafe text else { return 0 }
                let bytes = unsafe UnsafeRawBufferPointer(start: text, count: size)
                unsafe Self.object(context, ConnectionProbe.self).note(String(decoding: bytes, as: UTF8.self))
                return 0
            },
            Unmanaged.passUnretained(probe).toOpaque()
        )
    }

    @unsafe private static func object<Object: AnyObject>(
        _ context: UnsafeMutableRawPointer?,
        _ type: Object.Type
    ) -> Object {
        unsafe Unmanaged<Object>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }
}

// MARK: What a handle refers to

/// Where curl writes in words what went wrong.
@safe final class CurlWords {
    // Its own memory, which libcurl ends with a zero.
    fileprivate let memory: UnsafeMutablePointer<CChar>

    init() {
        unsafe memory = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe memory.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { unsafe memory.deallocate() }

    var text: String { unsafe String(cString: memory) }
}

/// Lines of a request's head, as curl takes them.
@safe final class CurlLines {
    // The list is this object's own.
    fileprivate private(set) var first: UnsafeMutablePointer<curl_slist>?

    deinit { unsafe curl_slist_free_all(first) }

    /// Adds a line; returns `false` where libcurl has no memory for it.
    func add(_ line: String) -> Bool {
        guard let longer = unsafe curl_slist_append(first, line) else { return false }
        unsafe first = longer
        return true
    }
}

/// What curl's number of an error means, in its words.
func curlText(_ code: CURLcode) -> String {
    // It has a text for every number.
    unsafe String(cString: curl_easy_strerror(code))
}
