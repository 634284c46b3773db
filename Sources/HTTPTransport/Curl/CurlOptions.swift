import CLibcurl

/// Sets options of a curl handle one after the other and keeps the first failure.
struct CurlOptions {
    let handle: CurlHandle
    private(set) var result = CURLE_OK

    init(handle: CurlHandle) {
        self.handle = handle
    }

    mutating func add(_ next: CURLcode) {
        if result == CURLE_OK { result = next }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        add(handle.set(option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String?) {
        add(handle.set(option, value))
    }

    /// Sets which certificates are trusted and how the server is reached.
    mutating func set(_ configuration: CurlHTTPClient.Configuration) {
        if let bundle = configuration.caBundle {
            set(CURLOPT_CAINFO, bundle)
            set(CURLOPT_CAPATH, nil)
        }
        if let age = configuration.trustedFile?.secondsSinceChange() {
            // What curl has read before the change is older than that. Before version 7.87 it kept nothing.
            _ = handle.set(CURLOPT_CA_CACHE_TIMEOUT, age)
        }
        switch configuration.proxy.kind {
        case .environment: break
        case .none: set(CURLOPT_PROXY, "")
        case .url(let url):
            set(CURLOPT_PROXY, url.reveal())
            set(CURLOPT_NOPROXY, "")
        }
    }
}

extension Duration {
    /// At least one millisecond, because curl reads zero as "no limit".
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1_000)
        guard !milliseconds.overflow else { return Int(Int32.max) }
        return Int(min(max(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000, 1), Int64(Int32.max)))
    }
}
