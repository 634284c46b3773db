"""Runs moto with authentication switched on, until standard input ends.

Prints one line of JSON when the server listens: {endpoint, keyID, secret, bucket, kmsKey}.
"""
import json
import sys
import urllib.request

import botocore.session
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"


def client(service):
    return botocore.session.get_session().create_client(
        service,
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="setup",
        aws_secret_access_key="setup",
    )


def access_key(iam, name):
    """A key pair that moto's verifier takes: none with characters that it is known to trip over."""
    while True:
        key = iam.create_access_key(UserName=name)["AccessKey"]
        if key["SecretAccessKey"].isalnum():
            return key
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])


iam = client("iam")
iam.create_user(UserName="tester")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(policy))
key = access_key(iam, "tester")
client("s3").create_bucket(
    Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
)
kms_key = client("kms").create_key()["KeyMetadata"]["Arn"]
urllib.request.urlopen(
    urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
    )
).read()
print(
    json.dumps(
        {
            "endpoint": endpoint,
            "keyID": key["AccessKeyId"],
            "secret": key["SecretAccessKey"],
            "bucket": "artifacts",
            "kmsKey": kms_key,
        }
    ),
    flush=True,
)
sys.stdin.read()
server.stop()
