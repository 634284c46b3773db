"""A job worker as a competent team would write it in Python: boto3, requests, a thread for each job.

It serves the same three action types, reads the same settings, and does what a job needs without waste: one session to
the lab for all threads, kept connections, one look at what a job waits for per pause. It keeps no journal and hands
nothing over, so a restart loses its jobs.
"""
import io
import json
import logging
import os
import random
import re
import signal
import threading
import time
import zipfile

import boto3
import requests
from botocore.config import Config

logging.basicConfig(level=os.environ.get("LOG_LEVEL", "info").upper(), format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("worker")

POLL_PAUSE = float(os.environ.get("QUALI_POLL_SECONDS", 5))
STATUS_PAUSE = float(os.environ.get("QUALI_STATUS_POLL_SECONDS", 5))
MAX_JOBS = int(os.environ.get("QUALI_MAX_JOBS", 100))
# Neither thread stacks nor sockets should be what limits the number of jobs.
threading.stack_size(256 * 1024)


class Lab:
    """The Sandbox API."""

    def __init__(self):
        self.base = os.environ["CLOUDSHELL_URL"]
        self.http = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=32, pool_block=True)
        self.http.mount(self.base, adapter)
        self.login_lock = threading.Lock()
        self.login()

    def login(self):
        credentials = {
            "username": os.environ["CLOUDSHELL_USER"],
            "password": os.environ["CLOUDSHELL_PASSWORD"],
            "domain": os.environ["CLOUDSHELL_DOMAIN"],
        }
        reply = self.http.put(f"{self.base}/api/login", json=credentials, timeout=30)
        reply.raise_for_status()
        self.http.headers["Authorization"] = "Basic " + reply.json()

    def call(self, method, path, **arguments):
        reply = self.http.request(method, f"{self.base}/api/v2{path}", timeout=30, **arguments)
        if reply.status_code == 401:
            with self.login_lock:
                self.login()
            reply = self.http.request(method, f"{self.base}/api/v2{path}", timeout=30, **arguments)
        reply.raise_for_status()
        return reply.json()


class Worker:
    """Polls, and runs a thread for each job."""

    def __init__(self):
        config = Config(max_pool_connections=32, retries={"mode": "standard", "max_attempts": 5}, s3={"addressing_style": "path"})
        self.config = config
        self.session = boto3.Session()
        self.codepipeline = self.session.client("codepipeline", config=config)
        self.client_lock = threading.Lock()
        self.lab = Lab()
        self.slots = threading.BoundedSemaphore(MAX_JOBS)
        self.stopping = threading.Event()
        self.types = {
            ("Deploy", os.environ.get("START_SANDBOX_ACTION_NAME", "Quali-Start-Sandbox")): self.start_sandbox,
            ("Test", os.environ.get("RUN_COMMAND_ACTION_NAME", "Quali-Run-Command")): self.run_command,
            ("Deploy", os.environ.get("END_SANDBOX_ACTION_NAME", "Quali-End-Sandbox")): self.end_sandbox,
        }

    def run(self):
        pollers = [threading.Thread(target=self.poll, args=item) for item in self.types.items()]
        for poller in pollers:
            poller.start()
        for poller in pollers:
            poller.join()

    def poll(self, name, handler):
        category, provider = name
        action_type = {"category": category, "owner": "Custom", "provider": provider, "version": "1"}
        while not self.stopping.is_set():
            room = 0
            while room < 10 and self.slots.acquire(blocking=False):
                room += 1
            jobs = []
            try:
                if room:
                    jobs = self.codepipeline.poll_for_jobs(actionTypeId=action_type, maxBatchSize=room)["jobs"]
            except Exception:
                log.exception("polling failed")
            for job in jobs:
                threading.Thread(target=self.handle, args=(job, handler), daemon=True).start()
            for _ in range(room - len(jobs)):
                self.slots.release()
            if not jobs:
                self.stopping.wait(POLL_PAUSE * random.uniform(0.9, 1.1))

    def handle(self, job, handler):
        try:
            status = self.codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])["status"]
            if status != "InProgress":
                return
            try:
                summary, external_id, variables = handler(job["id"], job["data"])
            except Exception as error:
                log.exception("job %s failed", job["id"])
                self.codepipeline.put_job_failure_result(
                    jobId=job["id"], failureDetails={"type": "JobFailed", "message": str(error)[:5000]}
                )
                return
            self.codepipeline.put_job_success_result(
                jobId=job["id"],
                executionDetails={"summary": summary[:2048], "externalExecutionId": external_id, "percentComplete": 100},
                outputVariables=variables,
            )
        except Exception:
            log.exception("job %s can't be reported", job["id"])
        finally:
            self.slots.release()

    # Artifacts

    def s3(self, data):
        keys = data["artifactCredentials"]
        # Making clients isn't safe in several threads at once, say boto3's pages.
        with self.client_lock:
            return self.session.client(
                "s3",
                aws_access_key_id=keys["accessKeyId"],
                aws_secret_access_key=keys["secretAccessKey"],
                aws_session_token=keys["sessionToken"],
                config=self.config,
            )

    def store(self, data, document):
        for artifact in data.get("outputArtifacts", []):
            place = artifact["location"]["s3Location"]
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr("sandbox.json", json.dumps(document, indent=2))
            self.s3(data).put_object(
                Bucket=place["bucketName"],
                Key=place["objectKey"],
                Body=archive.getvalue(),
                ServerSideEncryption="aws:kms",
            )

    def sandbox_id(self, data):
        place = data["inputArtifacts"][0]["location"]["s3Location"]
        body = self.s3(data).get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return json.loads(archive.read("sandbox.json"))["id"]

    # The actions

    def start_sandbox(self, job_id, data):
        properties = data["actionConfiguration"]["configuration"]
        blueprint = self.lab.call("GET", "/blueprints/" + requests.utils.quote(properties["BlueprintName"], safe=""))
        sandbox = self.lab.call(
            "POST",
            f"/blueprints/{blueprint['id']}/start",
            json={
                "name": properties.get("SandboxName") or properties["BlueprintName"],
                "duration": f"PT{properties['DurationInMinutes']}M",
                "params": [
                    {"name": name, "value": str(value)}
                    for name, value in json.loads(properties.get("InputsJSON") or "{}").items()
                ],
            },
        )
        deadline = time.monotonic() + 60 * float(properties.get("SetupTimeoutInMinutes") or 30)
        while sandbox["state"] not in ("Ready", "Error", "Ended", "Teardown"):
            if time.monotonic() > deadline:
                raise RuntimeError("the setup did not end in time")
            time.sleep(STATUS_PAUSE)
            sandbox = self.lab.call("GET", f"/sandboxes/{sandbox['id']}")
        if sandbox["state"] != "Ready":
            raise RuntimeError(f"the sandbox is in state {sandbox['state']}")
        self.store(data, sandbox)
        return f"Sandbox {sandbox['name']} is ready", sandbox["id"], {"SandboxId": sandbox["id"]}

    def run_command(self, job_id, data):
        properties = data["actionConfiguration"]["configuration"]
        sandbox_id = self.sandbox_id(data)
        components = self.lab.call("GET", f"/sandboxes/{sandbox_id}/components")
        pattern = re.compile(properties["ComponentName"])
        found = [component for component in components if pattern.fullmatch(component["name"])]
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} components match {properties['ComponentName']}")
        arguments = json.loads(properties.get("ArgumentsJSON") or "{}")
        execution = self.lab.call(
            "POST",
            f"/sandboxes/{sandbox_id}/components/{found[0]['id']}/commands/{properties['CommandName']}/start",
            json={"params": [{"name": name, "value": str(value)} for name, value in arguments.items()]},
        )
        pause = min(0.5, STATUS_PAUSE)
        while True:
            state = self.lab.call("GET", f"/executions/{execution['executionId']}")
            if state["status"] not in ("Pending", "Running", "Stopping"):
                break
            time.sleep(pause)
            pause = min(pause * 2, STATUS_PAUSE)
        if state["status"] != "Completed":
            raise RuntimeError(f"the command ended as {state['status']}: {state.get('output')}")
        return "The command ended well", sandbox_id, {"ExecutionId": execution["executionId"]}

    def end_sandbox(self, job_id, data):
        sandbox_id = self.sandbox_id(data)
        self.lab.call("POST", f"/sandboxes/{sandbox_id}/stop")
        return "The sandbox is being ended", sandbox_id, {"SandboxId": sandbox_id}


if __name__ == "__main__":
    worker = Worker()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    worker.run()
