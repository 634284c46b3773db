"""Creates IAM policies at moto, which checks their grammar as IAM does. Usage: policies.py FILE..."""
import sys

import boto3
from moto import mock_aws

with mock_aws():
    iam = boto3.client("iam", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    for number, path in enumerate(sys.argv[1:]):
        with open(path, encoding="utf-8") as file:
            iam.create_policy(PolicyName=f"policy-{number}", PolicyDocument=file.read())
