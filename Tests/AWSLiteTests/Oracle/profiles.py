"""Reads texts as configuration files: input a list of texts, output a list of {sections} or {} for an error."""
import json
import os
import sys
import tempfile

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigParseError

cases = json.load(open(sys.argv[1]))
results = []
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "config")
    for text in cases:
        with open(path, "wb") as file:
            file.write(text.encode())
        try:
            config, raw = load_config(path), raw_config_parse(path)
        except ConfigParseError:
            results.append({})
            continue
        sections = {}
        for key, kind in [("profiles", "profile"), ("sso_sessions", "sso-session"), ("services", "services")]:
            sections.update({f"{kind} {name}": section for name, section in config[key].items()})
        for name, section in raw.items():
            if not name.startswith(("profile", "sso-session", "services")):
                sections[name] = section
        results.append({"sections": sections})
json.dump(results, open(sys.argv[2], "w"))
