"""What both peers need: a client for the server at an endpoint, and what the process has used."""
import resource
import sys

import boto3
from botocore.config import Config


def client(service, endpoint, connections):
    return boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(max_pool_connections=connections, s3={"addressing_style": "path"}, proxies={}),
    )


def cpu():
    """Seconds of the processor's time, the system's for this process included."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak():
    """The most memory that was ever resident, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
