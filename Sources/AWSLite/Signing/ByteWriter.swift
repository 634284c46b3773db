/// Writes texts and bytes one after the other into memory of a known size.
///
/// A signature is made of some fifty short pieces: growing a `String` by each of them would take as long as the digests.
/// Writing past the end stops the program.
@safe struct ByteWriter {
    // Each write is compared with its size, and ``String/init(capacity:_:)`` keeps it for as long as the writer is there.
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    fileprivate init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        unsafe self.memory = UnsafeMutableRawBufferPointer(memory)
    }

    // Inlined so that no piece costs a call.
    @inline(__always)
    mutating func write(_ byte: UInt8) {
        precondition(unsafe count < memory.count)
        unsafe memory[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        precondition(unsafe bytes.count <= memory.count - count)
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    @inline(__always)
    mutating func write(_ text: some StringProtocol) {
        // A text of Swift's own has its bytes side by side.
        if text.utf8.withContiguousStorageIfAvailable({ unsafe write(UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { write(byte) }
        }
    }

    /// Writes a digest as lower-case hexadecimal digits.
    mutating func writeHex(_ digest: SIMD32<UInt8>) {
        func digit(_ number: UInt8) -> UInt8 {
            number < 10 ? UInt8(ascii: "0") + number : UInt8(ascii: "a") - 10 + number
        }
        var digits = SIMD64<UInt8>()
        // Twice 32 of 64, and what is written is copied.
        unsafe withUnsafeMutableBytes(of: &digits) { digits in
            unsafe withUnsafeBytes(of: digest) { digest in
                for index in 0..<32 {
                    unsafe digits[index * 2] = digit(digest[index] >> 4)
                    unsafe digits[index * 2 + 1] = digit(digest[index] & 15)
                }
            }
            unsafe write(UnsafeRawBufferPointer(digits))
        }
    }
}

extension UInt8 {
    static var newline: UInt8 { UInt8(ascii: "\n") }
    static var colon: UInt8 { UInt8(ascii: ":") }
    static var semicolon: UInt8 { UInt8(ascii: ";") }
}

extension String {
    /// The text that `body` writes, at most `capacity` bytes of UTF-8.
    init(capacity: Int, _ body: (inout ByteWriter) -> Void) {
        unsafe self.init(unsafeUninitializedCapacity: capacity) { memory in
            var writer = unsafe ByteWriter(memory)
            body(&writer)
            return writer.count
        }
    }
}
