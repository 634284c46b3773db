#!/usr/bin/env bash
# boto3 1.44.8 doesn't follow S3's own "307 Temporary Redirect".
#
# S3 answers 307 with a Location while the name of a new bucket spreads, and asks clients to send the request again to
# that address (S3 User Guide, "Making requests: redirecting requests"). boto3 doesn't look at Location. It asks
# HeadBucket for a region, which meets the same 307 and so asks HeadBucket again, some 80 times, until Python's stack is
# at its end: "RecursionError: maximum recursion depth exceeded". The object isn't stored. The mode of retries makes no
# difference. So an artifact store that redirects for a minute fails Python workers with an error that names no cause.
#
# Seen with boto3 1.44.8 and botocore 1.44.8, Python 3.11:
#   recursion; requests: 1 PUT and more than 50 HEAD to the first server, none to the second
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.44.8 botocore==1.44.8
AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "$folder/venv/bin/python" - <<'PYTHON'
import collections
import http.server
import threading

import boto3
from botocore.config import Config

seen = collections.Counter()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen[self.server.name, self.command] += 1
        if self.server.name == "second":
            self.reply(200, b"", {"ETag": '"5d41402abc4b2a76b9719d911017c592"'})
        else:
            host = f"127.0.0.1:{second.server_port}"
            error = (
                '<?xml version="1.0" encoding="UTF-8"?><Error><Code>TemporaryRedirect</Code><Message>Please re-send this '
                "request to the specified temporary endpoint. Continue to use the original request endpoint for future "
                f"requests.</Message><Bucket>artifacts</Bucket><Endpoint>{host}</Endpoint></Error>"
            )
            self.reply(307, error.encode(), {"Location": f"http://{host}{self.path}", "Content-Type": "application/xml"})

    do_HEAD = do_GET = do_PUT

    def reply(self, status, body, fields):
        self.send_response(status)
        for name, value in {"x-amz-request-id": "4442587FB7D0A2F9", **fields}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(name):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.name = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


first, second = serve("first"), serve("second")
for mode in ("legacy", "standard"):
    seen.clear()
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="example",
        endpoint_url=f"http://127.0.0.1:{first.server_port}",
        config=Config(s3={"addressing_style": "path"}, retries={"mode": mode}),
    )
    try:
        client.put_object(Bucket="artifacts", Key="key", Body=b"hello")
        outcome = "stored"
    except BaseException as error:
        # Where the stack ends within the HTTP client, that wraps it.
        outcome = "recursion" if "maximum recursion depth exceeded" in str(error) else repr(error)
    print(f"{boto3.__version__} {mode}: {outcome}; {dict(seen)}")
    assert outcome == "recursion", outcome
    assert seen["first", "PUT"] == 1 and seen["first", "HEAD"] > 50, seen
    assert not any(name == "second" for name, _ in seen), seen
PYTHON
