#!/usr/bin/env bash
# cloudshell-sandboxapi-wrapper 1.0.0 raises nothing when the lab refuses: neither a login nor anything after it.
#
# A refused login (401, with the API's usual error) makes a session all the same, whose token is the error's text without
# its first and last character. Every later call gets the reason phrase of the status as a text in the place of its
# result: start_sandbox(...) is 'Unauthorized', so that start_sandbox(...)["id"] is a TypeError about string indices. A
# pipeline step that doesn't look at the type of each result goes on as if the lab had answered.
#
# Seen with cloudshell-sandboxapi-wrapper 1.0.0, Python 3.11:
#   SandboxAPI(...) returned; start_sandbox(...) is 'Unauthorized'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cloudshell-sandboxapi-wrapper==1.0.0
NO_PROXY=127.0.0.1 "$folder/venv/bin/python" - <<'PYTHON'
import http.server
import json
import threading
from importlib.metadata import version

from cloudshell_sandboxapi_wrapper.SandboxAPI import SandboxAPI

fields = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fields.append(self.headers.get("Authorization"))
        error = {"statusCode": 401, "errorCategory": "WebApi", "message": "Login failed for user 'ci'"}
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(error).encode())

    do_POST = do_PUT

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
lab = SandboxAPI("127.0.0.1", "ci", "password", port=server.server_port)
started = lab.start_sandbox("Web lab", "PT1H", "nightly")
print("cloudshell-sandboxapi-wrapper", version("cloudshell-sandboxapi-wrapper"))
print(f"SandboxAPI(...) returned; start_sandbox(...) is {started!r}")
print("Authorization:", fields[1])
assert started == "Unauthorized", started
assert fields[1].startswith('Basic "statusCode": 401'), fields
PYTHON
