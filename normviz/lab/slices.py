"""What a worker does: a few steps of one training, state in, state out. Dask never stops a task, so no task is long."""

import time
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from normviz.lab import brought
from normviz.lab.tasks import TEST_PICTURES, Data, Outcome, Slice, Speed
from normviz.pictures import dataset, drawn, tensors
from normviz.studies import measurements
from normviz.training import batches, inference, loop, memory, state
from normviz.training.plans import Plan


def carry_out(job: Slice) -> Outcome:
    """Takes the steps of a slice and measures the network after them.

    Returns:
        With a point of: step, pictures (seen so far), loss (mean over the slice), accuracy (test, as in use), batch_accuracy
        (of half the test pictures, or of a batch if that is more, with the statistics of batches made like the training's; batch
        norm alone), gradient (Euclidean norm over all parameters), dead (share of channels that a norm receives as zero
        throughout), stray (by norm layer, see `measurements.stray`; batch norm alone). Where the loss is not finite any more,
        the point before it, and why.
    """
    torch.set_num_threads(1)
    memory.keep_freed_memory()
    training, test = splits(job.data)
    test = test.balanced(job.test_pictures)
    run = state.unpack(job.plan, training, job.packed) if job.packed else state.begin(job.plan, training=training)
    started = time.monotonic()
    try:
        seen = _train(run, training, job.steps, job.rate)
    except loop.Diverged as error:
        return Outcome(job.packed, {}, time.monotonic() - started, diverged=str(error))
    trained = time.monotonic()
    point = _progress(run, training) | seen | _measure(run, test)
    return Outcome(state.pack(run, training), point, trained - started, time.monotonic() - trained)


def _progress(run: state.State, training: dataset.Split) -> dict[str, int]:
    """Returns steps taken and pictures seen; in sorted batches the last one of a class holds fewer."""
    epoch, whole = run.epoch, run.epoch.number - 1 if run.epoch else 0
    if epoch is None:
        return {"step": 0, "pictures": 0}
    return {"step": whole * len(epoch.batches) + epoch.done, "pictures": whole * len(training) + epoch.seen}


def _train(run: state.State, training: dataset.Split, steps: int, rate: float | None) -> dict:
    losses = []

    def note(step: loop.Step) -> None:
        losses.append(run.epoch.last_loss)

    if steps > 1:
        loop.advance(run, training, steps - 1, note, rate)
    with _watched(run) as seen:
        loop.advance(run, training, min(steps, 1), note, rate)
    return {"loss": float(np.mean(losses)) if losses else None, **seen}


@contextmanager
def _watched(run: state.State):
    """Yields a dictionary that holds, after the block, what the last step of it showed."""
    seen, strays, dead = {"gradient": None, "dead": None, "stray": None}, [], []

    def note(module, inputs) -> None:
        dead.append((inputs[0].amax(dim=(0, 2, 3)) <= 0).float().mean().item())

    hooks = [norm.register_forward_pre_hook(note) for norm in run.network.norms]
    try:
        if measurements.uses_batch(run.network):
            with measurements.stray(run.network, strays):
                yield seen
        else:
            yield seen
    finally:
        for hook in hooks:
            hook.remove()
    if dead:
        gradients = [parameter.grad.norm() for parameter in run.network.parameters() if parameter.grad is not None]
        seen |= {"dead": float(np.mean(dead)), "gradient": torch.stack(gradients).norm().item()}
        seen["stray"] = [row["mean_distance"] for row in strays] or None


def _measure(run: state.State, test: dataset.Split) -> dict:
    batch = min(run.plan.recipe.batch_size, len(test))
    some = test.balanced(max(len(test) // 2, batch))  # in small batches each picture costs several times as much
    own = _with_batch_statistics(run, some) if measurements.uses_batch(run.network) else None
    run.network.eval()
    answers = inference.logits(run.network, test.images)
    loss = nn.functional.cross_entropy(torch.from_numpy(answers), torch.as_tensor(test.labels)).item()
    return {"test_loss": loss, "accuracy": float((answers.argmax(axis=1) == test.labels).mean()), "batch_accuracy": own}


def _with_batch_statistics(run: state.State, test: dataset.Split) -> float:
    """Returns test accuracy in training mode, in batches that are made up as those of the training are."""
    recipe, copy = run.plan.recipe, deepcopy(run.network).train()
    generator = torch.Generator().manual_seed(0)
    drawn_batches = batches.draw(torch.as_tensor(test.labels), recipe.order, recipe.batch_size, generator)
    correct = 0
    with torch.inference_mode():
        for chosen in drawn_batches:
            answers = copy(tensors.standardise(test.images[chosen.numpy()], *copy.standard)).argmax(dim=1)
            correct += (answers.numpy() == test.labels[chosen.numpy()]).sum()
    return float(correct / len(test))


@lru_cache(maxsize=4)
def splits(data: Data) -> tuple[dataset.Split, dataset.Split]:
    """Returns training and test pictures; a worker reads or draws them once."""
    if data.name == "drawn":
        return drawn.split("train", data.pictures), drawn.split("test", TEST_PICTURES)
    training, test = (_load(name, data) for name in ("train", "test"))
    return training.balanced(data.pictures), test.balanced(TEST_PICTURES)


def _load(name: str, data: Data) -> dataset.Split:
    if data.name == "brought":
        return brought.of_file(data.folder, name)
    split = dataset.load_split(name, data.folder or None, data.chosen)
    if split.is_own != (data.name == "own"):
        held = "own pictures" if split.is_own else "CIFAR-10"
        raise dataset.DataError(f"data must be what the run was begun on: data={data.name}, the data folder holds {held}")
    return split


def measure_speed(plan: Plan, data: Data, steps: int = 4) -> Speed:
    """Times a few steps of a training; the first, which is slower, does not count."""
    measured = carry_out(Slice(plan, data, carry_out(Slice(plan, data, None, 1)).packed, steps))
    return Speed(measured.train_seconds / steps, measured.point_seconds)


def export(plan: Plan, data: Data, packed: bytes) -> tuple[dict, dict[str, bytes]]:
    """Returns a training as it stands as a finished run, for `runs.save`; measured on the whole test split."""
    training, _ = splits(data)
    test = drawn.split("test", TEST_PICTURES) if data.name == "drawn" else _load("test", data)
    run = state.unpack(plan, training, packed)
    loop.close_epoch(run, training, test)
    return loop.finish(run, training, test)
