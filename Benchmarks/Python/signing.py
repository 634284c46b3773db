"""Prints how many requests a second botocore signs, or awscrt: the request of Sources/Signing, over and over. It's
the best of a hundred short rounds, as there. A signer changes its request, so that each gets a new one; making it isn't
counted.

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

    def make():
        return AWSRequest(method="POST", url=f"https://{HOST}/", data=BODY, headers=dict(HEADERS))

    return make, signer.add_auth


def awscrt_signer():
    import io

    from awscrt import auth, http

    provider = auth.AwsCredentialsProvider.new_static(KEY, SECRET, TOKEN)

    def make():
        headers = http.HttpHeaders([("Host", HOST), *HEADERS.items()])
        return http.HttpRequest("POST", "/", headers, io.BytesIO(BODY))

    def sign(request):
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=provider,
            region="eu-west-1",
            service="codepipeline",
            date=datetime.datetime.now(datetime.timezone.utc),
        )
        auth.aws_sign_request(request, config).result()

    return make, sign


make, sign = {"botocore": botocore_signer, "awscrt": awscrt_signer}[sys.argv[1]]()
rates = []
for _ in range(100):
    count, spent = 0, 0
    while spent < 0.02:
        requests = [make() for _ in range(50)]
        start = time.perf_counter()
        for request in requests:
            sign(request)
        spent += time.perf_counter() - start
        count += len(requests)
    rates.append(count / spent)
assert "Signature=" in request.headers.get("Authorization")
print(int(max(rates)))
