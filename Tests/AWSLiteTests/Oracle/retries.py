"""Plays failures to botocore's standard retry handler.

Usage: retries.py CASES RESULTS

CASES is a JSON list of series; a series is a list of calls that share one retry quota, a call a list of attempts
{status, code, exception}: `exception` is "timeout", "connection" or missing. RESULTS gets for each series a list
of the waits, in seconds, of each call.
"""
import json
import sys

import botocore.session
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.retries import quota, standard

model = botocore.session.get_session().get_service_model("codepipeline")
operation = model.operation_model("PutJobSuccessResult")


class Reply:
    headers = {}

    def __init__(self, status):
        self.status_code = status


def play(series):
    checker = standard.RetryQuotaChecker(quota.RetryQuota())
    handler = standard.RetryHandler(
        standard.RetryPolicy(
            standard.StandardRetryConditions(max_attempts=3), standard.ExponentialBackoff(random=lambda: 0.5)
        ),
        standard.RetryEventAdapter(),
        checker,
    )
    return [play_call(call, handler, checker) for call in series]


def play_call(call, handler, checker):
    context = {}
    waits = []
    for number, attempt in enumerate(call, 1):
        reply = error = None
        if attempt.get("exception") == "timeout":
            error = ReadTimeoutError(endpoint_url="x")
        elif attempt.get("exception"):
            error = EndpointConnectionError(endpoint_url="x", error="y")
        else:
            parsed = {"Error": {"Code": attempt["code"]}} if attempt["status"] >= 300 else {}
            reply = (Reply(attempt["status"]), parsed)
        wait = handler.needs_retry(
            response=reply,
            attempts=number,
            operation=operation,
            caught_exception=error,
            request_dict={"context": context},
        )
        if wait is None:
            checker.release_retry_quota(context, reply[0] if reply else None)
            break
        waits.append(wait)
    return waits


with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump([play(series) for series in cases], file)
