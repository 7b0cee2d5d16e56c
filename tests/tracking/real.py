"""A training that is tracked by the real TensorBoard and a real MLflow server, read back with their own means.

    make test-tracking

`tests/tracking/real.py TIDYRANK` makes a small market and trains on it; what history.jsonl says is what both must say. The
server keeps its runs in SQLite, in a temporary folder, and listens on the loopback only.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.util import tensor_util

TIDYRANK = pathlib.Path(sys.argv[1]).resolve()
START = 120  # Seconds that a server may take to answer for the first time.
EPOCHS = 5


def call(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=START) as answer:
        return json.load(answer)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def mlflow_server(folder):
    """The address of a server that is stopped at the end, with all its workers."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--default-artifact-root", str(folder / "files")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    log = folder / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        until = time.monotonic() + START
        while True:
            if server.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"mlflow server did not start:\n{log.read_text()}")
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
                    if answer.status == 200:
                        break
            time.sleep(0.2)
        # It is up; what it does at the first question only (its tables, its caches) may take longer than a training waits.
        call(f"{address}/api/2.0/mlflow/experiments/search", {"max_results": 1})
        warm = call(f"{address}/api/2.0/mlflow/runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]
        metric = {"key": "warm", "value": 1.0, "timestamp": 1, "step": 1}
        call(f"{address}/api/2.0/mlflow/runs/log-batch", {"run_id": warm, "metrics": [metric]})
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def tidyrank(folder, *arguments, code=0):
    done = subprocess.run([TIDYRANK, "--quiet", *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stderr


def interrupt(folder, arguments):
    """Stops a training after its third epoch, as Ctrl-C does."""
    training = subprocess.Popen([TIDYRANK, "--quiet", *map(str, arguments)], cwd=folder, stderr=subprocess.PIPE, text=True)
    history = folder / "stopped/history.jsonl"
    while not history.exists() or len(history.read_text().splitlines()) < 3:
        assert training.poll() is None, training.stderr.read()
        time.sleep(0.01)
    training.send_signal(signal.SIGINT)
    warnings = training.communicate()[1]
    assert training.returncode == 130 and "warning" not in warnings, (training.returncode, warnings)


def f32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def flat(value, name=""):
    if isinstance(value, dict):
        return {k: v for key, inner in value.items() for k, v in flat(inner, f"{name}.{key}" if name else key).items()}
    return {name: value}


def measured(history):
    """Metric -> {step: value} of a history, as trackers name it."""
    found = {}
    for line in history:
        for name, value in flat(line).items():
            if name != "epoch" and isinstance(value, (int, float)) and not isinstance(value, bool):
                found.setdefault(name, {})[line["epoch"]] = value
    return found


def check_params(found, expected):
    """Parameters are texts: a text of the recipe as it is, anything else as JSON."""
    read = {name: value if isinstance(expected.get(name), str) else json.loads(value) for name, value in found.items()}
    assert read == expected, (read, expected)


def check_tensorboard(folder, expected, params):
    """TensorBoard's loader checks every checksum on its way."""
    files = list(folder.iterdir())
    assert len(files) == 1 and files[0].name.startswith("events.out.tfevents."), files
    events = event_accumulator.EventAccumulator(str(folder), size_guidance={event_accumulator.TENSORS: 0})
    events.Reload()
    assert events.file_version == 2.0, events.file_version
    tags = set(events.Tags()["tensors"]) | set(events.Tags()["scalars"])
    assert tags == set(expected) | {"settings", "run", "status"}, (tags, set(expected))
    for name, steps in expected.items():
        if name in events.Tags()["scalars"]:
            found = {event.step: event.value for event in events.Scalars(name)}
        else:
            found = {event.step: tensor_util.make_ndarray(event.tensor_proto).item() for event in events.Tensors(name)}
        assert found == {step: f32(value) for step, value in steps.items()}, (name, found)
    assert all(events.SummaryMetadata(tag).plugin_data.plugin_name == "text" for tag in ("settings", "run", "status"))
    text = {tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto).item().decode() for tag in ("settings", "status")}
    assert text["status"] == "finished"
    rows = [row.strip("| ").split(" | ") for row in text["settings"].splitlines()[2:]]
    check_params(dict(rows), params)
    print(f"tensorboard: {len(expected)} scalars of {EPOCHS} epochs and {len(params)} settings read back")


class Experiment:
    """What an MLflow server knows of an experiment, by its REST API."""

    def __init__(self, server, name):
        self.api = f"{server}/api/2.0/mlflow"
        query = urllib.parse.urlencode({"experiment_name": name})
        found = call(f"{self.api}/experiments/get-by-name?{query}")
        self.id = found["experiment"]["experiment_id"]

    def runs(self):
        """Newest first."""
        return call(f"{self.api}/runs/search", {"experiment_ids": [self.id]}).get("runs", [])

    def metric(self, run, name):
        query = urllib.parse.urlencode({"run_id": run["info"]["run_id"], "metric_key": name})
        points = call(f"{self.api}/metrics/get-history?{query}")["metrics"]
        assert len({point.get("step", 0) for point in points}) == len(points), points
        return {int(point.get("step", 0)): point["value"] for point in points}


def pairs(entries):
    return {entry["key"]: entry["value"] for entry in entries}


def check_run(experiment, run, expected, params, fingerprint):
    data = run["data"]
    assert run["info"]["status"] == "FINISHED", run["info"]
    assert int(run["info"]["end_time"]) >= int(run["info"]["start_time"])
    check_params(pairs(data["params"]), params)
    tags = pairs(data["tags"])
    assert tags["data.fingerprint"] == fingerprint and tags["model.version"] == "1.0.0", tags
    assert tags["mlflow.runName"] == run["info"]["run_name"] and "tidyrank.version" in tags, tags
    assert {metric["key"] for metric in data["metrics"]} == set(expected)
    for name, steps in expected.items():
        found = experiment.metric(run, name)
        assert found == steps, (name, found, steps)
    print(f"mlflow: {len(expected)} metrics of {EPOCHS} epochs and {len(params)} parameters read back")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        market = "--jobs 600 --cleaners 40 --clients 60 --seed 3".split()
        tidyrank(folder, "generate", "--out", "data", *market)
        (folder / "recipe.toml").write_text(f"[training]\nepochs = {EPOCHS}\n")
        train = ["train", "recipe.toml", "--data", "data"]
        tidyrank(folder, *train, "--out", "plain")
        with mlflow_server(folder / "server") as server:
            mlflow = ["--mlflow", f"{server}/", "--mlflow-experiment", "σ & co/1"]
            for run in ("one", "two"):
                warnings = tidyrank(folder, *train, "--out", run, *mlflow, "--tensorboard", f"runs/{run}")
                assert warnings == "", warnings
            model = (folder / "plain/model.safetensors").read_bytes()
            assert (folder / "one/model.safetensors").read_bytes() == model, "tracking changed the model"

            history = [json.loads(line) for line in (folder / "one/history.jsonl").read_text().splitlines()]
            assert [line["epoch"] for line in history] == list(range(1, EPOCHS + 1)), history
            expected = measured(history)
            assert {"train_loss", "validation_loss", "learning_rate"} <= set(expected), expected
            params = flat(tomllib.loads((folder / "one/recipe.toml").read_text()))
            fingerprint = json.loads((folder / "one/manifest.json").read_text())["data_fingerprint"]

            check_tensorboard(folder / "runs/one", expected, params)
            experiment = Experiment(server, "σ & co/1")
            runs = experiment.runs()
            assert len(runs) == 2, runs
            for run in runs:
                check_run(experiment, run, expected, params, fingerprint)

            # A training that fails says so: its folder is a file.
            (folder / "file").write_text("")
            tidyrank(folder, *train, "--out", "file/model", *mlflow, code=1)
            failed = experiment.runs()[0]
            tags = pairs(failed["data"]["tags"])
            assert failed["info"]["status"] == "FAILED" and tags["tidyrank.error"].startswith("file."), (failed, tags)
            print(f"mlflow: a failed training is FAILED: {tags['tidyrank.error'].split(':')[0]}")

            # One that is stopped with Ctrl-C says so, and goes on as a run of its own, with the epochs from before.
            interrupt(folder, [*train, "--out", "stopped", "--epochs", "5000", "--patience", "5000", *mlflow])
            assert experiment.runs()[0]["info"]["status"] == "KILLED", experiment.runs()[0]
            warnings = tidyrank(folder, "train", "--resume", "stopped", "--finish", "--data", "data", *mlflow)
            assert warnings == "", warnings
            history = [json.loads(line) for line in (folder / "stopped/history.jsonl").read_text().splitlines()]
            resumed = experiment.runs()[0]
            assert resumed["info"]["status"] == "FINISHED" and len(history) >= 3, (resumed, history)
            assert experiment.metric(resumed, "validation_loss") == measured(history)["validation_loss"]
            print("mlflow: a training that is stopped is KILLED, and resumed it has the epochs from before")

            # What the server refuses is a warning: an experiment that was deleted there takes no run.
            call(f"{experiment.api}/experiments/delete", {"experiment_id": experiment.id})
            warnings = tidyrank(folder, *train, "--out", "three", *mlflow)
            assert warnings.count("warning[") == 1 and "warning[tracking.refused]" in warnings, warnings
            assert (folder / "three/model.safetensors").read_bytes() == model
            print(f"mlflow: {warnings.splitlines()[0]}")
        # And the server that is gone by now is no more than a warning, either.
        warnings = tidyrank(folder, *train, "--out", "four", *mlflow)
        assert warnings.count("warning[") == 1 and "warning[tracking.unreachable]" in warnings, warnings
        assert (folder / "four/model.safetensors").read_bytes() == model
        print(f"mlflow: {warnings.splitlines()[0]}")


main()
