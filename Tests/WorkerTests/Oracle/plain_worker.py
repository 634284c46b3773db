"""A job worker of the plain kind that many teams have: it knows its own jobs and nothing of another worker's.

It takes a job as it comes, keeps no state, stores the reply to the sandbox's start as bare JSON, and reads the sandbox's
id from such a file. It ends when it is killed.
"""
import json
import os
import re
import threading
import time
from urllib.parse import quote

import boto3
import requests
from botocore.config import Config

LAB = os.environ["CLOUDSHELL_URL"]
VERSION = os.environ["JOB_WORKER_VERSION"]
CONFIG = Config(s3={"addressing_style": "path"})
making = threading.Lock()


def lab(method, path, token=None, **arguments):
    headers = {"Authorization": "Basic " + token} if token else {}
    reply = requests.request(method, LAB + path, headers=headers, timeout=30, **arguments)
    reply.raise_for_status()
    return reply


def artifact(data, which):
    keys, place = data["artifactCredentials"], data[which][0]["location"]["s3Location"]
    # Making clients isn't safe in several threads at once.
    with making:
        s3 = boto3.resource(
            "s3",
            aws_access_key_id=keys["accessKeyId"],
            aws_secret_access_key=keys["secretAccessKey"],
            aws_session_token=keys["sessionToken"],
            config=CONFIG,
        )
    return s3.Object(place["bucketName"], place["objectKey"])


def wait(read, member, ends):
    for _ in range(600):
        value = read()[member]
        if value in ends:
            return value
        time.sleep(0.1)
    raise RuntimeError("still " + value)


def start_sandbox(token, data, properties):
    body = {"duration": f"PT{properties['DurationInMinutes']}M", "name": properties["SandboxName"], "params": []}
    started = lab("post", f"/api/v2/blueprints/{quote(properties['BlueprintName'])}/start", token, json=body)
    artifact(data, "outputArtifacts").put(Body=started.text, ServerSideEncryption="aws:kms")
    sandbox = started.json()["id"]
    wait(lambda: lab("get", f"/api/v2/sandboxes/{sandbox}", token).json(), "state", ["Ready"])


def run_command(token, data, properties):
    sandbox = json.loads(artifact(data, "inputArtifacts").get()["Body"].read())["id"]
    path = f"/api/v2/sandboxes/{sandbox}/components"
    component = next(c["id"] for c in lab("get", path, token).json() if re.match(properties["ComponentName"], c["name"]))
    start = f"{path}/{component}/commands/{properties['CommandName']}/start"
    execution = lab("post", start, token, json={"params": [], "printOutput": True}).json()["executionId"]
    wait(lambda: lab("get", f"/api/v2/executions/{execution}", token).json(), "status", ["Completed", "Failed"])


def end_sandbox(token, data, properties):
    sandbox = json.loads(artifact(data, "inputArtifacts").get()["Body"].read())["id"]
    lab("post", f"/api/v2/sandboxes/{sandbox}/stop", token)


def handle(job, action):
    try:
        credentials = {"username": os.environ["CLOUDSHELL_USER"], "password": os.environ["CLOUDSHELL_PASSWORD"]}
        token = lab("put", "/api/login", json=credentials | {"domain": "Global"}).json()
        action(token, job["data"], job["data"]["actionConfiguration"].get("configuration", {}))
        codepipeline.put_job_success_result(jobId=job["id"])
    except Exception as error:
        codepipeline.put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": f"{type(error).__name__}: {error}"[:5000]}
        )


codepipeline = boto3.client("codepipeline")
while True:
    for category, provider, action in [
        ("Test", "Quali-Run-Command", run_command),
        ("Deploy", "Quali-Start-Sandbox", start_sandbox),
        ("Deploy", "Quali-End-Sandbox", end_sandbox),
    ]:
        action_type = {"category": category, "owner": "Custom", "provider": provider, "version": VERSION}
        for job in codepipeline.poll_for_jobs(actionTypeId=action_type, maxBatchSize=1)["jobs"]:
            codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
            threading.Thread(target=handle, args=(job, action), daemon=True).start()
    time.sleep(0.2)
