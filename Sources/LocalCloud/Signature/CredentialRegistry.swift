import Foundation
import Synchronization

/// The access keys that the stand-ins know: lasting ones, and temporary ones that are good for a job's artifacts.
final class CredentialRegistry: Sendable {
    struct Session: Sendable {
        var secretAccessKey: String
        /// `nil` for a lasting key.
        var token: String?
        var expires: Date?
        /// What the session may do; `nil` allows everything.
        var scope: ArtifactScope?
    }

    private let sessions = Mutex<[String: Session]>([:])

    subscript(accessKeyID: String) -> Session? {
        sessions.withLock { $0[accessKeyID] }
    }

    func add(_ session: Session, for accessKeyID: String) {
        sessions.withLock { $0[accessKeyID] = session }
    }

    /// Makes temporary credentials.
    func mint(scope: ArtifactScope, expires: Date) -> (accessKeyID: String, session: Session) {
        let id = "ASIA" + Random.text(16, from: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let session = Session(
            secretAccessKey: Random.text(40, from: Random.base64),
            token: "FwoGZXIvYXdzE" + Random.text(200, from: Random.base64),
            expires: expires,
            scope: scope
        )
        add(session, for: id)
        return (id, session)
    }
}

/// The objects that a job's credentials open.
struct ArtifactScope: Sendable, Hashable {
    struct Object: Sendable, Hashable {
        var bucket: String
        var key: String
    }

    var readable: Set<Object>
    var writable: Set<Object>
}

enum Random {
    static let base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    static func text(_ count: Int, from alphabet: String) -> String {
        let alphabet = Array(alphabet)
        return String((0..<count).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }

    /// Made from Swift's generator as all else that is random here, so that who replaces that one makes all of it anew.
    static func uuid() -> String {
        var generator = SystemRandomNumberGenerator()
        return UUID.random(using: &generator).uuidString.lowercased()
    }
}
