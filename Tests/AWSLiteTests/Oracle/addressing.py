"""Where botocore's S3 client sends HeadObject of key `k`.

Usage: addressing.py CASES RESULTS

CASES is a JSON list of {config, bucket, endpoint, isFromEnvironment}: the configuration file's text, and an endpoint that
the caller or the environment names. RESULTS gets a list of addresses, with null for what botocore refuses.
"""
import functools
import json
import os
import sys
import tempfile

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError


loader = botocore.session.Session().get_component("data_loader")


class Empty:
    def stream(self):
        return iter([b""])


@functools.cache
def client(config, endpoint, is_from_environment):
    with tempfile.NamedTemporaryFile("w", suffix=".config") as file:
        file.write(config)
        file.flush()
        os.environ.update(AWS_CONFIG_FILE=file.name, AWS_SHARED_CREDENTIALS_FILE="/nonexistent")
        os.environ.pop("AWS_ENDPOINT_URL_S3", None)
        if is_from_environment:
            os.environ["AWS_ENDPOINT_URL_S3"] = endpoint
        session = botocore.session.Session()
        # Reading the service's model anew takes most of the time.
        session.register_component("data_loader", loader)
        session.set_credentials("a", "b")
        return session.create_client(
            "s3", region_name="eu-west-1", endpoint_url=None if is_from_environment else endpoint
        )


def address(case):
    sent = []

    def keep(request, **_):
        sent.append(request.url)
        return AWSResponse(request.url, 200, {}, Empty())

    try:
        s3 = client(case["config"], case.get("endpoint"), case["isFromEnvironment"])
        s3.meta.events.register_first("before-send.s3", keep, unique_id="keep")
        s3.head_object(Bucket=case["bucket"], Key="k")
        s3.meta.events.unregister("before-send.s3", keep, unique_id="keep")
    except BotoCoreError:
        return None
    return sent[0]


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([address(case) for case in cases], file)
