#!/usr/bin/env bash
# awscli 1.45.11: `aws cloudformation deploy` drops parameters that the template doesn't have, without a word.
#
# CloudFormation refuses a change set with a parameter that its template lacks. But deploy builds the list of parameters
# from the template's, and takes from --parameter-overrides only what is among them. So a name that is written wrong, or
# in other letters, leaves the default in place, and the status is 0. For an action type whose version is a parameter
# that is a version registered by mistake, which no one can change or take back.
#
# Seen with awscli 1.45.11, moto 5.2.1, Python 3.11:
#   Versoin=10: status 0, Version is 1
#   Version=10: status 0, Version is 10
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check awscli==1.45.11 "moto[server]==5.2.1"
cat >"$folder/template.json" <<'JSON'
{
  "Parameters": {"Version": {"Type": "String", "Default": "1"}},
  "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Version"}}}}
}
JSON
env -u AWS_PROFILE -u AWS_CA_BUNDLE AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_DEFAULT_REGION=eu-west-1 \
    AWS_CONFIG_FILE=/dev/null NO_PROXY=127.0.0.1 "$folder/venv/bin/python" - "$folder/template.json" <<'PYTHON'
import json
import logging
import subprocess
import sys

from moto.server import ThreadedMotoServer

logging.disable()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()


def aws(*arguments):
    command = [sys.executable, "-m", "awscli", "--endpoint-url", f"http://{host}:{port}", "cloudformation", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def deployed(stack, override):
    done = aws("deploy", "--stack-name", stack, "--template-file", sys.argv[1], "--parameter-overrides", override)
    stacks = json.loads(aws("describe-stacks", "--stack-name", stack).stdout)["Stacks"]
    value = stacks[0]["Parameters"][0]["ParameterValue"]
    print(f"{override}: status {done.returncode}, Version is {value}")
    return done.returncode, value, done.stdout + done.stderr


try:
    status, value, said = deployed("wrong", "Versoin=10")
    assert (status, value) == (0, "1") and "Versoin" not in said, said
    assert deployed("right", "Version=10")[:2] == (0, "10")
finally:
    server.stop()
PYTHON
