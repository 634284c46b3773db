public import Foundation

/// A key and a certificate made for a test.
public final class TLSFiles: Sendable {
    /// Where they are, as long as this lives.
    public let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")

    /// The path of the certificate.
    public var certificate: String { folder.appending(path: "cert.pem").path }
    /// The path of the key.
    public var key: String { folder.appending(path: "key.pem").path }

    /// Makes them with OpenSSL.
    ///
    /// `hostName` is whom the certificate is for. `hasExpired` says whether it was good for a month in 2020.
    public init(hostName: String, hasExpired: Bool = false) async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let alternative = "subjectAltName=DNS:\(hostName)"
        let request = [
            "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
            "-subj", "/CN=\(hostName)", "-addext", alternative,
        ]
        guard hasExpired else {
            try await Programs.run(request + ["-x509", "-days", "2", "-out", certificate])
            return
        }
        // Only `openssl ca` takes dates.
        let settings = folder.appending(path: "ca.cnf")
        let index = folder.appending(path: "index.txt")
        let unsigned = folder.appending(path: "request.pem").path
        try Data().write(to: index)
        try Data(
            """
            [ca]
            default_ca = d
            [d]
            database = \(index.path)
            new_certs_dir = \(folder.path)
            rand_serial = yes
            default_md = sha256
            policy = p
            x509_extensions = x
            [p]
            commonName = supplied
            [x]
            \(alternative)
            """.utf8
        ).write(to: settings)
        try await Programs.run(request + ["-out", unsigned])
        try await Programs.run([
            "openssl", "ca", "-batch", "-config", settings.path, "-selfsign", "-keyfile", key, "-in", unsigned,
            "-notext", "-out", certificate, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z",
        ])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// A TLS server of OpenSSL's.
public final class TLSServer {
    /// The port that it has on 127.0.0.1.
    public let port: Int
    private let files: TLSFiles
    private let process = Process()

    /// The path of its certificate.
    public var certificate: String { files.certificate }

    /// Starts it, and waits until it listens.
    ///
    /// - Throws: ``Programs/Failure`` when it doesn't.
    public init(hostName: String, hasExpired: Bool = false, options: [String] = []) async throws {
        files = try await TLSFiles(hostName: hostName, hasExpired: hasExpired)
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", files.key, "-cert", files.certificate]
            + options
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let (pieces, printed) = AsyncStream<String>.makeStream()
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { printed.finish() } else { printed.yield(String(decoding: data, as: UTF8.self)) }
        }
        try process.spawn()
        // It prints "ACCEPT 127.0.0.1:41234" once it listens.
        var port: Int?
        var text = ""
        for await piece in pieces {
            text += piece
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }),
                line.endIndex < text.endIndex
            else { continue }
            port = line.split(separator: ":").last.flatMap { Int($0) }
            break
        }
        guard let port else { throw Programs.Failure(description: "openssl s_server doesn't start") }
        self.port = port
    }

    deinit {
        Programs.end(process)
    }
}
