"""Tables of made-up studies."""

import json
from dataclasses import asdict

import pandas as pd

from normviz.studies import catalogue
from normviz.training.plans import Plan


def trained(name: str, accuracy_by_plan: dict[Plan, float]) -> pd.DataFrame:
    """Returns a study's table of two epochs a run, the second with the given accuracy."""
    rows = []
    for plan, accuracy in accuracy_by_plan.items():
        plan, about = plan.shared(), {"study": name, "epochs": 2, "device": "CPU"}
        about |= {"network": plan.study, "norm": plan.norm, "groups": catalogue._groups_of(plan), "seed": plan.seed}
        about |= {"batch_size": plan.recipe.batch_size, "plan": plan.digest}
        about |= {"settings": json.dumps(asdict(plan.recipe)), "weight_standardization": plan.weight_standardization}
        about["recipe"] = "source" if plan.recipe.schedule == "plateau" else "repaired"
        rows += [about | {"epoch": epoch, "test_accuracy": epoch * accuracy / 2, "train_accuracy": 0.5} for epoch in (1, 2)]
    return pd.DataFrame(rows)


def seeds_table(**accuracies: list[float]) -> pd.DataFrame:
    plans = {Plan("controlled", norm, seed): value for norm, all_ in accuracies.items() for seed, value in enumerate(all_)}
    return trained("seeds", plans)
