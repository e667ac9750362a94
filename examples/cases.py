"""The example kernels with their arguments, and what NumPy says they compute.

Every function makes one case from a random generator. Its tolerance is derived, not tried: f32 rounds by at most 2^-24 of a
value, f16 by at most 2^-11.
"""
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

F32, F16 = 2.0**-24, 2.0**-11  # largest relative error of one rounding


@dataclass
class Output:
    expected: np.ndarray
    tolerance: np.ndarray | float = 0.0  # largest |error|, per element or one for all
    dtype: type = np.float32


@dataclass
class Case:
    """One kernel with its arguments. Arrays that differ by rank have `{rank}` in their file name."""
    name: str
    inputs: dict[str, np.ndarray]  # file stem -> contents
    arguments: list[str]  # NAME=VALUE; {dir} stands for the folder of the files
    outputs: dict[str, Output]  # by file stem
    results: list[str] = field(default_factory=list)  # NAME=FILE for --out
    flags: list[str] = field(default_factory=lambda: ["--pto-arch=a3"])  # of the pipeline, the same for ptoas and pto-sim
    function: str = ""  # where the file holds more than the kernel
    ranks: int = 1
    blocks: int = 1


def vector_add(rng: np.random.Generator) -> Case:
    x, y = (rng.standard_normal((2048, 64), dtype=np.float32) for _ in range(2))
    # One rounded f32 addition on either side.
    return Case("vector_add", {"x": x, "y": y}, ["x={dir}/x.npy", "y={dir}/y.npy", "z=poison:2048x64:f32"],
                {"z": Output(x + y)}, ["z={dir}/z.npy"])


def matmul(rng: np.random.Generator) -> Case:
    a = rng.standard_normal((128, 512)).astype(np.float16)
    b = rng.standard_normal((512, 128)).astype(np.float16)
    exact, magnitude = product(a, b)
    # A product of two f16 numbers is exact in f32; 511 additions round, each by a partial sum at most.
    return Case("matmul", {"a": a, "b": b}, ["a={dir}/a.npy", "b={dir}/b.npy", "c=poison:128x128:f32"],
                {"c": Output(exact, 511 * F32 * magnitude)}, ["c={dir}/c.npy"])


def gemm(rng: np.random.Generator) -> Case:
    a = rng.standard_normal((256, 768)).astype(np.float16)
    b = rng.standard_normal((768, 512)).astype(np.float16)
    exact, magnitude = product(a, b)
    # As in matmul, then one rounding to f16.
    return Case("gemm", {"a": a, "b": b},
                ["a={dir}/a.npy", "b={dir}/b.npy", "c=poison:256x512:f16", "m=256", "n=512", "k=768"],
                {"c": Output(exact, 768 * F32 * magnitude * (1 + F16) + F16 * np.abs(exact), np.float16)},
                ["c={dir}/c.npy"], blocks=2)


def three_slot(rng: np.random.Generator) -> Case:
    x, z = (rng.standard_normal((2048, 64), dtype=np.float32) for _ in range(2))
    # Two rounded f32 additions on either side.
    return Case("three_slot", {"x": x, "z": z}, ["x={dir}/x.npy", "z={dir}/z.npy", "y=poison:2048x64:f32"],
                {"y": Output((x + z) + np.float32(1))}, ["y={dir}/y.npy"])


def softmax(rng: np.random.Generator) -> Case:
    rows = 1000  # no multiple of the 32 rows of a tile
    x = rng.standard_normal((rows, 256), dtype=np.float32) * 4
    shifted = x.astype(np.float64) - x.max(axis=1, keepdims=True)
    exact = np.exp(shifted)
    exact /= exact.sum(axis=1, keepdims=True)
    # exp turns the rounding of its argument (of at most |shifted|) into a relative error, above and below the line; then 255
    # additions, the two exp (within two units each) and the division.
    relative = F32 * (2 * np.abs(shifted).max(axis=1, keepdims=True) + 255 + 4 + 1)
    return Case("softmax", {"x": x}, ["x={dir}/x.npy", f"y=poison:{rows}x256:f32", f"rows={rows}"],
                {"y": Output(exact, relative * exact)}, ["y={dir}/y.npy"], blocks=2)


def layer_norm(rng: np.random.Generator) -> Case:
    rows, columns = 256, 512
    x = (rng.standard_normal((rows, columns)) * 3 + 1).astype(np.float16)
    gamma, beta = (rng.standard_normal((1, columns), dtype=np.float32) for _ in range(2))
    wide = x.astype(np.float64)
    centred = wide - wide.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    exact = centred / deviation * gamma + beta
    # The mean is off by at most 512 roundings of the mean magnitude, which moves the distances from it; the sum of squares and
    # the rest are 512 + 10 roundings of the result. Last the rounding to f16.
    mean_error = (columns + 1) * F32 * np.abs(wide).mean(axis=1, keepdims=True)
    error = (mean_error + (columns + 10) * F32 * np.abs(centred)) / deviation * np.abs(gamma) + 2 * F32 * np.abs(beta)
    return Case("layer_norm", {"x": x, "gamma": gamma, "beta": beta},
                [*(f"{name}={{dir}}/{name}.npy" for name in ("x", "gamma", "beta")), f"y=poison:{rows}x{columns}:f16",
                 f"rows={rows}"],
                {"y": Output(exact, error * (1 + F16) + F16 * np.abs(exact) + 2.0**-25, np.float16)},
                ["y={dir}/y.npy"], blocks=2)


def ring_shuffle(_: np.random.Generator) -> Case:
    rows = [np.arange(64, dtype=np.float32)[None] + 100 * rank for rank in range(2)]
    # Values are only moved.
    return Case("ring_shuffle", {f"inp_{r}": rows[r] for r in range(2)},
                ["inp={dir}/inp_{rank}.npy", "src=window:0:1x64:f32", "dst=window:256:1x64:f32",
                 "sig=window:512:1x1:i32", "out=poison:1x64:f32", "ctx=ctx", "peer=peer"],
                {"out_0": Output(rows[1]), "out_1": Output(rows[0])}, ["out={dir}/out_{rank}.npy"],
                ["--pto-arch=a3", "--pto-level=level3"], "ring_shuffle", ranks=2)


def all_reduce(rng: np.random.Generator) -> Case:
    ranks = 2
    shape = f"{16 * ranks}x256:f32"
    inputs = [rng.standard_normal((16 * ranks, 256), dtype=np.float32) for _ in range(ranks)]
    # One rounded f32 addition, whichever rank makes it.
    return Case("all_reduce", {f"inp_{r}": values for r, values in enumerate(inputs)},
                ["inp={dir}/inp_{rank}.npy", f"data=window:0:{shape}", f"inbox=window:65536:{shape}",
                 "signals=window:131072:1x2:i32", f"out=poison:{shape}", "ctx=ctx", "rank=rank", "ranks=ranks", "next=peer"],
                {f"out_{r}": Output(inputs[0] + inputs[1]) for r in range(ranks)}, ["out={dir}/out_{rank}.npy"],
                function="all_reduce", ranks=ranks)


def gemm_nest(rng: np.random.Generator) -> Case:
    case = gemm(rng)
    case.name = "gemm_nest"
    return case


def linear_relu(rng: np.random.Generator) -> Case:
    rows = 1280  # ten entries: more than the slots of a block
    x = rng.standard_normal((rows, 128)).astype(np.float16)
    w = rng.standard_normal((128, 128)).astype(np.float16)
    b = rng.standard_normal((1, 128), dtype=np.float32)
    exact, magnitude = product(x, w)
    # 127 additions of exact products, and that of the bias.
    return Case("linear_relu", {"x": x, "w": w, "b": b},
                [*(f"{name}={{dir}}/{name}.npy" for name in ("x", "w", "b")), f"y=poison:{rows}x128:f32",
                 "slots=poison:512x128:f32", f"rows={rows}"],
                {"y": Output(np.maximum(exact + b, 0), 128 * F32 * (magnitude + np.abs(b)))}, ["y={dir}/y.npy"])


def rms_linear(rng: np.random.Generator) -> Case:
    rows = 1280
    x = rng.standard_normal((rows, 512), dtype=np.float32) * 2
    w = rng.standard_normal((512, 128)).astype(np.float16)
    wide = x.astype(np.float64)
    scaled = wide / np.sqrt((wide**2).mean(axis=1, keepdims=True) + 1e-5)
    exact, magnitude = product(scaled, w)
    # Every factor is rounded to f16 and is off by half of the 511 + 5 roundings of the sum of squares before; then 511 additions.
    return Case("rms_linear", {"x": x, "w": w},
                ["x={dir}/x.npy", "w={dir}/w.npy", f"y=poison:{rows}x128:f32", "slots=poison:512x512:f16", f"rows={rows}"],
                {"y": Output(exact, ((F16 + 516 * F32) * (1 + 511 * F32) + 511 * F32) * magnitude)}, ["y={dir}/y.npy"])


def product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a x b, and the sum of the magnitudes that are added: no partial sum exceeds it."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return a @ b, np.abs(a) @ np.abs(b)


CASES: list[Callable[[np.random.Generator], Case]] = [
    vector_add, three_slot, softmax, layer_norm, matmul, gemm, gemm_nest, linear_relu, rms_linear, ring_shuffle, all_reduce]
