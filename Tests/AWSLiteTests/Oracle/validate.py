"""Checks inputs of CodePipeline operations against botocore's model.

Usage: validate.py CASES RESULTS

CASES is a JSON list of {operation, input}. RESULTS gets a list of reports, empty where the input is as
`--cli-input-json` takes it.
"""
import json
import sys

import botocore.session
from botocore.validate import ParamValidator

model = botocore.session.get_session().get_service_model("codepipeline")


def report(case):
    shape = model.operation_model(case["operation"]).input_shape
    return ParamValidator().validate(case["input"], shape).generate_report()


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([report(case) for case in cases], file)
