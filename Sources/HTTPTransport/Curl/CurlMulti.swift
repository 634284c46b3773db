import CLibcurl

/// curl's handle for all transfers of a loop.
///
/// It belongs to a ``TransferLoop``, whose thread alone uses it, and frees it last of all.
@safe struct CurlMulti {
    private let pointer: UnsafeMutableRawPointer

    /// Makes a handle; `nil` where libcurl has no memory for it.
    init?() {
        guard let pointer = unsafe curl_multi_init() else { return nil }
        unsafe self.pointer = pointer
    }

    /// Ends it; nothing may be done with it afterwards.
    func free() { unsafe curl_multi_cleanup(pointer) }

    func set(_ option: CURLMoption, _ value: Int) { _ = unsafe quali_curl_multi_set_long(pointer, option, value) }

    /// Begins a handle's transfer; returns whether libcurl takes it.
    func add(_ handle: CurlHandle) -> Bool { unsafe curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK }

    /// Ends a handle's transfer, if it has one.
    func remove(_ handle: CurlHandle) { unsafe curl_multi_remove_handle(pointer, handle.pointer) }

    /// Lets libcurl do what it can: with a socket, by a sum of `CURL_CSELECT_` numbers, or as its time has come.
    func act(_ socket: curl_socket_t, _ events: Int32) {
        var count: Int32 = 0
        _ = unsafe curl_multi_socket_action(pointer, socket, events, &count)
    }

    /// A handle whose transfer has ended, and how.
    func nextFinished() -> (handle: CurlHandle, result: CURLcode)? {
        var result = CURLE_OK
        guard let handle = unsafe quali_curl_next_finished(pointer, &result) else { return nil }
        return unsafe (CurlHandle(handle), result)
    }

    /// Has libcurl tell a loop what it waits for.
    ///
    /// - Parameter loop: Has to outlive this handle; so what libcurl passes to a callback is always this object.
    func setListener(_ loop: TransferLoop) {
        let context = unsafe Unmanaged.passUnretained(loop).toOpaque()
        _ = unsafe quali_curl_multi_set_socket(
            pointer,
            { _, socket, what, context, _ in
                unsafe Self.loop(context).watch(socket, for: what)
                return 0
            },
            context
        )
        _ = unsafe quali_curl_multi_set_timer(
            pointer,
            { _, milliseconds, context in
                unsafe Self.loop(context).setAlarm(milliseconds)
                return 0
            },
            context
        )
    }

    @unsafe private static func loop(_ context: UnsafeMutableRawPointer?) -> TransferLoop {
        unsafe Unmanaged<TransferLoop>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
    }
}
