"""What holds for every drawing: it is valid, and each column that it draws stands in its table."""

import re

from normviz.charts.parts import Drawing


def checked(drawing: Drawing) -> dict:
    """Returns a drawing's specification as Altair wrote it, against the schema too."""
    spec = drawing.build(*drawing.choices).to_dict()
    layers = _layers(spec)
    assert {layer["data"]["name"] for layer in layers} == set(drawing.tables)
    for layer in layers:
        columns = set(re.findall(r"'field': '([^']+)'", str(layer["encoding"])))
        assert columns <= set(drawing.tables[layer["data"]["name"]].columns)
    return spec


def _layers(part: dict) -> list[dict]:
    return [inner for layer in part.get("layer", []) for inner in _layers({"data": part.get("data")} | layer)] or [part]
