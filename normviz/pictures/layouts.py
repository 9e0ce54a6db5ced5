"""Which pictures a folder of own data holds, of which classes: found by name alone, nothing is decoded."""

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

from normviz.pictures import formats
from normviz.pictures.originals import DataError

# What file managers and archivers leave behind, beside hidden files: github/gitignore, Global/macOS and Global/Windows
LITTER = ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "icon\r", "__macosx")
TABLE = "metadata.csv"
COLUMNS = ("file_name", "label")
TRAINING, TESTING = ("train", "training"), ("test", "testing", "val", "valid", "validation")  # folders, the first one counts
FORMS = (
    "own data must be {train,test}/<class>/*, <class>/*, a folder with "
    f"{TABLE} ({','.join(COLUMNS)}), an .npz with train_images and train_labels, or a ZIP of one of these"
)


@dataclass(frozen=True)
class Found:
    """A file of own data: its name for messages, where it is, its class, and "train", "test", or "" if that is to be drawn."""

    name: str
    file: Path
    label: str
    part: str


@dataclass
class Layout:
    """What lies in a folder.

    Attributes:
        kind: how it is laid out, in words.
        found: the files that are pictures by their place.
        bad: name and reason of what cannot be used.
        aside: names of parts that are left out.
    """

    kind: str
    found: list[Found] = field(default_factory=list)
    bad: list[tuple[str, str]] = field(default_factory=list)
    aside: tuple[str, ...] = ()


def is_visible(name: str) -> bool:
    """Returns whether a name is no hidden file and no litter."""
    return not (name.startswith(".") or name.lower() in LITTER)


def visible(folder: str | Path) -> list[os.DirEntry]:
    """Returns what lies in a folder, by name, less hidden files and litter; raises OSError where it cannot be opened."""
    with os.scandir(folder) as entries:
        kept = [entry for entry in entries if is_visible(entry.name)]
    return sorted(kept, key=lambda entry: entry.name)


def inner(folder: Path) -> Path:
    """Returns the folder that is meant where one holds nothing but another, as archives of folders do."""
    entries = visible(folder)
    while len(entries) == 1 and entries[0].is_dir() and entries[0].name not in (*TRAINING, *TESTING):
        folder, entries = Path(entries[0].path), visible(entries[0].path)
    return folder


def is_layout(folder: Path) -> bool:
    """Returns whether a folder looks like one of `FORMS`; a few of its files are looked at."""
    try:
        folder = inner(folder)
        return (folder / TABLE).is_file() or bool(_parts(folder)[0]) or sum(map(_is_class, _folders(folder))) >= 2
    except OSError:
        return False


def _folders(folder: Path) -> list[os.DirEntry]:
    return [entry for entry in visible(folder) if entry.is_dir()]


def _is_class(entry: os.DirEntry) -> bool:
    with os.scandir(entry.path) as files:
        return any(_is_picture(file.name) for file in files)


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower().lstrip(".") in formats.EXTENSIONS and not name.startswith(".")


def _parts(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Returns the folders of the parts, and the names of those that are not used."""
    there = [name for name in (*TRAINING, *TESTING) if _is_part(folder / name)]
    first = {
        part: next((folder / name for name in names if name in there), None)
        for part, names in (("train", TRAINING), ("test", TESTING))
    }
    used = {part: path for part, path in first.items() if path}
    return used, tuple(name for name in there if folder / name not in used.values())


def _is_part(folder: Path) -> bool:
    return folder.is_dir() and ((folder / TABLE).is_file() or bool(_folders(folder)))


def find(folder: Path) -> Layout:
    """Returns every file of own data; which of them are pictures is seen when they are decoded.

    Raises:
        DataError: none of the known forms, a table that cannot be read, or a folder that cannot be opened.
    """
    try:
        return _find(inner(folder))
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error}): mend that, or name another folder") from error


def _find(folder: Path) -> Layout:
    parts, aside = _parts(folder)
    if "train" in parts and "test" not in parts:
        parts = {"": parts["train"]}
    layout = Layout("", aside=aside)
    kinds = {_add(layout, folder, path, part) for part, path in (parts or {"": folder}).items()}
    layout.kind = f"{{{','.join(path.name for path in parts.values())}}}/" * bool(parts) + " and ".join(sorted(kinds))
    if not layout.found and not layout.bad:
        raise DataError(f"{folder} holds no pictures by class: {FORMS}")
    return layout


def _add(layout: Layout, root: Path, folder: Path, part: str) -> str:
    table = folder / TABLE
    if table.is_file():
        _add_rows(layout, root, table, part)
        return TABLE
    for entry in visible(folder):
        if entry.is_dir():
            _add_class(layout, root, Path(entry.path), part)
        elif _is_picture(entry.name):
            layout.bad.append((_name(Path(entry.path), root), "lies in no class folder"))
    return "<class>/*"


def _add_class(layout: Layout, root: Path, folder: Path, part: str) -> None:
    files = _walk(folder)
    layout.found += [Found(_name(path, root), path, readable(folder.name), part) for path in files]
    if not files:
        layout.bad.append((_name(folder, root), "holds no picture"))


def _walk(folder: Path) -> list[Path]:
    """Returns the files of a folder and of all below it, however deep; links to folders are not followed."""
    found, waiting = [], [folder]
    while waiting:
        for entry in visible(waiting.pop()):
            (waiting if entry.is_dir(follow_symlinks=False) else found).append(Path(entry.path))
    return sorted(found)


def _name(path: Path, root: Path) -> str:
    return readable(path.relative_to(root).as_posix())


def readable(name: str) -> str:
    """Returns a name of which bytes that are no UTF-8 have become question marks."""
    return name.encode("utf-8", "replace").decode()


def _add_rows(layout: Layout, root: Path, table: Path, part: str) -> None:
    rows, seen = _read_table(table), set()
    for number, row in enumerate(rows, start=2):
        name, label = ((row[column] or "").strip() for column in COLUMNS)
        fault = _row_fault(name, label, seen)
        if fault:
            layout.bad.append((name or f"{_name(table, root)}, line {number}", fault))
        else:
            layout.found.append(Found(_name(table.parent / name, root), table.parent / name, label, part))
        seen.add(name)
    unnamed = [path for path in _walk(table.parent) if _is_picture(path.name) and _name(path, table.parent) not in seen]
    layout.bad += [(_name(path, root), f"is not named in {TABLE}") for path in unnamed]


def _read_table(table: Path) -> list[dict]:
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read ({error}): save it as CSV in UTF-8") from error
    if missing:
        raise DataError(f"{table} must have the columns {', '.join(COLUMNS)}: it has no {' and no '.join(missing)}")
    return rows


def _row_fault(name: str, label: str, seen: set[str]) -> str:
    if not name or not label:
        return f"has no {COLUMNS[1] if name else COLUMNS[0]} in {TABLE}"
    if name in seen:
        return f"stands in {TABLE} twice"
    if "\0" in name or os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] == os.pardir:
        return "leads out of the folder"
    return ""
