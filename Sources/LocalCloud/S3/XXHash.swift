import Foundation

/// xxHash's three digests without a seed, as its specification has them (Cyan4973/xxHash, doc/xxhash_spec.md): XXH64,
/// XXH3 of 64 bits and XXH3 of 128 bits, most significant byte first.
struct XXHash {
    private let bytes: [UInt8]

    init(_ data: Data) {
        bytes = Array(data)
    }

    var xxh64: [UInt8] { Self.bigEndian(long64) }
    var xxh3: [UInt8] { Self.bigEndian(half64) }

    var xxh128: [UInt8] {
        let (low, high) = both
        return Self.bigEndian(high) + Self.bigEndian(low)
    }

    private static func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - $0 * 8)) }
    }

    // MARK: Numbers

    private static let prime32: [UInt64] = [0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D]
    private static let prime64: [UInt64] = [
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5,
    ]
    private static let mix1: UInt64 = 0x1656_6791_9E37_79F9
    private static let mix2: UInt64 = 0x9FB2_1C65_1E98_DF25
    private static let secret: [UInt8] = [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
        0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
        0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
        0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
        0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
        0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
        0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
        0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
        0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ]

    /// A number of `count` bytes, least significant first.
    private static func read(_ bytes: [UInt8], _ offset: Int, _ count: Int = 8) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    private func word(_ offset: Int) -> UInt64 { Self.read(bytes, offset) }
    private func half(_ offset: Int) -> UInt64 { Self.read(bytes, offset, 4) }
    private func key(_ offset: Int) -> UInt64 { Self.read(Self.secret, offset) }
    private func keyHalf(_ offset: Int) -> UInt64 { Self.read(Self.secret, offset, 4) }
    /// Two words of the secret, put together.
    private func keys(_ offset: Int) -> UInt64 { key(offset) ^ key(offset + 8) }

    private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }

    private static func folded(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let product = one.multipliedFullWidth(by: other)
        return product.low ^ product.high
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        var value = (value ^ value >> 37) &* mix1
        value ^= value >> 32
        return value
    }

    private static func oldAvalanche(_ value: UInt64) -> UInt64 {
        var value = (value ^ value >> 33) &* prime64[1]
        value = (value ^ value >> 29) &* prime64[2]
        return value ^ value >> 32
    }

    // MARK: XXH64

    private static func round(_ sum: UInt64, _ lane: UInt64) -> UInt64 {
        rotated(sum &+ lane &* prime64[1], 31) &* prime64[0]
    }

    private var long64: UInt64 {
        let prime = Self.prime64
        var offset = 0
        var sum = prime[4]
        if bytes.count >= 32 {
            var sums = [prime[0] &+ prime[1], prime[1], 0, 0 &- prime[0]]
            while offset + 32 <= bytes.count {
                for lane in 0..<4 { sums[lane] = Self.round(sums[lane], word(offset + lane * 8)) }
                offset += 32
            }
            sum = zip(sums, [1, 7, 12, 18]).reduce(0) { $0 &+ Self.rotated($1.0, $1.1) }
            for lane in sums { sum = (sum ^ Self.round(0, lane)) &* prime[0] &+ prime[3] }
        }
        sum &+= UInt64(bytes.count)
        while offset + 8 <= bytes.count {
            sum = Self.rotated(sum ^ Self.round(0, word(offset)), 27) &* prime[0] &+ prime[3]
            offset += 8
        }
        if offset + 4 <= bytes.count {
            sum = Self.rotated(sum ^ half(offset) &* prime[0], 23) &* prime[1] &+ prime[2]
            offset += 4
        }
        for byte in bytes[offset...] { sum = Self.rotated(sum ^ UInt64(byte) &* prime[4], 11) &* prime[0] }
        return Self.oldAvalanche(sum)
    }

    // MARK: XXH3

    private var count: UInt64 { UInt64(bytes.count) }

    private var half64: UInt64 {
        switch bytes.count {
        case 0: return Self.oldAvalanche(keys(56))
        case 1...3: return both.low
        case 4...8:
            var value = keys(8) ^ (half(bytes.count - 4) | half(0) << 32)
            value = (value ^ Self.rotated(value, 49) ^ Self.rotated(value, 24)) &* Self.mix2
            value = (value ^ (value >> 35 &+ count)) &* Self.mix2
            return value ^ value >> 28
        case 9...16:
            let low = keys(24) ^ word(0)
            let high = keys(40) ^ word(bytes.count - 8)
            return Self.avalanche(count &+ low.byteSwapped &+ high &+ Self.folded(low, high))
        case 17...240: return Self.avalanche(medium64)
        default: return both.low
        }
    }

    private var both: (low: UInt64, high: UInt64) {
        switch bytes.count {
        case 0: return (Self.oldAvalanche(keys(64)), Self.oldAvalanche(keys(80)))
        case 1...3:
            let combined =
                UInt32(bytes[bytes.count - 1]) | UInt32(bytes.count) << 8 | UInt32(bytes[0]) << 16
                | UInt32(bytes[bytes.count / 2]) << 24
            let swapped = combined.byteSwapped
            return (
                Self.oldAvalanche(keyHalf(0) ^ keyHalf(4) ^ UInt64(combined)),
                Self.oldAvalanche(keyHalf(8) ^ keyHalf(12) ^ UInt64(swapped << 13 | swapped >> 19))
            )
        case 4...8:
            let value = keys(16) ^ (half(0) | half(bytes.count - 4) << 32)
            let product = value.multipliedFullWidth(by: Self.prime64[0] &+ count << 2)
            let high = product.high &+ product.low << 1
            var low = product.low ^ high >> 3
            low = (low ^ low >> 35) &* Self.mix2
            return (low ^ low >> 28, Self.avalanche(high))
        case 9...16:
            let last = word(bytes.count - 8)
            let one = keys(32) ^ word(0) ^ last
            let two = keys(48) ^ last
            let product = one.multipliedFullWidth(by: Self.prime64[0])
            var low = product.low &+ (count - 1) << 54
            var high = product.high &+ two &+ (two & 0xFFFF_FFFF) &* (Self.prime32[1] - 1)
            low ^= high.byteSwapped
            let second = low.multipliedFullWidth(by: Self.prime64[1])
            (low, high) = (second.low, second.high &+ high &* Self.prime64[1])
            return (Self.avalanche(low), Self.avalanche(high))
        case 17...240:
            let sums = medium128
            let high =
                sums.0 &* Self.prime64[0] &+ sums.1 &* Self.prime64[3] &+ count &* Self.prime64[1]
            return (Self.avalanche(sums.0 &+ sums.1), 0 &- Self.avalanche(high))
        default:
            let sums = large
            return (
                merged(sums, count &* Self.prime64[0], 11),
                merged(sums, ~(count &* Self.prime64[1]), Self.secret.count - 75)
            )
        }
    }

    private func mixed(_ offset: Int, _ place: Int) -> UInt64 {
        Self.folded(word(offset) ^ key(place), word(offset + 8) ^ key(place + 8))
    }

    private var medium64: UInt64 {
        var sum = count &* Self.prime64[0]
        if bytes.count <= 128 {
            for index in 0...(bytes.count - 1) / 32 {
                sum &+= mixed(index * 16, index * 32) &+ mixed(bytes.count - index * 16 - 16, index * 32 + 16)
            }
            return sum
        }
        for index in 0..<8 { sum &+= mixed(index * 16, index * 16) }
        sum = Self.avalanche(sum)
        for index in 8..<bytes.count / 16 { sum &+= mixed(index * 16, (index - 8) * 16 + 3) }
        return sum &+ mixed(bytes.count - 16, 119)
    }

    private var medium128: (UInt64, UInt64) {
        var sums = (count &* Self.prime64[0], UInt64(0))
        func mix(_ one: Int, _ two: Int, _ place: Int) {
            sums.0 = (sums.0 &+ mixed(one, place)) ^ (word(two) &+ word(two + 8))
            sums.1 = (sums.1 &+ mixed(two, place + 16)) ^ (word(one) &+ word(one + 8))
        }
        if bytes.count <= 128 {
            for index in (0...(bytes.count - 1) / 32).reversed() {
                mix(index * 16, bytes.count - index * 16 - 16, index * 32)
            }
            return sums
        }
        for index in 0..<4 { mix(index * 32, index * 32 + 16, index * 32) }
        sums = (Self.avalanche(sums.0), Self.avalanche(sums.1))
        for index in 4..<bytes.count / 32 { mix(index * 32, index * 32 + 16, (index - 4) * 32 + 3) }
        mix(bytes.count - 16, bytes.count - 32, 103)
        return sums
    }

    private var large: [UInt64] {
        let (short, long) = (Self.prime32, Self.prime64)
        var sums = [short[2], long[0], long[1], long[2], long[3], short[1], long[4], short[0]]
        func accumulate(_ offset: Int, _ place: Int) {
            for lane in 0..<8 {
                let data = word(offset + lane * 8)
                let value = data ^ key(place + lane * 8)
                sums[lane ^ 1] &+= data
                sums[lane] &+= (value & 0xFFFF_FFFF) &* (value >> 32)
            }
        }
        let stripes = (Self.secret.count - 64) / 8
        // The last block is left for the end, even if it is a whole one, and so is its last stripe.
        for stripe in 0..<(bytes.count - 1) / 64 {
            accumulate(stripe * 64, stripe % stripes * 8)
            guard stripe % stripes == stripes - 1 else { continue }
            for lane in 0..<8 {
                let value = sums[lane] ^ sums[lane] >> 47 ^ key(Self.secret.count - 64 + lane * 8)
                sums[lane] = value &* short[0]
            }
        }
        accumulate(bytes.count - 64, Self.secret.count - 71)
        return sums
    }

    private func merged(_ sums: [UInt64], _ start: UInt64, _ place: Int) -> UInt64 {
        Self.avalanche(
            (0..<4).reduce(start) { result, pair in
                let (first, second) = (pair * 2, pair * 2 + 1)
                return result
                    &+ Self.folded(sums[first] ^ key(place + first * 8), sums[second] ^ key(place + second * 8))
            }
        )
    }
}
