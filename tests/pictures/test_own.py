import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from normviz.pictures import dataset, layouts, own, reading, uploads
from normviz.pictures.choices import Choices
from tests import own_pictures
from tests.own_pictures import CLASSES

pytestmark = pytest.mark.usefixtures("own_cache")


def split(path, part="train", **chosen):
    return dataset.load_split(part, path, Choices(**chosen))


def test_class_folders_are_split_by_content_the_same_way_every_time(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 20)
    training, test = split(path), split(path, "test")
    assert training.classes == tuple(sorted(CLASSES))
    assert np.bincount(training.labels).tolist() == [16] * 3 and np.bincount(test.labels).tolist() == [4] * 3
    assert training.images.shape[1:] == (32, 32, 3) and training.indices.tolist() == list(range(48))
    for file in path.rglob("photo *"):
        file.rename(file.with_name(file.name.replace("photo", "other")))
    assert split(path, "test").fingerprint == test.fingerprint


def test_the_first_pictures_are_of_all_classes(tmp_path):
    assert set(split(own_pictures.fill(tmp_path / "mine", 20)).labels[:12]) == {0, 1, 2}


def test_parts_stay_as_they_lie(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    assert len(split(path)) == 36 and len(split(path, "test")) == 12


def test_validation_pictures_test_where_there_is_no_test_part(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    own_pictures.fill(path / "val", 2, first=200)
    assert own.read(path).aside == ("val",)
    shutil.rmtree(path / "test")
    assert len(split(path, "test")) == 6 and own.read(path).aside == ()


def test_data_in_the_current_folder_have_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(own_pictures.fill(tmp_path / "mine", 2))
    assert split(".").edition == "own data: mine, <class>/*"


def test_a_training_part_alone_is_split(tmp_path):
    own_pictures.fill(tmp_path / "mine" / "train", 10)
    assert len(split(tmp_path / "mine", "test")) == 6


def test_a_table_names_the_classes(tmp_path):
    path = own_pictures.fill_table(tmp_path / "mine")
    assert split(path).classes == tuple(sorted(CLASSES)) and len(split(path)) == 12


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (64, 40, 3)])
def test_npz(shape, tmp_path):
    path = own_pictures.save_npz(tmp_path / "mine.npz", shape=shape)
    assert split(path).classes == ("0", "1", "2", "3")
    assert (len(split(path)), len(split(path, "test"))) == (40, 8)
    assert own.read(path).aside == ("val",)


def test_an_npz_alone_in_a_folder_is_meant(tmp_path):
    own_pictures.save_npz(tmp_path / "mine.npz")
    assert dataset.find_folder(tmp_path) == tmp_path and len(split(tmp_path)) == 40


@pytest.mark.parametrize(
    "fill", [own_pictures.fill, own_pictures.fill_parts, own_pictures.fill_table, lambda path: own_pictures.save_npz(path)]
)
def test_a_zip_of_any_of_these_gives_the_same_pictures(fill, tmp_path):
    (tmp_path / "packed").mkdir()
    inside = fill(tmp_path / "packed" / ("mine" if fill.__name__ != "<lambda>" else "mine.npz"))
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", tmp_path / "packed")
    assert split(archive).fingerprint == split(inside).fingerprint


def test_classes_that_are_numbers_come_in_their_order(tmp_path):
    own_pictures.fill(tmp_path / "mine", 2, classes=tuple(str(number) for number in (10, 9, 2)))
    assert split(tmp_path / "mine").classes == ("2", "9", "10")


@pytest.mark.parametrize("count", [1, 101])
def test_too_few_or_many_classes(count, tmp_path):
    for number in range(count):
        (tmp_path / "train" / f"{number}").mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(tmp_path / "train" / f"{number}" / "1.png")
    with pytest.raises(
        dataset.DataError, match=f"2 to 100 classes: {count} with a usable picture{' .0.' if count == 1 else '$'}"
    ):
        split(tmp_path)


def spoil(path):
    """Makes one bad file of each kind; returns their names."""
    folder = path / CLASSES[0]
    (folder / "notes.txt").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "cut.jpg").write_bytes((folder / "photo 0.jpg").read_bytes()[:300])
    (folder / "gone.png").symlink_to(path / "nowhere.png")
    (path / "stray.png").write_bytes(b"?")
    (path / "void").mkdir()
    return ["notes.txt", "empty.png", "cut.jpg", "gone.png", "stray.png", "void"]


def test_every_bad_file_is_named_with_its_reason(tmp_path):
    path = own_pictures.fill(tmp_path / "mine")
    names = spoil(path)
    with pytest.raises(dataset.DataError) as caught:
        split(path)
    said = str(caught.value)
    assert all(name in said for name in names) and "6 of them: " in said and "--skip-bad" in said
    assert "empty.png is empty" in said and "stray.png lies in no class folder" in said and "void holds no picture" in said


def test_the_rest_is_used_when_the_user_says_so(tmp_path):
    path = own_pictures.fill(tmp_path / "mine")
    whole = split(path).fingerprint
    spoil(path)
    assert split(path, skip_bad=1).fingerprint == whole


def test_a_table_is_checked_row_by_row(tmp_path):
    path = own_pictures.fill_table(tmp_path / "mine")
    with open(path / "metadata.csv", "a", encoding="utf-8") as table:
        table.write("\n../../etc/passwd,a\n/etc/passwd,a\n0-0.png,b\nmissing.png,a\n,a\n1-1.png\n" + "x" * 300 + ".png,a\n")
    Image.new("RGB", (9, 9)).save(path / "unnamed.png")
    with pytest.raises(dataset.DataError) as caught:
        split(path)
    said = str(caught.value)
    assert said.count("leads out of the folder") == 2 and "0-0.png stands in metadata.csv twice" in said
    assert "missing.png does not exist" in said and "line 21 has no file_name" in said and "unnamed.png is not named" in said
    assert "xxx.png cannot be read" in said


@pytest.mark.parametrize(
    ("header", "missing"),
    [("file,class", "file_name and no label"), ("file_name;label", "file_name and no label"), ("file_name, label", "label")],
)
def test_a_table_without_its_columns_is_refused(header, missing, tmp_path):
    path = own_pictures.fill_table(tmp_path / "mine")
    (path / "metadata.csv").write_text(f"{header}\n0-0.png,a\n")
    with pytest.raises(
        dataset.DataError, match=f"it has no {missing} in its first line, '{header}'; write it as file_name,label"
    ):
        split(path)


@pytest.mark.parametrize(("read", "named"), [(own.read, "mine"), (split, "mine"), (split, "mine/cat")])
def test_pictures_of_one_class_are_refused_by_its_name(read, named, tmp_path):
    own_pictures.fill(tmp_path / "mine", 2, classes=("cat",))
    with pytest.raises(dataset.DataError, match=f"{named} has 1 class: cat; 2 are needed: own data must be"):
        read(tmp_path / named)


def test_a_class_of_test_pictures_alone_is_bad(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    shutil.rmtree(path / "train" / CLASSES[0])
    with pytest.raises(dataset.DataError, match="no training picture"):
        split(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"train_images": np.zeros((4, 8, 8), np.float32), "train_labels": np.arange(4)}, "must be uint8"),
        ({"train_images": np.zeros((4, 8, 8, 8), np.uint8), "train_labels": np.arange(4)}, "N x H x W"),
        ({"train_images": np.zeros((4, 8, 8), np.uint8), "train_labels": np.zeros((4, 14), int)}, "one whole number"),
        ({"train_images": np.zeros((4, 8, 8), np.uint8)}, "missing"),
        ({"images": np.zeros((4, 8, 8), np.uint8)}, "train_images and train_labels"),
    ],
)
def test_an_npz_of_another_form_is_refused(arrays, said, tmp_path):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(dataset.DataError, match=said):
        split(tmp_path / "mine.npz")


def test_equal_pictures_never_stand_in_both_parts_of_a_draw(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 10)
    for name in CLASSES:
        for number in range(5):
            shutil.copy(path / name / "photo 1.png", path / name / f"copy {number}.png")
    training, test = (set(own.digests(split(path, part).images)) for part in ("train", "test"))
    assert not training & test


def test_standardised_by_the_training_pictures(tmp_path):
    training = split(own_pictures.fill_parts(tmp_path / "mine"))
    levels = training.images.reshape(-1, 3) / 255
    assert training.mean == pytest.approx(levels.mean(axis=0), abs=1e-5)
    assert training.std == pytest.approx(levels.std(axis=0), abs=1e-5)
    assert split(tmp_path / "mine", "test").mean == training.mean


def test_second_reading_decodes_nothing(tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine")
    first = own.read(path)
    monkeypatch.setattr(uploads, "decode_file", None)
    again = own.read(path)
    assert (again.images == first.images).all() and again.names == first.names and again.conversions == first.conversions


def test_crop_and_fit(tmp_path):
    wide = Image.new("RGB", (64, 32), (255, 0, 0))
    wide.paste((0, 0, 255), (0, 0, 16, 32))
    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        wide.save(tmp_path / "train" / name / "1.png")
    crop, fit = (split(tmp_path, resize=resize).images[0] for resize in ("crop", "fit"))
    assert (crop == (255, 0, 0)).all()
    assert (fit[16, 0] == (0, 0, 255)).all() and (fit[16, 31] == (255, 0, 0)).all() and (fit[0] == (191, 0, 64)).all()


def test_class_folders_that_look_like_cifar_10_without_its_file_names_are_own(tmp_path):
    own_pictures.fill(tmp_path / "mine" / "train", 4, classes=dataset.CLASS_NAMES)
    assert dataset.is_own(tmp_path / "mine") and len(split(tmp_path / "mine")) == 30


def test_class_folders_of_cifar_10_whose_files_are_numbered_class_by_class_are_own(tmp_path):
    for label, name in enumerate(dataset.CLASS_NAMES):
        (tmp_path / "mine" / "train" / name).mkdir(parents=True)
        for number in range(label + 2):
            own_pictures.picture(label, number).save(tmp_path / "mine" / "train" / name / f"{number + 1:04}.png")
    assert dataset.is_own(tmp_path / "mine") and len(split(tmp_path / "mine").classes) == 10


def test_nothing_that_looks_like_data_is_none(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "notes.txt").write_text("?")
    assert dataset.find_folder(tmp_path) is None
    with pytest.raises(dataset.DataError, match="own data must be"):
        split(tmp_path)


def test_a_folder_of_empty_parts_is_refused(tmp_path):
    (tmp_path / "train" / "a").mkdir(parents=True)
    with pytest.raises(dataset.DataError, match="2 to 100 classes: 0 with a usable picture: train/a holds no picture"):
        split(tmp_path)


def test_a_picture_of_one_level_can_be_standardised(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8)).save(tmp_path / name / "1.png")
    assert min(split(tmp_path).std) > 0


def test_one_name_of_a_folder_of_parts_may_be_a_class(tmp_path):
    for name in ("train", "tram"):
        (tmp_path / name).mkdir()
        for seed in range(3):
            own_pictures.picture(0, seed).save(tmp_path / name / f"{seed}.png")
    assert split(tmp_path).classes == ("train", "tram")


def test_folders_in_class_folders_belong_to_the_class(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 5)
    deep = path / CLASSES[0] / "a" / "b"
    deep.mkdir(parents=True)
    own_pictures.picture(0, 77).save(deep / "1.png")
    assert f"{CLASSES[0]}/a/b/1.png" in own.read(path).names


def test_names_that_are_no_utf_8_become_readable_and_stay_apart():
    assert layouts.readable("caf\udce9") == "caf\\udce9" != layouts.readable("caf\udce8")
    assert layouts.readable("A\u0308pfel") == "Äpfel"


@pytest.mark.parametrize("names", [("Train", "Test"), ("TRAIN", "VAL"), ("training_set", "test_set")])
def test_parts_are_known_however_they_are_written(names, tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    for part, name in zip(("train", "test"), names):
        (path / part).rename(path / name)
    album = own.read(path)
    assert set(album.classes) == set(CLASSES) and album.layout == f"{{{','.join(names)}}}/<class>/*" and not album.bad
    assert (len(album.part("train")[1]), len(album.part("test")[1])) == (36, 12)


def test_a_note_beside_the_folder_that_is_meant_does_no_harm(tmp_path):
    own_pictures.fill_parts(tmp_path / "mine" / "flowers")
    (tmp_path / "mine" / "LICENSE.txt").write_text("free")
    assert set(own.read(tmp_path / "mine").classes) == set(CLASSES)


@pytest.mark.parametrize("names", [("flowers", "trees"), ("cat", "dog")])
def test_parts_within_folders_are_refused(names, tmp_path):
    for name in names:
        own_pictures.fill_parts(tmp_path / "mine" / name)
    with pytest.raises(dataset.DataError, match=f"{names[0]}, {names[1]} hold a training and a test part of their own"):
        own.read(tmp_path / "mine")


def test_what_lies_beside_the_parts_is_told(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    own_pictures.fill(path / "extra", 1)
    own_pictures.picture(0, 5).save(path / "loose.png")
    album = own.read(path)
    assert album.aside == ("extra",) and album.bad == (("loose.png", "lies in no class folder"),)
    shutil.rmtree(path / "test")
    (path / "test").mkdir()
    own_pictures.picture(0, 6).save(path / "test" / "unknown.png")  # pictures without labels, as competitions hand out
    assert own.read(path).aside == ("extra", "test")


def test_what_is_inspected_is_found_too(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 4)
    for name in CLASSES:
        (path / name).rename(path / "moved")
        (path / "moved").rename(tmp_path / "moved")
        (path / name).mkdir()
        (tmp_path / "moved").rename(path / name / "2023")
    assert dataset.find_folder(path) == path
    for file in path.rglob("*.*"):
        file.rename(file.with_suffix(""))
    assert dataset.find_folder(path) == path and len(own.read(path).labels) == 12


def test_what_came_to_lie_beside_the_parts_is_told_of_data_that_were_read_before(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    assert own.read(path).aside == ()
    (path / "val" / "a").mkdir(parents=True)
    assert own.read(path).aside == ("val",)


def test_another_version_of_the_reading_reads_again(tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine", 2)
    own.read(path)
    monkeypatch.setattr(own, "_VERSION", own._VERSION + 1)
    monkeypatch.setattr(uploads, "decode_file", None)
    with pytest.raises(TypeError):
        own.read(path)


def test_a_picture_that_was_mended_counts_again(tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine", 4)
    whole = uploads.Path.read_bytes

    def read_bytes(file):
        if file.name == "photo 0.jpg":
            raise PermissionError
        return whole(file)

    with monkeypatch.context() as patched:
        patched.setattr(uploads.Path, "read_bytes", read_bytes)
        assert {reason for _, reason in own.read(path).bad} == {"may not be read by this program"}
    assert not own.read(path).bad


def test_a_file_of_the_same_size_and_time_is_read_again(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 4)
    file = path / CLASSES[0] / "photo 1.png"
    before, content = file.stat(), file.read_bytes()
    file.write_bytes(bytes(len(content)))
    assert len(own.read(path).bad) == 1
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not own.read(path).bad


def test_the_cache_does_not_grow_without_end(tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine", 4)
    own.read(path)
    (first,) = (tmp_path / "cache").rglob("own-*.npz")
    monkeypatch.setattr(own, "MOST_BYTES", int(2.5 * first.stat().st_size))
    for seed in range(50, 54):
        own_pictures.picture(0, seed).save(path / CLASSES[0] / f"{seed}.png")
        own.read(path)
    assert len([*(tmp_path / "cache").rglob("own-*.npz")]) == 2 and not first.exists()


def test_a_refusal_names_a_few_of_many_files(tmp_path):
    for seed in range(40):
        (tmp_path / f"{seed}.png").write_bytes(b"?")
    with pytest.raises(dataset.DataError) as caught:
        own.read(tmp_path)
    assert "; and 20 more (python -m normviz inspect-data" in str(caught.value) and len(str(caught.value)) < 1500


def test_paths_of_a_table_may_be_written_as_elsewhere(tmp_path):
    path = own_pictures.fill_table(tmp_path / "mine")
    (path / "pictures").mkdir()
    for file in path.glob("1-*.png"):
        file.rename(path / "pictures" / file.name)
    table = path / "metadata.csv"
    text = table.read_text(encoding="utf-8").replace("0-0.png", "./0-0.png").replace("1-", "pictures\\1-")
    table.write_text(f"{text}\n0-0.png,other", encoding="utf-8")
    album = own.read(path)
    assert len(album.labels) == 15 and album.bad == (("0-0.png", "stands in metadata.csv twice"),)


def test_arrays_of_huge_pictures_are_refused_before_they_are_converted(tmp_path):
    np.savez(tmp_path / "huge.npz", train_images=np.zeros((1, 7100, 7100), np.uint8), train_labels=np.array([0]))
    with pytest.raises(dataset.DataError, match="at most 50,000,000 pixels in a picture here: it has 50,410,000"):
        own.read(tmp_path / "huge.npz")


def test_arrays_of_large_pictures_are_read_as_files_are(tmp_path):
    rows = np.linspace(0, 255, 2100).astype(np.uint8)
    pictures = np.stack([np.tile(rows, (2050, 1)), np.tile(rows[::-1], (2050, 1))])
    np.savez_compressed(tmp_path / "large.npz", train_images=pictures, train_labels=np.array([0, 1]))
    album = own.read(tmp_path / "large.npz")
    assert [int(each) for each in album.sizes[0]] == [2100, 2050] and album.images[:, :, 0].mean() != album.images[
        :, :, -1
    ].mean()
    from_file = uploads.to_network_size(uploads.as_shown(Image.fromarray(pictures[0])))
    assert (album.images == from_file).all((1, 2, 3)).any()


def test_a_visitor_s_pictures_may_take_so_long_and_no_longer(tmp_path, monkeypatch):
    path = own_pictures.fill(tmp_path / "mine", 4)
    monkeypatch.setattr(reading, "GUEST", replace(reading.GUEST, seconds=0))
    monkeypatch.setattr(reading.time, "thread_time", iter(range(100)).__next__)
    with pytest.raises(dataset.DataError, match="at most 0 seconds of decoding here: it has 1 or more"):
        own.read(path, guest=True)
    assert len(own.read(path).labels) == 12


def test_a_folder_that_may_not_be_entered_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(dataset.originals, "find", refuse)
    with pytest.raises(dataset.DataError, match="cannot be looked into .*Permission denied"):
        dataset.find_folder(tmp_path)
