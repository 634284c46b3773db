#!/usr/bin/env bash
# moto 5.2.5 lets every execution of a pipeline succeed in the moment it starts, with no action done and no worker asked.
#
# A test of a pipeline that runs on moto is green though nobody has ever polled for its custom action. The stage's
# condition, which leaves the stage out for the variable's value, isn't looked at either. Action executions, a pipeline's
# state, polls and custom action types aren't there at all, so such a test can't find out. ListPipelineExecutions
# with `maxResults` gives so many and no token, so a reader never sees the others.
#
# Seen with Python 3.11 and boto3 1.44.8:
#   start_pipeline_execution, then list_pipeline_executions: two, both Succeeded; with maxResults=1 one, and no nextToken
#   poll_for_jobs, list_action_executions, get_pipeline_state, create_custom_action_type: NotImplementedError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'moto[codepipeline]==5.2.5' boto3==1.44.8
"$folder/venv/bin/python" - <<'PYTHON'
import json

import boto3
from moto import mock_aws

custom = dict(category="Deploy", owner="Custom", provider="Nobody-Works-On-This", version="1")
rule = dict(
    name="Go",
    ruleTypeId=dict(category="Rule", owner="AWS", provider="VariableCheck", version="1"),
    configuration=dict(Variable="#{variables.Go}", Operator="EQ", Value="yes"),
)


def client(name):
    keys = dict(aws_access_key_id="none", aws_secret_access_key="none")
    return boto3.client(name, region_name="us-east-1", **keys)


def pipeline(role):
    source = dict(
        name="Source",
        actionTypeId=dict(category="Source", owner="AWS", provider="S3", version="1"),
        configuration=dict(S3Bucket="bucket", S3ObjectKey="key"),
        outputArtifacts=[dict(name="Source")],
    )
    lab = dict(
        name="Lab",
        beforeEntry=dict(conditions=[dict(result="SKIP", rules=[rule])]),
        actions=[dict(name="Start", actionTypeId=custom)],
    )
    return dict(
        name="lab",
        roleArn=role,
        pipelineType="V2",
        executionMode="QUEUED",
        artifactStore=dict(type="S3", location="bucket"),
        variables=[dict(name="Go", defaultValue="yes")],
        stages=[dict(name="Source", actions=[source]), lab],
    )


@mock_aws
def run():
    trust = dict(
        Version="2012-10-17",
        Statement=[
            dict(Effect="Allow", Principal=dict(Service="codepipeline.amazonaws.com"), Action="sts:AssumeRole")
        ],
    )
    role = client("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    service = client("codepipeline")
    service.create_pipeline(pipeline=pipeline(role))
    service.start_pipeline_execution(name="lab")
    service.start_pipeline_execution(name="lab", variables=[dict(name="Go", value="no")])
    executions = service.list_pipeline_executions(pipelineName="lab")["pipelineExecutionSummaries"]
    statuses = [summary["status"] for summary in executions]
    print(f"moto 5.2.5, executions at once: {statuses}")
    assert statuses == ["Succeeded", "Succeeded"], executions
    page = service.list_pipeline_executions(pipelineName="lab", maxResults=1)
    print(f"moto 5.2.5, maxResults=1: {len(page['pipelineExecutionSummaries'])}, token {page.get('nextToken')}")
    assert len(page["pipelineExecutionSummaries"]) == 1 and "nextToken" not in page, page
    details = dict(minimumCount=0, maximumCount=1)
    for operation, input in {
        "poll_for_jobs": dict(actionTypeId=custom),
        "list_action_executions": dict(pipelineName="lab"),
        "get_pipeline_state": dict(name="lab"),
        "create_custom_action_type": dict(
            category="Deploy",
            provider="Nobody-Works-On-This",
            version="1",
            inputArtifactDetails=details,
            outputArtifactDetails=details,
        ),
    }.items():
        try:
            getattr(service, operation)(**input)
            raise AssertionError(f"{operation} is there")
        except NotImplementedError:
            print(f"moto 5.2.5, {operation}: not implemented")


run()
PYTHON
