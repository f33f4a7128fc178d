"""Images to be memorised: the digits that come with scikit-learn, or those of a file or a folder."""

import gzip
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

DIGITS = "scikit-learn's digits"
_NAMES = ("images", "x_train", "data", "x")  # of arrays in an NPZ file that are taken first
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".tif", ".tiff")
_DIGITS = 16  # grey levels of scikit-learn's digits
_UBYTE = b"\0\0\x08\x03"  # of an IDX file: unsigned bytes in three dimensions


class Images(NamedTuple):
    """Images of one size.  pixels: float32 [images, height x width], from 0 to 1."""

    source: str
    pixels: np.ndarray
    height: int
    width: int


def read(path, most):
    """The first `most` different Images of a path, in the order in which they come.

    path: "" for scikit-learn's digits; an IDX file (as Fashion-MNIST's, .gz or not), an NPZ file with one array of
    images, or a folder of image files, which are read in grey.  ValueError, in one sentence, for whatever has none.
    """
    source, found, scale = (DIGITS, _digits(), _DIGITS) if not path else (Path(path).name, _of(Path(path)), None)
    if found.ndim != 3 or min(found.shape) < 1:
        raise ValueError(f"{path}: need images in an array [images, height, width], got shape {found.shape}")
    scale = scale or _scale(path, found)
    found = found.astype(np.float32)
    if not np.isfinite(found).all() or found.min() < 0 or found.max() == found.min():
        raise ValueError(f"{path}: need pixels of at least 0, not all alike, got {found.min():g} to {found.max():g}")
    flat = found.reshape(len(found), -1) / np.float32(scale)
    first = {}  # image -> where it comes first
    for place, image in enumerate(flat):
        first.setdefault(image.tobytes(), place)
        if len(first) == most:
            break
    if len(first) < most:
        raise ValueError(f"generative.images: need at most the {len(first)} different images of {source}, got {most}")
    return Images(source, flat[list(first.values())], *found.shape[1:])


def _scale(path, found):
    """What pixels are divided by: whole numbers may be bytes or 16 bits, others shares, grey levels to 16 or to 255."""
    scales = (255, 65535) if found.dtype.kind in "ui" else (1, _DIGITS, 255)
    largest = found.max()
    if largest > scales[-1]:  # NaN is told by whoever reads
        raise ValueError(f"{path}: need pixels of at most {scales[-1]} ({found.dtype}), got {largest:g}")
    return next((scale for scale in scales if largest <= scale), 1)


def _digits():
    from sklearn import datasets

    return datasets.load_digits().images


def _of(path):
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise ValueError(f"generative.path: need a file or a folder of images, got {path}")
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"PK":
        return _npz(path)
    return _idx(path, gzip.decompress if start[:2] == b"\x1f\x8b" else bytes)


def _idx(path, unpacked):
    """The array of an IDX file: a magic number, three lengths of 4 bytes, then a byte a pixel."""
    try:
        data = unpacked(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: cannot be unpacked ({error})") from None
    shape = tuple(int(n) for n in np.frombuffer(data[4:16].ljust(12, b"\0"), ">u4"))
    if data[:4] != _UBYTE or len(data) - 16 != np.prod(shape, dtype=float):
        rule = "an NPZ file, a folder, or an IDX file of bytes in three dimensions, whole"
        raise ValueError(f"{path}: need {rule}, got {len(data)} bytes that start with {data[:4].hex()}")
    return np.frombuffer(data[16:], np.uint8).reshape(shape)


def _npz(path):
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            all_there = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: need an NPZ file of arrays of numbers ({error})") from None
    three = {name: array for name, array in all_there.items() if array.ndim == 3}
    name = next((name for name in (*_NAMES, *three) if name in three), None)
    if name is None or three[name].dtype.kind not in "uif":
        held = ", ".join(f"{name} {array.dtype} {list(array.shape)}" for name, array in all_there.items()) or "none"
        raise ValueError(f"{path}: need an array of numbers [images, height, width] in it, in grey, got {held}")
    return three[name]


def _folder(path):
    """Image files in the order of their names, in grey."""
    from PIL import Image

    files = sorted(each for each in path.iterdir() if each.suffix.lower() in _SUFFIXES)
    if not files:
        raise ValueError(f"{path}: need a folder with image files ({', '.join(_SUFFIXES)}), got none")
    arrays = []
    for each in files:
        try:
            with Image.open(each) as image:
                arrays.append(_grey(image))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{each}: cannot be read as an image ({error})") from None
        if arrays[-1].shape != arrays[0].shape:
            raise ValueError(
                f"{each}: need images of one size, {arrays[0].shape} as {files[0].name}, got {arrays[-1].shape}"
            )
    return np.stack(arrays)


def _grey(image):
    """Grey levels to 255, [height, width]; of 16 bits, as many fractions of them."""
    if image.mode.startswith("I"):
        return np.asarray(image, np.float32) / np.float32(257)
    return np.asarray(image.convert("L"), np.float32)
