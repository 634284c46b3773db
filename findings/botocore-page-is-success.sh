#!/usr/bin/env bash
# botocore 1.43.11 takes any reply with status 200 for AWS's success: an empty one, and a web page.
#
# A server that doesn't know the host may answer an empty 200, as Caddy does by default; a portal that wants a login
# answers a page with 200. Neither bears a request's id, an ETag or the members of the operation's output. botocore raises
# nothing and repeats nothing. PutObject "succeeds", and the object isn't stored, though boto3 has sent a checksum with
# it. GetObject gives the page as the object's content. PollForJobs has no jobs, as from an empty queue, AcknowledgeJob no
# status, and PutJobSuccessResult counts as taken. JSON isn't even looked for: where a body is no JSON, botocore's parser
# makes a document of it, {"message": BODY}, and finds none of the output's members in that. So a job worker in Python
# that meets such a box loses results and artifacts without a word.
#
# Seen with boto3 1.43.11 and botocore 1.43.11, Python 3.11:
#   each of the six operations: one request, no exception
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.11 botocore==1.43.11
AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "$folder/venv/bin/python" - <<'PYTHON'
import collections
import http.server
import threading

import boto3
from botocore.config import Config

PAGE = b"<html>Log in first</html>"
seen = collections.Counter()


class Box(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = b""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen[self.command] += 1
        self.send_response(200)
        if Box.body:
            self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(Box.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(Box.body)

    do_PUT = do_GET = do_HEAD = do_POST

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Box)
threading.Thread(target=server.serve_forever, daemon=True).start()


def client(name):
    return boto3.client(
        name,
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="example",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard"}),
    )


s3, pipeline = client("s3"), client("codepipeline")
job = "0" * 36
kind = {"category": "Deploy", "owner": "Custom", "provider": "P", "version": "1"}
calls = {
    "PutObject": lambda: s3.put_object(Bucket="artifacts", Key="key", Body=b"hello"),
    "HeadObject": lambda: s3.head_object(Bucket="artifacts", Key="key"),
    "GetObject": lambda: s3.get_object(Bucket="artifacts", Key="key"),
    "PollForJobs": lambda: pipeline.poll_for_jobs(actionTypeId=kind, maxBatchSize=1),
    "AcknowledgeJob": lambda: pipeline.acknowledge_job(jobId=job, nonce="1"),
    "PutJobSuccessResult": lambda: pipeline.put_job_success_result(jobId=job),
}
for body in (b"", PAGE):
    Box.body = body
    for name, call in calls.items():
        seen.clear()
        reply = call()
        told = {key: value for key, value in reply.items() if key != "ResponseMetadata"}
        if "Body" in told:
            told["Body"] = told["Body"].read()
            assert told["Body"] == body, told
        print(f"{boto3.__version__} {body!r}: {name}: {told}")
        assert not {"ETag", "jobs", "status"} & set(told), told
        assert sum(seen.values()) == 1, seen
PYTHON
