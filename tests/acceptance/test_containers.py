"""The image and `docker compose up` on a real container engine, as a temporary project on a free port."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.required_programs import missing
from tests.waiting import LONGEST, until

pytestmark = pytest.mark.containers

ROOT = Path(__file__).parents[2]
SECONDS = 300  # the timeout of a command in seconds
NORRIS = {"dataset": {"sample": "norris"}, "standardize": True, "descent": {"learning_rate": 0.1}}


def command(*words: str, **environment: str) -> str:
    """The command's output; a nonzero exit code fails the test."""
    done = subprocess.run(
        words,
        cwd=ROOT,
        # The environment excludes the user's settings and project.
        env={k: v for k, v in os.environ.items() if not k.startswith(("DESCENT_", "COMPOSE_"))} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
    return done.stdout.strip()


class Stack:
    """A compose project with one worker process per container: two concurrent runs use two containers."""

    def __init__(self) -> None:
        self.project = f"descent-test-{secrets.token_hex(4)}"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def compose(self, *words: str) -> str:
        words = ("docker", "compose", "--project-name", self.project, *words)
        return command(*words, DESCENT_PORT=str(self.port), DESCENT_WORKERS="1")

    def up(self, workers: int = 1) -> None:
        """Returns when the API is healthy and the workers' containers run."""
        try:
            self.compose("up", "--no-build", "--wait", "--wait-timeout", "120", "--scale", f"worker={workers}")
        except AssertionError as error:
            error.add_note(self.compose("logs", "--tail", "50"))
            raise

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "--quiet", service).split()

    def python(self, container: str, program: str) -> str:
        """The output of a Python program inside the container."""
        return command("docker", "exec", container, "python", "-c", program)


def inspected(kind: str, name: str) -> dict[str, Any]:
    [found] = json.loads(command("docker", kind, "inspect", name))
    return dict(found)


def stopped(container: str) -> int:
    """Stops the container with a longer grace period than the default; its exit code."""
    command("docker", "stop", "--time", str(SECONDS // 2), container)
    return int(inspected("container", container)["State"]["ExitCode"])


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Builds the image and starts the project."""
    try:
        command("docker", "info")
        command("docker", "compose", "version")
    except (AssertionError, FileNotFoundError):
        missing("a Docker engine")
    stack = Stack()
    try:
        stack.compose("build")
        stack.up()
        yield stack
    finally:
        sys.stdout.write(stack.compose("logs", "--tail", "50"))  # shown if the last test failed
        stack.compose("down", "--volumes", "--timeout", "5")


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx2.Client]:
    """A client of the API in its container."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{stack.port}", timeout=LONGEST) as client:
        yield client


@pytest.mark.usefixtures("stack")
def test_the_image_is_described_and_holds_no_build_tools() -> None:
    config = inspected("image", "descent")["Config"]
    assert config["User"] == "10001:10001"
    assert config["Volumes"] == {"/data": {}}
    assert config["Labels"]["org.opencontainers.image.title"] == "Descent"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "MIT"
    tools = "import shutil; print([t for t in ('cc', 'gcc', 'g++', 'ld', 'make', 'git', 'pip') if shutil.which(t)])"
    assert command("docker", "run", "--rm", "--entrypoint", "python", "descent", "-c", tools) == "[]"


@pytest.fixture
def volume(stack: Stack) -> Iterator[str]:
    """A temporary volume."""
    name = f"{stack.project}-alone"
    yield name
    command("docker", "volume", "rm", "--force", name)


def test_the_image_alone_asks_for_a_key(volume: str) -> None:
    mounted = ("--volume", f"{volume}:/data")
    refused = subprocess.run(
        ["docker", "run", "--rm", *mounted, "descent"], capture_output=True, text=True, timeout=SECONDS
    )
    assert refused.returncode == 1
    assert "descent keys create NAME" in refused.stderr
    key = command("docker", "run", "--rm", *mounted, "descent", "keys", "create", "laptop")
    api = command("docker", "run", "--detach", *mounted, "--publish", "127.0.0.1::8000", "descent")
    try:
        until(lambda: inspected("container", api)["State"]["Health"]["Status"] == "healthy")
        [port] = inspected("container", api)["NetworkSettings"]["Ports"]["8000/tcp"]
        url = f"http://127.0.0.1:{port['HostPort']}/runs"
        assert httpx2.get(url, timeout=LONGEST).status_code == 401
        assert httpx2.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=LONGEST).status_code == 200
        assert key.split("_", 2)[2] not in command("docker", "logs", api)
    finally:
        command("docker", "rm", "--force", api)


def test_it_is_the_project_that_is_installed_not_a_link_to_it(stack: Stack) -> None:
    [api] = stack.containers("api")
    assert stack.python(api, "import service; print(service.__file__)").startswith("/opt/descent/lib/")


def test_the_page_and_swagger_ui_are_there_and_only_for_this_machine(stack: Stack, client: httpx2.Client) -> None:
    for path in ("/", "/docs", "/static/main.js", "/openapi.json"):
        assert client.get(path).status_code == 200, path
    [api] = stack.containers("api")
    ports = inspected("container", api)["NetworkSettings"]["Ports"]
    assert ports == {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]}
    [worker] = stack.containers("worker")
    assert not inspected("container", worker)["NetworkSettings"]["Ports"]


def test_compose_asks_for_no_key_and_says_so(stack: Stack, client: httpx2.Client) -> None:
    [api] = stack.containers("api")
    assert "off: everybody who reaches the port has all rights" in command("docker", "logs", api)
    assert client.get("/runs").status_code == 200
    assert client.get("/runs", headers={"Host": "evil.example"}).status_code == 421


def test_a_trajectory_outlives_its_containers(stack: Stack, client: httpx2.Client) -> None:
    run_id = client.post("/fit", json=NORRIS).json()["id"]
    assert finished(client, run_id)["status"] == "succeeded"
    before, run = trajectory(client, run_id), run_of(client, run_id)
    assert before.count(b"\n") == 102  # the names, and steps 0 to 100
    gone = stack.containers("api")
    stack.compose("down")
    stack.up()
    assert stack.containers("api") != gone
    assert trajectory(client, run_id) == before
    assert run_of(client, run_id) == run


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_container_may_do_little(stack: Stack, service: str) -> None:
    [container] = stack.containers(service)
    host = inspected("container", container)["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert 0 < host["Memory"] <= 6 * 2**30
    assert 0 < host["PidsLimit"] <= 256
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    # The limit also holds for the program itself, the child process of init.
    [child, *_] = stack.python(container, "print(open('/proc/1/task/1/children').read())").split()
    states = stack.python(container, f"print(open('/proc/{child}/status').read())").splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in states)}
    assert status["Uid"] == ["10001"] * 4
    assert int(status["CapEff"][0], 16) == int(status["CapBnd"][0], 16) == 0
    assert status["NoNewPrivs"] == ["1"]


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_container_writes_to_its_volume_and_to_tmp_alone(stack: Stack, service: str) -> None:
    [container] = stack.containers(service)
    program = """
import errno, tempfile
for folder in ("/", "/opt/descent", "/usr", "/etc", "/var/tmp", "/tmp", "/data"):
    try:
        tempfile.TemporaryFile(dir=folder).write(b"x")
        print(folder, "OK")
    except OSError as error:
        print(folder, errno.errorcode[error.errno])
"""
    written = dict(line.split() for line in stack.python(container, program).splitlines())
    assert {folder for folder, outcome in written.items() if outcome == "OK"} == {"/tmp", "/data"}
    assert written["/var/tmp"] == "EROFS"  # world-writable, but for the read-only root


def test_a_worker_stopped_in_a_long_run_hands_it_back(stack: Stack, client: httpx2.Client) -> None:
    undisturbed = long_run(client, 15_000)
    assert finished(client, undisturbed)["status"] == "succeeded"
    run_id = long_run(client, 15_000)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    [worker] = stack.containers("worker")
    code = stopped(worker)
    run = run_of(client, run_id)
    assert (run["status"], code) == ("queued", 0)
    assert 0 < run["steps_done"] < 15_000
    command("docker", "start", worker)
    run = finished(client, run_id)
    assert (run["status"], run["steps_done"]) == ("succeeded", 15_000)
    assert trajectory(client, run_id) == trajectory(client, undisturbed)


def test_containers_stop_when_told(stack: Stack) -> None:
    for service in ("worker", "api"):
        [container] = stack.containers(service)
        assert (service, stopped(container)) == (service, 0)  # 137 is the exit code after SIGKILL
    stack.up()


def test_three_containers_of_workers_share_the_runs(stack: Stack, client: httpx2.Client) -> None:
    stack.up(workers=3)
    assert len(stack.containers("worker")) == 3
    endless = [long_run(client, 1_000_000) for _ in range(3)]
    until(lambda: [run_of(client, run_id)["status"] for run_id in endless] == ["running"] * 3)
    for run_id in endless:
        client.post(f"/runs/{run_id}/cancel").raise_for_status()
    ids = [long_run(client, 2_000) for _ in range(10)]
    runs = [finished(client, run_id) for run_id in ids]
    assert {run["status"] for run in runs} == {"succeeded"}
    assert len({trajectory(client, run_id) for run_id in ids}) == 1
    # A container has one worker and a worker one run at a time: overlapping runs had different containers.
    spans = sorted((run["started_at"], run["finished_at"]) for run in runs)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))
