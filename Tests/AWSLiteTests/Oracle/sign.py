"""Signs requests with botocore, as a second opinion.

Usage: sign.py CASES RESULTS

CASES is a JSON list of {service, region, time, keyID, secret, token, method, url, headers, body}, where `time` is
in seconds since 1970, `headers` a list of pairs and `body` base64; a `payload` stands for the body's digest. RESULTS gets a list of {canonical, authorization},
and `path` for S3 cases that name a `key`: how botocore encodes it.
"""
import base64
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.utils import percent_encode


def sign(case):
    frozen = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc).replace(tzinfo=None)
    botocore.auth.get_current_datetime = lambda *_, **__: frozen
    kind = botocore.auth.S3SigV4Auth if case["service"] == "s3" else botocore.auth.SigV4Auth
    signer = kind(Credentials(case["keyID"], case["secret"], case.get("token")), case["service"], case["region"])
    request = AWSRequest(method=case["method"], url=case["url"], data=base64.b64decode(case["body"]))
    headers = HTTPHeaders()
    for name, value in case["headers"]:
        headers.add_header(name, value)
    request.headers = headers
    if case.get("payload") == "UNSIGNED-PAYLOAD":
        request.context["payload_signing_enabled"] = False
        request.context["client_config"] = Config(s3={"payload_signing_enabled": False})
    elif case.get("payload") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
        request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    seen = []
    original = signer.canonical_request

    def canonical(request):
        seen.append(original(request))
        return seen[-1]

    signer.canonical_request = canonical
    signer.add_auth(request)
    result = {"canonical": seen[-1], "authorization": request.headers["Authorization"]}
    if case.get("key") is not None:
        result["path"] = "/" + percent_encode(case["key"], safe="/~")
    return result


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([sign(case) for case in cases], file)
