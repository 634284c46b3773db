import Foundation

// Does one piece of work over and over, and prints how many microseconds it takes each time: Micro WORK COUNT. Without
// arguments it prints the names of all works, with counts that are enough for a look at the time.

let arguments = CommandLine.arguments.dropFirst()
if arguments.isEmpty {
    for work in Work.all { print(work.name, work.count) }
    exit(0)
}
guard arguments.count == 2, let work = Work.all.first(where: { $0.name == arguments.first }),
    let count = arguments.last.flatMap({ Int($0) }), count > 0
else {
    FileHandle.standardError.write(Data("usage: Micro [WORK COUNT]; Micro alone prints all works\n".utf8))
    exit(2)
}
let duration = try await work.run(count)
print(String(format: "%.2f", duration / .microseconds(1) / Double(count)))
