"""Prints how many requests a second botocore signs, or awscrt: the request of Sources/Signing, over and over.

Usage: signing.py botocore|awscrt
"""
import datetime
import sys
import time

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "token" * 60
BODY = b'{"actionTypeId":{"category":"Deploy","owner":"Custom","provider":"P","version":"1"}}'
HOST = "codepipeline.eu-west-1.amazonaws.com"
HEADERS = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "CodePipeline_20150709.PollForJobs"}


def botocore_signer():
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    signer = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "codepipeline", "eu-west-1")

    def sign():
        request = AWSRequest(method="POST", url=f"https://{HOST}/", data=BODY, headers=dict(HEADERS))
        signer.add_auth(request)
        return request.headers["Authorization"]

    return sign


def awscrt_signer():
    import io

    from awscrt import auth, http

    provider = auth.AwsCredentialsProvider.new_static(KEY, SECRET, TOKEN)

    def sign():
        headers = http.HttpHeaders([("Host", HOST), *HEADERS.items()])
        request = http.HttpRequest("POST", "/", headers, io.BytesIO(BODY))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=provider,
            region="eu-west-1",
            service="codepipeline",
            date=datetime.datetime.now(datetime.timezone.utc),
        )
        signed = auth.aws_sign_request(request, config).result()
        return signed.headers.get("Authorization")

    return sign


sign = {"botocore": botocore_signer, "awscrt": awscrt_signer}[sys.argv[1]]()
start, count = time.monotonic(), 0
while time.monotonic() - start < 3:
    for _ in range(50):
        authorization = sign()
        count += 1
assert "Signature=" in authorization
print(int(count / (time.monotonic() - start)))
