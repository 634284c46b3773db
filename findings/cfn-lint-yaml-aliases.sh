#!/usr/bin/env bash
# cfn-lint 1.51.0 is content with a template that has YAML aliases, which CloudFormation refuses.
#
# CloudFormation takes no anchors and aliases in YAML (CloudFormation User Guide, "Template format": "we don't support
# YAML aliases"), and `aws cloudformation deploy` sends a file as it is. Later versions say so, as a warning (W1101), whose exit
# status is 4. So a check that is pinned to an older one, or that lets warnings pass, finds nothing.
#
# Seen with Python 3.11:
#   cfn-lint 1.51.0: status 0, nothing said
#   cfn-lint 1.58.0: status 4, W1101
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/template.yaml" <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  One:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: &kept
      RetentionInDays: 30
  Two:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: *kept
YAML
lint() {
    python3 -m venv "$folder/$1"
    "$folder/$1/bin/pip" install --quiet --disable-pip-version-check "cfn-lint==$1"
    status=0
    said=$("$folder/$1/bin/cfn-lint" "$folder/template.yaml") || status=$?
    echo "cfn-lint $1: status $status, ${said:-nothing said}"
}
lint 1.51.0
[ "$status" = 0 ] && [ -z "$said" ]
lint 1.58.0
[ "$status" = 4 ] && [[ $said == *W1101* ]]
