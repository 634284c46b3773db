"""Checks CloudFormation templates. Usage: lint.py FILE... Exits with cfn-lint's status and says what it says."""
import sys

from cfnlint.runner import main

sys.exit(main())
