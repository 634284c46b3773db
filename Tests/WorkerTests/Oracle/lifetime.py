"""Acts as the author of pipelines beside `quali-worker demo --stay`, with boto3, and sees what becomes of sandboxes.

Usage: lifetime.py ENVIRONMENT, where ENVIRONMENT is a JSON object of the settings that the demo prints. Exits 0 when all
is as it should be.
"""

import json
import sys
import time
import urllib.request

import boto3

environment = json.loads(sys.argv[1])
cp = boto3.client(
    "codepipeline",
    endpoint_url=environment["AWS_ENDPOINT_URL_CODEPIPELINE"],
    region_name=environment["AWS_REGION"],
    aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
)
model = cp.get_pipeline(name="Demo")["pipeline"]
gate = {"category": "Test", "owner": "Custom", "provider": "Gate", "version": "1"}
none = {"minimumCount": 0, "maximumCount": 0}
cp.create_custom_action_type(
    category="Test", provider="Gate", version="1", inputArtifactDetails=none, outputArtifactDetails=none
)


def lab(method, path, body=None):
    request = urllib.request.Request(
        environment["CLOUDSHELL_URL"] + "/api" + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"} | ({"Authorization": "Basic " + token} if token else {}),
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as reply:
        return json.load(reply)


token = None
token = lab(
    "PUT",
    "/login",
    {
        "username": environment["CLOUDSHELL_USER"],
        "password": environment["CLOUDSHELL_PASSWORD"],
        "domain": environment["CLOUDSHELL_DOMAIN"],
    },
)


def running(name):
    """The ids of the sandboxes that a pipeline has started and nobody ends."""
    sandboxes = lab("GET", "/v2/sandboxes")
    return {s["id"] for s in sandboxes if s["name"].startswith(name + " [") and s["state"] in ("Ready", "Error")}


def wait(what, condition, limit=120):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.2)
    sys.exit("this never came: " + what)


def start(name, options=None):
    configuration = {
        "BlueprintName": "Web lab",
        "SandboxName": name,
        "InputsJSON": '{"Release": "1.2", "Browser": "Safari"}',
        "DurationInMinutes": "60",
    }
    if options:
        configuration["OptionsJSON"] = json.dumps(options)
    return {
        "name": "Start",
        "runOrder": 1,
        "actionTypeId": {"category": "Deploy", "owner": "Custom", "provider": "Quali-Start-Sandbox", "version": "1"},
        "configuration": configuration,
        "outputArtifacts": [{"name": "Sandbox"}],
    }


failing = {
    "name": "Run",
    "runOrder": 2,
    "actionTypeId": {"category": "Test", "owner": "Custom", "provider": "Quali-Run-Command", "version": "1"},
    "configuration": {"ComponentName": "core-switch", "CommandName": "no-such-command"},
    "inputArtifacts": [{"name": "Sandbox"}],
}
waiting = {"name": "Wait", "runOrder": 3, "actionTypeId": gate}


def begin(name, *actions):
    stages = [model["stages"][0], {"name": "Lab", "actions": list(actions)}]
    cp.create_pipeline(
        pipeline={
            "name": name,
            "roleArn": model["roleArn"],
            "artifactStore": model["artifactStore"],
            "pipelineType": "V2",
            "executionMode": "QUEUED",
            "stages": stages,
        }
    )
    return cp.start_pipeline_execution(name=name)["pipelineExecutionId"]


def status(name, execution):
    return cp.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)["pipelineExecution"]["status"]


def over(name, execution, wanted):
    wait(f"{name} is over", lambda: status(name, execution) not in ("InProgress", "Stopping"))
    if status(name, execution) != wanted:
        sys.exit(f"{name} is {status(name, execution)}")


# What has failed: it is there at first, for a look, and then it isn't.
execution = begin("Red", start("Red"), failing)
over("Red", execution, "Failed")
if len(running("Red")) != 1:
    sys.exit("the sandbox of a pipeline that has just failed should be there")
wait("the end of what has failed", lambda: not running("Red"))

# What has succeeded stays, unless its author wants otherwise.
over("Green", begin("Green", start("Green")), "Succeeded")
over("Tidy", begin("Tidy", start("Tidy", {"EndWithPipeline": "Always"})), "Succeeded")
wait("the end of what is to end always", lambda: not running("Tidy"))
if len(running("Green")) != 1:
    sys.exit("the sandbox of a pipeline that has succeeded should stay")

# What is stopped.
execution = begin("Stopped", start("Stopped"), waiting)
wait("the sandbox of what is to be stopped", lambda: running("Stopped"))
wait(
    "the action that nobody does",
    lambda: any(
        action["actionName"] == "Wait"
        for action in cp.list_action_executions(pipelineName="Stopped")["actionExecutionDetails"]
    ),
)
cp.stop_pipeline_execution(
    pipelineName="Stopped", pipelineExecutionId=execution, abandon=True, reason="lifetime.py stops it"
)
over("Stopped", execution, "Stopped")
wait("the end of what was stopped", lambda: not running("Stopped"))

# What is tried again from the beginning has a second sandbox, which replaces the first.
execution = begin("Again", start("Again"), failing)
over("Again", execution, "Failed")
first = running("Again")
cp.retry_stage_execution(
    pipelineName="Again", stageName="Lab", pipelineExecutionId=execution, retryMode="ALL_ACTIONS"
)
wait("the second sandbox alone", lambda: running("Again") and not running("Again") & first)
wait("the end of both", lambda: not running("Again"))
