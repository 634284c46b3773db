"""Drives the lab with Quali's own clients, and checks what they make of its replies.

Reads LAB_HOST, LAB_PORT, LAB_USER, LAB_PASSWORD from the environment. The blueprint 'Web lab' has to be there, with the
component web-server and its command install. Exits 0 when all is as it should be.
"""
import os
import time

from cloudshell.sandbox_rest.sandbox_api import InputParam, SandboxRestApiSession
from cloudshell_sandboxapi_wrapper.SandboxAPI import SandboxAPI

HOST, PORT = os.environ["LAB_HOST"], int(os.environ["LAB_PORT"])
USER, PASSWORD = os.environ["LAB_USER"], os.environ["LAB_PASSWORD"]
DEADLINE = time.monotonic() + 240


def until(look, is_right):
    while not is_right(value := look()):
        assert time.monotonic() < DEADLINE, value
        time.sleep(0.05)
    return value


def is_over(execution):
    return execution["status"].lower() not in ("pending", "running", "stopping")


# cloudshell-sandbox-rest sends a token as it is in the path of its deletion, slashes and all.
for _ in range(20):
    with SandboxRestApiSession(HOST, USER, PASSWORD, port=PORT) as session:
        assert isinstance(session.get_sandboxes(), list)

with SandboxRestApiSession(HOST, USER, PASSWORD, port=PORT) as api:
    token = api.get_token_for_target_user(USER)
    other = SandboxRestApiSession(HOST, token=token, port=PORT)
    assert other.get_blueprints() == api.get_blueprints()
    other.delete_token(token)

    blueprint = api.get_blueprint_details("Web lab")
    assert [one["name"] for one in blueprint["params"]] == ["Release", "Browser"]
    started = api.start_sandbox(blueprint["id"], "Conformance", bp_params=[InputParam("Release", "7")])
    sandbox = started["id"]
    ready = until(lambda: api.get_sandbox_details(sandbox), lambda one: one["state"] == "Ready")
    assert ready["name"] == "Conformance" and {"name": "Release", "value": "7"} in ready["parameters"]
    assert "remaining_time" in api.extend_sandbox(sandbox, "PT0H10M")
    assert isinstance(api.get_sandbox_instructions(sandbox), str)
    assert api.get_sandbox_activity(sandbox, tail=1)["events"]
    assert api.get_sandbox_output(sandbox)["entries"]

    names = [one["name"] for one in api.get_sandbox_commands(sandbox)]
    assert names[:2] == ["Setup", "Teardown"] and "health-check" in names, names
    assert api.get_sandbox_command_details(sandbox, "Setup")["name"] == "Setup"
    setup = api.run_sandbox_command(sandbox, "Setup")["executionId"]
    assert until(lambda: api.get_execution_details(setup), is_over)["status"] == "Completed"

    components = api.get_sandbox_components(sandbox)
    server = next(one["id"] for one in components if one["name"].startswith("web-server"))
    assert api.get_sandbox_component_details(sandbox, server)["address"]
    assert [one["name"] for one in api.get_sandbox_component_commands(sandbox, server)] == ["install", "restart", "power-cycle"]
    package = [InputParam("Package", "nginx")]
    execution = api.run_component_command(sandbox, server, "install", params=package)["executionId"]
    over = until(lambda: api.get_execution_details(execution), is_over)
    assert "Package=nginx" in over["output"] and over["supports_cancellation"]
    # One that is over is cancelled in vain, and without a complaint.
    api.delete_execution(execution)
    assert api.get_execution_details(execution)["status"] == "Completed"
    endless = api.run_sandbox_command(sandbox, "soak-test")["executionId"]
    api.delete_execution(endless)
    until(lambda: api.get_execution_details(endless), lambda one: one["status"].lower().startswith("cancel"))

    # A connected command wants its tag, which this client can't give.
    old = SandboxAPI(HOST, USER, PASSWORD, port=PORT)
    power = old.get_sandbox_component_command_details(sandbox, server, "power-cycle")
    assert power["command_tag"] == "power"
    assert old.sandbox_component_command_start(sandbox, server, "power-cycle") == "Bad Request"
    tagged = {"command_tag": power["command_tag"], "params": [], "printOutput": True}
    assert old.sandbox_component_command_start(sandbox, server, "power-cycle", tagged)["executionId"]
    assert old.get_sandbox_details(sandbox)["id"] == sandbox
    assert sandbox in [one["id"] for one in old.get_sandboxes()]
    assert old.get_blueprint_details("Web lab")["id"] == blueprint["id"]
    assert old.sandbox_command_start(sandbox, "health-check")["executionId"]
    assert old.get_sandbox_output(sandbox)["entries"] and old.get_sandbox_activity(sandbox)["events"]
    assert old.extend_sandbox(sandbox, "PT10M")["end_time"]

    assert api.stop_sandbox(sandbox)["result"] == "success"
    until(lambda: api.get_sandbox_details(sandbox), lambda one: one["state"] == "Ended")
    assert sandbox not in [one["id"] for one in api.get_sandboxes()]
    assert sandbox in [one["id"] for one in api.get_sandboxes(show_historic=True)]
print("Quali's clients get along with the lab")
