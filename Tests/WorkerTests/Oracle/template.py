"""Prints a CloudFormation template as JSON, its references resolved as far as they are known.

Usage: template.py FILE VALUES

VALUES is a JSON object with the values of parameters and pseudo parameters; parameters that it lacks have their
default. Conditions are of equality, and of what isn't. What can't be resolved stays as it is.
"""
import json
import re
import sys

from cfnlint.decode import decode

template, problems = decode(sys.argv[1])
if problems:
    raise SystemExit(str(problems))
known = {name: p["Default"] for name, p in template.get("Parameters", {}).items() if "Default" in p}
known.update(json.loads(sys.argv[2]))


NOTHING = {"Ref": "AWS::NoValue"}


def holds(condition):
    ((function, values),) = condition.items()
    if function == "Fn::Not":
        return not holds(values[0])
    assert function == "Fn::Equals", function
    return resolve(values[0]) == resolve(values[1])


def resolve(node):
    if isinstance(node, list):
        return [resolve(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"} and node["Ref"] in known:
        return known[node["Ref"]]
    if set(node) == {"Fn::Sub"} and isinstance(node["Fn::Sub"], str):
        return re.sub(r"\$\{([^!}]+)\}", lambda m: str(known.get(m[1], m[0])), node["Fn::Sub"])
    if set(node) == {"Fn::If"}:
        name, one, other = node["Fn::If"]
        return resolve(one if holds(template["Conditions"][name]) else other)
    resolved = {name: resolve(inner) for name, inner in node.items()}
    return {name: inner for name, inner in resolved.items() if inner != NOTHING}


json.dump(resolve(template), sys.stdout)
