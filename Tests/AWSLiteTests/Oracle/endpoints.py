"""Resolves endpoints by botocore's rule sets.

Usage: endpoints.py CASES RESULTS

CASES is a JSON list of {service, region, bucket, endpoint, fips, dualStack, pathStyle}; bucket and endpoint may be
missing. Where `region` is missing, the case stands for every region of partitions.json and a few that it lacks.
RESULTS gets a list of {region: address}, with null for what the rules refuse.
"""
import json
import sys

import botocore.loaders
import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

loader = botocore.session.get_session().get_component("data_loader")
partitions = loader.load_data("partitions")
providers = {}


def regions():
    for partition in partitions["partitions"]:
        yield from partition["regions"]
    yield from ["us-nowhere-9", "zz-foo-1", "cn-new-7", "us-gov-new-1", "eusc-de-new-2"]


def resolve(case, region):
    service = case["service"]
    if service not in providers:
        providers[service] = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    parameters = {"Region": region, "UseFIPS": case["fips"], "UseDualStack": case["dualStack"]}
    if case.get("bucket"):
        parameters["Bucket"] = case["bucket"]
    if case.get("endpoint"):
        parameters["Endpoint"] = case["endpoint"]
    if case["pathStyle"]:
        parameters["ForcePathStyle"] = True
    try:
        return providers[service].resolve_endpoint(**parameters).url
    except EndpointProviderError:
        return None


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump(
        [{region: resolve(case, region) for region in ([case["region"]] if case.get("region") else regions())} for case in cases], file
    )
