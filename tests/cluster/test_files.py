"""The files of cluster/, as far as they run without Slurm and Kubernetes, whose commands are faked."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from semicurv_tf.config import load_config
from semicurv_tf.training.task import read_task

PROJECT = Path(__file__).resolve().parents[2]
CLUSTER = PROJECT / "cluster"


@pytest.fixture
def fakes(tmp_path):
    """A PATH on which commands only tell how they were called; returns a function that adds one."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def add(name, body):
        (folder / name).write_text(f"#!/usr/bin/env bash\n{body}\n")
        (folder / name).chmod(0o755)

    # What a worker would be: its TF_CONFIG and its arguments, a line each.
    add("semicurv-tf", 'echo "$TF_CONFIG|$*"; exit "${FAKE_CODE:-0}"')
    add.path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return add


def call(fakes, script, *arguments, cwd=None, **environment):
    kept = {
        key: value for key, value in os.environ.items() if key not in ("TF_CONFIG", "INDEX", "HOSTS", "PORT", "DEVICES")
    }
    environment = {**kept, "PATH": fakes.path, **environment}
    return subprocess.run(
        ["bash", script, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True
    )


def worker(line):
    """The task and the arguments of a faked worker's line."""
    text, _, arguments = line.partition("|")
    return read_task({"TF_CONFIG": text}), arguments


@pytest.mark.parametrize("script", ["worker.sh", "train.sbatch"])
def test_scripts_parse(script):
    subprocess.run(["bash", "-n", CLUSTER / script], check=True)


@pytest.mark.parametrize("index", [0, 2])
def test_worker_begins_the_run_or_goes_on_with_it(fakes, tmp_path, index):
    run, hosts = tmp_path / "run", {"HOSTS": "a b.example c", "INDEX": str(index), "PORT": "777", "DEVICES": "2"}
    task, arguments = worker(call(fakes, CLUSTER / "worker.sh", run, "--dataset", "drive128", **hosts).stdout)
    assert (task.addresses, task.worker) == (("a:777", "b.example:777", "c:777"), index)
    assert arguments.strip() == f"train --dataset drive128 --run {run} --devices 2"
    run.mkdir()
    (run / "config.yaml").write_text("")
    _, arguments = worker(call(fakes, CLUSTER / "worker.sh", run, "--dataset", "drive128", **hosts).stdout)
    assert arguments.strip() == f"train --resume {run} --devices 2"


@pytest.mark.parametrize(
    "arguments, environment, word",
    [(["--dataset"], {}, "run folder"), (["run"], {"INDEX": "0"}, "HOSTS"), (["run"], {"HOSTS": "a"}, "INDEX")],
)
def test_worker_names_what_it_misses(fakes, arguments, environment, word):
    done = call(fakes, CLUSTER / "worker.sh", *arguments, **environment)
    assert done.returncode != 0 and word in done.stderr and "Fix" in done.stderr and not done.stdout


SLURM = {"SLURM_JOB_ID": "31234", "SLURM_JOB_NODELIST": "node[07-08]", "SLURM_GPUS_ON_NODE": "2"}


@pytest.fixture
def slurm(fakes, tmp_path):
    """Two nodes of Slurm: `srun` starts its command once for each. The project has no environment of its own."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "cluster").symlink_to(CLUSTER)
    fakes(
        "scontrol", 'if [ "$1 $2" = "show hostnames" ]; then printf "node07\\nnode08\\n"; else echo "scontrol $*"; fi'
    )
    skip_options = 'while [ "${1#-}" != "$1" ]; do shift; done'
    fakes("srun", f'{skip_options}; code=0; for i in 0 1; do SLURM_PROCID=$i "$@" || code=$?; done; exit $code')
    return fakes


def submit(slurm, tmp_path, *arguments, **environment):
    environment = {**SLURM, "SLURM_SUBMIT_DIR": str(tmp_path / "project"), **environment}
    return call(slurm, CLUSTER / "train.sbatch", tmp_path / "run", *arguments, cwd=tmp_path, **environment)


def test_slurm_job_starts_a_worker_a_node(slurm, tmp_path):
    done = submit(slurm, tmp_path, "--labels", "0.01")
    assert done.returncode == 0, done.stderr
    found = [worker(line) for line in done.stdout.splitlines()]
    assert [task.worker for task, _ in found] == [0, 1]
    assert {task.addresses for task, _ in found} == {("node07:21234", "node08:21234")}
    assert {arguments for _, arguments in found} == {f"train --labels 0.01 --run {tmp_path / 'run'} --devices 2"}


@pytest.mark.parametrize("code, again", [(130, True), (2, False)])
def test_slurm_job_is_queued_again_after_a_stop_and_only_then(slurm, tmp_path, code, again):
    done = submit(slurm, tmp_path, FAKE_CODE=str(code))
    assert done.returncode == code and ("scontrol requeue 31234" in done.stdout) == again


def test_slurm_job_outside_the_project_is_one_line(slurm, tmp_path):
    done = submit(slurm, tmp_path, SLURM_SUBMIT_DIR=str(tmp_path))
    assert done.returncode == 2 and "Fix" in done.stderr


def test_slurm_job_takes_the_environment_of_the_project(slurm, tmp_path):
    own = tmp_path / "project" / ".venv" / "bin"
    own.mkdir(parents=True)
    (own / "semicurv-tf").write_text("#!/usr/bin/env bash\necho own\n")
    (own / "semicurv-tf").chmod(0o755)
    assert submit(slurm, tmp_path).stdout.split() == ["own", "own"]


def test_slurm_devices_share_the_default_batch():
    text = (CLUSTER / "train.sbatch").read_text()
    nodes, gpus = (
        int(re.search(rf"^#SBATCH --{key}=(\d+)", text, re.MULTILINE)[1]) for key in ("nodes", "gpus-per-node")
    )
    training = load_config().training
    assert training.batch_labelled % (nodes * gpus) == training.batch_unlabelled % (nodes * gpus) == 0


@pytest.fixture
def kubernetes():
    """The objects of job.yaml by kind."""
    return {every["kind"]: every for every in yaml.safe_load_all((CLUSTER / "job.yaml").read_text())}


def test_kubernetes_workers_find_each_other(kubernetes, fakes):
    job, service = kubernetes["Job"], kubernetes["Service"]
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    given = {entry["name"]: entry.get("value") for entry in container["env"]}
    # Kubernetes names the pods of an indexed Job JOB-INDEX, and gives them SUBDOMAIN as a domain where a headless
    # Service has that name.
    assert spec["completionMode"] == "Indexed" and spec["completions"] == spec["parallelism"]
    names = [f"{job['metadata']['name']}-{index}.{pod['subdomain']}" for index in range(spec["completions"])]
    assert given["HOSTS"].split() == names
    assert service["metadata"]["name"] == pod["subdomain"] and service["spec"]["clusterIP"] == "None"
    assert (
        service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
        and service["spec"]["publishNotReadyAddresses"]
    )
    assert int(given["PORT"]) == service["spec"]["ports"][0]["port"] == container["ports"][0]["containerPort"]
    assert "job-completion-index" in json.dumps(next(entry for entry in container["env"] if entry["name"] == "INDEX"))
    assert len(names) * int(given["DEVICES"]) in (1, 2, 4)
    environment = {key: value for key, value in given.items() if value is not None}
    for index in range(len(names)):
        done = call(fakes, CLUSTER / "worker.sh", *container["args"], **environment, INDEX=str(index))
        task, arguments = worker(done.stdout)
        assert task.worker == index and task.addresses == tuple(f"{name}:{given['PORT']}" for name in names)
        assert "--dataset=drive128" in arguments and "--run /shared/runs/one" in arguments


def test_kubernetes_pod_may_write_where_it_must(kubernetes):
    pod = kubernetes["Job"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert mounts.keys() == {"/shared", "/cache", "/tmp"} and set(mounts.values()) == volumes.keys()
    claim = volumes[mounts["/shared"]]["persistentVolumeClaim"]["claimName"]
    assert claim == kubernetes["PersistentVolumeClaim"]["metadata"]["name"]
    assert kubernetes["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteMany"]
    assert container["securityContext"]["readOnlyRootFilesystem"] and pod["securityContext"]["runAsNonRoot"]


def test_image_copies_what_there_is():
    text = (CLUSTER / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (?:--\S+ )?(.*) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (PROJECT / name).exists(), name
    assert json.loads(re.search(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[1])[1].endswith("cluster/worker.sh")


def test_kubernetes_retries_what_may_pass_and_no_mistake(kubernetes):
    from semicurv_tf.errors import RETRY, USER

    spec = kubernetes["Job"]["spec"]
    fail, ignore = spec["podFailurePolicy"]["rules"]
    codes = fail["onExitCodes"]
    assert fail["action"] == "FailJob" and codes["operator"] == "In" and codes["values"] == [USER] != [RETRY]
    assert codes["containerName"] == spec["template"]["spec"]["containers"][0]["name"]
    assert ignore == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    # Kubernetes refuses a podFailurePolicy with any other.
    assert spec["template"]["spec"]["restartPolicy"] == "Never" and spec["activeDeadlineSeconds"] > 0


def test_kubernetes_pod_is_confined(kubernetes):
    job = kubernetes["Job"]["spec"]["template"]
    pod, policy = job["spec"], kubernetes["NetworkPolicy"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert all("sizeLimit" in volume["emptyDir"] for volume in pod["volumes"] if "emptyDir" in volume)
    assert {"memory", "ephemeral-storage"} <= container["resources"]["limits"].keys()
    mine = {"podSelector": {"matchLabels": job["metadata"]["labels"]}}
    assert policy["podSelector"] == mine["podSelector"] and set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert policy["ingress"] == [{"from": [mine]}] and policy["egress"][0] == {"to": [mine]}


def test_the_builder_sees_what_the_image_copies_and_nothing_else():
    allowed = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = re.findall(r"^COPY (?:--\S+ )?(.*) \S+$", (CLUSTER / "Dockerfile").read_text(), re.MULTILINE)
    assert sorted(allowed) == sorted(name for line in copied for name in line.split())


@pytest.mark.parametrize("file", ["cluster/Dockerfile", "serving/Dockerfile"])
def test_a_base_image_can_be_named_by_digest(file):
    lines = (PROJECT / file).read_text().splitlines()
    assert "FROM ${BASE}" in lines and any(
        line.startswith("ARG BASE=") for line in lines[: lines.index("FROM ${BASE}")]
    )
