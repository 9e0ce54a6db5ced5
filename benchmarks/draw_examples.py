"""Makes the built-in example pictures of `normviz/pictures/examples`.

    python benchmarks/draw_examples.py                draws the four pictures that this project owns (NumPy, Pillow)
    python benchmarks/draw_examples.py --photographs  cuts the three CC0 photographs from scikit-image, if installed

Each drawing is 512 x 512 pixels, drawn three times as large and scaled down so that every edge is antialiased. All
coordinates are in pixels of the finished picture, x to the right, y down. The same versions of NumPy and Pillow give
the same bytes.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

FOLDER = Path(__file__).parents[1] / "normviz" / "pictures" / "examples"
SIDE = 512
SCALE = 3  # how much larger everything is drawn
SIZE = (SIDE * SCALE, SIDE * SCALE)
ROWS = np.arange(SIDE * SCALE) / SCALE  # the y of each drawn row
CUTS = {
    "cat": ("chelsea", (15, 0, 405, 300)),
    "coffee": ("coffee", (60, 0, 520, 400)),
    "rocket": ("rocket", (110, 0, 530, 427)),
}  # example: picture of skimage.data, box left, top, right, bottom

Points = Sequence[tuple[float, float]]


def smooth(points: Points, steps: int = 14) -> Points:
    """Rounds a closed polygon with a Catmull-Rom spline through its points; a point named twice stays a corner."""
    around = np.array([points[-1], *points, points[0], points[1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:]):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return [tuple(point) for point in np.concatenate(pieces)]


def mask(points: Points) -> Image.Image:
    """The inside of a polygon."""
    area = Image.new("L", SIZE)
    ImageDraw.Draw(area).polygon([(x * SCALE, y * SCALE) for x, y in points], fill=255)
    return area


def box(left: float, top: float, right: float, bottom: float) -> Image.Image:
    """The inside of an upright rectangle."""
    return mask([(left, top), (right, top), (right, bottom), (left, bottom)])


def oval(x: float, y: float, width: float, height: float, turn: float = 0.0) -> Image.Image:
    """The inside of an ellipse about (x, y), turned clockwise by `turn` degrees."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    across, down = np.cos(angle) * width / 2, np.sin(angle) * height / 2
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    return mask([(x + a * cos - d * sin, y + a * sin + d * cos) for a, d in zip(across, down)])


def soft(area: Image.Image, pixels: float, dx: float = 0, dy: float = 0) -> Image.Image:
    """A mask moved by (dx, dy) and blurred."""
    moved = Image.new("L", area.size)
    moved.paste(area, (round(dx * SCALE), round(dy * SCALE)))
    return moved.filter(ImageFilter.GaussianBlur(pixels * SCALE))


def gradient(*stops: tuple[float, str]) -> Image.Image:
    """A full-size vertical gradient through (y, colour) stops."""
    colours = np.array([Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for _, colour in stops], float)
    line = np.stack([np.interp(ROWS, [y for y, _ in stops], channel) for channel in colours.T], axis=1)
    return Image.fromarray(np.rint(line).astype(np.uint8)[:, None]).resize(SIZE)


def paint(canvas: Image.Image, area: Image.Image, fill: str | Image.Image, strength: float = 1.0) -> None:
    """Lays a colour or a picture over the area, in place; `strength` 1 covers what was there."""
    source = Image.new("RGB", canvas.size, fill) if isinstance(fill, str) else fill
    canvas.paste(source, mask=area.point(lambda level: round(level * strength)))


def model(canvas: Image.Image, area: Image.Image, reach: float, dark: float = 0.5, light: float = 0.5) -> None:
    """Makes a flat area look round, in place: lit from the upper left, in shade at the lower right."""
    inside = ImageChops.invert(area)
    shade = ImageChops.multiply(soft(inside, reach, -reach * 0.5, -reach), area)
    shine = ImageChops.multiply(soft(inside, reach * 0.7, reach * 0.4, reach * 0.8), area)
    paint(canvas, shade, "#06101c", dark)
    paint(canvas, shine, "#ffffff", light)


def noise(seed: int, width: int, height: int, octaves: int = 5) -> np.ndarray:
    """Fractal noise from 0 to 1, its coarsest grain `width` x `height` to the picture."""
    rng = np.random.default_rng(seed)
    total = np.zeros(SIZE, np.float32)
    for octave in range(octaves):
        cells = rng.random((min(height << octave, SIDE), min(width << octave, SIDE)), dtype=np.float32)
        total += np.asarray(Image.fromarray(cells).resize(SIZE, Image.Resampling.BICUBIC)) / 2**octave
    return (total - total.min()) / (total.max() - total.min())


def as_mask(levels: np.ndarray) -> Image.Image:
    """Levels from 0 to 1 as a mask."""
    return Image.fromarray((np.clip(levels, 0, 1) * 255).astype(np.uint8))


def finished(canvas: Image.Image, seed: int) -> Image.Image:
    """Scales a drawing down, with a camera's softness and a little grain."""
    small = canvas.filter(ImageFilter.GaussianBlur(0.7 * SCALE)).resize((SIDE, SIDE), Image.Resampling.BOX)
    grain = np.random.default_rng(seed).normal(0, 2.0, (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(np.asarray(small) + grain, 0, 255).astype(np.uint8))


def sky(horizon: float, top: str, bottom: str, seed: int, cover: float) -> Image.Image:
    """A sky that pales towards the horizon, with clouds over the share `cover` of it."""
    canvas = gradient((0, top), (horizon, bottom))
    billows = noise(seed, 3, 6)
    limit = np.quantile(billows, 1 - cover)
    clouds = as_mask((billows - limit) * 5)
    paint(canvas, clouds, "#ffffff", 0.85)
    paint(canvas, ImageChops.multiply(clouds, as_mask((noise(seed + 1, 4, 8) - 0.45) * 2)), "#aebccb", 0.5)
    return canvas


def sea(canvas: Image.Image, horizon: float, seed: int) -> None:
    """Water below the horizon, its waves longer and flatter towards the viewer."""
    water = gradient((horizon, "#5d8fa8"), (horizon + 60, "#2f6a88"), (SIDE, "#123f58"))
    depth = np.clip((ROWS[:, None] - horizon) / (SIDE - horizon), 0, 1)
    waves = np.where(depth < 0.3, noise(seed, 12, 120, 3), noise(seed + 1, 7, 44, 4))
    paint(water, as_mask((waves - 0.55) * 3), "#b9d8e2", 0.45)
    paint(water, as_mask((0.42 - waves) * 3), "#08283a", 0.5)
    paint(canvas, box(0, horizon, SIDE, SIDE), water)


def airplane() -> Image.Image:
    """An airliner in the sky, from the side."""
    canvas = sky(620, "#2f74c0", "#cfe4f5", seed=11, cover=0.3)
    paint(canvas, mask([(250, 236), (310, 236), (372, 172), (352, 170)]), gradient((170, "#8b98a5"), (236, "#c5ced6")))
    fin = mask([(398, 226), (452, 132), (482, 132), (470, 232)])
    paint(canvas, fin, gradient((130, "#0d4fa0"), (230, "#1f74cf")))
    paint(canvas, ImageChops.multiply(fin, mask([(400, 190), (500, 150), (500, 170), (400, 210)])), "#f2b53a")
    _fuselage(canvas)
    _wing(canvas)
    return finished(canvas, seed=1)


def _fuselage(canvas: Image.Image) -> None:
    """The airliner's body, with its windows."""
    body = mask(
        smooth(
            [
                (34, 264),
                (50, 244),
                (90, 224),
                (140, 217),
                (400, 218),
                (478, 226),
                (492, 232),
                (470, 246),
                (400, 276),
                (330, 291),
                (120, 291),
                (60, 283),
            ]
        )
    )
    paint(canvas, body, gradient((216, "#ffffff"), (252, "#eef2f6"), (270, "#c3ccd6"), (292, "#7d8b9a")))
    paint(canvas, ImageChops.multiply(body, mask([(0, 258), (512, 246), (512, 256), (0, 270)])), "#1f74cf")
    for x in range(112, 420, 13):
        paint(canvas, oval(x, 242, 6, 9), "#2b3a4d")
    paint(canvas, mask([(54, 247), (70, 236), (88, 236), (84, 247)]), "#1a2634")


def _wing(canvas: Image.Image) -> None:
    """The airliner's near engine, wing and tailplane."""
    engine = mask(smooth([(190, 298), (196, 287), (240, 287), (264, 296), (258, 312), (240, 321), (196, 321)]))
    paint(canvas, engine, gradient((286, "#f4f6f8"), (300, "#cfd6dc"), (322, "#5d6a78")))
    paint(canvas, oval(194, 304, 11, 32), "#27313d")
    wing = mask([(204, 268), (292, 266), (406, 388), (368, 392)])
    paint(canvas, wing, gradient((266, "#e4e9ee"), (392, "#8794a2")))
    paint(canvas, mask([(292, 266), (406, 388), (398, 389), (280, 266)]), "#717f8e")
    paint(canvas, mask([(418, 244), (462, 240), (508, 282), (486, 284)]), gradient((240, "#dbe1e7"), (284, "#7f8c9a")))


def ship() -> Image.Image:
    """A container ship at sea, from the side."""
    canvas = sky(300, "#5a94c8", "#e6eef2", seed=23, cover=0.35)
    sea(canvas, 300, seed=31)
    hull = mask([(30, 262), (60, 276), (390, 276), (400, 258), (486, 258), (468, 340), (70, 340), (46, 316)])
    paint(canvas, soft(hull, 9, 0, 38), "#05202f", 0.75)  # its reflection
    _containers(canvas)
    _bridge(canvas)
    paint(canvas, hull, gradient((258, "#27466b"), (318, "#14293f"), (319, "#a8372c"), (341, "#6d1f18")))
    paint(canvas, ImageChops.multiply(hull, box(0, 282, 512, 287)), "#e8edf0")
    foam = as_mask((noise(5, 40, 200, 3) - 0.35) * 4)
    wake = soft(mask([(24, 338), (60, 332), (470, 334), (512, 338), (512, 348), (30, 348)]), 3)
    paint(canvas, ImageChops.multiply(foam, wake), "#f2f8fa", 0.95)
    return finished(canvas, seed=2)


def _containers(canvas: Image.Image) -> None:
    """Rows of containers on the ship's deck."""
    paints = ["#b5402f", "#2d6ea3", "#d08a2c", "#3b7d54", "#8f9aa3", "#7a3b52"]
    colours = np.random.default_rng(8).choice(paints, (7, 4))
    for column, row in np.ndindex(7, 4):
        x, y = 78 + 40 * column, 258 - 19 * row
        if row == 3 and column in (0, 6):
            continue
        paint(canvas, box(x, y, x + 37, y + 18), colours[column, row])
        for rib in range(x + 3, x + 37, 5):
            paint(canvas, box(rib, y + 2, rib + 1.5, y + 16), "#101820", 0.25)


def _bridge(canvas: Image.Image) -> None:
    """The ship's superstructure, funnel and masts."""
    paint(canvas, mask([(436, 150), (468, 150), (472, 200), (432, 200)]), gradient((150, "#d2542f"), (200, "#8e3520")))
    paint(canvas, mask([(437, 150), (467, 150), (468, 162), (436, 162)]), "#1c232b")
    tower = mask([(396, 176), (428, 176), (428, 196), (474, 196), (474, 260), (396, 260)])
    paint(canvas, tower, gradient((170, "#ffffff"), (260, "#cdd5db")))
    paint(canvas, box(388, 168, 434, 184), "#eef2f4")
    paint(canvas, box(388, 172, 434, 179), "#22303d")
    for y in (202, 220, 238):
        for x in range(402, 470, 11):
            paint(canvas, box(x, y, x + 6, y + 8), "#31424f")
    paint(canvas, box(408, 130, 411, 170), "#59636c")
    paint(canvas, mask([(52, 214), (55, 214), (57, 272), (52, 272)]), "#59636c")


def automobile() -> Image.Image:
    """A red car on a road, from the side."""
    canvas = sky(270, "#6aa5d6", "#eaf2f5", seed=41, cover=0.3)
    _countryside(canvas)
    paint(canvas, soft(oval(256, 402, 420, 26), 5), "#000000", 0.75)
    body = mask(
        smooth(
            [
                (44, 350),
                (54, 320),
                (100, 304),
                (140, 298),
                (186, 256),
                (216, 244),
                (312, 244),
                (348, 256),
                (394, 298),
                (440, 306),
                (464, 326),
                (470, 372),
                (464, 390),
                (440, 392),
                (72, 392),
                (50, 390),
                (46, 374),
            ]
        )
    )
    paint(canvas, body, gradient((244, "#f0584a"), (300, "#d42a22"), (330, "#c0201b"), (392, "#5e0d0d")))
    model(canvas, body, 9, 0.45, 0.35)
    _car_glass(canvas)
    paint(canvas, ImageChops.multiply(body, box(0, 368, SIDE, SIDE)), "#22262a")
    for x in (132, 376):
        paint(canvas, ImageChops.multiply(body, oval(x, 378, 108, 108)), "#2a0505")
        _wheel(canvas, x)
    return finished(canvas, seed=3)


def _countryside(canvas: Image.Image) -> None:
    """Hills, a verge of grass, and the road with its line."""
    paint(
        canvas,
        mask(smooth([(-60, 290), (60, 236), (180, 262), (300, 226), (430, 256), (600, 230), (600, 420), (-60, 420)])),
        gradient((226, "#7f9f86"), (320, "#4f7a4c")),
    )
    verge = gradient((300, "#5d8f3c"), (352, "#3d6b26"))
    paint(verge, as_mask((noise(52, 60, 90, 3) - 0.5) * 3), "#a3bf63", 0.5)
    paint(canvas, box(0, 304, 512, 352), verge)
    road = gradient((352, "#6d7074"), (512, "#404347"))
    paint(road, as_mask(noise(53, 160, 260, 3) - 0.4), "#9a9da0", 0.5)
    paint(canvas, box(0, 352, 512, 512), road)
    for x in (-60, 130, 320, 510):
        paint(canvas, mask([(x, 452), (x + 100, 452), (x + 94, 464), (x - 8, 464)]), "#eceae0", 0.9)


def _car_glass(canvas: Image.Image) -> None:
    """The car's windows, door lines, handles and lights."""
    for window in (
        [(160, 298), (196, 262), (218, 254), (252, 253), (252, 298)],
        [(264, 298), (264, 253), (308, 254), (338, 264), (372, 298)],
    ):
        paint(canvas, mask(window), gradient((250, "#a9c3d3"), (275, "#4b6172"), (300, "#1e2a34")))
        gleam = mask([(190, 300), (230, 250), (246, 250), (206, 300)])
        paint(canvas, ImageChops.multiply(mask(window), gleam), "#ffffff", 0.3)
    for line in ([(257, 248), (260, 248), (260, 378), (257, 378)], [(56, 336), (466, 336), (466, 339), (56, 339)]):
        paint(canvas, mask(line), "#4d0a0a", 0.7)
    for x in (226, 334):
        paint(canvas, box(x, 316, x + 22, 321), "#f3b9b3", 0.9)
    paint(canvas, oval(60, 330, 22, 20, 20), "#fff6d0")
    paint(canvas, mask([(452, 318), (466, 326), (468, 344), (454, 340)]), "#ff9a2e")


def _wheel(canvas: Image.Image, x: float) -> None:
    """A wheel about (x, 382)."""
    for size, colour in ((92, "#15181b"), (80, "#24282c"), (52, "#c9ced3"), (42, "#7d858d")):
        paint(canvas, oval(x, 382, size, size), colour)
    for turn in range(0, 180, 36):
        paint(canvas, oval(x, 382, 48, 8, turn), "#d9dee2")
    paint(canvas, oval(x, 382, 14, 14), "#8c949b")


def frog() -> Image.Image:
    """A green frog on grass, seen from the front."""
    canvas = _meadow()
    paint(canvas, soft(oval(256, 428, 400, 50), 10), "#0a1a05", 0.7)
    skin = gradient((120, "#9fd04a"), (280, "#6fae2f"), (440, "#3f7a1c"))
    _frog_legs(canvas, skin, hind=True)
    body = mask(
        smooth(
            [
                (256, 186),
                (340, 204),
                (392, 280),
                (384, 380),
                (330, 428),
                (256, 434),
                (182, 428),
                (128, 380),
                (120, 280),
                (172, 204),
            ]
        )
    )
    paint(canvas, body, skin)
    model(canvas, body, 24, 0.5, 0.2)
    paint(canvas, soft(oval(256, 372, 176, 120), 8), "#e9edb8", 0.9)
    _frog_head(canvas, skin)
    _frog_legs(canvas, skin, hind=False)
    return finished(canvas, seed=4)


def _meadow() -> Image.Image:
    """Blades of grass before a blurred green distance."""
    canvas = gradient((0, "#5f8f4a"), (200, "#86b05a"), (330, "#5b8a34"), (512, "#2f5a1c"))
    paint(canvas, as_mask((noise(61, 5, 5, 3) - 0.5) * 3), "#cfe08c", 0.5)
    canvas = canvas.filter(ImageFilter.GaussianBlur(8 * SCALE))
    rng, pen = np.random.default_rng(62), ImageDraw.Draw(canvas)
    for y in np.sort(rng.uniform(330, 560, 1500)):
        x, lean, height = rng.uniform(-10, 522), rng.normal(0, 9), rng.uniform(20, 46)
        green = tuple((np.array((112, 158, 58)) * rng.uniform(0.5, 1.15)).astype(int))
        pen.polygon([(v * SCALE, w * SCALE) for v, w in ((x - 2, y), (x + lean, y - height), (x + 2, y))], fill=green)
    return canvas


def _frog_legs(canvas: Image.Image, skin: Image.Image, hind: bool) -> None:
    """Both folded hind legs, or both front legs with three toes each."""
    for sign in (-1, 1):
        if hind:
            places = ((90, 418), (150, 410), (214, 424), (222, 438), (150, 442), (90, 440))
            others = [oval(256 + sign * 132, 366, 110, 130, sign * 24)]
        else:
            places = ((84, 320), (116, 330), (104, 400), (92, 436), (58, 438), (66, 390))
            others = [oval(256 + sign * (74 + step), 442, 15, 34, -sign * step * 2) for step in (-22, 0, 22)]
        for area in (*others, mask(smooth([(256 + sign * x, y) for x, y in places]))):
            paint(canvas, area, skin)
            model(canvas, area, 9, 0.5, 0.25)


def _frog_head(canvas: Image.Image, skin: Image.Image) -> None:
    """The wide head with its eyes on top, mouth and nostrils."""
    for sign in (-1, 1):
        paint(canvas, oval(256 + sign * 72, 138, 84, 84), skin)
    head = mask(smooth([(256, 130), (350, 146), (396, 206), (372, 262), (256, 290), (140, 262), (116, 206), (162, 146)]))
    paint(canvas, head, skin)
    model(canvas, head, 16, 0.45, 0.25)
    mouth = ImageChops.subtract(
        mask(smooth([(128, 218), (256, 262), (384, 218), (370, 250), (256, 284), (142, 250)])),
        mask(smooth([(128, 222), (256, 266), (384, 222), (370, 254), (256, 288), (142, 254)])),
    )
    paint(canvas, mouth, "#24400f", 0.9)
    for sign in (-1, 1):
        _frog_eye(canvas, 256 + sign * 72)
        paint(canvas, oval(256 + sign * 18, 206, 8, 5), "#24400f")


def _frog_eye(canvas: Image.Image, x: float) -> None:
    """A bulging eye with a wide pupil about (x, 134)."""
    ball = oval(x, 134, 62, 62)
    paint(canvas, ball, gradient((100, "#f6d860"), (166, "#d79a22")))
    model(canvas, ball, 7, 0.5, 0.2)
    paint(canvas, oval(x, 134, 40, 26), "#0c0f08")
    paint(canvas, oval(x - 9, 126, 11, 9), "#ffffff", 0.95)


def cut_photographs() -> None:
    """Cuts the subject out of three photographs that come with scikit-image (each CC0 or public domain)."""
    from skimage import data

    for key, (name, cut) in CUTS.items():
        Image.fromarray(getattr(data, name)()).crop(cut).save(FOLDER / f"{key}.jpg", quality=88, optimize=True)


def main() -> None:
    """Draws, or cuts, the pictures as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", action="store_true", help="cut the photographs instead (needs scikit-image)")
    if parser.parse_args().photographs:
        return cut_photographs()
    for draw in (airplane, ship, automobile, frog):
        draw().save(FOLDER / f"{draw.__name__}.jpg", quality=88, optimize=True)


if __name__ == "__main__":
    main()
