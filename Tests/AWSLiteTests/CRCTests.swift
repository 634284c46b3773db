import Foundation
import TestSupport
import Testing

@testable import AWSLite

@Suite struct CRCTests {
    private func crc(_ algorithm: CRC.Algorithm, _ bytes: [UInt8], folds: Bool = CRC.canFold) -> UInt64 {
        var crc = CRC(algorithm, folds: folds)
        crc.update(bytes.span)
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

    /// The definition, a bit at a time.
    @Test(arguments: [
        (CRC.Algorithm.crc32, 0xEDB8_8320 as UInt64), (.crc32c, 0x82F6_3B78), (.crc64NVME, 0x9A6C_9329_AC4B_C9B5),
    ])
    func `Both ways to compute agree with the definition`(_ algorithm: CRC.Algorithm, _ polynomial: UInt64) {
        var generator = SeededGenerator(usual: 20_261_125)
        let ones = UInt64.max >> UInt64(64 - algorithm.width)
        for length in Array(0...300) + [1_023, 1_024, 4_096, 10_000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var register = ones
            for byte in bytes {
                register ^= UInt64(byte)
                for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ polynomial : register >> 1 }
            }
            #expect(crc(algorithm, bytes, folds: false) == register ^ ones)
            #expect(crc(algorithm, bytes, folds: CRC.canFold) == register ^ ones)
        }
    }

    @Test func `Pieces make the same checksum as the whole, added or combined`() {
        var generator = SeededGenerator(usual: 20_261_124)
        for algorithm in [CRC.Algorithm.crc32, .crc32c, .crc64NVME] {
            for _ in 0..<40 {
                let length = Int.random(in: 0...300, using: &generator)
                let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let cut = Int.random(in: 0...length, using: &generator)
                let whole = crc(algorithm, bytes)
                var pieces = CRC(algorithm)
                pieces.update(bytes.span.extracting(..<cut))
                pieces.update(bytes.span.extracting(cut...))
                #expect(pieces.value == whole)
                let (first, second) = (crc(algorithm, Array(bytes[..<cut])), crc(algorithm, Array(bytes[cut...])))
                #expect(CRC.combine(first, second, secondLength: length - cut, algorithm) == whole)
            }
        }
    }
}
