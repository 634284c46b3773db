import Foundation
import Testing

@testable import worker

@Suite("Resident memory")
struct ResidentMemoryTests {
    @Test func `is given back where files are mapped that the process hasn't changed`() {
        let mappings = """
            1000-3000 r-xp 00000000 fe:00 7                     /usr/bin/code with a blank
            Rss:                   8 kB
            Anonymous:             0 kB
            Swap:                  0 kB
            VmFlags: rd ex mr mw me
            4000-5000 r--p 00002000 fe:00 7                     /usr/bin/constants
            Anonymous:             0 kB
            Swap:                  0 kB
            5000-6000 r--p 00003000 fe:00 7                     /usr/bin/relocated
            Anonymous:             4 kB
            Swap:                  0 kB
            6000-7000 r--p 00004000 fe:00 7                     /usr/bin/relocated-and-swapped-out
            Anonymous:             0 kB
            Swap:                  4 kB
            7000-8000 rw-p 00005000 fe:00 7                     /usr/bin/variables
            Anonymous:             0 kB
            Swap:                  0 kB
            8000-9000 r--s 00000000 fe:00 8                     /var/lib/shared
            Anonymous:             0 kB
            Swap:                  0 kB
            9000-a000 r-xp 00000000 00:00 0                     [vdso]
            Anonymous:             0 kB
            Swap:                  0 kB
            b000-c000 r--p 00000000 00:00 0
            Anonymous:             0 kB
            Swap:                  0 kB
            """
        #expect(ResidentMemory.unchangedFiles(mappings) == [0x1000..<0x3000, 0x4000..<0x5000])
    }

    #if os(Linux)
    @Test func `is less after files are given back, and all works on`() throws {
        let before = try residentFiles()
        ResidentMemory.releaseFiles()
        let after = try residentFiles()
        #expect(after < before / 2)
        #expect("worked on".split(separator: " ").map(\.localizedUppercase) == ["WORKED", "ON"])
    }

    /// The kilobytes of files' pages that are mapped.
    private func residentFiles() throws -> Int {
        let status = try #require(try FileHandle(forReadingAtPath: "/proc/self/status")?.readToEnd())
        let number = try #require(String(decoding: status, as: UTF8.self).firstMatch(of: /RssFile:\s+(\d+) kB/))
        return try #require(Int(number.1))
    }
    #endif
}
