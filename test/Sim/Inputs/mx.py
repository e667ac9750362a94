"""DIR: checks c.npy of mx-matmul.pto against the codes in a.npy, b.npy, as.npy and bs.npy, taken apart by hand."""
import sys

import numpy as np

folder = sys.argv[1]
load = lambda name: np.load(f"{folder}/{name}.npy")


def decode(codes, exponent_bits, mantissa_bits):
    sign = np.where(codes >> 7, -1.0, 1.0)
    exponent = codes.astype(int) >> mantissa_bits & (1 << exponent_bits) - 1
    mantissa = (codes & (1 << mantissa_bits) - 1) / 2.0**mantissa_bits
    bias = (1 << exponent_bits - 1) - 1
    return sign * np.where(exponent, (1 + mantissa) * 2.0 ** (exponent - bias), mantissa * 2.0 ** (1 - bias))


a = decode(load("a"), 4, 3)
b = decode(load("b"), 5, 2).T
# Boxes of 16 rows x 2 groups, and of 16 columns x 2 groups.
left = 2.0 ** (load("as").astype(int).transpose(0, 2, 1, 3).reshape(32, 2) - 127)
right = 2.0 ** (load("bs").astype(int).transpose(0, 2, 1, 3).reshape(32, 2).T - 127)
expected = 2 * (a * np.repeat(left, 32, axis=1)) @ (b * np.repeat(right, 32, axis=0))
got = load("c")
if got.dtype != np.float32 or not np.array_equal(got, expected.astype(np.float32)):
    sys.exit(f"c differs, the largest error is {np.abs(got - expected).max()}")
