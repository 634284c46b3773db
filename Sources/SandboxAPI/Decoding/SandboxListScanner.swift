import FoundationEssentials
import HTTPTransport

/// Reads the list of sandboxes as current labs send it, at a small part of what a decoder needs.
///
/// A worker reads this list at every tick, with thousands of sandboxes in a big lab. Whatever isn't quite as expected
/// (other types, odd spellings, a member twice, broken JSON) is left to the lenient reader, by returning `nil`.
enum SandboxListScanner {
    /// The members that are read; every other spelling of these is left to the lenient reader.
    private static let known: [StaticString] = ["id", "name", "description", "state", "blueprint"]

    /// The list in a reply.
    static func list(_ data: Data) -> [SandboxSummary]? {
        var list: [SandboxSummary] = []
        let isRead = each(data) { scanner in
            guard let sandbox = sandbox(&scanner) else { return false }
            list.append(sandbox)
            return true
        }
        return isRead ? list : nil
    }

    /// A sandbox of the list.
    static func one(_ element: BorrowedBytes) -> SandboxSummary? {
        var scanner = JSONScanner(element)
        guard let sandbox = sandbox(&scanner), scanner.isAtEnd() else { return nil }
        return sandbox
    }

    /// The states of those sandboxes in a reply whose ids are wanted; of one that is there twice, the last.
    ///
    /// `visitName` is given the end of each name of at least `nameEnd` bytes, and the sandbox's id and state.
    static func states(
        _ data: Data,
        of ids: Set<String>,
        nameEnd: Int = .max,
        visitName: (_ end: BorrowedBytes, _ id: String, SandboxState) -> Void = { _, _, _ in }
    ) -> [String: SandboxState]? {
        var states: [String: SandboxState] = [:]
        states.reserveCapacity(ids.count)
        let isRead = each(data) { scanner in
            var (id, state, name): (JSONScanner.Text?, JSONScanner.Text?, JSONScanner.Text?)
            let isRead = scanner.members { scanner, key in
                if key.equals("id") { return read(&id, &scanner) }
                if key.equals("state") { return read(&state, &scanner) }
                if key.equals("name"), nameEnd < .max { return read(&name, &scanner) }
                return isOther(key, than: ["id", "state"]) && scanner.skipValue()
            }
            guard isRead, let id = id?.string, isFilled(id), let state = state?.string, !state.isEmpty else {
                return false
            }
            // The caller's text is kept, and the one that was read is forgotten.
            if let index = ids.firstIndex(of: id) { states[ids[index]] = SandboxState(rawValue: state) }
            if let name, name.utf8.count >= nameEnd {
                visitName(name.utf8.suffix(nameEnd), id, SandboxState(rawValue: state))
            }
            return true
        }
        return isRead ? states : nil
    }

    private static func each(_ data: Data, _ read: (inout JSONScanner) -> Bool) -> Bool {
        data.lend { bytes in
            var scanner = JSONScanner(bytes)
            return scanner.elements(read) && scanner.isAtEnd()
        }
    }

    private static func sandbox(_ scanner: inout JSONScanner) -> SandboxSummary? {
        var (id, name, description, state): (JSONScanner.Text?, JSONScanner.Text?, JSONScanner.Text?, JSONScanner.Text?)
        var blueprint: BlueprintReference?
        let isRead = scanner.members { scanner, key in
            if key.equals("id") { return read(&id, &scanner) }
            if key.equals("name") { return read(&name, &scanner) }
            if key.equals("description") { return read(&description, &scanner) }
            if key.equals("state") { return read(&state, &scanner) }
            if key.equals("blueprint") {
                guard blueprint == nil, let read = reference(&scanner) else { return false }
                blueprint = read
                return true
            }
            return isOther(key, than: known) && scanner.skipValue()
        }
        guard isRead, let id = id?.string, isFilled(id), let state = state?.string, !state.isEmpty,
            let name = name.orEmpty, let description = description.orEmpty
        else { return nil }
        return SandboxSummary(
            id: id,
            name: name,
            description: isFilled(description) ? description : nil,
            state: SandboxState(rawValue: state),
            blueprint: blueprint
        )
    }

    private static func reference(_ scanner: inout JSONScanner) -> BlueprintReference? {
        var (id, name): (JSONScanner.Text?, JSONScanner.Text?)
        let isRead = scanner.members { scanner, key in
            if key.equals("id") { return read(&id, &scanner) }
            if key.equals("name") { return read(&name, &scanner) }
            return isOther(key, than: known) && scanner.skipValue()
        }
        guard isRead, let id = id.orEmpty, let name = name.orEmpty else { return nil }
        return BlueprintReference(name: isFilled(name) ? name : nil, id: isFilled(id) ? id : nil)
    }

    /// Reads a text that hasn't been read before.
    private static func read(_ member: inout JSONScanner.Text?, _ scanner: inout JSONScanner) -> Bool {
        guard member == nil, let text = scanner.text() else { return false }
        member = text
        return true
    }

    /// Whether a key is surely no other spelling of these, which fold to themselves.
    private static func isOther(_ key: JSONScanner.Text, than names: [StaticString]) -> Bool {
        guard key.isPlain else { return false }
        let folded = key.utf8.lazy.filter { $0 != 0x20 && $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
            .map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        guard let first = folded.first else { return true }
        return !names.contains { name in
            name.lend { $0.first == first && folded.elementsEqual($0) }
        }
    }

    private static func isFilled(_ text: String) -> Bool {
        !text.isEmpty && !text.folds(to: "null")
    }
}

extension JSONScanner.Text? {
    /// What it says, nothing where it isn't there; `nil` where it can't be told.
    fileprivate var orEmpty: String? {
        switch self {
        case nil: ""
        case let text?: text.string
        }
    }
}
