#!/usr/bin/env bash
# OpenTelemetry's ratio sampler never takes a trace whose id is a random UUID, at any ratio up to a half.
#
# A pipeline's execution, a build or a request often has a UUID already, of the very size of a trace's id, and to use it as
# that puts all work of one execution into one trace without anything being handed on. But TraceIdRatioBased decides by the
# last eight bytes alone, as a number below the ratio's share of their range, and the first two bits of those are fixed in a
# UUID of version 4 (RFC 9562, the variant: 1 and 0). So the number is always in the third quarter: a ratio of 0.1 or of a
# half takes nothing, and one of three quarters or more everything. With the UUID's two halves exchanged the share is as wanted.
# Nor does a parent that says "sampled" help who wants a tenth: the parent-based sampler then takes all, whatever its ratio.
#
# Seen with opentelemetry-sdk 1.39.1 (Python), 20,000 UUIDs by uuid.uuid4 for each ratio:
#   0.1 -> 0 %, 0.5 -> 0 %, 0.75 -> 100 %; with the halves exchanged 0.1 -> 10 %, 0.5 -> 50 %; by a sampled parent all
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-sdk==1.39.1
"$folder/venv/bin/python" - <<'END'
import uuid
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ids = [uuid.uuid4().int for _ in range(20_000)]
low = (1 << 64) - 1


def share(ratio, ids):
    sampler = TraceIdRatioBased(ratio)
    return sum(sampler.should_sample(None, id, "work").decision.is_sampled() for id in ids) / len(ids)


whole = {ratio: share(ratio, ids) for ratio in (0.1, 0.5, 0.75)}
exchanged = {ratio: share(ratio, [(id & low) << 64 | id >> 64 for id in ids]) for ratio in (0.1, 0.5)}
parent = {"traceparent": f"00-{ids[0]:032x}-{1:016x}-01"}
context = TraceContextTextMapPropagator().extract(parent)
follows = ParentBasedTraceIdRatio(0.0).should_sample(context, ids[0], "work").decision.is_sampled()
print("a UUID as the trace's id:", whole, "its halves exchanged:", exchanged, "ratio 0 after a sampled parent:", follows)
assert whole == {0.1: 0.0, 0.5: 0.0, 0.75: 1.0}
assert all(abs(found - ratio) < 0.02 for ratio, found in exchanged.items())
assert follows
END
