"""Runs moto with roles to take, until standard input ends; with the argument "signed" it verifies signatures.

Prints one line of JSON when the server listens: {endpoint, keyID, secret, first, second}.
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
iam = botocore.session.get_session().create_client(
    "iam",
    region_name="eu-west-1",
    endpoint_url=endpoint,
    aws_access_key_id="setup",
    aws_secret_access_key="setup",
)
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
iam.create_user(UserName="tester")
iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=json.dumps(allow))
while True:
    key = iam.create_access_key(UserName="tester")["AccessKey"]
    # moto's verifier trips over other characters.
    if key["SecretAccessKey"].isalnum():
        break
    iam.delete_access_key(UserName="tester", AccessKeyId=key["AccessKeyId"])
trust = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
roles = {}
for name in ["first", "second"]:
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(allow))
    roles[name] = role["Role"]["Arn"]
if sys.argv[1:] == ["signed"]:
    urllib.request.urlopen(
        urllib.request.Request(
            f"{endpoint}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
        )
    ).read()
print(
    json.dumps({"endpoint": endpoint, "keyID": key["AccessKeyId"], "secret": key["SecretAccessKey"], **roles}),
    flush=True,
)
sys.stdin.read()
server.stop()
