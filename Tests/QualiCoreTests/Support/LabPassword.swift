import HTTPTransport

/// The lab's password as a worker finds it, which a test may change, and how often the worker has looked.
final class LabPassword: Sendable {
    private let state: Locked<(value: String, looks: Int)>
    private let numbers: AsyncStream<Int>
    private let number: AsyncStream<Int>.Continuation

    init(_ value: String) {
        state = Locked((value, 0))
        (numbers, number) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// What it is now.
    var value: String {
        get { state.withLock { $0.value } }
        set { state.withLock { $0.value = newValue } }
    }

    /// What the worker finds when it looks.
    func look() -> String {
        let (value, looks) = state.withLock { state in
            state.looks += 1
            return state
        }
        number.yield(looks)
        return value
    }

    /// Waits until the worker has looked so often from now on: after each pause, once its login is refused, and with each
    /// call of the lab.
    func looked(times: Int) async {
        let end = state.withLock { $0.looks } + times
        _ = await numbers.first { $0 >= end }
    }
}
