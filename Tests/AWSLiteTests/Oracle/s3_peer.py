"""Writes and reads objects with boto3, as an independent peer.

Reads a list of cases {endpoint, keyID, secret, kind, bucket, key, path}, writes a list of results
{checksum, type, parts, encryption, uploads}.
"""
import json
import sys

import boto3
from boto3.s3.transfer import TransferConfig

results = []
for case in json.load(open(sys.argv[1])):
    s3 = boto3.client(
        "s3",
        region_name="eu-west-1",
        endpoint_url=case["endpoint"],
        aws_access_key_id=case["keyID"],
        aws_secret_access_key=case["secret"],
    )
    place = {"Bucket": case["bucket"], "Key": case["key"]}
    config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=5 << 20)
    if case["kind"] == "put":
        s3.upload_file(case["path"], *place.values(), Config=config)
    if case["kind"] == "get":
        s3.download_file(*place.values(), case["path"], Config=config)
    result = {"uploads": len(s3.list_multipart_uploads(Bucket=case["bucket"]).get("Uploads", []))}
    if case["kind"] != "list":
        head = s3.head_object(**place, ChecksumMode="ENABLED")
        result["checksum"] = head.get("ChecksumCRC32") or head.get("ChecksumSHA256")
        result["encryption"] = head.get("ServerSideEncryption")
        result["parts"] = int((head["ETag"].strip('"').split("-") + [1])[1])
    results.append(result)
json.dump(results, open(sys.argv[2], "w"))
