"""What boto3's uploads in parts say about encryption.

Usage: multipart_headers.py CASES RESULTS

CASES is a JSON list of {algorithm, keyID}, both of which may be missing. RESULTS gets a list of
{operation: {header field: value}} with the fields that begin with `x-amz-server-side`.
"""
import io
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import AWSResponse

BODIES = {
    "CreateMultipartUpload": b"<R><UploadId>u</UploadId></R>",
    "CompleteMultipartUpload": b"<R><ETag>e</ETag></R>",
    "UploadPart": b"",
}


class Raw:
    def __init__(self, body):
        self.body = body

    def stream(self):
        return iter([self.body])


def sent(case):
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    requests = {}

    def answer(operation):
        def keep(request, **_):
            fields = {name.lower(): value for name, value in request.headers.items()}
            requests[operation] = {
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in fields.items()
                if name.startswith("x-amz-server-side")
            }
            return AWSResponse(request.url, 200, {"ETag": "p"}, Raw(BODIES[operation]))

        return keep

    for operation in BODIES:
        client.meta.events.register_first(f"before-send.s3.{operation}", answer(operation))
    options = {"ServerSideEncryption": case.get("algorithm"), "SSEKMSKeyId": case.get("keyID")}
    client.upload_fileobj(
        io.BytesIO(bytes(6 << 20)),
        "bucket",
        "k",
        ExtraArgs={name: value for name, value in options.items() if value},
        Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20),
    )
    return requests


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([sent(case) for case in cases], file)
