import Foundation
import Testing

@testable import AWSLite

@Suite struct CRCTests {
    private func crc(_ algorithm: CRC.Algorithm, _ bytes: [UInt8]) -> UInt64 {
        var crc = CRC(algorithm)
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }

    /// The "check" values of the catalogue of parametrised CRC algorithms (reveng.sourceforge.io), and RFC 3720 B.4.
    @Test func `Published vectors come out`() {
        let check = Array("123456789".utf8)
        #expect(crc(.crc32, check) == 0xCBF4_3926)
        #expect(crc(.crc32c, check) == 0xE306_9283)
        #expect(crc(.crc64NVME, check) == 0xAE8B_1486_0A79_9888)
        #expect(crc(.crc32c, [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(crc(.crc32c, [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(crc(.crc32c, Array(0..<32)) == 0x46DD_794E)
        #expect(crc(.crc32, []) == 0)
        #expect(CRC.bytes(0xCBF4_3926, .crc32) == [0xCB, 0xF4, 0x39, 0x26])
    }

    @Test func `Pieces make the same checksum as the whole, added or combined`() {
        var generator = SeededGenerator(seed: 20_261_124)
        for algorithm in [CRC.Algorithm.crc32, .crc32c, .crc64NVME] {
            for _ in 0..<40 {
                let length = Int.random(in: 0...300, using: &generator)
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let cut = Int.random(in: 0...length, using: &generator)
                let whole = crc(algorithm, bytes)
                var pieces = CRC(algorithm)
                bytes[..<cut].withUnsafeBytes { pieces.update($0) }
                bytes[cut...].withUnsafeBytes { pieces.update($0) }
                #expect(pieces.value == whole)
                let (first, second) = (crc(algorithm, Array(bytes[..<cut])), crc(algorithm, Array(bytes[cut...])))
                #expect(CRC.combine(first, second, secondLength: length - cut, algorithm) == whole)
            }
        }
    }
}
