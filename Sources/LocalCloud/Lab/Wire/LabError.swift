/// An error reply of the lab.
struct LabError: Error {
    var status: Int
    var message: String

    var reply: LocalReply {
        .json(
            ["statusCode": .integer(status), "errorCategory": "WebApi", "message": .string(message)],
            status: status
        )
    }

    static let noAuthentication = LabError(status: 400, message: "The request didn't contain authentication.")
    static let notFound = LabError(status: 404, message: "Entity could not be found")
    static let forbidden = LabError(status: 403, message: "User is not allowed to view this entity")

    static func loginFailed(_ username: String, _ reason: String? = nil) -> LabError {
        LabError(status: 401, message: "Login failed for user '\(username)'" + (reason.map { ". \($0)" } ?? ""))
    }

    static func invalidToken(_ token: String, _ behavior: LabBehavior) -> LabError {
        LabError(
            status: behavior.invalidTokenStatus,
            message: "Login failed for token: \(token). Please make sure the token is correct."
        )
    }

    static func unknownRoute(_ behavior: LabBehavior) -> LabError {
        LabError(status: behavior.unknownRouteStatus, message: "Invalid Api call")
    }

    static func quota(_ behavior: LabBehavior) -> LabError {
        LabError(status: behavior.rateQuotaStatus, message: "Request rate quota has been exceeded")
    }
}
