"""Runs OpenStack Swift with its S3 API, until standard input ends. It has to be one that verifies checksums.

Prints one line of JSON when the server listens: {endpoint, keyID, secret, bucket}. The proxy and the servers of
accounts, containers and objects are one process; their files are in a temporary folder, which goes with it.
"""
import json
import os
import sys
import tempfile

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402
from swift.common import ring, storage_policy, utils  # noqa: E402

# Beside the packages, for not every system's temporary folder has the extended attributes that objects are kept with.
folder = tempfile.TemporaryDirectory(dir=sys.prefix)
root = folder.name
utils.HASH_PATH_SUFFIX = b"tests"
utils.SWIFT_CONF_FILE = os.path.join(root, "swift.conf")
with open(utils.SWIFT_CONF_FILE, "w") as file:
    file.write("[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n")
storage_policy.reload_storage_policies()
os.mkdir(os.path.join(root, "disk"))

from swift.account.server import AccountController  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402


class Cache:
    """As much of memcached as the proxy asks for."""

    def __init__(self):
        self.values = {}

    def get(self, key, **_):
        return self.values.get(key)

    def set(self, key, value, **_):
        self.values[key] = value

    def incr(self, key, delta=1, **_):
        self.values[key] = self.values.get(key, 0) + int(delta)
        return self.values[key]

    def decr(self, key, delta=1, **more):
        return self.incr(key, -delta)

    def delete(self, key, **_):
        self.values.pop(key, None)

    def set_multi(self, values, *_, **__):
        self.values.update(values)

    def get_multi(self, keys, *_, **__):
        return [self.values.get(key) for key in keys]


class Log:
    def write(self, *_):
        pass


def serve(app, sock):
    eventlet.spawn(wsgi.server, sock, app, Log(), log_output=False, protocol=SwiftHttpProtocol)


sockets = {}
conf = {"swift_dir": root, "devices": root, "mount_check": "false", "log_level": "ERROR"}
KINDS = [("account", AccountController), ("container", ContainerController), ("object", ObjectController)]
for kind, _ in KINDS:
    sockets[kind] = eventlet.listen(("127.0.0.1", 0))
    builder = ring.RingBuilder(1, 1, 0)
    port = sockets[kind].getsockname()[1]
    builder.add_dev(
        {
            "id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "disk", "ip": "127.0.0.1", "port": port,
            "replication_ip": "127.0.0.1", "replication_port": port,
        }
    )
    builder.rebalance()
    builder.get_ring().save(os.path.join(root, f"{kind}.ring.gz"))
for kind, controller in KINDS:
    serve(controller(dict(conf)), sockets[kind])

with open(os.path.join(root, "proxy.conf"), "w") as file:
    file.write(f"""
[DEFAULT]
swift_dir = {root}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors s3api tempauth slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = eu-west-1
allow_multipart_uploads = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = secret .admin
[filter:slo]
use = egg:swift#slo
min_segment_size = 1
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
""")
proxy = loadapp(os.path.join(root, "proxy.conf"))
cache = Cache()


def with_cache(environ, start_response):
    environ["swift.cache"] = cache
    return proxy(environ, start_response)


import boto3  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

front = eventlet.listen(("127.0.0.1", 0))
serve(with_cache, front)
place = {
    "endpoint": f"http://127.0.0.1:{front.getsockname()[1]}", "keyID": "test:tester", "secret": "secret",
    "bucket": "artifacts",
}
s3 = boto3.client(
    "s3", region_name="eu-west-1", endpoint_url=place["endpoint"], aws_access_key_id=place["keyID"],
    aws_secret_access_key=place["secret"],
)
s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
try:
    s3.put_object(Bucket="artifacts", Key="x", Body=b"x", ChecksumCRC32="AAAAAA==")
    raise SystemExit("it doesn't verify checksums")
except ClientError as error:
    assert error.response["Error"]["Code"] == "BadDigest", error
print(json.dumps(place), flush=True)
# Reading would hold up the whole process but for a thread of its own.
eventlet.tpool.execute(os.read, 0, 1)
folder.cleanup()
os._exit(0)
