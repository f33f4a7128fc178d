"""Images from wherever they come: the same pixels, and one sentence for what has none."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image

from sim.generative import images

SHAPES = np.random.Generator(np.random.Philox(key=3)).integers(0, 256, (30, 5, 7), dtype=np.uint8)
SHAPES[0, 0, 0] = 255


def idx(array):
    return b"\0\0\x08\x03" + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write(path, kind):
    """A file or a folder of SHAPES."""
    if kind == "idx":
        path.write_bytes(idx(SHAPES))
    elif kind == "idx.gz":
        path.write_bytes(gzip.compress(idx(SHAPES)))
    elif kind == "npz":
        with path.open("wb") as file:
            np.savez(file, labels=np.zeros(30), x_train=SHAPES)
    else:
        path.mkdir()
        for number, one in enumerate(SHAPES):
            Image.fromarray(one).save(path / f"{number:03}.png")
    return path


@pytest.mark.parametrize("kind", ["idx", "idx.gz", "npz", "folder"])
def test_every_kind_of_file_gives_the_same_pixels(tmp_path, kind):
    found = images.read(str(write(tmp_path / "pictures", kind)), 20)
    assert (found.source, found.height, found.width) == ("pictures", 5, 7)
    np.testing.assert_array_equal(found.pixels, SHAPES[:20].reshape(20, 35).astype(np.float32) / np.float32(255))


def test_digits_come_with_scikit_learn_and_no_image_comes_twice(tmp_path):
    found = images.read("", 1797)
    assert found.pixels.shape == (1797, 64) and (found.pixels.min(), found.pixels.max()) == (0, 1)
    twice = tmp_path / "twice"
    twice.write_bytes(idx(np.repeat(SHAPES, 2, axis=0)))
    np.testing.assert_array_equal(images.read(str(twice), 30).pixels, images.read(str(write(twice, "idx")), 30).pixels)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_sixteen_bits_are_as_many_fractions_of_eight(tmp_path):
    deep = tmp_path / "deep"
    deep.mkdir()
    for number, one in enumerate(SHAPES):
        Image.fromarray(one.astype(np.uint16) * 257).save(deep / f"{number:03}.png")
    (tmp_path / "deep.npz").write_bytes(npz(x=SHAPES.astype(np.uint16) * 257))
    for path in (deep, tmp_path / "deep.npz"):
        np.testing.assert_allclose(images.read(str(path), 20).pixels, SHAPES[:20].reshape(20, 35) / 255, rtol=1e-6)


def test_dark_bytes_stay_dark_and_shares_and_levels_are_told_by_their_kind(tmp_path):
    dark = SHAPES // 32
    for array, scale in ((dark, 255), (dark / 16, 1), (dark * 1.0, 16), (SHAPES * 1.0, 255)):
        (tmp_path / "file").write_bytes(npz(x=array))
        found = images.read(str(tmp_path / "file"), 20).pixels
        np.testing.assert_allclose(found, array[:20].reshape(20, 35) / scale, rtol=1e-6)


REFUSED = {
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + bytes(range(90, 200)): "cannot be unpacked",
    npz(x=np.ones((3, 2, 2)) * [0.0, 300.0]): "need pixels of at most 255 (float64), got 300",
    npz(x=np.zeros((9, 4, 4, 3), np.uint8)): "need an array of numbers [images, height, width] in it, in grey, got x",
    b"GIF89a": "need an NPZ file, a folder, or an IDX file of bytes in three dimensions, whole, got 6 bytes that",
    idx(SHAPES)[:-1]: "need an NPZ file, a folder, or an IDX file of bytes in three dimensions, whole, got 1065 bytes",
    gzip.compress(idx(SHAPES))[:-20]: "cannot be unpacked",
    b"PK\3\4 no archive": "need an NPZ file of arrays of numbers",
    idx(np.zeros_like(SHAPES)): "need pixels of at least 0, not all alike, got 0 to 0",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_holds_no_images_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError) as refusal:
        images.read(str(tmp_path / "file"), 2)
    assert REFUSED[content] in str(refusal.value) and "\n" not in str(refusal.value)


def test_paths_and_numbers_without_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^generative\.path: need a file or a folder of images, got nowhere$"):
        images.read("nowhere", 2)
    with pytest.raises(ValueError, match=r"need a folder with image files \(\.png, .*\), got none$"):
        images.read(str(tmp_path), 2)
    with pytest.raises(ValueError, match=r"^generative\.images: need at most the 30 different images of x, got 31$"):
        images.read(str(write(tmp_path / "x", "idx")), 31)


def test_images_that_cannot_be_unpacked_or_are_far_too_large_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # Pillow's guard against a file that would fill the memory
    with pytest.raises(ValueError, match=r"000\.png: cannot be read as an image \(Image size"):
        images.read(str(write(tmp_path / "large", "folder")), 2)
