"""What is said of own data."""

import re

NAMED = 10  # classes, before "and so many more"

SHIPPED_SHOWN = (
    "The data at hand are your own. The networks shown here know **{classes}** and were trained on CIFAR-10, so no picture of "
    "yours belongs to these answers. Train on your pictures in the lab and open that run on the other pages, or start the app "
    "with NORMVIZ_DATA set to CIFAR-10."
)
OTHERS_SHOWN = (
    "The networks shown here were trained on own data and know **{classes}**. These pictures are not at hand: start the app "
    "with NORMVIZ_DATA set to them."
)

FORMS = """A data set is a folder, or a ZIP or `.npz` file. A folder holds one of these:

- `{train,test}/<class>/*`, pictures already split;
- `<class>/*`: every fifth picture of a class is kept for testing, drawn by content;
- pictures and a `metadata.csv` with the columns `file_name,label`.

An `.npz` holds `train_images`, `train_labels` and the same for `test`, as MedMNIST writes it. Names of classes and files, sizes
and formats are free."""
HERE, UPLOAD = "this server's", "a file of mine"
NONE_HERE = (
    "No own data are at hand on this server: bring a ZIP or `.npz`, or start the app with `NORMVIZ_DATA=FOLDER`. A file brought "
    "here is looked at, and not kept unless you say so."
)
UNUSABLE = (
    "The folder that this server's owner has named, {folder}, holds no pictures by class; `python -m normviz inspect-data FOLDER` "
    "says what it lacks. Bring a ZIP or `.npz`; it is looked at, and not kept unless you say so."
)
HERE_NEXT = "The lab offers these pictures; on the command line: `python -m normviz train --data FOLDER --out FOLDER`."
UPLOAD_NEXT = "To train on it, start the app with `NORMVIZ_DATA` set to this file, or: `python -m normviz train --data FILE --out FOLDER`."
KEPT = (
    "The lab can train on it. For that the pictures, at 32 x 32, are kept on this server until nobody has trained on them for a "
    "day; whoever has the address of the lab as it then is can do so."
)
REFUSED = (
    "**Files that cannot be used: {count}.** Nothing is trained until they are mended or taken out, or the rest is allowed by `--skip-bad` or "
    "`NORMVIZ_DATA_SKIP_BAD=1`."
)

LEFT_OUT = "**Files that cannot be used: {count}.** Only the rest can be trained on."
SKIPPED = "**Files that cannot be used: {count}.** They are left out, as the owner of this server chose."


def listed(names: tuple[str, ...]) -> str:
    """Returns the names of classes for a Markdown sentence, the first `NAMED` of them."""
    more = len(names) - NAMED
    shown = ", ".join(re.sub(r"([\\`*_{}\[\]#$~|<>:])", r"\\\1", name) for name in names[:NAMED])
    return f"{shown}{f' and {more} more' if more > 0 else ''}"
