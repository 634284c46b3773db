"""Resolves endpoints by botocore's rule sets.

Usage: endpoints.py CASES RESULTS

CASES is a JSON list of {service, region, bucket, endpoint}, the last two possibly null. RESULTS gets a list of
addresses.
"""
import json
import sys

import botocore.loaders
import botocore.session
from botocore.endpoint_provider import EndpointProvider

loader = botocore.session.get_session().get_component("data_loader")
partitions = loader.load_data("partitions")
providers = {}


def resolve(case):
    service = case["service"]
    if service not in providers:
        providers[service] = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    parameters = {"Region": case["region"], "UseFIPS": False, "UseDualStack": False}
    if case.get("bucket"):
        parameters["Bucket"] = case["bucket"]
    if case.get("endpoint"):
        parameters["Endpoint"] = case["endpoint"]
    return providers[service].resolve_endpoint(**parameters).url


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([resolve(case) for case in cases], file)
