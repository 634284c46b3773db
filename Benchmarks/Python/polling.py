"""Prints calls of PollForJobs a second and the client's CPU milliseconds for each, with one boto3 client.

Usage: polling.py ENDPOINT THREADS
"""
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import measure

threads = int(sys.argv[2])
client = measure.client("codepipeline", sys.argv[1], threads)
action_type = {"category": "Deploy", "owner": "Custom", "provider": "Sandbox", "version": "1"}


def poll(seconds):
    """Calls until the time is over and returns how often."""

    def run(_):
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            assert len(client.poll_for_jobs(actionTypeId=action_type, maxBatchSize=1)["jobs"]) == 1
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(run, range(threads)))


poll(1)
used, start = measure.cpu(), time.monotonic()
count = poll(4)
seconds, used = time.monotonic() - start, measure.cpu() - used
print(f"{count / seconds:.0f} {used * 1e3 / count:.3f}")
