"""Drives LocalCloud with boto3 and the AWS CLI, and checks every reply.

Reads the settings of LocalCloud from the environment (AWS_ENDPOINT_URL_*, AWS_ACCESS_KEY_ID, ...).
ARTIFACT_BUCKET names the artifact bucket. Exits 0 when all is as it should be.
"""

import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = os.environ["AWS_REGION"]
BUCKET = os.environ["ARTIFACT_BUCKET"]
CONFIG = Config(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20)
TYPE = {"category": "Deploy", "owner": "Custom", "provider": "Conformance", "version": "1"}
KEY = {k: v for k, v in TYPE.items() if k != "owner"}

called = set()


def client(service, **more):
    made = boto3.session.Session(region_name=REGION).client(
        service, endpoint_url=os.environ["AWS_ENDPOINT_URL_" + service.upper()], config=CONFIG, **more
    )

    def before_call(model, params, **_):
        called.add((service, model.name))
        # The stand-in sends no "100 Continue", for which botocore would wait a second.
        params["headers"].pop("Expect", None)

    made.meta.events.register_last("before-call." + service, before_call)
    return made


cp = client("codepipeline")
s3 = client("s3")
sts = client("sts")
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


def fails(code, call, *args, **kwargs):
    """The call must fail with the code; returns the message."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        found = error.response["Error"].get("Code")
        check(found == code, f"expected {code}, got {error}")
        return error.response["Error"].get("Message", "")
    raise AssertionError(f"expected {code}, got no error")


def prop(name, **more):
    return {"name": name, "required": False, "key": True, "secret": False, **more}


def counts(low, high):
    return {"minimumCount": low, "maximumCount": high}


DEFINITION = {
    **KEY,
    "settings": {
        "entityUrlTemplate": "http://lab/{Config:Name}",
        "executionUrlTemplate": "http://lab/{Config:Name}/{ExternalExecutionId}",
    },
    "configurationProperties": [
        prop("Name", required=True, type="String", description="A name"),
        prop("Minutes", type="Number"),
        prop("Password", secret=True),
    ],
    "inputArtifactDetails": counts(0, 1),
    "outputArtifactDetails": counts(0, 1),
}


def action_types():
    reply = cp.create_custom_action_type(**DEFINITION, tags=[{"key": "team", "value": "qa"}])
    check(reply["actionType"]["id"] == TYPE, reply)
    check("actionConfigurationProperties" in reply["actionType"], reply)
    check(reply["tags"] == [{"key": "team", "value": "qa"}], reply)
    cp.create_custom_action_type(**DEFINITION)
    changed = {**DEFINITION, "outputArtifactDetails": counts(0, 2)}
    fails("ActionTypeAlreadyExistsException", cp.create_custom_action_type, **changed)
    cp.delete_custom_action_type(**KEY)
    fails("ActionTypeNotFoundException", cp.poll_for_jobs, actionTypeId=TYPE)
    fails("ValidationException", cp.create_custom_action_type, **changed)
    cp.create_custom_action_type(**DEFINITION)
    listed = cp.list_action_types(actionOwnerFilter="Custom")["actionTypes"]
    check([t["id"] for t in listed] == [TYPE], listed)
    check(len(cp.list_action_types()["actionTypes"]) == 2, "custom and AWS")
    for number in range(49):
        cp.create_custom_action_type(**{**DEFINITION, "provider": "Many", "version": str(number)})
    fails("LimitExceededException", cp.create_custom_action_type, **{**DEFINITION, "provider": "TooMany"})
    pages = cp.get_paginator("list_action_types").paginate(actionOwnerFilter="Custom")
    check(sum(len(p["actionTypes"]) for p in pages) == 50, "paging")
    fails("InvalidNextTokenException", cp.list_action_types, nextToken="nonsense")
    for number in range(49):
        cp.delete_custom_action_type(category="Deploy", provider="Many", version=str(number))
    fails("ActionTypeNotFoundException", cp.get_action_type, category="Source", owner="AWS", provider="X", version="1")
    fails("ActionTypeNotFoundException", cp.poll_for_third_party_jobs, actionTypeId={**TYPE, "owner": "ThirdParty"})
    bad = {**DEFINITION, "provider": "Q", "configurationProperties": [prop("A", queryable=True)]}
    fails("ValidationException", cp.create_custom_action_type, **bad)
    fails("ValidationException", cp.create_custom_action_type, **{**DEFINITION, "provider": "no spaces"})
    fails("ValidationException", cp.create_custom_action_type, **{**DEFINITION, "category": "Nonsense"})
    arn = f"arn:aws:codepipeline:{REGION}:111122223333:actiontype:Custom/Deploy/Conformance/1"
    cp.tag_resource(resourceArn=arn, tags=[{"key": "more", "value": ""}])
    check(len(cp.list_tags_for_resource(resourceArn=arn)["tags"]) == 2, "tags")
    cp.untag_resource(resourceArn=arn, tagKeys=["more", "team"])
    check(cp.list_tags_for_resource(resourceArn=arn)["tags"] == [], "tags")
    fails("ResourceNotFoundException", cp.list_tags_for_resource, resourceArn=arn + "9")


def source():
    return {
        "name": "Source",
        "actions": [
            {
                "name": "Source",
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "configuration": {"S3Bucket": BUCKET, "S3ObjectKey": "source.zip"},
                "outputArtifacts": [{"name": "SourceOutput"}],
            }
        ],
    }


def pipeline(name, actions, **more):
    return {
        "name": name,
        "roleArn": "arn:aws:iam::111122223333:role/pipeline",
        "artifactStore": {"type": "S3", "location": BUCKET},
        "stages": [source(), {"name": "Lab", "actions": actions}],
        **more,
    }


def action(name, configuration, **more):
    return {"name": name, "actionTypeId": TYPE, "configuration": configuration, **more}


def pipelines():
    first = action(
        "First", {"Name": "one", "Password": "hidden"}, outputArtifacts=[{"name": "Result"}], namespace="first"
    )
    second = action(
        "Second",
        {"Name": "#{first.Answer}-#{codepipeline.PipelineExecutionId}"},
        inputArtifacts=[{"name": "Result"}],
        runOrder=2,
    )
    made = cp.create_pipeline(pipeline=pipeline("Conformance", [first, second]))["pipeline"]
    check(made["version"] == 1, made)
    check(made["stages"][1]["actions"][0]["configuration"]["Password"] == "****", made)
    fails("PipelineNameInUseException", cp.create_pipeline, pipeline=pipeline("Conformance", [first]))
    unknown = {**first, "actionTypeId": {**TYPE, "version": "9"}}
    fails("InvalidActionDeclarationException", cp.create_pipeline, pipeline=pipeline("Other", [unknown]))
    fails("InvalidActionDeclarationException", cp.create_pipeline, pipeline=pipeline("Other", [second]))
    fails("InvalidActionDeclarationException", cp.create_pipeline, pipeline=pipeline("Other", [action("A", {})]))
    fails(
        "InvalidActionDeclarationException",
        cp.create_pipeline,
        pipeline=pipeline("Other", [action("A", {"Name": "a", "Minutes": "many"})]),
    )
    fails(
        "InvalidActionDeclarationException",
        cp.create_pipeline,
        pipeline=pipeline("Other", [action("A", {"Name": "a", "Unknown": "b"})]),
    )
    fails("ValidationException", cp.create_pipeline, pipeline=pipeline("Other", [action("A", {"Name": "a" * 1001})]))
    lone = pipeline("Other", [first])
    lone["stages"] = lone["stages"][1:]
    fails("InvalidStructureException", cp.create_pipeline, pipeline=lone)
    made["stages"][1]["actions"][1]["configuration"]["Minutes"] = "5"
    check(cp.update_pipeline(pipeline=made)["pipeline"]["version"] == 2, "version")
    got = cp.get_pipeline(name="Conformance")
    check(got["metadata"]["pipelineArn"].endswith(":Conformance"), got)
    check(cp.get_pipeline(name="Conformance", version=1)["pipeline"]["version"] == 1, "old version")
    fails("PipelineVersionNotFoundException", cp.get_pipeline, name="Conformance", version=7)
    fails("PipelineNotFoundException", cp.get_pipeline, name="Nobody")
    listed = cp.list_pipelines(maxResults=1000)
    check([p["name"] for p in listed["pipelines"]] == ["Conformance"] and "nextToken" not in listed, listed)
    check(listed["pipelines"][0]["created"] <= listed["pipelines"][0]["updated"], listed)
    fails("ValidationException", cp.list_pipelines, maxResults=1001)
    fails("InvalidNextTokenException", cp.list_pipelines, nextToken="nonsense")


def poll():
    return cp.poll_for_jobs(actionTypeId=TYPE, maxBatchSize=10)["jobs"]


def claim():
    (job,) = poll()
    check(cp.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"] == "InProgress", "acknowledge")
    return job


def s3_for(credentials, **more):
    return client(
        "s3",
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
        **more,
    )


def jobs():
    execution = cp.start_pipeline_execution(name="Conformance", clientRequestToken="once")["pipelineExecutionId"]
    again = cp.start_pipeline_execution(name="Conformance", clientRequestToken="once")["pipelineExecutionId"]
    check(execution == again, "the token makes a start idempotent")
    fails("ValidationException", cp.poll_for_jobs, actionTypeId={**TYPE, "owner": "AWS"})
    fails("ValidationException", cp.poll_for_jobs, actionTypeId=TYPE, queryParam={"Name": "one"})
    (job,) = poll()
    check(job["nonce"] == "3", job)
    check(poll() == [], "a dispatched job is not offered")
    data = job["data"]
    check(data["actionConfiguration"]["configuration"] == {"Name": "one", "Password": "hidden"}, data)
    check(data["pipelineContext"]["pipelineExecutionId"] == execution, data)
    fails("InvalidNonceException", cp.acknowledge_job, jobId=job["id"], nonce="2")
    fails("JobNotFoundException", cp.acknowledge_job, jobId="0" * 8 + job["id"][8:], nonce="3")
    fails("ValidationException", cp.acknowledge_job, jobId="NOT-A-UUID", nonce="3")
    fails("InvalidJobStateException", cp.put_job_success_result, jobId=job["id"])
    check(cp.acknowledge_job(jobId=job["id"], nonce="3")["status"] == "InProgress", "acknowledge")
    fails("InvalidNonceException", cp.acknowledge_job, jobId=job["id"], nonce="3")

    details = cp.get_job_details(jobId=job["id"])["jobDetails"]
    place = details["data"]["outputArtifacts"][0]["location"]["s3Location"]
    check(place["bucketName"] == BUCKET and place["objectKey"].startswith("Conformance/Result/"), place)
    own = s3_for(details["data"]["artifactCredentials"])
    target = {"Bucket": BUCKET, "Key": place["objectKey"]}
    fails("AccessDenied", own.put_object, **target, Body=b"x")
    fails("AccessDenied", own.put_object, **target, Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="wrong")
    fails("AccessDenied", own.put_object, Bucket=BUCKET, Key="else", Body=b"x", ServerSideEncryption="aws:kms")
    fails("AccessDenied", own.get_object, Bucket=BUCKET, Key="else")
    fails("AccessDenied", own.list_objects_v2, Bucket=BUCKET)
    fails("AccessDenied", own.get_object, **target)
    own.put_object(**target, Body=b'{"id":"1"}', ServerSideEncryption="aws:kms", ContentType="application/json")
    check(own.get_object(**target)["Body"].read() == b'{"id":"1"}', "artifact")

    cp.put_job_success_result(
        jobId=job["id"],
        continuationToken="later",
        executionDetails={"summary": "half", "externalExecutionId": "ext-1", "percentComplete": 50},
    )
    fails("InvalidJobStateException", cp.put_job_success_result, jobId=job["id"])
    fails("JobNotFoundException", cp.get_job_details, jobId=job["id"])
    state = cp.get_pipeline_state(name="Conformance")["stageStates"][1]["actionStates"][0]
    check(state["latestExecution"]["externalExecutionUrl"] == "http://lab/one/ext-1", state)
    check(state["latestExecution"]["percentComplete"] == 50, state)
    check(state["entityUrl"] == "http://lab/one", state)
    (follow,) = poll()
    check(follow["data"]["continuationToken"] == "later" and follow["id"] != job["id"], follow)
    context = [j["data"]["pipelineContext"]["action"]["actionExecutionId"] for j in (job, follow)]
    check(context[0] == context[1], "the action execution stays")
    cp.acknowledge_job(jobId=follow["id"], nonce=follow["nonce"])
    result = {"jobId": follow["id"]}
    fails("ValidationException", cp.put_job_success_result, **result, continuationToken="t", outputVariables={"a": "b"})
    fails("ValidationException", cp.put_job_success_result, **result, outputVariables={"a.b": "c"})
    fails("ValidationException", cp.put_job_success_result, **result, executionDetails={"summary": "x" * 2049})
    fails("OutputVariablesSizeExceededException", cp.put_job_success_result, **result, outputVariables={"a": "x" * 122880})
    cp.put_job_success_result(
        **result,
        outputVariables={"Answer": "42"},
        executionDetails={"externalExecutionId": "ext-2"},
        currentRevision={"revision": "r", "changeIdentifier": "c"},
    )

    job = claim()
    check(job["data"]["actionConfiguration"]["configuration"]["Name"] == "42-" + execution, job)
    check(job["data"]["inputArtifacts"][0]["location"]["s3Location"] == place, job)
    message = fails(
        "ValidationException",
        cp.put_job_failure_result,
        jobId=job["id"],
        failureDetails={"type": "JobFailed", "message": "x" * 6000},
    )
    check("1 validation error detected: Value '" in message and "length less than or equal to 5000" in message, message)
    fails("ValidationException", cp.put_job_failure_result, jobId=job["id"], failureDetails={"type": "No", "message": "x"})
    cp.put_job_failure_result(jobId=job["id"], failureDetails={"type": "ConfigurationError", "message": "é" * 5000})
    fails(
        "InvalidJobStateException",
        cp.put_job_failure_result,
        jobId=job["id"],
        failureDetails={"type": "JobFailed", "message": "late"},
    )
    got = cp.get_pipeline_execution(pipelineName="Conformance", pipelineExecutionId=execution)["pipelineExecution"]
    check(got["status"] == "Failed", got)
    details = cp.list_action_executions(
        pipelineName="Conformance", filter={"pipelineExecutionId": execution}
    )["actionExecutionDetails"]
    check([d["actionName"] for d in details] == ["Second", "First", "Source"], details)
    check(details[0]["output"]["executionResult"]["errorDetails"]["code"] == "ConfigurationError", details)
    check(details[1]["input"]["configuration"]["Password"] == "****", details)
    check(details[1]["output"]["outputVariables"] == {"Answer": "42"}, details)
    again = {"pipelineName": "Conformance", "stageName": "Lab", "pipelineExecutionId": execution}
    cp.retry_stage_execution(**again, retryMode="FAILED_ACTIONS")
    fails("StageNotRetryableException", cp.retry_stage_execution, **again, retryMode="FAILED_ACTIONS")
    job = claim()
    check(job["data"]["pipelineContext"]["action"]["name"] == "Second", job)
    cp.put_job_success_result(jobId=job["id"])
    got = cp.get_pipeline_execution(pipelineName="Conformance", pipelineExecutionId=execution)["pipelineExecution"]
    check(got["status"] == "Succeeded", got)


def stopping():
    def start():
        return {
            "pipelineName": "Conformance",
            "pipelineExecutionId": cp.start_pipeline_execution(name="Conformance")["pipelineExecutionId"],
        }

    def status(execution):
        return cp.get_pipeline_execution(**execution)["pipelineExecution"]["status"]

    execution = start()
    job = claim()
    cp.stop_pipeline_execution(**execution, abandon=False, reason="because")
    fails("DuplicatedStopRequestException", cp.stop_pipeline_execution, **execution)
    check(status(execution) == "Stopping", "stopping")
    cp.put_job_success_result(jobId=job["id"])
    check(status(execution) == "Stopped", "stopped")
    fails("PipelineExecutionNotStoppableException", cp.stop_pipeline_execution, **execution)
    execution = start()
    job = claim()
    cp.stop_pipeline_execution(**execution, abandon=True)
    check(status(execution) == "Stopped", "abandoned")
    fails("InvalidJobStateException", cp.put_job_success_result, jobId=job["id"])
    states = cp.list_action_executions(pipelineName="Conformance", maxResults=1)
    check(states["actionExecutionDetails"][0]["status"] == "Abandoned" and states["nextToken"], states)
    listed = cp.list_pipeline_executions(pipelineName="Conformance")["pipelineExecutionSummaries"]
    check([e["status"] for e in listed] == ["Stopped", "Stopped", "Succeeded"], listed)
    check(listed[1]["stopTrigger"]["reason"] == "because", listed)
    gate = {"pipelineName": "Conformance", "stageName": "Lab", "transitionType": "Inbound"}
    cp.disable_stage_transition(**gate, reason="closed")
    start()
    check(poll() == [], "a closed gate")
    cp.enable_stage_transition(**gate)
    job = claim()
    fails("StageNotFoundException", cp.enable_stage_transition, **{**gate, "stageName": "Nowhere"})
    cp.delete_pipeline(name="Conformance")
    fails("InvalidJobStateException", cp.put_job_success_result, jobId=job["id"])
    fails("PipelineNotFoundException", cp.start_pipeline_execution, name="Conformance")


def queryable():
    cp.create_custom_action_type(
        **{
            **DEFINITION,
            "provider": "Query",
            "settings": {},
            "configurationProperties": [prop("Project", required=True, queryable=True)],
        }
    )
    kind = {**TYPE, "provider": "Query"}
    actions = [{"name": n, "actionTypeId": kind, "configuration": {"Project": n}} for n in ("one", "two")]
    cp.create_pipeline(pipeline=pipeline("Query", actions))
    cp.start_pipeline_execution(name="Query")
    fails("ValidationException", cp.poll_for_jobs, actionTypeId=kind)
    fails("ValidationException", cp.poll_for_jobs, actionTypeId=kind, queryParam={"Other": "two"})
    (job,) = cp.poll_for_jobs(actionTypeId=kind, queryParam={"Project": "two"}, maxBatchSize=9)["jobs"]
    check(job["data"]["actionConfiguration"]["configuration"]["Project"] == "two", job)
    check("artifactCredentials" not in job["data"], job)
    cp.delete_pipeline(name="Query")


def signatures():
    for service, code in (("codepipeline", "InvalidSignatureException"), ("s3", "SignatureDoesNotMatch")):
        wrong = client(service, aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
        call = wrong.list_action_types if service == "codepipeline" else wrong.list_buckets
        fails(code, call)
    nobody = client("codepipeline", aws_access_key_id="AKIANOBODY", aws_secret_access_key="x")
    fails("UnrecognizedClientException", nobody.list_action_types)
    nobody = client("s3", aws_access_key_id="AKIANOBODY", aws_secret_access_key="x")
    fails("InvalidAccessKeyId", nobody.list_buckets)
    known = {
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    fails("InvalidToken", client("s3", **known, aws_session_token="x").list_buckets)
    expired = s3_for(json.loads(os.environ["EXPIRED_CREDENTIALS"]))
    fails("ExpiredToken", expired.get_object, Bucket=BUCKET, Key="k")


KEYS = ["plain", "a//b", "../up", "é +(1).zip", "a&b=c%20d", "*'!@,;$:~#?[]", "deep/er/key", " lead", "日本"]


def objects():
    check([b["Name"] for b in s3.list_buckets()["Buckets"]] == [BUCKET], "buckets")
    s3.create_bucket(Bucket="plain.bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.head_bucket(Bucket="plain.bucket")
    check(s3.get_bucket_location(Bucket="plain.bucket")["LocationConstraint"] == REGION, "location")
    check(s3.get_bucket_versioning(Bucket="plain.bucket")["Status"] == "Enabled", "versioning")
    for key in KEYS:
        place = {"Bucket": "plain.bucket", "Key": key}
        put = s3.put_object(**place, Body=key.encode() * 3, Metadata={"kind": "test"}, ChecksumAlgorithm="SHA256")
        check(put["VersionId"] and put["ChecksumSHA256"], put)
        got = s3.get_object(**place, ChecksumMode="ENABLED")
        check(got["Body"].read() == key.encode() * 3, key)
        check(got["ETag"] == put["ETag"] and got["Metadata"] == {"kind": "test"}, got)
        head = s3.head_object(**place)
        check(head["ContentLength"] == len(key.encode()) * 3 and head["VersionId"] == put["VersionId"], head)
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket="plain.bucket")["Contents"]]
    check(sorted(listed) == sorted(KEYS), listed)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="plain.bucket", PaginationConfig={"PageSize": 2})
    check(sorted(o["Key"] for p in pages for o in p["Contents"]) == sorted(KEYS), "paging")
    groups = s3.list_objects_v2(Bucket="plain.bucket", Prefix="deep/", Delimiter="/")["CommonPrefixes"]
    check(groups == [{"Prefix": "deep/er/"}], groups)
    place = {"Bucket": "plain.bucket", "Key": "plain"}
    old = s3.head_object(**place)["VersionId"]
    s3.put_object(**place, Body=b"0123456789")
    check(s3.get_object(**place, VersionId=old)["Body"].read() == b"plain" * 3, "old version")
    for wanted, text in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")):
        got = s3.get_object(**place, Range=wanted)
        check(got["Body"].read() == text and got["ResponseMetadata"]["HTTPStatusCode"] == 206, wanted)
    fails("InvalidRange", s3.get_object, **place, Range="bytes=10-")
    fails("PreconditionFailed", s3.get_object, **place, IfMatch='"other"')
    s3.put_object(**place, Body=b"")
    check(s3.get_object(**place)["Body"].read() == b"", "empty")
    s3.put_object(**place, Body=io.BytesIO(b"x" * 3_000_000))
    check(s3.head_object(**place)["ContentLength"] == 3_000_000, "large")
    fails("BadDigest", s3.put_object, **place, Body=b"x", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    fails("AccessDenied", s3.put_object, Bucket=BUCKET, Key="k", Body=b"x")
    put = s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    check(put["ServerSideEncryption"] == "aws:kms" and put["SSEKMSKeyId"], put)
    fails("NoSuchKey", s3.get_object, Bucket=BUCKET, Key="nothing")
    fails("404", s3.head_object, Bucket=BUCKET, Key="nothing")
    fails("NoSuchBucket", s3.get_object, Bucket="nowhere", Key="nothing")
    fails("NotImplemented", s3.create_multipart_upload, Bucket=BUCKET, Key="k")
    called.discard(("s3", "CreateMultipartUpload"))
    fails("BucketNotEmpty", s3.delete_bucket, Bucket="plain.bucket")
    for key in KEYS:
        s3.delete_object(Bucket="plain.bucket", Key=key)
    s3.delete_bucket(Bucket="plain.bucket")
    s3.delete_object(Bucket=BUCKET, Key="k")


def cli(*arguments, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments], capture_output=True, text=True, timeout=120
    )
    # Version 1 of the AWS CLI ends with 255 for any error, version 2 with 254 for the service's.
    expected = done.returncode == 0 if code == 0 else done.returncode in (254, 255)
    check(expected, f"aws {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout + done.stderr


def command_line():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "type.json")
        with open(path, "w") as file:
            json.dump({**DEFINITION, "provider": "Command-Line"}, file)
        made = cli("codepipeline", "create-custom-action-type", "--cli-input-json", "file://" + path)
        check(made["actionType"]["id"]["provider"] == "Command-Line", made)
        kind = "category=Deploy,owner=Custom,provider=Command-Line,version=1"
        check(cli("codepipeline", "poll-for-jobs", "--action-type-id", kind) == {"jobs": []}, "poll")
        nobody = cli("codepipeline", "get-pipeline-state", "--name", "Nobody", code=254)
        check("PipelineNotFoundException" in nobody, nobody)
        cli(
            "codepipeline", "delete-custom-action-type",
            "--category", "Deploy", "--provider", "Command-Line", "--action-version", "1",
        )  # fmt: skip
        local = os.path.join(folder, "file with space.txt")
        with open(local, "w") as file:
            file.write("content")
        cli("s3", "cp", local, f"s3://{BUCKET}/dir/", "--sse", "aws:kms")
        check("file with space.txt" in cli("s3", "ls", f"s3://{BUCKET}/dir/"), "ls")
        back = os.path.join(folder, "back")
        cli("s3", "cp", f"s3://{BUCKET}/dir/file with space.txt", back)
        with open(back) as file:
            check(file.read() == "content", "cp")


def identity():
    said = sts.get_caller_identity()
    check(said["Account"] == "111122223333" and said["Arn"].startswith("arn:aws:iam::111122223333:user/"), said)
    stranger = client("sts", aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x")
    fails("InvalidClientTokenId", stranger.get_caller_identity)
    liar = client("sts", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="x")
    fails("SignatureDoesNotMatch", liar.get_caller_identity)


def completeness():
    """Every operation that the stand-in says it has was called."""
    said = json.loads(os.environ["IMPLEMENTED_OPERATIONS"])
    missing = [f"{s}.{o}" for s, names in said.items() for o in names if (s, o) not in called]
    check(not missing, f"never called: {missing}")


def main():
    parts = [action_types, pipelines, jobs, stopping, queryable, signatures, objects, identity]
    # The environment of a newer boto3 has no AWS CLI.
    parts += [command_line] if importlib.util.find_spec("awscli") else []
    parts += [completeness]
    bad = 0
    for part in parts:
        before = checks
        try:
            part()
            print(f"ok    {part.__name__} ({checks - before} checks)")
        except Exception:
            bad += 1
            print(f"FAIL  {part.__name__}")
            traceback.print_exc(file=sys.stdout)
    print(f"{checks} checks, botocore {botocore.__version__}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
