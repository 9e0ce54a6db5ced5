"""Charts as files, without a browser and without a network (vl-convert)."""

import json

import pandas as pd

WIDTH = 640  # pixels, axes not included
SCALE = 2  # pixels of a PNG a pixel of the chart
COMPOSED = ("hconcat", "vconcat", "concat", "facet", "repeat")  # charts of charts, which have no width of their own


def svg(spec: dict, width: int = WIDTH) -> str:
    """Returns a chart as SVG on white.

    Args:
        spec: of `specification.specification`.
        width: in pixels, axes not included; of a chart of charts each part keeps its own.
    """
    import vl_convert  # a large library, which only who takes a chart away waits for

    return vl_convert.vegalite_to_svg(_whole(spec, width))


def png(spec: dict, width: int = WIDTH) -> bytes:
    """Returns a chart as PNG on white, `SCALE` times as large."""
    import vl_convert

    return vl_convert.vegalite_to_png(_whole(spec, width), scale=SCALE)


def csv(spec: dict) -> str:
    """Returns the numbers of a chart; the column `table` tells its tables apart where there are several."""
    tables = spec["datasets"]
    if len(tables) == 1:
        return next(iter(tables.values())).to_csv(index=False)
    return pd.concat(tables, names=["table"]).reset_index("table").to_csv(index=False)


def _whole(spec: dict, width: int) -> dict:
    rows = {name: json.loads(table.to_json(orient="records")) for name, table in spec["datasets"].items()}
    sized = {} if any(kind in spec for kind in COMPOSED) else {"width": spec.get("width", width)}
    return {**spec, **sized, "background": "white", "datasets": rows}
