"""Puts objects into LocalCloud's S3 with each checksum that boto3 knows, right and wrong.

Reads AWS_ENDPOINT_URL_S3 and the like, and ARTIFACT_BUCKET, from the environment. Exits 0 when all is as it should be.
"""
import base64
import hashlib
import os

import boto3
from botocore.exceptions import ClientError

BUCKET = os.environ["ARTIFACT_BUCKET"]
KMS = {"ServerSideEncryption": "aws:kms"}
LENGTHS = {
    "CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32, "SHA512": 64, "MD5": 16, "XXHASH64": 8,
    "XXHASH3": 8, "XXHASH128": 16,
}
s3 = boto3.client("s3")


def before_call(params, **_):
    # The stand-in sends no "100 Continue", for which botocore would wait a second.
    params["headers"].pop("Expect", None)


s3.meta.events.register_last("before-call.s3", before_call)
known = s3.meta.service_model.shape_for("ChecksumAlgorithm").enum
assert sorted(known) == sorted(LENGTHS), known


def refusal(**more):
    try:
        s3.put_object(Bucket=BUCKET, Key="wrong", Body=b"body", **KMS, **more)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


sent = 0
for algorithm, length in LENGTHS.items():
    field = "Checksum" + algorithm
    # boto3 wants MD5 from its caller.
    computed = algorithm != "MD5"
    for size in [0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 31, 32, 33, 128, 129, 143, 239, 240, 241, 1_000, 1_024, 1_025, 9_999]:
        if not computed:
            break
        body = bytes((index * 7 + size) % 251 for index in range(size))
        put = s3.put_object(Bucket=BUCKET, Key="right", Body=body, ChecksumAlgorithm=algorithm, **KMS)
        assert put[field], (algorithm, put)
        got = s3.get_object(Bucket=BUCKET, Key="right", ChecksumMode="ENABLED")
        assert got["Body"].read() == body and got[field] == put[field], (algorithm, size)
        sent += 1
    wrong = {field: base64.b64encode(bytes(length)).decode()}
    assert refusal(**wrong) == "BadDigest", (algorithm, refusal(**wrong))
    assert refusal(**{field: base64.b64encode(bytes(length + 1)).decode()}) == "InvalidRequest", algorithm
assert refusal(ChecksumMD5=base64.b64encode(hashlib.md5(b"body").digest()).decode()) is None
assert refusal(ContentMD5=base64.b64encode(bytes(16)).decode()) == "BadDigest"
assert s3.list_objects_v2(Bucket=BUCKET, Prefix="wrong")["KeyCount"] == 1
print(f"{sent} objects with right checksums are stored, all wrong ones are refused")
