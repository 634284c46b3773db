"""Copies a file to S3 or back with boto3 and prints MB a second, CPU seconds and peak MiB.

Usage: transfer.py classic|crt upload|download ENDPOINT FILE

With `crt` the transfer is awscrt's. boto3 makes no such client for an endpoint without TLS, so that is done here.
"""
import os
import sys
import time

import measure


def classic(endpoint):
    client = measure.client("s3", endpoint, 10)
    return client.upload_file, client.download_file


def crt(endpoint):
    import botocore.session
    from s3transfer import crt

    session = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "secret", "token")
    wrapper = crt.BotocoreCRTCredentialsWrapper(session.get_credentials())
    client = crt.create_s3_crt_client("eu-west-1", wrapper.to_crt_credentials_provider(), use_ssl=False)
    arguments = {"region_name": "eu-west-1", "endpoint_url": endpoint}
    manager = crt.CRTTransferManager(client, crt.BotocoreCRTRequestSerializer(session, arguments))

    def finish(future):
        future.result()
        # The file's final name comes only after the result.
        manager.shutdown()

    return (
        lambda path, bucket, key: finish(manager.upload(path, bucket, key)),
        lambda bucket, key, path: finish(manager.download(bucket, key, path)),
    )


kind, direction, endpoint, path = sys.argv[1:]
upload, download = {"classic": classic, "crt": crt}[kind](endpoint)
used, start = measure.cpu(), time.monotonic()
if direction == "upload":
    upload(path, "bucket", "object")
else:
    download("bucket", "object", path)
seconds, used = time.monotonic() - start, measure.cpu() - used
print(f"{os.path.getsize(path) / 1e6 / seconds:.0f} {used:.2f} {measure.peak():.0f}")
