#!/usr/bin/env python3
"""Writes small_floats.txt: what ml_dtypes and onnx say about the 8- and 4-bit floats.

    python3 make_small_floats.py > small_floats.txt

`decode TYPE` is followed by the float bits of every code. `encode TYPE MODE` is followed by `bits:code` pairs: from these
float bits up to the next pair's, the code is this one (rounding is monotone over the bits of one sign, so the list
covers all 2^32 floats). numpy's finite range only: NaNs are checked at both ends of their range.
"""
import numpy as np
import ml_dtypes as m
from onnx import numpy_helper

TYPES = {"float8e4m3fn": m.float8_e4m3fn, "float8e4m3fnuz": m.float8_e4m3fnuz, "float8e5m2": m.float8_e5m2,
         "float8e5m2fnuz": m.float8_e5m2fnuz, "float8e8m0": m.float8_e8m0fnu, "float4e2m1": m.float4_e2m1fn}


def floats(bits):
    return np.asarray(bits, np.uint32).view(np.float32)


def steps(encode, begin, end):
    """(bits, code) where the code changes in [begin, end]."""
    grid = np.append(np.arange(begin, end, 1 << 12, dtype=np.uint64), end).astype(np.uint32)
    codes = encode(floats(grid))
    out = [(int(grid[0]), int(codes[0]))]
    for at in np.nonzero(codes[1:] != codes[:-1])[0]:
        fine = np.arange(grid[at], int(grid[at + 1]) + 1, dtype=np.uint32)
        inner = encode(floats(fine))
        out += [(int(fine[i + 1]), int(inner[i + 1])) for i in np.nonzero(inner[1:] != inner[:-1])[0]]
    return out


def show(name, mode, encode, ranges):
    pairs = [pair for begin, end in ranges for pair in steps(encode, begin, end)]
    print(f"encode {name} {mode} " + " ".join(f"{bits:x}:{code:x}" for bits, code in pairs))


def main():
    for name, dtype in TYPES.items():
        count = 16 if name == "float4e2m1" else 256
        values = np.arange(count, dtype=np.uint8).view(dtype).astype(np.float32)
        print(f"decode {name} " + " ".join(f"{bits:x}" for bits in values.view(np.uint32)))
    everything = [(0, 0x7F800000), (0x7F800001, 0x7FFFFFFF), (0x80000000, 0xFF800000), (0xFF800001, 0xFFFFFFFF)]
    for name, dtype in TYPES.items():
        if name == "float8e8m0":
            continue
        show(name, "plain", lambda x: x.astype(dtype).view(np.uint8), everything)
        if name != "float4e2m1":
            show(name, "saturate", lambda x: numpy_helper.saturate_cast(x, dtype).view(np.uint8), everything)
    # Normal finite floats: below and above, onnx's code and its own table of special values disagree.
    for mode in ("up", "down", "nearest"):
        show("float8e8m0", mode, lambda x: numpy_helper.to_float8e8m0(x, True, mode).view(np.uint8), [(0x00800000, 0x7F7FFFFF)])


with np.errstate(all="ignore"):
    main()
