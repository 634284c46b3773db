"""Runs the lines of Packaging/actions/README.md with the AWS CLI. Usage: register.py PAGE ENDPOINT KEYID SECRET

CloudFormation is moto's, which knows templates and parameters, but makes no action types; CodePipeline is at ENDPOINT.
Prints what each line left behind as JSON: the parameters of the stacks, or the CLI's error.
"""
import json
import logging
import os
import re
import shlex
import subprocess
import sys
import warnings

import boto3
from moto.server import ThreadedMotoServer

page, codepipeline, key, secret = sys.argv[1:]
logging.disable()
warnings.simplefilter("ignore")
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
cloudformation = "http://%s:%s" % server.get_host_and_port()
os.environ.update(
    AWS_ENDPOINT_URL_CLOUDFORMATION=cloudformation,
    AWS_ENDPOINT_URL_CODEPIPELINE=codepipeline,
    AWS_ACCESS_KEY_ID=key,
    AWS_SECRET_ACCESS_KEY=secret,
    AWS_DEFAULT_REGION="eu-west-1",
)


def stacks():
    found = boto3.client("cloudformation").describe_stacks()["Stacks"]
    return {s["StackName"]: {p["ParameterKey"]: p["ParameterValue"] for p in s["Parameters"]} for s in found}


results = []
for line in "".join(re.findall(r"^```\n(.*?)^```", open(page).read(), re.M | re.S)).splitlines():
    program, *arguments = shlex.split(line)
    assert program == "aws", line
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *arguments],
        capture_output=True,
        text=True,
        cwd=os.path.dirname(page),
        timeout=60,
    )
    error = "" if done.returncode == 0 else done.stdout + done.stderr
    results.append({"line": line, "error": error, "stacks": stacks()})
server.stop()
print(json.dumps(results))
