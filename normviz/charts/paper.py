"""Charts as files, without a browser and without a network (vl-convert)."""

import vl_convert

from normviz.charts.specification import Chart, specification

WIDTH = 640  # pixels


def svg(chart: Chart, width: int = WIDTH) -> str:
    """Returns a chart in the tones of a light page, as SVG of that width in pixels, axes not included."""
    spec = specification(chart) | {"width": width, "background": "white"}
    spec["datasets"] = {name: table.to_dict("records") for name, table in spec["datasets"].items()}
    return vl_convert.vegalite_to_svg(spec)
