/// The operations of AWS that this library calls: ``AWSCaller`` can call no other.
///
/// IAM Identity Center's GetRoleCredentials and CreateToken go another way, since they take a token and no right.
enum AWSOperationName: String, Sendable, CaseIterable {
    case acknowledgeJob = "AcknowledgeJob"
    case createCustomActionType = "CreateCustomActionType"
    case deleteCustomActionType = "DeleteCustomActionType"
    case getJobDetails = "GetJobDetails"
    case getPipeline = "GetPipeline"
    case getPipelineExecution = "GetPipelineExecution"
    case listActionExecutions = "ListActionExecutions"
    case listActionTypes = "ListActionTypes"
    case listPipelineExecutions = "ListPipelineExecutions"
    case listPipelines = "ListPipelines"
    case pollForJobs = "PollForJobs"
    case putJobFailureResult = "PutJobFailureResult"
    case putJobSuccessResult = "PutJobSuccessResult"

    case abortMultipartUpload = "AbortMultipartUpload"
    case completeMultipartUpload = "CompleteMultipartUpload"
    case createMultipartUpload = "CreateMultipartUpload"
    case getObject = "GetObject"
    case headObject = "HeadObject"
    case putObject = "PutObject"
    case uploadPart = "UploadPart"

    case assumeRole = "AssumeRole"
    case assumeRoleWithWebIdentity = "AssumeRoleWithWebIdentity"
    case getCallerIdentity = "GetCallerIdentity"
}
