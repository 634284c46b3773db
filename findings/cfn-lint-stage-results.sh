#!/usr/bin/env bash
# cfn-lint 1.58.0 refuses results of a failed stage that CodePipeline's API has, and passes ones of conditions that make no
# sense where they stand.
#
# The API's model (botocore 1.43.11) has four results for `onFailure` of a stage: ROLLBACK, FAIL, RETRY and SKIP.
# CloudFormation's schema, by which cfn-lint checks, has ROLLBACK and RETRY alone there, so a template can't say what an
# author says with create-pipeline. For a condition it takes all four wherever the condition stands: SKIP of a stage that has
# already succeeded, RETRY of one that hasn't begun. It doesn't look into a rule's configuration: an operator that
# VariableCheck doesn't know passes, too.
#
# Seen with Python 3.11:
#   onFailure SKIP: E3030
#   onFailure ROLLBACK: passes
#   onSuccess SKIP, beforeEntry RETRY, operator EQUALS: passes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cfn-lint==1.58.0 botocore==1.43.11
"$folder/venv/bin/python" - <<'PYTHON'
import botocore.session

model = botocore.session.get_session().get_service_model("codepipeline")
for shape in "FailureConditions", "Condition":
    results = sorted(model.shape_for(shape).members["result"].enum)
    print(f"botocore 1.43.11, {shape}.result: {', '.join(results)}")
    assert results == ["FAIL", "RETRY", "ROLLBACK", "SKIP"], results
PYTHON
condition() {
    echo "{Conditions: [{Result: $1, Rules: [{Name: r, RuleTypeId: {Category: Rule, Owner: AWS, Provider: VariableCheck,
      Version: '1'}, Configuration: {Variable: '#{run.Status}', Value: Completed, Operator: $2}}]}]}"
}
lint() {
    cat >"$folder/template.yaml" <<YAML
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/pipeline
      PipelineType: V2
      ArtifactStore: {Type: S3, Location: bucket}
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              ActionTypeId: {Category: Source, Owner: AWS, Provider: S3, Version: "1"}
              Configuration: {S3Bucket: bucket, S3ObjectKey: key}
              OutputArtifacts: [{Name: Source}]
        - Name: Test
          $2
          Actions:
            - Name: Test
              ActionTypeId: {Category: Test, Owner: Custom, Provider: Test, Version: "1"}
YAML
    status=0
    said=$("$folder/venv/bin/cfn-lint" "$folder/template.yaml") || status=$?
    echo "cfn-lint 1.58.0, $1: status $status, ${said%%$'\n'*}"
}
lint "onFailure SKIP" "OnFailure: {Result: SKIP}"
[ "$status" = 2 ] && [[ $said == *E3030* ]]
lint "onFailure ROLLBACK" "OnFailure: {Result: ROLLBACK}"
[ "$status" = 0 ]
lint "onSuccess SKIP, operator EQUALS" "OnSuccess: $(condition SKIP EQUALS)"
[ "$status" = 0 ]
lint "beforeEntry RETRY" "BeforeEntry: $(condition RETRY EQ)"
[ "$status" = 0 ]
