import CArchive
public import Foundation

/// Reads and writes the archives that CodePipeline artifacts are: ZIP, tar and compressed tar.
///
/// Archives come from other actions, so nothing in them is trusted: nothing is written to disk, names that point outside
/// are refused, and size and number of entries are limited.
public enum ArtifactArchive {
    /// What an archive may hold at most.
    package struct Limits: Sendable {
        /// Entries.
        package var entries = 10_000
        /// Bytes of all entries together, unpacked.
        package var totalSize = 256 << 20
        /// Bytes of all entries together that are read.
        package var entrySize = 16 << 20

        /// Creates the default limits.
        package init() {}
    }

    /// libarchive's `AE_IFREG`, which Swift can't import.
    private static let regularFile: UInt32 = 0o100000

    /// An archive can't be used.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// Why, as the end of a sentence that begins with the archive's name.
        public let description: String
        /// Whether the bytes are no archive, or not all of one.
        package let isDamage: Bool

        init(description: String, isDamage: Bool = false) {
            (self.description, self.isDamage) = (description, isDamage)
        }

        /// A failure with what libarchive says of `reader`.
        static func damage(_ reader: OpaquePointer) -> Failure {
            Failure(description: unsafe "is damaged: \(ArtifactArchive.message(reader))", isDamage: true)
        }

        static let noArchive = Failure(description: "is no ZIP or tar archive", isDamage: true)
    }

    /// A file in an archive.
    public struct Entry: Sendable, Hashable {
        /// Its path in the archive.
        public var path: String
        /// Its content.
        public var content: Data

        /// Creates an entry.
        public init(path: String, content: Data) {
            self.path = path
            self.content = content
        }
    }

    /// The files of an archive whose path passes `isWanted`, in the archive's order.
    ///
    /// It takes as long as the archive needs, so call it on a thread of its own.
    ///
    /// - Throws: ``Failure`` for data that is no archive, is damaged, exceeds the limits or holds hostile names.
    public static func read(
        _ archive: Data,
        where isWanted: (String) -> Bool
    ) throws(Failure) -> [Entry] {
        try read(archive, limits: Limits(), where: isWanted)
    }

    /// As ``read(_:where:)``, with limits of its own.
    static func read(
        _ archive: Data,
        limits: Limits,
        where isWanted: (String) -> Bool
    ) throws(Failure) -> [Entry] {
        do {
            return try read(archive, limits: limits, goOn: {}, where: isWanted)
        } catch {
            throw error as? Failure ?? Failure(description: "\(error)")
        }
    }

    /// As ``read(_:where:)``.
    ///
    /// `goOn` is called before each piece; what it throws ends the reading.
    package static func read(
        _ archive: Data,
        limits: Limits = Limits(),
        goOn: () throws -> Void,
        where isWanted: (String) -> Bool
    ) throws -> [Entry] {
        try checkDirectory(archive, limits)
        guard let reader = unsafe archive_read_new() else { throw Failure(description: "can't be read: out of memory") }
        defer { unsafe archive_read_free(reader) }
        unsafe archive_read_support_format_zip(reader)
        unsafe archive_read_support_format_tar(reader)
        unsafe archive_read_support_format_gnutar(reader)
        unsafe archive_read_support_filter_gzip(reader)
        unsafe archive_read_support_filter_bzip2(reader)
        unsafe archive_read_support_filter_xz(reader)
        // libarchive keeps the pointer until the reader is freed, so the bytes need a home of their own.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(archive.count, 1), alignment: 1)
        defer { unsafe bytes.deallocate() }
        unsafe archive.copyBytes(to: bytes)
        guard unsafe archive_read_open_memory(reader, bytes.baseAddress, archive.count) == ARCHIVE_OK else {
            throw Failure.noArchive
        }
        return try unsafe entries(reader, limits, goOn, isWanted)
    }

    /// Checks that a ZIP's directory, which libarchive reads as a whole at first, isn't made to fill the memory.
    ///
    /// Directories of archives within count as well, since only bytes are looked at.
    private static func checkDirectory(_ archive: Data, _ limits: Limits) throws(Failure) {
        guard archive.count / 46 > limits.entries else { return }
        let mark: [UInt8] = [0x50, 0x4B, 1, 2]
        let count = unsafe archive.withUnsafeBytes { bytes in
            var count = 0
            var rest = unsafe bytes[...]
            while let next = unsafe rest.firstIndex(of: mark[0]) {
                unsafe rest = unsafe bytes[next...]
                let isEntry = unsafe rest.starts(with: mark)
                count += isEntry ? 1 : 0
                unsafe rest = unsafe rest.dropFirst(isEntry ? 46 : 1)
            }
            return count
        }
        guard count <= limits.entries else { throw Failure(description: "has more than \(limits.entries) entries") }
    }

    private static func entries(
        _ reader: OpaquePointer,
        _ limits: Limits,
        _ goOn: () throws -> Void,
        _ isWanted: (String) -> Bool
    ) throws -> [Entry] {
        var found: [Entry] = []
        var count = 0
        var total = 0
        var kept = 0
        while true {
            try goOn()
            var header: OpaquePointer?
            let status = unsafe archive_read_next_header(reader, &header)
            if status == ARCHIVE_EOF { return found }
            guard status >= ARCHIVE_WARN, let header = unsafe header else {
                throw unsafe count == 0 ? Failure.noArchive : Failure.damage(reader)
            }
            count += 1
            guard count <= limits.entries else { throw Failure(description: "has more than \(limits.entries) entries") }
            // Names are copied while their header is the current one.
            // A name that can't be read in this process's locale is one that nobody asks for.
            let path =
                unsafe archive_entry_pathname_utf8(header).map { unsafe String(cString: $0) }
                ?? archive_entry_pathname(header).map { unsafe String(cString: $0) } ?? ""
            try check(path)
            let isFile = unsafe archive_entry_filetype(header) == regularFile && archive_entry_hardlink(header) == nil
            let keep = isFile && isWanted(path)
            let content = try unsafe content(
                reader,
                path,
                keep: keep ? limits.entrySize - kept : nil,
                limits,
                goOn,
                &total
            )
            kept += content.count
            if keep { found.append(Entry(path: path, content: content)) }
        }
    }

    private static func check(_ path: String) throws(Failure) {
        let parts = path.split(whereSeparator: { $0 == "/" || $0 == "\\" })
        let isWindowsDrive = path.first?.isLetter == true && [":\\", ":/"].contains(path.dropFirst().prefix(2))
        guard !path.hasPrefix("/"), !path.hasPrefix("\\"), !isWindowsDrive, !parts.contains(".."), !path.contains("\0")
        else {
            throw Failure(description: "holds a name that points outside of it, '\(path.cut(to: 100))'")
        }
    }

    private static func content(
        _ reader: OpaquePointer,
        _ path: String,
        keep room: Int?,
        _ limits: Limits,
        _ goOn: () throws -> Void,
        _ total: inout Int
    ) throws -> Data {
        var content = Data()
        while true {
            try goOn()
            var block: UnsafeRawPointer?
            var size = 0
            var offset: Int64 = 0
            let status = unsafe archive_read_data_block(reader, &block, &size, &offset)
            if status == ARCHIVE_EOF { return content }
            // A wrong checksum is a mere warning to libarchive.
            guard status == ARCHIVE_OK else { throw unsafe Failure.damage(reader) }
            // A sparse file's holes count as well.
            total += size
            guard total <= limits.totalSize, offset <= Int64(limits.totalSize) else {
                throw Failure(description: "holds more than \(limits.totalSize >> 20) MiB when unpacked")
            }
            // libarchive keeps the block until it reads the next one.
            guard let room, let block = unsafe block else { continue }
            guard Int(offset) + size <= room else {
                throw Failure(description: "holds '\(path.cut(to: 100))' with more than \(limits.entrySize >> 20) MiB")
            }
            if Int(offset) > content.count { content.append(Data(count: Int(offset) - content.count)) }
            unsafe content.append(block.assumingMemoryBound(to: UInt8.self), count: size)
        }
    }

    /// A ZIP archive with the given files; the same files make the same bytes.
    ///
    /// - Throws: ``Failure`` when there is no memory for it.
    public static func zip(_ entries: [Entry]) throws(Failure) -> Data {
        // Local headers and central directory of every file are small next to this.
        let capacity = entries.reduce(4_096) {
            $0 + $1.content.count + $1.content.count / 8 + 2 * $1.path.utf8.count + 512
        }
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        defer { unsafe buffer.deallocate() }
        // It is freed before the buffer, to which it may still write then.
        guard let writer = unsafe archive_write_new() else {
            throw Failure(description: "can't be written: out of memory")
        }
        let used = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        unsafe used.initialize(to: 0)
        defer {
            unsafe archive_write_free(writer)
            unsafe used.deallocate()
        }
        var status = unsafe archive_write_set_format_zip(writer)
        func step(_ next: () -> Int32) {
            if status >= ARCHIVE_WARN { status = next() }
        }
        step { unsafe archive_write_set_bytes_per_block(writer, 0) }
        step { unsafe archive_write_open_memory(writer, buffer, capacity, used) }
        for file in entries {
            guard let header = unsafe archive_entry_new() else {
                status = ARCHIVE_FATAL
                break
            }
            defer { unsafe archive_entry_free(header) }
            unsafe archive_entry_set_pathname_utf8(header, file.path)
            unsafe archive_entry_set_filetype(header, regularFile)
            unsafe archive_entry_set_perm(header, 0o644)
            unsafe archive_entry_set_size(header, Int64(file.content.count))
            // ZIP's own epoch: the time isn't information, and a fixed one makes equal archives equal.
            unsafe archive_entry_set_mtime(header, 315_532_800, 0)
            step { unsafe archive_write_header(writer, header) }
            unsafe file.content.withUnsafeBytes { bytes in
                step {
                    unsafe archive_write_data(writer, bytes.baseAddress, bytes.count) == bytes.count ? 0 : ARCHIVE_FATAL
                }
            }
        }
        step { unsafe archive_write_close(writer) }
        guard status >= ARCHIVE_WARN else { throw Failure(description: unsafe "can't be written: \(message(writer))") }
        return unsafe Data(bytes: buffer, count: used.pointee)
    }

    private static func message(_ archive: OpaquePointer) -> String {
        unsafe archive_error_string(archive).map { unsafe String(cString: $0) } ?? "unknown error"
    }
}
