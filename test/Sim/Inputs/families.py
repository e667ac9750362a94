"""families.py PTO_SIM FOLDER: one kernel per family of operations, run on arrays, compared with NumPy.

Planning and synchronisation are ptoas's, so this is what a user does: arrays in, arrays out. What single elements must be
is tested in unittests/SimValues; here it is that a family works from the outside, on both archs and under random schedules."""
import subprocess
import sys
from pathlib import Path

import numpy as np

TOOL, FOLDER = sys.argv[1], Path(sys.argv[2])
TYPES = {"float32": "f32", "float16": "f16", "int32": "i32", "int16": "i16", "int8": "i8", "uint8": "ui8", "uint32": "ui32"}
VEC, NZ = "vec", "blayout=col_major, slayout=row_major"


class Kernel:
    def __init__(self, name, arch):
        self.name, self.arch = f"{name}_{arch}", arch
        self.constants, self.arguments, self.tiles, self.body = set(), [], [], []
        self.arrays, self.expected, self.types = [], [], {}

    def c(self, n):
        self.constants.add(n)
        return f"%c{n}"

    def tile(self, name, shape, dtype, memory=VEC, more=""):
        element = TYPES[np.dtype(dtype).name]
        rows, cols = shape
        kind = f"!pto.tile_buf<{memory}, {rows}x{cols}x{element}{', ' + more if more else ''}>"
        self.tiles.append(f"%{name} = pto.alloc_tile : {kind}")
        self.types[name] = kind
        return name

    def view(self, name, shape, dtype):
        element = TYPES[np.dtype(dtype).name]
        rows, cols = shape
        self.arguments.append(f"%{name}: !pto.ptr<{element}>")
        r, c, one, zero = self.c(rows), self.c(cols), self.c(1), self.c(0)
        whole, part = f"!pto.tensor_view<{rows}x{cols}x{element}>", f"!pto.partition_tensor_view<{rows}x{cols}x{element}>"
        self.tiles.append(f"%{name}_v = pto.make_tensor_view %{name}, shape = [{r}, {c}], strides = [{c}, {one}] : {whole}")
        self.tiles.append(f"%{name}_p = pto.partition_view %{name}_v, offsets = [{zero}, {zero}], sizes = [{r}, {c}] : {whole} -> {part}")
        self.types[f"{name}_p"] = part
        return f"{name}_p"

    def load(self, name, array, memory=VEC, more=""):
        self.arrays.append((name, array))
        view = self.view(name, array.shape, array.dtype)
        tile = self.tile(f"{name}_t", array.shape, array.dtype, memory, more)
        self.run("tload", [view], [tile])
        return tile

    def store(self, tile, expected, tolerance=0.0):
        name = f"out{len(self.expected)}"
        self.expected.append((name, expected, tolerance))
        view = self.view(name, expected.shape, expected.dtype)
        self.run("tstore", [tile], [view])

    def run(self, op, ins, outs, attribute="", inner=""):
        """Operands are tiles or views by name, or (value, type) for scalars."""
        def text(operands, more=""):
            values = ", ".join(o[0] if isinstance(o, tuple) else f"%{o}" for o in operands)
            types = ", ".join(o[1] if isinstance(o, tuple) else self.types[o] for o in operands)
            return f"({values}{more} : {types})"
        self.body.append(f"pto.{op} ins{text(ins, inner)} outs{text(outs)}{attribute}")

    def f32(self, value):
        name = f"%s{len(self.tiles)}"
        self.tiles.append(f"{name} = arith.constant {float(value)} : f32")
        return (name, "f32")

    def i32(self, value):
        name = f"%s{len(self.tiles)}"
        self.tiles.append(f"{name} = arith.constant {value} : i32")
        return (name, "i32")

    def check(self):
        lines = [f"  %c{n} = arith.constant {n} : index" for n in sorted(self.constants)]
        lines += [f"  {line}" for line in self.tiles + self.body]
        text = f"func.func @{self.name}({', '.join(self.arguments)}) attributes {{pto.entry}} {{\n" + "\n".join(lines) + "\n  return\n}\n"
        file = FOLDER / f"{self.name}.pto"
        file.write_text(text)
        command = [TOOL, str(file), f"--pto-arch={self.arch}", "--enable-insert-sync", "--runs=5"]
        for name, array in self.arrays:
            np.save(FOLDER / f"{self.name}_{name}.npy", array)
            command.append(f"--arg={name}={FOLDER / self.name}_{name}.npy")
        for name, array, _ in self.expected:
            command.append(f"--arg={name}=poison:{'x'.join(map(str, array.shape))}:{TYPES[array.dtype.name]}")
            command.append(f"--out={name}={FOLDER / self.name}_{name}.npy")
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode or "no findings" not in run.stdout:
            sys.exit(f"{file}:\n{run.stdout}{run.stderr}")
        for name, array, tolerance in self.expected:
            got = np.load(FOLDER / f"{self.name}_{name}.npy")
            if got.dtype != array.dtype or got.shape != array.shape:
                sys.exit(f"{file}: {name} is {got.dtype}{got.shape}, not {array.dtype}{array.shape}")
            near = np.isclose(got, array, rtol=tolerance, atol=tolerance, equal_nan=True) if tolerance else got == array
            if not near.all():
                at = tuple(int(i) for i in np.argwhere(~near)[0])
                sys.exit(f"{file}: {name}{list(at)} is {got[at]}, NumPy says {array[at]} ({(~near).sum()} differ)")
        return len(self.expected)


RNG = np.random.default_rng(5)
X = RNG.uniform(-4, 4, (16, 64)).astype(np.float32)
Y = RNG.uniform(0.5, 3, (16, 64)).astype(np.float32)
COLUMN = RNG.uniform(0.5, 3, (16, 1)).astype(np.float32)
ROW = RNG.uniform(-2, 2, (1, 64)).astype(np.float32)
N = RNG.integers(-50, 50, (16, 64)).astype(np.int32)


def elementwise(k):
    x, y = k.load("x", X), k.load("y", Y)
    for op, value in [("tadd", X + Y), ("tsub", X - Y), ("tmul", X * Y), ("tdiv", X / Y), ("tmax", np.maximum(X, Y)), ("tmin", np.minimum(X, Y))]:
        k.run(op, [x, y], [k.tile(op, X.shape, X.dtype)])
        k.store(op, value)


def unary(k):
    x, y = k.load("x", X), k.load("y", Y)
    for op, a, value, tolerance in [("texp", x, np.exp(X), 1e-6), ("tlog", y, np.log(Y), 1e-6), ("tsqrt", y, np.sqrt(Y), 0),
                                    ("tabs", x, np.abs(X), 0), ("tneg", x, -X, 0), ("trelu", x, np.maximum(X, 0), 0)]:
        k.run(op, [a], [k.tile(op, X.shape, X.dtype)])
        k.store(op, value, tolerance)


def tile_scalar(k):
    x, s = k.load("x", X), np.float32(1.5)
    for op, value in [("tadds", X + s), ("tsubs", X - s), ("tmuls", X * s), ("tdivs", X / s), ("tmaxs", np.maximum(X, s)),
                      ("tlrelu", np.where(X > 0, X, X * s))]:
        k.run(op, [x, k.f32(s)], [k.tile(op, X.shape, X.dtype)])
        k.store(op, value)


def reduce(k):
    x, tmp = k.load("x", X), k.tile("tmp", X.shape, X.dtype)
    for op, value, tolerance in [("trowsum", X.sum(1), 1e-5), ("trowmax", X.max(1), 0), ("trowmin", X.min(1), 0)]:
        k.run(op, [x, tmp], [k.tile(op, (16, 1), X.dtype, more="blayout=col_major")])
        out = k.tile(f"{op}_wide", (16, 64), X.dtype)
        k.run("trowexpand", [op], [out])
        k.store(out, np.repeat(value[:, None], 64, 1).astype(np.float32), tolerance)
    for op, value, tolerance in [("tcolsum", X.sum(0), 1e-5), ("tcolmax", X.max(0), 0), ("tcolmin", X.min(0), 0)]:
        k.run(op, [x], [k.tile(op, (1, 64), X.dtype)])
        k.store(op, value[None, :].astype(np.float32), tolerance)


def expand(k):
    x, row = k.load("x", X), k.load("row", ROW)
    k.run("trowmax", [x, k.tile("tmp", X.shape, X.dtype)], [k.tile("most", (16, 1), X.dtype, more="blayout=col_major")])
    most = X.max(1)[:, None]
    for op, value, tolerance in [("trowexpandsub", X - most, 0), ("trowexpandmul", X * most, 0), ("trowexpandexpdif", np.exp(X - most), 1e-6)]:
        k.run(op, [x, "most"], [k.tile(op, X.shape, X.dtype)])
        k.store(op, value, tolerance)
    for op, value in [("tcolexpandadd", X + ROW), ("tcolexpandmul", X * ROW), ("tcolexpandmax", np.maximum(X, ROW))]:
        k.run(op, [x, row], [k.tile(op, X.shape, X.dtype)])
        k.store(op, value)


def compare(k):
    x, y = k.load("x", X), k.load("y", Y)
    mask = k.tile("mask", (16, 64), np.uint8)
    k.run("tcmp", [x, y], [mask], inner=" {cmpMode = #pto<cmp lt>}")
    k.run("tsel", [mask, x, y, k.tile("tmp", (1, 32), np.uint8)], [k.tile("least", X.shape, X.dtype)])
    k.store("least", np.minimum(X, Y))


def convert(k):
    x = k.load("x", X)
    for name, dtype, mode, value in [("half", np.float16, "RINT", X.astype(np.float16)), ("down", np.int32, "FLOOR", np.floor(X).astype(np.int32)),
                                     ("short", np.int16, "TRUNC", np.trunc(X).astype(np.int16))]:
        k.run("tcvt", [x], [k.tile(name, X.shape, dtype)], inner=f" {{rmode = #pto<round_mode {mode}>, satmode = #pto<saturation_mode ON>}}")
        k.store(name, value)


def fused(k):
    x, y = k.load("x", X), k.load("y", Y)
    k.run("taddc", [x, y, x], [k.tile("sum", X.shape, X.dtype)])
    k.store("sum", X + Y + X)
    k.run("taxpy", [x, k.f32(2)], [y])
    k.store(y, Y + X * np.float32(2), 1e-6)


def partial(k):
    x = k.load("x", X)
    k.arrays.append(("h", Y[:8]))
    half = k.view("h", (8, 64), np.float32)
    k.run("tload", [half], [k.tile("part", (16, 64), np.float32, more="valid=8x64")])
    k.run("tpartadd", [x, "part"], [k.tile("sum", X.shape, X.dtype)])
    k.store("sum", X + np.concatenate([Y[:8], np.zeros((8, 64), np.float32)]))


def layout(k):
    x, y = k.load("x", X), k.load("y", Y)
    k.run("ttrans", [x, k.tile("tmp", (64, 16), X.dtype)], [k.tile("turned", (64, 16), X.dtype)])
    k.store("turned", X.T.copy())
    k.run("tconcat", [x, y], [k.tile("both", (16, 128), X.dtype)])
    k.store("both", np.concatenate([X, Y], 1))
    k.run("tfillpad", [x], [k.tile("padded", (16, 96), X.dtype, more="pad=2")])
    k.store("padded", np.concatenate([X, np.full((16, 32), np.inf, np.float32)], 1))


def gather(k):
    indices = RNG.permutation(16 * 64).astype(np.int32).reshape(16, 64)
    x, i = k.load("x", X), k.load("i", indices)
    k.run("tgather", [x, i, k.tile("tmp", indices.shape, indices.dtype)], [k.tile("picked", X.shape, X.dtype)])
    k.store("picked", X.reshape(-1)[indices])
    k.run("tscatter", [x, i], [k.tile("spread", X.shape, X.dtype)])
    spread = np.zeros(16 * 64, np.float32)
    spread[indices.reshape(-1)] = X.reshape(-1)
    k.store("spread", spread.reshape(16, 64))


def sort(k):
    values, index = X[:1], np.arange(64, dtype=np.uint32)[None, :]
    x, i = k.load("x", values), k.load("i", index)
    k.run("tsort32", [x, i], [k.tile("records", (1, 128), X.dtype)])
    out = np.empty((1, 128), np.float32)
    for group in range(2):
        part = values[0, 32 * group:32 * group + 32]
        order = np.argsort(-part)
        out[0, 64 * group:64 * group + 64:2] = part[order]
        out[0, 64 * group + 1:64 * group + 64:2] = (order + 32 * group).astype(np.uint32).view(np.float32)
    k.store("records", out)


def generate(k):
    k.run("tci", [k.i32(7)], [k.tile("count", (1, 64), np.int32)])
    k.store("count", 7 + np.arange(64, dtype=np.int32)[None, :])
    k.run("ttri", [k.i32(1)], [k.tile("lower", (16, 64), np.float32)], inner=" {upperOrLower = 0 : i32}")
    k.store("lower", np.tri(16, 64, 1, dtype=np.float32))


def bits(k):
    a, b = N.astype(np.int16), RNG.integers(-9, 9, (16, 64)).astype(np.int16)
    x, y = k.load("x", a), k.load("y", b)
    for op, value in [("tand", a & b), ("tor", a | b)]:
        k.run(op, [x, y], [k.tile(op, a.shape, a.dtype)])
        k.store(op, value)
    k.run("tnot", [x], [k.tile("inverse", a.shape, a.dtype)])
    k.store("inverse", ~a)
    k.run("txor", [x, y, k.tile("tmp", a.shape, a.dtype)], [k.tile("either", a.shape, a.dtype)])
    k.store("either", a ^ b)


def remainder(k):
    x, y = k.load("x", X), k.load("y", Y)
    k.run("tfmod", [x, y], [k.tile("rest", X.shape, X.dtype)])
    k.store("rest", X - np.trunc(X / Y) * Y)
    k.run("trem", [x, y, k.tile("tmp", (16, 192), X.dtype)], [k.tile("floor", X.shape, X.dtype)])
    k.store("floor", X - np.floor(X / Y) * Y)


def quantise(k):
    x, s = k.load("x", X), k.load("s", np.repeat(COLUMN * 9, 8, 1))
    k.run("trowmax", [s, k.tile("t", (16, 8), X.dtype)], [k.tile("factor", (16, 1), X.dtype, more="blayout=col_major")])
    k.run("tquant", [x, "factor"], [k.tile("small", X.shape, np.int8), k.tile("tmp", X.shape, X.dtype)], " {quant_type = #pto<quant_type INT8_SYM>}")
    k.store("small", np.clip(np.rint(X * (COLUMN * 9)), -128, 127).astype(np.int8))


def windows(k):
    x, y = k.load("x", X), k.load("y", Y)
    at = [(k.c(8), "index"), (k.c(32), "index")]
    k.run("textract", [x] + at, [k.tile("corner", (8, 32), X.dtype)])
    k.store("corner", X[8:, 32:].copy())
    k.run("tinsert", ["corner"] + at, [y])
    k.store(y, np.block([[Y[:8, :32], Y[:8, 32:]], [Y[8:, :32], X[8:, 32:]]]))


def tables(k):
    rows = RNG.permutation(16).astype(np.int32)[None, :]
    k.arrays.append(("table", X))
    table, i = k.view("table", X.shape, X.dtype), k.load("i", rows)
    k.run("mgather", [table, i], [k.tile("picked", X.shape, X.dtype)], " {coalesce = #pto<coalesce row>}")
    k.store("picked", X[rows[0]])


def matmul(k):
    a = RNG.integers(-4, 5, (32, 48)).astype(np.float16)
    b = RNG.integers(-4, 5, (48, 64)).astype(np.float16)
    left = NZ if k.arch == "a5" else "blayout=row_major, slayout=row_major"
    k.load("a", a, "mat", NZ), k.load("b", b, "mat", NZ)
    k.run("tmov", ["a_t"], [k.tile("l", a.shape, a.dtype, "left", left)])
    k.run("tmov", ["b_t"], [k.tile("r", b.shape, b.dtype, "right", "blayout=row_major, slayout=col_major")])
    acc = k.tile("acc", (32, 64), np.float32, "acc", NZ + ", fractal=1024")
    k.run("tmatmul", ["l", "r"], [acc])
    k.run("tmatmul.acc", [acc, "l", "r"], [acc])
    k.store(acc, 2 * (a.astype(np.float32) @ b.astype(np.float32)))


checked = 0
for family in [elementwise, unary, tile_scalar, reduce, expand, compare, convert, fused, partial, layout, gather, sort, generate, bits, remainder, quantise, windows, tables, matmul]:
    for arch in ["a3", "a5"]:
        kernel = Kernel(family.__name__, arch)
        family(kernel)
        checked += kernel.check()
print(f"{checked} arrays equal NumPy's")
