import AWSLite
import Foundation
import HTTPTransport

/// What the process has used so far, by the system's count.
public struct Usage {
    /// Seconds of the processor's time, the system's for this process included.
    public let cpu: Double
    /// The most memory that was ever resident, in MiB.
    public let peak: Double

    /// Asks the system.
    public init() {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let unitsPerMebibyte = 1_024.0
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        peak = Double(usage.ru_maxrss) / unitsPerMebibyte
    }
}

/// A client's configuration for the server at an endpoint.
public func configuration(_ endpoint: String, connections: Int) throws -> AWSClientConfiguration {
    var transport = CurlHTTPClient.Configuration()
    transport.proxy = .none
    transport.connectionsPerHost = connections
    return AWSClientConfiguration(
        region: "eu-west-1",
        credentials: StaticCredentialProvider(
            AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Secret("secret"), sessionToken: Secret("token"))
        ),
        httpClient: try CurlHTTPClient(transport),
        endpoint: endpoint
    )
}
