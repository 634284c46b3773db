"""Acts as the author of V2 pipelines against LocalCloud, with boto3, and checks each reply against botocore's model.

Reads the settings of LocalCloud from the environment, as conformance.py does. AUTHOR_OPERATIONS names the operations
that must have been called. Exits 0 when all is as it should be.
"""

import collections
import json
import os
import re
import sys

import botocore
from botocore.exceptions import ClientError

from conformance import BUCKET, action, called, check, claim, counts, cp, fails, pipeline, poll, prop, source, KEY

MODEL = cp.meta.service_model
# What was seen of each enumeration of the model, in replies.
seen = collections.defaultdict(set)


def walk(shape, value, place):
    """A value of a reply must be what the model says of its shape."""
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members) - {"__type"}
        check(not unknown, f"{place}: the model has no {unknown}")
        missing = set(shape.required_members) - set(value)
        check(not missing, f"{place}: {missing} must be there")
        for name in set(value) & set(shape.members):
            walk(shape.members[name], value[name], f"{place}.{name}")
    elif shape.type_name == "list":
        for index, member in enumerate(value):
            walk(shape.member, member, f"{place}[{index}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            walk(shape.value, member, f"{place}.{name}")
    elif shape.type_name == "string":
        check(isinstance(value, str), f"{place}: {value!r}")
        limits = shape.metadata
        if limits.get("enum"):
            check(value in limits["enum"], f"{place}: {value!r} is none of {limits['enum']}")
            seen[shape.name].add(value)
        check(limits.get("min", 0) <= len(value) <= limits.get("max", sys.maxsize), f"{place}: {value!r}")
        if "pattern" in limits:
            check(re.fullmatch(limits["pattern"], value), f"{place}: {value!r} isn't {limits['pattern']}")
    elif shape.type_name in ("integer", "long", "timestamp"):
        check(isinstance(value, (int, float)) and not isinstance(value, bool), f"{place}: {value!r}")
        low, high = shape.metadata.get("min", -sys.maxsize), shape.metadata.get("max", sys.maxsize)
        check(low <= value <= high, f"{place}: {value!r}")


def after_call(http_response, model, **_):
    if http_response.status_code == 200 and http_response.content:
        walk(model.output_shape, json.loads(http_response.content), model.name)


def rule(name, variable, value, operator="EQ"):
    return {
        "name": name,
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"},
        "configuration": {"Variable": variable, "Value": value, "Operator": operator},
    }


def condition(result, *rules):
    return {"conditions": [{"result": result, "rules": list(rules)}]}


def create(name, *stages, **more):
    made = pipeline(name, [], **{"pipelineType": "V2", **more})
    made["stages"] = [source(), *stages]
    cp.create_pipeline(pipeline=made)


def stage(name, *actions, **more):
    return {"name": name, "actions": list(actions), **more}


def start(name, **variables):
    given = {"variables": [{"name": n, "value": v} for n, v in variables.items()]} if variables else {}
    return cp.start_pipeline_execution(name=name, **given)["pipelineExecutionId"]


def succeed(**variables):
    job = claim()
    cp.put_job_success_result(
        jobId=job["id"], executionDetails={"summary": "done", "externalExecutionId": "ext"}, outputVariables=variables
    )
    return job


def fail():
    job = claim()
    cp.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": "no"})


def status(name, execution):
    """Reads back all there is of a pipeline; returns how an execution stands."""
    states = cp.get_pipeline_state(name=name)["stageStates"]
    summaries = [
        s
        for page in cp.get_paginator("list_pipeline_executions").paginate(
            pipelineName=name, PaginationConfig={"PageSize": 2}
        )
        for s in page["pipelineExecutionSummaries"]
    ]
    check(len({s["pipelineExecutionId"] for s in summaries}) == len(summaries), summaries)
    runs = list(
        cp.get_paginator("list_action_executions").paginate(pipelineName=name).search("actionExecutionDetails[]")
    )
    check(len({r["actionExecutionId"] for r in runs}) == len(runs), runs)
    cp.list_rule_executions(pipelineName=name)
    got = cp.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)["pipelineExecution"]
    (listed,) = [s for s in summaries if s["pipelineExecutionId"] == execution]
    for member in ("status", "trigger", "executionMode", "executionType", "rollbackMetadata"):
        check(got.get(member) == listed.get(member), (got, listed))
    return got["status"], {s["stageName"]: s for s in states}, listed


def attempts(name, execution, **more):
    listed = cp.list_action_executions(
        pipelineName=name, filter=more or {"pipelineExecutionId": execution}
    )["actionExecutionDetails"]
    return [r["actionName"] for r in listed]


def A(**more):
    return action("A", {"Name": "a"}, **more)


def B(**more):
    return action("B", {"Name": "b"}, runOrder=2, **more)


def modes():
    for mode, expected, inbound in (
        ("SUPERSEDED", ["InProgress", "Superseded", "InProgress"], 1),
        ("QUEUED", ["InProgress"] * 3, 2),
        ("PARALLEL", ["InProgress"] * 3, 0),
    ):
        create(mode, stage("Lab", A()), stage("Next", B()), executionMode=mode)
        made = cp.get_pipeline(name=mode)["pipeline"]
        check(made["executionMode"] == mode and made["pipelineType"] == "V2", made)
        executions = [start(mode) for _ in range(3)]
        check([status(mode, e)[0] for e in executions] == expected, mode)
        states = status(mode, executions[0])[1]
        waiting = [e for s in states.values() for e in s.get("inboundExecutions", [])]
        check(len(waiting) == inbound, states)
        check(len(poll()) == (3 if mode == "PARALLEL" else 1), mode)
        cp.update_pipeline(pipeline=made)
        check({status(mode, e)[0] for e in executions} <= {"Cancelled", "Superseded"}, mode)
        check(status(mode, executions[0])[1]["Lab"]["latestExecution"]["status"] == "Cancelled", mode)
        cp.delete_pipeline(name=mode)


def stops_and_retries():
    create("Retry", stage("Lab", A(), B()))
    for abandon in (False, True):
        execution = start("Retry")
        place = {"pipelineName": "Retry", "pipelineExecutionId": execution}
        job = claim()
        cp.stop_pipeline_execution(**place, abandon=abandon, reason="because")
        now, states, listed = status("Retry", execution)
        check(listed["stopTrigger"] == {"reason": "because"}, listed)
        if not abandon:
            check(now == "Stopping" and states["Lab"]["latestExecution"]["status"] == "Stopping", states)
            cp.put_job_success_result(jobId=job["id"])
        now, states, _ = status("Retry", execution)
        check(now == "Stopped" and states["Lab"]["latestExecution"]["status"] == "Stopped", states)
        cp.retry_stage_execution(**place, stageName="Lab", retryMode="FAILED_ACTIONS")
        if abandon:
            succeed()
        fail()
        check(status("Retry", execution)[0] == "Failed", execution)
        before = len(attempts("Retry", execution))
        cp.retry_stage_execution(**place, stageName="Lab", retryMode="FAILED_ACTIONS")
        fail()
        check(len(attempts("Retry", execution)) == before + 1, "FAILED_ACTIONS")
        cp.retry_stage_execution(**place, stageName="Lab", retryMode="ALL_ACTIONS")
        succeed()
        succeed()
        check(len(attempts("Retry", execution)) == before + 3, "ALL_ACTIONS")
        latest = {"pipelineExecutionId": execution, "startTimeRange": "Latest"}
        check(attempts("Retry", execution, latestInPipelineExecution=latest) == ["B", "A", "Source"], "Latest")
        now, states, listed = status("Retry", execution)
        check(now == "Succeeded" and "stopTrigger" not in listed, listed)
        metadata = states["Lab"]["retryStageMetadata"]
        check(metadata == {"manualStageRetryAttempt": 3, "latestRetryTrigger": "ManualStageRetry"}, metadata)
    cp.delete_pipeline(name="Retry")


def automatic_retries():
    for mode, count in (("FAILED_ACTIONS", 4), ("ALL_ACTIONS", 5)):
        again = {"result": "RETRY", "retryConfiguration": {"retryMode": mode}}
        create("Auto", stage("Lab", A(), B(), onFailure=again))
        execution = start("Auto")
        succeed()
        fail()
        now, states, _ = status("Auto", execution)
        metadata = states["Lab"]["retryStageMetadata"]
        check(metadata == {"autoStageRetryAttempt": 1, "latestRetryTrigger": "AutomatedStageRetry"}, metadata)
        if mode == "ALL_ACTIONS":
            succeed()
        fail()
        check(status("Auto", execution)[0] == "Failed", mode)
        check(len(attempts("Auto", execution)) == count, mode)
        cp.delete_pipeline(name="Auto")


def rollbacks():
    lab = stage("Lab", A(), onFailure={"result": "ROLLBACK"})
    create("Back", lab, stage("Next", B()))
    good = start("Back")
    succeed()
    succeed()
    bad = start("Back")
    fail()
    check(status("Back", bad)[0] == "Failed", bad)
    newest = cp.list_pipeline_executions(pipelineName="Back", maxResults=1)["pipelineExecutionSummaries"][0]
    check(newest["trigger"]["triggerType"] == "AutomatedRollback", newest)
    check(newest["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good}, newest)
    succeed()
    now, states, listed = status("Back", newest["pipelineExecutionId"])
    check(now == "Succeeded" and listed["executionType"] == "ROLLBACK", listed)
    check(states["Lab"]["latestExecution"]["type"] == "ROLLBACK", states)
    check(states["Next"]["latestExecution"]["type"] == "STANDARD", states)
    place = {"pipelineName": "Back", "stageName": "Lab"}
    by_hand = cp.rollback_stage(**place, targetPipelineExecutionId=good)["pipelineExecutionId"]
    fails("UnableToRollbackStageException", cp.rollback_stage, **place, targetPipelineExecutionId=good)
    succeed()
    now, _, listed = status("Back", by_hand)
    check(now == "Succeeded" and listed["trigger"]["triggerType"] == "ManualRollback", listed)
    fails("UnableToRollbackStageException", cp.rollback_stage, **place, targetPipelineExecutionId=bad)
    succeeded = cp.list_pipeline_executions(
        pipelineName="Back", filter={"succeededInStage": {"stageName": "Lab"}}
    )["pipelineExecutionSummaries"]
    check([e["pipelineExecutionId"] for e in succeeded] == [by_hand, newest["pipelineExecutionId"], good], succeeded)
    cp.update_pipeline(pipeline=cp.get_pipeline(name="Back")["pipeline"])
    fails("PipelineExecutionOutdatedException", cp.rollback_stage, **place, targetPipelineExecutionId=good)
    cp.delete_pipeline(name="Back")


def conditions():
    names = [t["id"]["provider"] for t in cp.list_rule_types()["ruleTypes"]]
    check(names == ["VariableCheck"], names)
    wanted = rule("Wanted", "#{variables.run}", "yes")
    create(
        "Gates",
        stage("Skip", A(), beforeEntry=condition("SKIP", wanted)),
        stage("Enter", A(), beforeEntry=condition("FAIL", wanted, rule("Known", "#{nobody.knows}", "x"))),
        stage(
            "Leave",
            A(namespace="a"),
            onSuccess=condition("FAIL", rule("Completed", "#{a.Status}", "Completed")),
            onFailure=condition("ROLLBACK", rule("Never", "#{variables.run}", "never", "NE")),
        ),
        variables=[{"name": "run", "defaultValue": "yes"}],
    )
    execution = start("Gates", run="no")
    place = {"pipelineName": "Gates", "pipelineExecutionId": execution}
    now, states, _ = status("Gates", execution)
    check(now == "Failed" and states["Skip"]["latestExecution"]["status"] == "Skipped", states)
    entry = states["Enter"]["beforeEntryConditionState"]
    check(states["Enter"]["latestExecution"]["status"] == "Failed", states)
    check(entry["latestExecution"]["status"] == "Errored", entry)
    (rules,) = [c["ruleStates"] for c in entry["conditionStates"]]
    check([(r["ruleName"], r["latestExecution"]["status"]) for r in rules] == [("Wanted", "Failed"), ("Known", "Failed")], rules)
    over = {**place, "conditionType": "BEFORE_ENTRY"}
    fails("ConditionNotOverridableException", cp.override_stage_condition, **over, stageName="Skip")
    cp.override_stage_condition(**over, stageName="Enter")
    check(status("Gates", execution)[1]["Enter"]["beforeEntryConditionState"]["latestExecution"]["status"] == "Overridden", "override")
    succeed()
    succeed(Status="Failed")
    now, states, _ = status("Gates", execution)
    check(now == "Failed" and states["Leave"]["actionStates"][0]["latestExecution"]["status"] == "Succeeded", states)
    check(states["Leave"]["onSuccessConditionState"]["latestExecution"]["status"] == "Failed", states)
    cp.retry_stage_execution(**place, stageName="Leave", retryMode="ALL_ACTIONS")
    succeed(Status="Completed")
    now, states, _ = status("Gates", execution)
    check(now == "Succeeded", now)
    check(states["Leave"]["onSuccessConditionState"]["latestExecution"]["status"] == "Succeeded", states)
    listed = cp.list_rule_executions(pipelineName="Gates", filter={"pipelineExecutionId": execution})
    names = [r["ruleName"] for r in listed["ruleExecutionDetails"]]
    check(names == ["Completed", "Completed", "Known", "Wanted", "Wanted"], names)
    first = cp.list_rule_executions(pipelineName="Gates", maxResults=2)
    check(len(first["ruleExecutionDetails"]) == 2 and first["nextToken"], first)
    cp.delete_pipeline(name="Gates")


def sample(shape):
    """A value of a shape that has each of its members."""
    limits = shape.metadata
    if shape.type_name == "structure":
        return {name: sample(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member)]
    if shape.type_name == "map":
        return {sample(shape.key): sample(shape.value)}
    if shape.type_name == "string":
        return limits["enum"][0] if limits.get("enum") else "a" * max(1, limits.get("min", 1))
    return {"boolean": True, "timestamp": 0}.get(shape.type_name, max(1, limits.get("min", 1)))


# Members of the model that the stand-in refuses by name.
UNPLAYED = {
    "CreatePipeline": {
        "pipeline.triggers", "blockers", "commands", "files", "outputVariables", "timeoutInMinutes",
        "environmentVariables", "inputArtifacts",
    },
    "StartPipelineExecution": {"sourceRevisions"},
}  # fmt: skip
UNPLAYED["UpdatePipeline"] = UNPLAYED["CreatePipeline"]


def members():
    """The stand-in knows each member of each input, and says by name which it doesn't play."""
    for name in json.loads(os.environ["AUTHOR_OPERATIONS"])["all"]:
        model = MODEL.operation_model(name)
        method = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
        try:
            getattr(cp, method)(**sample(model.input_shape))
            message = ""
        except ClientError as error:
            message = error.response["Error"].get("Message", "")
        check("has no member" not in message, f"{name}: {message}")
        named = {n if n.startswith("pipeline.t") else n.split(".")[-1] for n in re.findall(r"doesn't play '([^']+)'", message)}
        check(named == UNPLAYED.get(name, set()), f"{name}: {named}")


def completeness():
    missing = set(json.loads(os.environ["AUTHOR_OPERATIONS"])["own"]) - {o for s, o in called if s == "codepipeline"}
    check(not missing, f"never called: {missing}")
    for name in ("PipelineExecutionStatus", "StageExecutionStatus", "ActionExecutionStatus", "ExecutionType", "ExecutionMode", "RetryTrigger"):
        values = set(MODEL.shape_for(name).enum)
        check(seen[name] == values, f"{name}: never seen {values - seen[name]}")
    check(seen["ConditionExecutionStatus"] == {"Succeeded", "Failed", "Errored", "Overridden"}, seen)
    check(seen["RuleExecutionStatus"] == {"Succeeded", "Failed"}, seen)
    check(seen["TriggerType"] == {"StartPipelineExecution", "ManualRollback", "AutomatedRollback"}, seen)


def main():
    cp.meta.events.register("after-call.codepipeline", after_call)
    cp.create_custom_action_type(
        **KEY,
        configurationProperties=[prop("Name", required=True)],
        inputArtifactDetails=counts(0, 1),
        outputArtifactDetails=counts(0, 1),
    )
    for part in (modes, stops_and_retries, automatic_retries, rollbacks, conditions, members, completeness):
        part()
        print(f"ok    {part.__name__}")
    print(f"botocore {botocore.__version__}")


if __name__ == "__main__":
    main()
