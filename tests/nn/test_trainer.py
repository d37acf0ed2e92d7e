"""The trainer: what is broken off goes on bit for bit, what cannot be written is said, what goes wrong is warned of."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import nn
from nn import checkpoint
from nn.checkpoint import read, write
from nn.errors import CheckpointError, DataError, MissingExtra, TrainingError
from nn.functional import cross_entropy, mse_loss
from nn.trainer import TrainingWarning, read_log
from nn.trainer.folder import RunFolder, load
from nn.trainer.packing import pack, unpack

HERE = Path(__file__).parent
PROGRAM = HERE / "resumable.py"
_spec = importlib.util.spec_from_file_location("resumable", PROGRAM)
resumable = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(resumable)
trainer = resumable.trainer
STEPS = 24


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run that nobody broke off."""
    folder = tmp_path_factory.mktemp("whole")
    trainer(folder, save_seconds=0).fit(STEPS)
    return folder


def contents(state):
    """A state as bytes, arrays by name."""
    tree, arrays = pack(state)
    return json.dumps(tree, sort_keys=True), {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()}


def same(folder, whole, steps=STEPS):
    name = f"step-{steps:08d}.safetensors"
    ours, theirs = load(folder / name), load(whole / name)
    assert contents(ours["training"]) == contents(theirs["training"])
    best, other = read(folder / "best.safetensors"), read(whole / "best.safetensors")
    assert best.metadata == other.metadata
    assert contents(best.arrays) == contents(other.arrays)


def simple(folder=None, lr=0.1, hidden=8, **settings):
    rng = np.random.default_rng(0)
    model = nn.models.MLP([3, hidden, 1], rng=rng)
    x = rng.normal(size=(32, 3)).astype(np.float32)
    data = nn.data.DataLoader(nn.data.ArrayDataset(x, x.sum(1, keepdims=True)), batch_size=8)
    optimizer = nn.optim.SGD(model.parameters(), lr=lr)
    return nn.Trainer(model, optimizer, data, lambda a, b: mse_loss(model(a), b), folder=folder, **settings)


def broken_off(folder, at, **settings):
    """A training with a checkpoint after some steps of `STEPS`."""

    def stop(step):
        raise KeyboardInterrupt

    run = trainer(folder, hooks=[(at, stop)], **settings)
    assert run.fit(STEPS, resume=True).steps % at == 0
    return run


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


# ---------------------------------------------------------------------- going on
@pytest.mark.parametrize("at", [1, 5, 7, 13, 23])
def test_a_training_goes_on_bit_for_bit_from_any_step(at, whole, tmp_path):
    first = broken_off(tmp_path, at)
    second = trainer(tmp_path, save_seconds=0)
    assert second.resume() == at
    second.fit(STEPS)
    same(tmp_path, whole)
    assert second.history.losses[:at] == first.history.losses


def test_fit_takes_up_what_it_finds_and_begins_where_there_is_nothing(whole, tmp_path):
    for at in (3, 10):
        broken_off(tmp_path, at)
    assert trainer(tmp_path).fit(STEPS, resume=True).steps == STEPS
    same(tmp_path, whole)


def test_one_trainer_that_is_asked_twice_goes_on_too(whole, tmp_path):
    again = broken_off(tmp_path, 5)
    again.fit(STEPS)  # stopped at 10
    again.hooks.clear()
    again.fit(STEPS)
    same(tmp_path, whole)


def test_saving_more_often_changes_nothing(whole, tmp_path):
    trainer(tmp_path, save_every=1, keep=2).fit(STEPS)
    same(tmp_path, whole)
    assert [name for name in names(tmp_path) if name.startswith("step")] == [
        f"step-{STEPS - 1:08d}.safetensors",
        f"step-{STEPS:08d}.safetensors",
    ]


def test_ctrl_c_in_the_middle_of_an_epoch_saves_and_goes_on(whole, tmp_path):
    def stop(step):
        os.kill(os.getpid(), signal.SIGINT)

    history = trainer(tmp_path, hooks=[(11, stop)]).fit(STEPS)
    assert history.interrupted
    assert (history.steps, history.saved) == (11, tmp_path / "step-00000011.safetensors")
    trainer(tmp_path).fit(STEPS, resume=True)
    same(tmp_path, whole)


def test_float16_with_a_scaler_goes_on_bit_for_bit(tmp_path):
    def half(folder):
        model = nn.models.MLP([4, 8, 2], rng=np.random.default_rng(0)).astype("float16")
        x = np.random.default_rng(1).normal(size=(40, 4)).astype(np.float16)
        data = nn.data.DataLoader(nn.data.ArrayDataset(x, (x[:, 0] > 0).astype(int)), batch_size=8)
        scaler = nn.optim.GradScaler(init_scale=2.0**30, growth_interval=7)
        adam = nn.optim.Adam(model.parameters(), lr=0.01)
        return nn.Trainer(
            model, adam, data, lambda a, b: cross_entropy(model(a).astype("float32"), b), scaler=scaler, folder=folder,
            clip=1.0,
        )  # fmt: skip

    history = half(tmp_path / "a").fit(40)
    assert 1 <= history.skipped < 20  # the scale was too large at first
    assert np.mean(history.losses[-5:]) < np.mean(history.losses[:5])
    half(tmp_path / "b").fit(17)
    half(tmp_path / "b").fit(40, resume=True)
    ours, theirs = (load(tmp_path / run / "step-00000040.safetensors")["training"] for run in "ab")
    assert contents(ours) == contents(theirs)


def test_a_list_of_batches_goes_on_where_it_was(tmp_path):
    seen = []
    batches = [np.full((1, 2), i, np.float32) for i in range(5)]

    def make(folder):
        model = nn.Linear(2, 1, rng=np.random.default_rng(0))
        optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
        return nn.Trainer(model, optimizer, batches, lambda x: seen.append(int(x[0, 0])) or model(x).mean(),
                          folder=folder)  # fmt: skip

    make(tmp_path).fit(7)
    make(tmp_path).fit(11, resume=True)
    assert seen == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0]


def test_epochs_count_batches_and_accumulation():
    run = simple(accumulate=3)  # 4 batches
    assert run.fit(epochs=3).steps == 4
    assert run.history.targets == 12 * 8
    assert run.fit(epochs=4).steps == 6


def test_accumulated_batches_step_like_the_whole_one():
    x = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)

    def after(batches, accumulate):
        model = nn.Linear(3, 1, rng=np.random.default_rng(0))
        optimizer = nn.optim.SGD(model.parameters(), lr=0.5)
        nn.Trainer(model, optimizer, batches, lambda a: (model(a) ** 2).mean(), accumulate=accumulate).fit(3)
        return model.weight.data

    np.testing.assert_allclose(after([x], 1), after(np.split(x, 4), 4), rtol=1e-5)


# ---------------------------------------------------------------------- kill -9
def killed(folder, whole, kills, seed):
    """Run the program, kill it at random moments, run it until it ends; gives how often it died in mid-run."""
    rng, died = np.random.default_rng(seed), 0
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, str(PROGRAM), str(folder), str(STEPS)]
    log = folder / "log.jsonl"
    for _ in range(20 * kills):
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if died < kills:
            before, deadline = log.stat().st_size if log.exists() else 0, time.monotonic() + 60
            while running.poll() is None and time.monotonic() < deadline:  # until it trains
                if log.exists() and log.stat().st_size > before:
                    break
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.04))
            running.send_signal(signal.SIGKILL)
        said = running.stderr.read()
        status = running.wait()
        running.stderr.close()
        assert status in (0, -signal.SIGKILL), said.decode()
        died += status != 0
        if status == 0:
            if died >= kills:
                break
            for path in folder.iterdir():  # it was quicker: again from the start
                path.unlink()
    same(folder, whole)
    return died


def test_a_run_that_is_killed_three_times_ends_with_the_same_bytes(whole, tmp_path):
    assert killed(tmp_path, whole, 3, seed=0) == 3
    steps = [event["step"] for event in read_log(tmp_path / "log.jsonl") if event["event"] == "step"]
    assert steps == list(range(1, STEPS + 1))  # each once, whatever was done twice


@pytest.mark.slow
def test_a_run_that_is_killed_fifty_times_ends_with_the_same_bytes(whole, tmp_path):
    died = 0
    for run in range(10):
        folder = tmp_path / str(run)
        folder.mkdir()
        died += killed(folder, whole, 5, seed=run)
    assert died == 50


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_death_in_the_middle_of_writing_leaves_the_last_checkpoint(moment, whole, tmp_path, monkeypatch):
    broken_off(tmp_path, 4)

    def die(*args):
        raise SystemExit  # nothing is cleaned up after a real death: the part stays

    monkeypatch.setattr(checkpoint.os, moment, die)
    monkeypatch.setattr(Path, "unlink", lambda *args, **kwargs: None)
    second = trainer(tmp_path)
    second.resume()
    second.save_every = 6
    with pytest.raises(SystemExit):
        second.fit(STEPS)
    monkeypatch.undo()
    assert any(name.endswith(".part") for name in names(tmp_path))
    trainer(tmp_path).fit(STEPS, resume=True)
    same(tmp_path, whole)
    assert not any(name.endswith(".part") for name in names(tmp_path))


# ---------------------------------------------------------------------- torn and foreign checkpoints
def damage(path, how):
    raw = path.read_bytes()
    path.write_bytes(
        {"short": raw[: len(raw) // 2], "empty": b"", "bit": raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]}[how]
    )


@pytest.mark.parametrize("how", ["short", "empty", "bit"])
def test_a_torn_checkpoint_is_passed_over_and_said(how, whole, tmp_path):
    broken_off(tmp_path, 15, save_every=5, save_seconds=0)
    damage(tmp_path / "step-00000015.safetensors", how)
    again = trainer(tmp_path, keep=1)
    with pytest.warns(TrainingWarning, match=r"step-00000015\.safetensors: .*(cut short|empty|damaged).*passed over"):
        assert again.resume() == 10
    again.fit(STEPS)
    same(tmp_path, whole)


def test_no_whole_checkpoint_at_all(tmp_path):
    trainer(tmp_path).fit(2)
    damage(tmp_path / "step-00000002.safetensors", "short")
    with pytest.warns(TrainingWarning), pytest.raises(CheckpointError, match="none of its 1 checkpoints is whole"):
        trainer(tmp_path).resume()
    with pytest.raises(CheckpointError, match="there is no checkpoint"):
        trainer(tmp_path / "other").resume()
    with pytest.raises(CheckpointError, match="give folder="):
        simple().resume()


def test_another_programs_file_is_no_checkpoint(tmp_path):
    write(tmp_path / "step-00000003.safetensors", {"a": np.zeros(2)}, {"format": "pt"})
    with pytest.raises(CheckpointError, match="not a checkpoint of a Trainer"):
        load(tmp_path / "step-00000003.safetensors")


def test_a_training_made_otherwise_is_refused_and_nothing_changes(tmp_path):
    trainer(tmp_path).fit(3)
    fresh = contents(nn.trainer.state.save(trainer(None)))
    for change, words in (
        ({"schedule": None}, "it has a state of the schedule 0"),
        ({"states": {}}, "it has a state of the state 'noise'"),
        ({"scaler": nn.optim.GradScaler()}, "it lacks a state of the scaler"),
        ({"record_gradients": False}, "the history does not fit: it has the gradients of other layers"),
    ):
        other = trainer(None, **change)
        before = contents(nn.trainer.state.save(other))
        with pytest.raises(CheckpointError, match=re.escape(words)):
            other.resume(tmp_path)
        assert contents(nn.trainer.state.save(other)) == before
    other = trainer(None)
    other.feed.source.seed = 99
    with pytest.raises(CheckpointError, match="the data does not fit: the state is of a data loader with random 6"):
        other.resume(tmp_path)
    other.feed.source.seed = 6
    assert contents(nn.trainer.state.save(other)) == fresh
    smaller = simple()
    with pytest.raises(CheckpointError, match="of a training made otherwise"):
        smaller.resume(tmp_path)


def test_a_model_of_another_shape_is_named_in_one_line(tmp_path):
    simple(tmp_path).fit(1)
    other = simple(hidden=9)
    with pytest.raises(CheckpointError, match="the model does not fit: .*layers.0.weight") as caught:
        other.resume(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_with_a_run_is_not_written_over(tmp_path):
    simple(tmp_path).fit(3)
    before = names(tmp_path)
    with pytest.raises(CheckpointError, match="holds a run of 3 steps already: go on with it"):
        simple(tmp_path).fit(5)
    assert names(tmp_path) == before


def test_another_runs_weights_begin_a_new_run(tmp_path):
    simple(tmp_path / "a").fit(3)
    second = simple(tmp_path / "b")
    assert second.resume(tmp_path / "a") == 3
    second.fit(4)
    assert "step-00000004.safetensors" in names(tmp_path / "b")
    assert "step-00000004.safetensors" not in names(tmp_path / "a")


# ---------------------------------------------------------------------- two runs
def test_two_trainings_in_one_folder(tmp_path):
    found = []

    def other(step):
        with pytest.raises(CheckpointError) as caught:
            simple(tmp_path).fit(1)
        found.append(str(caught.value))

    simple(tmp_path, hooks=[(2, other)]).fit(2)
    assert found == [f"{tmp_path}: process {os.getpid()} is training there: wait for it, or name another folder"]
    assert simple(tmp_path).fit(3, resume=True).steps == 3


def test_a_lock_of_a_dead_process_is_taken_over(tmp_path):
    code = (
        "import os, pathlib, signal, sys; from nn.trainer.lock import Lock\n"
        "Lock(pathlib.Path(sys.argv[1])).acquire(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")], cwd=HERE.parents[1], check=False)
    assert dead.returncode == -signal.SIGKILL
    assert (tmp_path / "lock").read_text().strip().isdigit()  # it is there, with the number of nobody
    assert simple(tmp_path).fit(1).steps == 1
    assert (tmp_path / "lock").read_text() == ""


# ---------------------------------------------------------------------- what cannot be written
FULL = OSError(28, "No space left on device")


def test_a_full_disk_is_one_error_and_loses_nothing(whole, tmp_path, monkeypatch):
    broken_off(tmp_path, 8)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path) if name.endswith(".safetensors")}
    second = trainer(tmp_path, keep=1, save_every=1)
    second.resume()

    def full(*args):
        raise FULL

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"step-00000009\.safetensors: cannot be written: No space left"):
        second.fit(STEPS)
    monkeypatch.undo()
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert not any(name.endswith(".part") for name in names(tmp_path))
    assert second.save() == tmp_path / "step-00000009.safetensors"  # with room again
    second.fit(STEPS)
    same(tmp_path, whole)


def test_a_log_on_a_full_disk_is_one_error_and_mended(tmp_path):
    simple(tmp_path, log_every=1).fit(2)
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[2]); import resumable\n"
        "from pathlib import Path; from nn.errors import CheckpointError\n"
        "folder = Path(sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "try:\n    resumable.trainer(folder, keep_best=False).fit(1000)\n"
        "except CheckpointError as error:\n    print(error)\n"
    )
    folder = tmp_path / "limited"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-c", code, str(folder), str(HERE)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert re.fullmatch(r".*log\.jsonl: cannot be written: .*\n", found.stdout), found
    log = folder / "log.jsonl"
    assert log.stat().st_size == 2000
    events = len(read_log(log))
    trainer(folder).fit(2)
    assert [e["event"] for e in read_log(log)][events] == "start"


def test_a_checkpoint_that_outgrows_the_disk(tmp_path):
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[2]); import resumable\n"
        "from pathlib import Path; from nn.errors import CheckpointError\n"
        "t = resumable.trainer(Path(sys.argv[1]), keep_best=False, log_every=0); t.fit(2)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try:\n    t.fit(4)\nexcept CheckpointError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-c", code, str(tmp_path), str(HERE)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert re.fullmatch(r".*step-00000004\.safetensors: cannot be written: File too large\n", found.stdout), found
    assert names(tmp_path) == ["lock", "log.jsonl", "step-00000002.safetensors"]
    assert trainer(tmp_path).resume() == 2


@pytest.mark.parametrize("inside", [False, True])
def test_a_place_that_can_be_no_folder(inside, tmp_path):
    place = tmp_path / "file"
    place.write_text("mine")
    with pytest.raises(CheckpointError, match="no folder can be made there: (File exists|Not a directory)"):
        simple(place / "run" if inside else place).fit(1)
    assert place.read_text() == "mine"


def test_a_folder_that_may_not_be_written_to(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "lock").mkdir()  # what open() cannot write to, root or not
    with pytest.raises(CheckpointError, match="lock: cannot be written: Is a directory"):
        simple(tmp_path).fit(1)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(CheckpointError, match="no folder can be made there: Permission denied"):
        simple(tmp_path / "run").fit(1)


# ---------------------------------------------------------------------- validation
@pytest.mark.parametrize("place", [None, "run"])
def test_the_best_weights_are_kept_and_patience_ends_it(place, tmp_path):
    values, weights = iter([3.0, 2.0, float("nan"), 2.5, 2.0, 1.0]), []

    def validate():
        weights.append(run.model.state_dict())
        return next(values)

    run = simple(place and tmp_path / place, validate=validate, validate_every=2, patience=3)
    history = run.fit(100)
    assert history.stopped_early
    assert history.steps == 10
    assert history.best == (4, 2.0)
    assert run.load_best() == (4, 2.0)
    assert contents(run.model.state_dict()) == contents(weights[1])
    assert run.fit(100).steps == 10  # it stays stopped


def test_validation_comes_once_an_epoch_and_at_the_end():
    run = simple(validate=lambda: 1.0)
    assert run.fit(10).validation == [(4, 1.0), (8, 1.0), (10, 1.0)]


def test_validation_of_batches_weighs_targets_and_leaves_the_mode():
    x = np.arange(5, dtype=np.float32)[:, None]
    model = nn.Sequential(nn.Linear(1, 1, rng=np.random.default_rng(0)), nn.Dropout(0.5))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.0)
    data = nn.data.DataLoader(nn.data.ArrayDataset(x, 2 * x), batch_size=2)
    run = nn.Trainer(model, optimizer, data, lambda a, b: mse_loss(model(a), b), validate=data)
    (_, loss), *_ = run.fit(1).validation
    model.eval()
    assert loss == pytest.approx(((model(x).data - 2 * x) ** 2).mean(), rel=1e-5)


def test_averaged_weights_are_the_ones_validated():
    run = simple()
    average = nn.optim.AveragedModel(run.model, decay=None)
    seen = []
    run = nn.Trainer(run.model, run.optimizers, run.feed.source, run.step.loss, average=average, validate_every=5,
                     validate=lambda: float(seen.append(run.model.state_dict()) or 1.0))  # fmt: skip
    run.fit(5)
    assert contents(seen[0]) != contents(run.model.state_dict())
    run.load_best()
    assert contents(seen[0]) == contents(run.model.state_dict())


def test_no_best_weights(tmp_path):
    with pytest.raises(CheckpointError, match="no best weights yet"):
        simple().load_best()
    with pytest.raises(CheckpointError, match="there is no such checkpoint"):
        simple(tmp_path).load_best()


# ---------------------------------------------------------------------- logs
def test_the_log_has_a_line_for_every_event(tmp_path):
    simple(tmp_path, log_every=2, validate=lambda: 0.5, validate_every=3, clip=1.0, save_every=4).fit(5)
    events = read_log(tmp_path / "log.jsonl")
    assert [(e["event"], e["step"]) for e in events] == [
        ("start", 0), ("step", 2), ("validation", 3), ("step", 4), ("checkpoint", 4), ("validation", 5),
        ("checkpoint", 5), ("end", 5),
    ]  # fmt: skip
    assert events[1].keys() == {"event", "step", "time", "loss", "rate", "lr", "gradient"}
    assert events[1]["lr"] == [0.1]
    assert events[-1]["why"] == "done"


def test_a_torn_last_line_is_cut_off(tmp_path):
    simple(tmp_path, log_every=1).fit(2)
    log = tmp_path / "log.jsonl"
    events = len(read_log(log))
    with open(log, "ab") as file:
        file.write(b'{"event": "st')
    assert len(read_log(log)) == events
    simple(tmp_path, log_every=1).fit(3, resume=True)
    assert [e["event"] for e in read_log(log)][-5:] == ["end", "resume", "step", "checkpoint", "end"]
    log.write_bytes(b"no log\n")
    with pytest.raises(DataError, match="line 1 is not one of a training's log"):
        read_log(log)


def test_event_files_for_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX", reason="writes the event files")
    from tensorboardX.event_file_writer import EventFileWriter  # noqa: F401
    from tensorboardX.proto import event_pb2

    simple(tmp_path, log_every=2, validate=lambda: 0.5, validate_every=3, tensorboard=True).fit(6)
    scalars = {}
    for path in (tmp_path / "tensorboard").iterdir():
        raw, at = path.read_bytes(), 0
        while at < len(raw):  # length, its checksum, event, its checksum
            size = int.from_bytes(raw[at : at + 8], "little")
            event = event_pb2.Event.FromString(raw[at + 12 : at + 12 + size])
            at += 16 + size
            for value in event.summary.value:
                scalars.setdefault(value.tag, []).append((event.step, round(value.simple_value, 4)))
    assert [step for step, _ in scalars["loss"]] == [2, 4, 6]
    assert scalars["validation"] == [(3, 0.5), (6, 0.5)]
    assert scalars["lr/0"] == [(2, 0.1), (4, 0.1), (6, 0.1)]


def test_tensorboard_without_its_package_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtra, match=r'tensorboardX.*pip install "glassgrad\[tensorboard\]"'):
        simple(tmp_path, tensorboard=True).fit(1)


def test_a_flow_recorder_follows_a_resume(tmp_path):
    def make():
        run = simple(tmp_path / "run")
        run.recorder = run.step.recorder = nn.FlowRecorder(run.model, every=2, folder=tmp_path / "flow", resume=True)
        return run

    make().fit(5)
    (tmp_path / "run" / "step-00000005.safetensors").unlink()
    first = simple(tmp_path / "run")
    first.fit(3)
    make().fit(8, resume=True)
    assert nn.FlowRecorder.load(tmp_path / "flow").steps == (1, 3, 5, 7)


# ---------------------------------------------------------------------- what goes wrong in training
def warned(run, steps):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        run.fit(steps)
    return [str(w.message) for w in found if w.category is TrainingWarning]


def classifier(seed=0, lr=0.01, shuffled=False, hidden=32, examples=200, validate=False, noise=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(examples + 100, 8)).astype(np.float32)
    y = (x[:, 0] + noise * rng.normal(size=len(x)) > 0).astype(int) + (x[:, 1] > 0).astype(int)
    y = rng.permutation(y) if shuffled else y
    model = nn.models.MLP([8, hidden, 3], rng=rng)
    data = nn.data.DataLoader(nn.data.ArrayDataset(x[100:], y[100:]), batch_size=20)
    test = nn.data.DataLoader(nn.data.ArrayDataset(x[:100], y[:100]), batch_size=100) if validate else None
    optimizer = nn.optim.Adam(model.parameters(), lr=lr)
    return nn.Trainer(model, optimizer, data, lambda a, b: cross_entropy(model(a), b), validate=test, validate_every=25)


@pytest.mark.parametrize("seed", range(5))
def test_healthy_trainings_are_left_in_peace(seed):
    assert warned(classifier(seed, examples=2000, validate=True), 600) == []
    assert warned(simple(lr=0.05), 600) == []


def test_overfitting_is_told_with_its_step():
    run = classifier(examples=60, hidden=128, noise=1.0, validate=True)
    said = warned(run, 800)
    assert len(said) == 1
    assert said[0].startswith(f"the model overfits: since step {run.history.warnings[0][0] - 100}")
    assert run.history.warnings[0][1] == said[0]
    best, last = run.history.best[1], run.history.validation[-1][1]
    assert last > 1.05 * best


def test_guessing_by_frequency_is_told():
    rng = np.random.default_rng(0)
    model = nn.models.MLP([8, 8, 4], rng=rng)
    y = rng.choice(4, p=[0.6, 0.2, 0.1, 0.1], size=(50, 64))
    batches = [(rng.normal(size=(64, 8)).astype(np.float32), row) for row in y]
    run = nn.Trainer(model, nn.optim.Adam(model.parameters(), 0.01), batches, lambda a, b: cross_entropy(model(a), b))
    said = warned(run, 400)
    assert len(said) == 1
    entropy = -sum(p * np.log(p) for p in np.bincount(y.ravel()) / y.size)
    assert re.search(r"no better than guessing each target by how frequent it is \(([\d.]+)", said[0])
    assert float(re.search(r"frequent it is \(([\d.]+)", said[0])[1]) == pytest.approx(entropy, abs=0.02)


def test_a_loss_that_does_not_move_is_told():
    said = warned(classifier(lr=1e-9), 300)
    assert any(text.startswith("the loss has not fallen in") for text in said)


def test_a_loss_that_rises_above_its_beginning_is_told():
    model = nn.Linear(1, 1, rng=np.random.default_rng(0))
    x = np.ones((1, 1), np.float32)
    run = nn.Trainer(model, nn.optim.SGD(model.parameters(), lr=0.505), [x], lambda a: ((model(a) - 1) ** 2).mean())
    said = warned(run, 400)  # each step multiplies the error by -1.02
    assert any("the learning rate is too high" in text for text in said)


def test_parameters_without_a_gradient_are_told_by_name():
    model = nn.Sequential(nn.Linear(2, 4, rng=np.random.default_rng(0)), nn.ReLU(), nn.Linear(4, 1))
    model[0].bias.data = np.full(4, -100.0)  # every unit is dead
    x = np.random.default_rng(0).normal(size=(8, 2)).astype(np.float32)
    y = x.sum(1, keepdims=True)
    run = nn.Trainer(model, nn.optim.SGD(model.parameters(), 0.1), [(x, y)], lambda a, b: mse_loss(model(a), b))
    assert any(text.startswith("no gradient has reached 0.weight and") for text in warned(run, 150))


def test_warnings_can_go_elsewhere_and_can_be_switched_off(recwarn):
    said = []
    model = nn.Linear(1, 1)
    for advise in (True, False):
        run = nn.Trainer(model, nn.optim.SGD(model.parameters(), 1e-12), [np.ones((1, 1), np.float32)],
                         lambda a: ((model(a) - 5) ** 2).mean(), tell=said.append, advise=advise)  # fmt: skip
        run.fit(250)
    assert len(said) == 1
    assert not recwarn.list


def test_a_loss_that_is_no_number_is_told_with_its_cause(tmp_path):
    run = simple(lr=1e4)
    with (
        pytest.raises(TrainingError, match=r"the loss is inf at step \d+: it had risen from 7.* to .*: lower"),
        np.errstate(all="ignore"),
    ):
        run.fit(50)
    model = nn.Linear(2, 1)
    bad = np.array([[1.0, np.nan]], np.float32)
    run = nn.Trainer(model, nn.optim.SGD(model.parameters()), [bad], lambda a: model(a).mean())
    with pytest.raises(TrainingError, match="array 0 of the batch has 1 elements that are not finite"):
        run.fit(1)
    x = np.ones((1, 2), np.float32)
    run = nn.Trainer(model, nn.optim.SGD(model.parameters()), [x], lambda a: np.log(model(a) * 0 - 1).mean())
    with (
        pytest.raises(TrainingError, match="lower the learning rate, or clip the gradient; .*log"),
        np.errstate(all="ignore"),
    ):
        run.fit(1)


def test_parameters_that_are_no_numbers_are_not_saved(tmp_path):
    run = simple(tmp_path)
    run.fit(2)
    run.model.layers[0].weight.data = np.full((8, 3), np.nan)
    with pytest.raises(TrainingError, match="layers.0.weight is not finite after step 2, and nothing is saved"):
        run.save()
    assert "step-00000002.safetensors" in names(tmp_path)


def test_a_scaler_that_finds_no_scale():
    model = nn.Linear(1, 1)
    run = nn.Trainer(model, nn.optim.SGD(model.parameters()), [np.ones((1, 1), np.float32)],
                     lambda a: (model(a) * np.inf).mean(), scaler=nn.optim.GradScaler())  # fmt: skip
    before = model.weight.data.copy()
    with pytest.raises(TrainingError, match="no step of the last 50 had a finite gradient"), np.errstate(all="ignore"):
        run.fit(100)
    np.testing.assert_array_equal(model.weight.data, before)


# ---------------------------------------------------------------------- mistakes
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"accumulate": 0}, "accumulate is at least 1, got 0"),
        ({"keep": 0}, "keep is at least 1"),
        ({"patience": 0}, "patience is at least 1"),
        ({"patience": 2}, "patience counts validations"),
        ({"validate_every": -1}, "validate_every is at least 0"),
        ({"save_every": -1}, "save_every is at least 0"),
        ({"save_seconds": float("nan")}, "save_seconds is at least 0"),
        ({"log_every": -1}, "log_every is at least 0"),
        ({"clip": 0.0}, "clip is above 0"),
        ({"tensorboard": True}, "need a folder="),
        ({"states": {"x": 3}}, "'x' is int"),
    ],
)
def test_settings_that_cannot_be(wrong, words):
    with pytest.raises(DataError, match=re.escape(words)):
        simple(**wrong)


def test_calls_that_cannot_be():
    run = simple()
    for arguments in ({}, {"steps": 1, "epochs": 1}):
        with pytest.raises(DataError, match="steps or epochs, one of the two"):
            run.fit(**arguments)
    with pytest.raises(DataError, match="steps is at least 0"):
        run.fit(-1)
    with pytest.raises(DataError, match="needs a folder"):
        run.fit(1, resume=True)
    with pytest.raises(CheckpointError, match="give folder="):
        run.save()
    model, optimizer = run.model, run.optimizers
    with pytest.raises(DataError, match="got int"):
        nn.Trainer(model, optimizer, 3, lambda x: x)
    with pytest.raises(DataError, match="at least one optimiser"):
        nn.Trainer(model, [], [1], lambda x: x)
    with pytest.raises(DataError, match="nobody knows how long an epoch"):
        nn.Trainer(model, optimizer, lambda: 1, lambda x: x).fit(epochs=1)
    with pytest.raises(DataError, match="the data gives no batch"):
        nn.Trainer(model, optimizer, [], lambda x: x).fit(1)
    batch = np.ones((2, 3), np.float32)
    with pytest.raises(DataError, match="after 2 batches: it can be gone through only once"):
        nn.Trainer(model, optimizer, iter([batch] * 2), lambda x: model(x).mean()).fit(3)
    for loss, words in ((lambda x: model(x), r"a Tensor of shape \(2, 1\)"), (lambda x: 1.0, "got float")):
        with pytest.raises(TypeError, match=f"the loss is a Tensor with one element, .*{words}"):
            nn.Trainer(model, optimizer, [batch], loss).fit(1)
    with pytest.raises(DataError, match="validate on give no batch"):
        nn.Trainer(model, optimizer, [batch], lambda x: model(x).mean(), validate=[]).fit(1)


def test_what_a_checkpoint_cannot_hold(tmp_path):
    class Odd:
        def state_dict(self):
            return {"thing": object()}

        def load_state_dict(self, state):
            pass

    with pytest.raises(CheckpointError, match="cannot hold training.state 'odd'.thing: it is a object"):
        simple(tmp_path, states={"odd": Odd()}).fit(1)
    assert names(tmp_path) == ["lock", "log.jsonl"]


@pytest.mark.parametrize(
    "tree",
    [
        {"a": [1, 2.5, None, True, "x", (1, 2)], "b": {0: {"c": np.arange(3)}}, "array": 1},
        {"array": "name"},
        {"tuple": [1]},
        [np.float32(0.1), float("inf"), 2**127, np.zeros((0, 2)), np.array(3)],
    ],
)
def test_packed_states_come_back(tree):
    text, arrays = pack(tree)
    found = unpack(json.loads(json.dumps(text)), arrays)
    assert repr(found) == repr(unpack(*pack(found)))
    assert contents(found) == contents(tree)
    assert type(found) is type(tree)


def test_threads_can_train_in_a_folder(tmp_path):
    thread = threading.Thread(target=lambda: simple(tmp_path).fit(2))
    thread.start()
    thread.join()
    assert RunFolder(tmp_path).checkpoints().keys() == {2}
