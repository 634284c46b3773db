"""The settings of the profile in use: input a list of {configuration, credentials}, output a list of settings or null."""
import json
import os
import sys
import tempfile

import botocore.session
from botocore.exceptions import ConfigParseError

cases = json.load(open(sys.argv[1]))
results = []
with tempfile.TemporaryDirectory() as folder:
    paths = {name: os.path.join(folder, name) for name in ("configuration", "credentials")}
    os.environ.update(AWS_CONFIG_FILE=paths["configuration"], AWS_SHARED_CREDENTIALS_FILE=paths["credentials"])
    for case in cases:
        for name, path in paths.items():
            with open(path, "w") as file:
                file.write(case[name])
        try:
            results.append(botocore.session.Session().get_scoped_config())
        except ConfigParseError:
            results.append(None)
json.dump(results, open(sys.argv[2], "w"))
