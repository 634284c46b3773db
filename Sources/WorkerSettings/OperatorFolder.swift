package import Foundation
package import QualiCore

/// What a person tells this host's worker by files in its state folder: a pause, and jobs to cancel.
///
/// Files need no worker to be there, and nobody who may not write its state folder can leave one. All functions block as
/// long as the disk takes.
package struct OperatorFolder: Sendable {
    /// A job that is to be cancelled.
    package struct Cancellation: Sendable, Codable, Hashable {
        /// The execution of its action.
        package let actionExecutionID: String
        /// What the pipeline is told.
        package let reason: String
        /// When somebody wanted it.
        package let since: Date

        /// Creates a wish.
        package init(of actionExecutionID: String, because reason: String, since: Date = Date()) {
            (self.actionExecutionID, self.reason, self.since) = (actionExecutionID, reason, since)
        }
    }

    private let state: URL
    private var folder: URL { state.appending(path: "operator", directoryHint: .isDirectory) }
    private var pauseFile: URL { folder.appending(path: "pause.json") }

    /// The folder in a state folder.
    package init(stateFolder path: String) {
        state = URL(filePath: path, directoryHint: .isDirectory)
    }

    // MARK: A pause

    /// The pause; `nil` where there is none.
    ///
    /// - Throws: What is wrong with its file.
    package func pause() throws -> WorkerPause? { try read(pauseFile) }

    /// Leaves a pause, in place of an earlier one.
    ///
    /// - Throws: ``ProgramFailure`` where no worker has used the state folder, or it can't be written.
    package func write(_ pause: WorkerPause) throws { try write(pause, to: pauseFile) }

    /// Ends the pause.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``ProgramFailure`` where it can't be removed.
    package func endPause() throws -> Bool {
        guard FileManager.default.fileExists(atPath: pauseFile.path) else { return false }
        do { try FileManager.default.removeItem(at: pauseFile) } catch { throw failure(pauseFile, error) }
        return true
    }

    // MARK: Jobs to cancel

    /// The wishes that there are, with their files.
    ///
    /// - Throws: What is wrong with one of the files.
    package func cancellations() throws -> [(file: URL, wish: Cancellation)] {
        guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasPrefix("cancel-") && $0.hasSuffix(".json") }
            .compactMap { name in
                let file = folder.appending(path: name)
                return try read(file).map { (file, $0) }
            }
    }

    /// Leaves a wish.
    ///
    /// - Returns: Its file.
    /// - Throws: As ``write(_:)`` does.
    package func write(_ wish: Cancellation) throws -> URL {
        let file = folder.appending(path: "cancel-\(UUID().uuidString).json")
        try write(wish, to: file)
        return file
    }

    /// Takes a wish back, or removes one that is fulfilled.
    package func remove(_ file: URL) {
        try? FileManager.default.removeItem(at: file)
    }

    // MARK: Files

    private func read<Value: Decodable>(_ file: URL) throws -> Value? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(Value.self, from: Data(contentsOf: file))
        } catch {
            throw ProgramFailure(
                .data,
                "\(file.path) can't be read: \(error). Wanted: a file that quali-worker has written."
            )
        }
    }

    private func write(_ value: some Encodable, to file: URL) throws {
        guard FileManager.default.fileExists(atPath: state.path) else {
            throw ProgramFailure(
                .usage,
                "no worker has ever used the state folder \(state.path). Wanted: the folder of the worker that is meant, by "
                    + "--service, --config or \(Setting.stateDirectory.name)"
            )
        }
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            if !FileManager.default.fileExists(atPath: folder.path) {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o700]
                )
            }
            try encoder.encode(value).write(to: file, options: .atomic)
            // Root may leave something for a worker that is another user's.
            if geteuid() == 0 {
                let attributes = try FileManager.default.attributesOfItem(atPath: state.path)
                let owner = attributes.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
                for item in [folder, file] { try FileManager.default.setAttributes(owner, ofItemAtPath: item.path) }
            }
        } catch {
            throw failure(file, error)
        }
    }

    private func failure(_ file: URL, _ error: any Error) -> ProgramFailure {
        ProgramFailure(.cannotCreate, "\(file.path) can't be changed: \(error.localizedDescription)")
    }
}
