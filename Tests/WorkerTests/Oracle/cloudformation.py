"""Looks for what YAML has and CloudFormation lacks. Usage: cloudformation.py FILE... Exits 1 and says what it found.

CloudFormation takes a subset of YAML 1.1: no anchors and aliases, no merge keys, no tags but its functions' short forms
(AWS CloudFormation User Guide, "CloudFormation template format", YAML), no key twice, one document, and 51,200 bytes in
a request, which is how `aws cloudformation deploy` sends a template without a bucket.
"""
import sys

import yaml

FUNCTIONS = """And Base64 Cidr Condition Equals FindInMap ForEach GetAtt GetAZs If ImportValue Join Length Not Or Ref Select
Split Sub ToJsonString Transform""".split()


def problems(path):
    text = open(path, "rb").read()
    if len(text) > 51_200:
        yield f"it is too long: {len(text)} bytes"
    events = list(yaml.parse(text.decode("utf-8"), Loader=yaml.SafeLoader))
    if sum(isinstance(event, yaml.DocumentStartEvent) for event in events) != 1:
        yield "it has several documents"
        return
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield f"line {line}: an anchor or alias"
        tag = getattr(event, "tag", None)
        if tag and tag not in ["!" + name for name in FUNCTIONS]:
            yield f"line {line}: the tag {tag}"
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None:
            yield f"line {line}: a merge key"

    def keys(node):
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                if key.value in seen:
                    yield f"line {key.start_mark.line + 1}: {key.value} is there twice"
                seen.add(str(key.value))
                yield from keys(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                yield from keys(item)

    yield from keys(yaml.compose(text.decode("utf-8"), Loader=yaml.SafeLoader))


found = [f"{path}: {problem}" for path in sys.argv[1:] for problem in problems(path)]
print("\n".join(found))
sys.exit(1 if found else 0)
