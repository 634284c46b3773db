"""Reads a Terraform file whose texts hold no templates, and prints it as JSON. Usage: hcl.py FILE"""
import json
import re
import sys

import hcl2


def value(node):
    if isinstance(node, dict):
        return {text(name): value(inner) for name, inner in node.items() if name != "__is_block__"}
    if isinstance(node, list):
        return [value(inner) for inner in node]
    return text(node) if isinstance(node, str) else node


def text(raw):
    if not raw.startswith('"'):
        return raw
    # Doubled signs stand for themselves; a single one would begin a template.
    if re.search(r"[$%]\{", re.sub(r"\$\$\{|%%\{", "", raw)):
        raise SystemExit(f"a template in {raw}")
    return json.loads(raw).replace("$${", "${").replace("%%{", "%{")


with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(value(hcl2.load(file)), sys.stdout)
