"""A balancer that speaks TLS to its clients, and plain HTTP to the server behind it.

Usage: breaking_balancer.py PORT CERTIFICATE KEY SERVER_PORT BROKEN LOG

Each connection carries one request. BROKEN says which of them end after the ClientHello, as they do where no server is
up: numbers from 0, separated by commas, or "every N" from the first on. Each that does is a line in LOG.
"""

import http.client
import http.server
import itertools
import socket
import ssl
import sys

port, certificate, key, server_port, broken, log = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
numbers = itertools.count()


def is_broken(number):
    if broken.startswith("every "):
        return number % int(broken.split()[1]) == 0
    return str(number) in broken.split(",")


class Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = http.client.HTTPConnection("127.0.0.1", int(server_port))
        server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            server.putheader(name, value)
        server.endheaders(body)
        reply = server.getresponse()
        content = reply.read()
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        server.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = pass_on

    def log_message(self, *arguments):
        pass


class Balancer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, address):
        # Who only looks whether somebody listens says nothing.
        if not request.recv(1, socket.MSG_PEEK):
            return
        if is_broken(next(numbers)):
            with open(log, "a") as file:
                file.write("broken\n")
            request.recv(65536)
            return
        with context.wrap_socket(request, server_side=True) as connection:
            Passing(connection, address, self)

    def handle_error(self, request, address):
        pass


Balancer(("127.0.0.1", int(port)), Passing).serve_forever()
