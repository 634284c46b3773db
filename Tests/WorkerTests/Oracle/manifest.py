"""Prints the documents of a YAML file as a JSON array.

Usage: manifest.py FILE
"""
import json
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(list(yaml.safe_load_all(file)), sys.stdout)
