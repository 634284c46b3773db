"""Prints the commands of the build phase of a template's CodeBuild project, as one shell script.

Usage: buildspec.py FILE RESOURCE
"""
import sys

import yaml
from cfnlint.decode import decode

template, problems = decode(sys.argv[1])
if problems:
    raise SystemExit(str(problems))
project = template["Resources"][sys.argv[2]]["Properties"]
buildspec = yaml.safe_load(project["Source"]["BuildSpec"])
print("\n".join(buildspec["phases"]["build"]["commands"]))
for name in buildspec["env"]["exported-variables"]:
    print(f'echo "{name}=${name}"')
