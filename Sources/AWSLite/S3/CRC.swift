import CChecksum

/// A cyclic redundancy check with reflected bits, as S3 uses three of: CRC-32, CRC-32C and CRC-64/NVME.
///
/// Where the processor multiplies without carries, long pieces are folded by that into sixteen bytes first. Else sixteen
/// tables take sixteen bytes at a step ("slicing by 16"): half of them wait for no earlier step.
struct CRC: Sendable {
    /// The algorithm: a polynomial with its width.
    final class Algorithm: Sendable {
        let width: Int
        fileprivate let tables: [UInt64]
        /// What `quali_crc_fold` multiplies by.
        fileprivate let powers: [UInt64]

        private init(width: Int, polynomial: UInt64) {
            self.width = width
            var tables = [UInt64](repeating: 0, count: 16 * 256)
            for byte in 0..<256 {
                var register = UInt64(byte)
                for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1 }
                tables[byte] = register
            }
            for index in 256..<tables.count {
                let before = tables[index - 256]
                tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
            }
            self.tables = tables
            powers = [512 + 63, 512 - 1, 128 + 63, 128 - 1].map { exponent in
                var power: UInt64 = 1 << UInt64(width - 1)
                for _ in 0..<exponent { power = power & 1 == 1 ? power >> 1 ^ polynomial : power >> 1 }
                return power << UInt64(64 - width)
            }
        }

        /// Of zlib, PNG and Ethernet; what boto3 sends.
        static let crc32 = Algorithm(width: 32, polynomial: 0xEDB8_8320)
        /// Castagnoli's, of iSCSI.
        static let crc32c = Algorithm(width: 32, polynomial: 0x82F6_3B78)
        /// What S3 computes itself where a client sends none.
        static let crc64NVME = Algorithm(width: 64, polynomial: 0x9A6C_9329_AC4B_C9B5)
    }

    static let canFold = quali_crc_can_fold()

    let algorithm: Algorithm
    private let folds: Bool
    private var register: UInt64

    init(_ algorithm: Algorithm, folds: Bool = canFold) {
        self.algorithm = algorithm
        self.folds = folds
        register = Self.ones(algorithm)
    }

    /// The checksum of all bytes so far.
    var value: UInt64 { register ^ Self.ones(algorithm) }

    /// The checksum as S3 writes it before base64: most significant byte first.
    var bytes: [UInt8] { Self.bytes(value, algorithm) }

    mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update($0) }
    }

    /// Takes bytes; of all that is read of them and written, each place is within what was made sure to be there.
    private mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let length = bytes.count / 64 * 64
        guard folds, length > 0 else { return unsafe look(up: bytes) }
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { rest in
            unsafe quali_crc_fold(bytes.baseAddress, length, register, algorithm.powers, rest.baseAddress)
            register = 0
            unsafe look(up: UnsafeRawBufferPointer(rest))
        }
        unsafe look(up: UnsafeRawBufferPointer(rebasing: bytes[length...]))
    }

    /// Takes bytes by the tables, which have a place for each value of a byte.
    private mutating func look(up bytes: UnsafeRawBufferPointer) {
        var register = register
        unsafe algorithm.tables.withUnsafeBufferPointer { tables in
            /// What eight bytes leave, as many bytes before the end of a step as the table's number says.
            @inline(__always) func sum(_ word: UInt64, _ table: Int) -> UInt64 {
                let part = unsafe UnsafeBufferPointer(rebasing: tables[(table * 256)...])
                return unsafe part[7 * 256 + Int(word & 0xFF)] ^ part[6 * 256 + Int(word >> 8 & 0xFF)]
                    ^ part[5 * 256 + Int(word >> 16 & 0xFF)] ^ part[4 * 256 + Int(word >> 24 & 0xFF)]
                    ^ part[3 * 256 + Int(word >> 32 & 0xFF)] ^ part[2 * 256 + Int(word >> 40 & 0xFF)]
                    ^ part[256 + Int(word >> 48 & 0xFF)] ^ part[Int(word >> 56)]
            }
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            var index = 0
            while index + 16 <= bytes.count {
                register = sum(register ^ word(index), 8) ^ sum(word(index + 8), 0)
                index += 16
            }
            while index < bytes.count {
                register = unsafe register >> 8 ^ tables[Int((register ^ UInt64(bytes[index])) & 0xFF)]
                index += 1
            }
        }
        self.register = register
    }

    /// The checksum of two pieces one after the other, from the checksum of each.
    ///
    /// The checks are linear: the first's is carried over as many zero bytes as the second has, by squaring the matrix
    /// of one zero bit.
    static func combine(_ first: UInt64, _ second: UInt64, secondLength: Int, _ algorithm: Algorithm) -> UInt64 {
        var matrix = (0..<algorithm.width).map { bit in
            bit == 0 ? algorithm.tables[0x80] : 1 << UInt64(bit - 1)
        }
        var value = first
        var bits = secondLength * 8
        while bits > 0 {
            if bits & 1 == 1 { value = product(matrix, value) }
            matrix = matrix.map { product(matrix, $0) }
            bits >>= 1
        }
        return value ^ second
    }

    static func bytes(_ value: UInt64, _ algorithm: Algorithm) -> [UInt8] {
        stride(from: algorithm.width - 8, through: 0, by: -8).map { UInt8(value >> UInt64($0) & 0xFF) }
    }

    private static func product(_ matrix: [UInt64], _ vector: UInt64) -> UInt64 {
        matrix.indices.reduce(0) { vector >> UInt64($1) & 1 == 1 ? $0 ^ matrix[$1] : $0 }
    }

    private static func ones(_ algorithm: Algorithm) -> UInt64 { .max >> UInt64(64 - algorithm.width) }
}
