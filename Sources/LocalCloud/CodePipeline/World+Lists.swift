import Foundation

extension World {
    /// One page of a list.
    func page(_ list: [JSON], of member: String, _ input: JSON) throws(LocalServiceError) -> JSON {
        var start = 0
        if let token = input["nextToken"]?.string {
            guard let number = Self.number(in: token, after: "page-"), number <= list.count else {
                throw .invalidNextToken
            }
            start = number
        }
        let end = min(list.count, start + (input["maxResults"]?.integer ?? behavior.pageSize))
        return .members([
            member: .array(Array(list[start..<end])),
            "nextToken": end < list.count ? .string("page-\(end)") : nil,
        ])
    }

    /// One page of a history, which has its newest entry first; 100 entries where the request names no number.
    ///
    /// A history grows at its front while it is read. The token counts the entries that are left,
    /// so that none of them comes twice.
    func page<Entry>(
        ofHistory list: [Entry],
        _ member: String,
        _ input: JSON,
        _ json: (Entry) -> JSON
    ) throws(LocalServiceError) -> JSON {
        var left = list.count
        if let token = input["nextToken"]?.string {
            guard let number = Self.number(in: token, after: "left-"), number <= list.count else {
                throw .invalidNextToken
            }
            left = number
        }
        let page = list.suffix(left).prefix(input["maxResults"]?.integer ?? 100)
        return .members([
            member: .array(page.map(json)),
            "nextToken": page.count < left ? .string("left-\(left - page.count)") : nil,
        ])
    }

    private static func number(in token: String, after prefix: String) -> Int? {
        guard token.hasPrefix(prefix), let number = Int(token.dropFirst(prefix.count)), number >= 0 else { return nil }
        return number
    }

    static func time(_ date: Date) -> JSON { .number((date.timeIntervalSince1970 * 1_000).rounded() / 1_000) }

    static func tags(_ json: JSON?) -> [String: String] {
        Dictionary((json?.array ?? []).map { ($0["key"]?.string ?? "", $0["value"]?.string ?? "") }) { _, last in last }
    }

    static func tagList(_ tags: [String: String]) -> JSON {
        .array(
            tags.sorted { $0.key < $1.key }.map { ["key": .string($0.key), "value": .string($0.value)] }
        )
    }

    func listTagsForResource(_ input: JSON) throws(LocalServiceError) -> JSON {
        let tags =
            switch try resource(input) {
            case .pipeline(let name): pipelines[name]?.tags ?? [:]
            case .type(let key): types[key]?.tags ?? [:]
            }
        return try page(Self.tagList(tags).array ?? [], of: "tags", input)
    }

    mutating func changeTags(_ input: JSON) throws(LocalServiceError) -> JSON {
        let added = Self.tags(input["tags"])
        let removed = (input["tagKeys"]?.array ?? []).compactMap(\.string)
        func changed(_ tags: [String: String]?) throws(LocalServiceError) -> [String: String] {
            var tags = (tags ?? [:]).merging(added) { $1 }
            for key in removed { tags[key] = nil }
            guard tags.count <= 50 else {
                throw LocalServiceError(code: "TooManyTagsException", message: "A resource has at most 50 tags")
            }
            return tags
        }
        switch try resource(input) {
        case .pipeline(let name):
            let tags = try changed(pipelines[name]?.tags)
            pipelines[name]?.tags = tags
        case .type(let key):
            let tags = try changed(types[key]?.tags)
            types[key]?.tags = tags
        }
        return [:]
    }

    private enum Resource {
        case pipeline(String)
        case type(ActionTypeKey)
    }

    private func resource(_ input: JSON) throws(LocalServiceError) -> Resource {
        let arn = input["resourceArn"]?.string ?? ""
        let name = arn.split(separator: ":", maxSplits: 5).last.map(String.init) ?? ""
        if name.lowercased().hasPrefix("actiontype:") {
            let parts = name.dropFirst("actiontype:".count).split(separator: "/").map(String.init)
            if parts.count == 4 {
                let key = ActionTypeKey(category: parts[1], owner: parts[0], provider: parts[2], version: parts[3])
                if liveType(key) != nil { return .type(key) }
            }
        } else if pipelines[name] != nil {
            return .pipeline(name)
        }
        throw LocalServiceError(code: "ResourceNotFoundException", message: "There is no resource \(arn)")
    }
}
