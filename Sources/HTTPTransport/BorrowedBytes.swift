public import FoundationEssentials

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Bytes in somebody else's memory, which readers of texts go through.
///
/// They are good only within the call that gives them. A type with a `Span` in it, which the compiler would watch, needs
/// what isn't part of Swift yet; so those that keep these, scanners and the like, are made and forgotten in one function.
@usableFromInline @safe package struct BorrowedBytes: RandomAccessCollection {
    /// Where a byte with the place 0 is, or would be; `nil` where there are no bytes.
    @usableFromInline let origin: UnsafePointer<UInt8>?
    @usableFromInline package let startIndex: Int
    @usableFromInline package let endIndex: Int

    /// - Parameter memory: It has to stay as it is while these bytes are in use.
    @unsafe @inlinable package init(_ memory: UnsafeBufferPointer<UInt8>) {
        unsafe self.init(memory.baseAddress, 0, memory.count)
    }

    @unsafe @inlinable init(_ origin: UnsafePointer<UInt8>?, _ start: Int, _ end: Int) {
        unsafe self.origin = origin
        startIndex = start
        endIndex = end
    }

    @inlinable package var count: Int { endIndex - startIndex }

    /// A byte.
    ///
    /// Its place is compared with the bounds in debug builds alone, as a pointer's is: whoever reads a text byte by byte has
    /// compared it already, and again would take a tenth of the time. Within the bounds there are bytes.
    @inlinable package subscript(place: Int) -> UInt8 {
        assert(UInt(bitPattern: place &- startIndex) < UInt(bitPattern: endIndex &- startIndex))
        return unsafe origin.unsafelyUnwrapped[place]
    }

    /// A part, whose places are those of the whole.
    @inlinable package subscript(range: Range<Int>) -> BorrowedBytes {
        precondition(range.lowerBound >= startIndex && range.upperBound <= endIndex)
        return unsafe BorrowedBytes(origin, range.lowerBound, range.upperBound)
    }

    /// The same bytes with places from 0 on.
    package var rebased: BorrowedBytes {
        unsafe BorrowedBytes(origin.map { unsafe $0 + startIndex }, 0, count)
    }

    @inlinable package func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        // What the caller does with a pointer is up to it.
        try unsafe body(UnsafeBufferPointer(start: origin.map { unsafe $0 + startIndex }, count: count))
    }

    /// Whether other bytes are the same.
    package func equals(_ other: BorrowedBytes) -> Bool {
        guard count == other.count else { return false }
        guard let mine = unsafe origin, let others = unsafe other.origin else { return true }
        // As many as both have.
        return unsafe memcmp(mine + startIndex, others + other.startIndex, count) == 0
    }
}

// The memory of each of these stays as it is while the body runs.

extension Span<UInt8> {
    /// Lends the bytes.
    @inlinable package func lend<Result>(_ body: (BorrowedBytes) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeBufferPointer { try unsafe body(BorrowedBytes($0)) }
    }
}

extension [UInt8] {
    /// Lends the bytes.
    @inlinable package func lend<Result>(_ body: (BorrowedBytes) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeBufferPointer { try unsafe body(BorrowedBytes($0)) }
    }
}

extension Data {
    /// Lends the bytes.
    @inlinable package func lend<Result>(_ body: (BorrowedBytes) throws -> Result) rethrows -> Result {
        try unsafe withUnsafeBytes { try unsafe body(BorrowedBytes($0.bindMemory(to: UInt8.self))) }
    }
}

extension String {
    /// Lends the bytes of the text in UTF-8.
    @inlinable package func lend<Result>(_ body: (BorrowedBytes) throws -> Result) rethrows -> Result {
        var text = self
        return try text.withUTF8 { try unsafe body(BorrowedBytes($0)) }
    }
}

extension StaticString {
    /// Lends the bytes of the text in UTF-8.
    @inlinable package func lend<Result>(_ body: (BorrowedBytes) -> Result) -> Result {
        withUTF8Buffer { unsafe body(BorrowedBytes($0)) }
    }
}
