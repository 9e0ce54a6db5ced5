"""Which pictures a folder of own data holds, of which classes: found by name alone, nothing is decoded."""

import contextlib
import csv
import os
import posixpath
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from normviz.pictures import formats
from normviz.pictures.originals import DataError

# What file managers and archivers leave behind, beside hidden files: github/gitignore, Global/macOS and Global/Windows
LITTER = ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "icon\r", "__macosx")
TABLE = "metadata.csv"
COLUMNS = ("file_name", "label")
TRAINING = ("train", "training", "training_set")  # folders of a part in any case; the first one counts
TESTING = ("test", "testing", "test_set", "val", "valid", "validation", "dev", "eval")
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
        aside: names of folders that are left out.
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
    """Returns the folder that is meant where one holds another and no pictures or table, as archives of folders do."""
    while True:
        entries = visible(folder)
        folders = [entry for entry in entries if entry.is_dir()]
        data = [entry for entry in entries if not entry.is_dir() and _is_data(entry.name)]
        if len(folders) != 1 or data or folders[0].name.lower() in (*TRAINING, *TESTING):
            return folder
        folder = Path(folders[0].path)


def _is_data(name: str) -> bool:
    return _is_picture(name) or name == TABLE or name.lower().endswith(".npz")


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
    return any(_is_picture(file.name) or not file.suffix for file in _below(Path(entry.path)))


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower().lstrip(".") in formats.EXTENSIONS and not name.startswith(".")


def _parts(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Returns the folders of the parts, and the names of the other folders, which are not used where there are parts."""
    folders = {entry.name.lower(): Path(entry.path) for entry in reversed(_folders(folder))}
    first = {
        part: next((folders[name] for name in names if name in folders and _is_part(folders[name])), None)
        for part, names in (("train", TRAINING), ("test", TESTING))
    }
    used = {part: path for part, path in first.items() if path}
    return used, tuple(entry.name for entry in _folders(folder) if Path(entry.path) not in used.values())


def _is_part(folder: Path) -> bool:
    return (folder / TABLE).is_file() or bool(_folders(folder))


def find(folder: Path) -> Layout:
    """Returns every file of own data; which of them are pictures is seen when they are decoded.

    Raises:
        DataError: none of the known forms, a table that cannot be read, or a folder that cannot be opened.
    """
    try:
        meant = inner(folder)
        if meant != folder:
            _refuse_class_alone(folder, meant)
        return _find(meant)
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error}): mend that, or name another folder") from error


def refuse_class_alone(folder: Path) -> None:
    """Raises DataError where a folder holds the pictures of one class and nothing else; any other path is let pass."""
    with contextlib.suppress(OSError):
        _refuse_class_alone(folder, inner(folder))


def _refuse_class_alone(folder: Path, meant: Path) -> None:
    if _is_class_alone(meant):
        raise DataError(f"{folder} has 1 class: {readable(meant.name)}; 2 are needed: {FORMS}")


def _is_class_alone(folder: Path) -> bool:
    names = [entry.name for entry in visible(folder)]
    return TABLE not in names and not _folders(folder) and any(map(_is_picture, names))


def _find(folder: Path) -> Layout:
    parts, aside = _parts(folder)
    if "train" in parts and "test" not in parts:
        parts = {"": parts["train"]}
    layout = Layout("", aside=aside if parts else ())
    if parts:
        _add_loose(layout, folder, folder)
    else:
        _refuse_parts_within(folder)
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
    _add_loose(layout, root, folder)
    return "<class>/*"


def _add_loose(layout: Layout, root: Path, folder: Path) -> None:
    loose = [Path(entry.path) for entry in visible(folder) if not entry.is_dir() and _is_picture(entry.name)]
    layout.bad += [(_name(path, root), "lies in no class folder") for path in loose]


def _refuse_parts_within(folder: Path) -> None:
    """Raises DataError where folders that would be classes hold the parts: they may be data sets side by side."""
    if (folder / TABLE).is_file():
        return
    holding = [entry.name for entry in _folders(folder) if _parts(Path(entry.path))[0].keys() == {"train", "test"}]
    if holding:
        raise DataError(
            f"{folder} must be one data set: {', '.join(map(readable, holding[:3]))} {'hold' if holding[1:] else 'holds'} a "
            "training and a test part of their own; put the parts outside, {train,test}/<class>/*, or name one of these folders"
        )


def _add_class(layout: Layout, root: Path, folder: Path, part: str) -> None:
    files = _walk(folder)
    layout.found += [Found(_name(path, root), path, readable(folder.name), part) for path in files]
    if not files:
        layout.bad.append((_name(folder, root), "holds no picture"))


def _walk(folder: Path) -> list[Path]:
    """Returns the files of a folder and of all below it, however deep; links to folders are not followed."""
    return sorted(_below(folder))


def _below(folder: Path) -> Iterator[Path]:
    waiting = [folder]
    while waiting:
        for entry in visible(waiting.pop()):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield Path(entry.path)


def _name(path: Path, root: Path) -> str:
    return readable(path.relative_to(root).as_posix())


def readable(name: str) -> str:
    """Returns a name in composed letters (NFC), of which bytes that are no UTF-8 are written as numbers."""
    return unicodedata.normalize("NFC", name.encode("utf-8", "backslashreplace").decode())


def _add_rows(layout: Layout, root: Path, table: Path, part: str) -> None:
    rows, seen = _read_table(table), set()
    for number, row in enumerate(rows, start=2):
        name, label = ((row[column] or "").strip() for column in COLUMNS)
        name, label = _as_on_disk(name, table.parent), readable(label)
        fault = _row_fault(name, label, seen)
        if fault:
            layout.bad.append((name or f"{_name(table, root)}, line {number}", fault))
        else:
            layout.found.append(Found(_name(table.parent / name, root), table.parent / name, label, part))
        seen.add(readable(name))
    unnamed = [path for path in _walk(table.parent) if _is_picture(path.name) and _name(path, table.parent) not in seen]
    layout.bad += [(_name(path, root), f"is not named in {TABLE}") for path in unnamed]


def _as_on_disk(name: str, folder: Path) -> str:
    """Returns the path of a row without detours, and as other systems write it where no file has the name as it stands."""
    tidy = posixpath.normpath(name) if name else name
    if not name or "\0" in name or os.path.exists(folder / tidy):
        return tidy
    others = (tidy.replace("\\", "/"), unicodedata.normalize("NFC", tidy), unicodedata.normalize("NFD", tidy))
    return next((posixpath.normpath(other) for other in others if os.path.exists(folder / other)), tidy)


def _read_table(table: Path) -> list[dict]:
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            header = reader.fieldnames or ()
            missing = [column for column in COLUMNS if column not in header]
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read ({error}): save it as CSV in UTF-8") from error
    if missing:
        raise DataError(
            f"{table} must have the columns {', '.join(COLUMNS)}: it has no {' and no '.join(missing)} in its first line, "
            f"{','.join(header)[:80]!r}; write it as {','.join(COLUMNS)}, without spaces"
        )
    return rows


def _row_fault(name: str, label: str, seen: set[str]) -> str:
    if not name or not label:
        return f"has no {COLUMNS[1] if name else COLUMNS[0]} in {TABLE}"
    if readable(name) in seen:
        return f"stands in {TABLE} twice"
    if "\0" in name or os.path.isabs(name) or os.path.normpath(name).split(os.sep)[0] == os.pardir:
        return "leads out of the folder"
    return ""
