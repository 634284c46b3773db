#!/usr/bin/env bash
# cloudshell-sandbox-rest 0.1.1 writes a session's token into the path of its deletion as it is, slashes and all.
#
# A token of the Sandbox API is sixteen bytes in base64, so three of ten have a slash in them (Quali's own Java client has
# one in a comment: /SO7LjtzPEmVnCYj/1cFjw==). DELETE /api/token/{token} is then sent with more segments than the API
# has, and with "//" where the token begins with a slash. A server that splits its paths answers 404, and the session
# stays open; the client's context manager raises for it when the work is done.
#
# Seen with cloudshell-sandbox-rest 0.1.1, Python 3.11:
#   DELETE /api/token//SO7LjtzPEmVnCYj/1cFjw==
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cloudshell-sandbox-rest==0.1.1
NO_PROXY=127.0.0.1 "$folder/venv/bin/python" - <<'PYTHON'
import http.server
import json
import threading
from importlib.metadata import version

from cloudshell.sandbox_rest.sandbox_api import SandboxRestApiSession

TOKEN = "/SO7LjtzPEmVnCYj/1cFjw=="
lines = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        lines.append(f"{self.command} {self.path}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(TOKEN if self.command == "PUT" else {"result": "success"}).encode())

    do_DELETE = do_PUT

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
with SandboxRestApiSession("127.0.0.1", "ci", "password", port=server.server_port):
    pass
print("cloudshell-sandbox-rest", version("cloudshell-sandbox-rest"))
print("\n".join(lines))
assert lines == ["PUT /api/login", f"DELETE /api/token/{TOKEN}"], lines
PYTHON
