/// Gives up a wait; what it waited for is told no more once this has returned.
package typealias GiveUp = @Sendable () async -> Void
