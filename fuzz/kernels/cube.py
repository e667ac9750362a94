"""Random cube kernels: GM to L1, windows to L0, products, accumulators to GM and back to L1."""

import numpy as np

from builder import hand_written_flags
from program import Call, Function, Index, Program, Statement, Tile, TileType, Uninitialised
from vector import Tensor, VectorBuilder

NZ = ", blayout=col_major, slayout=row_major"
LAYOUT = {"mat": NZ, "left": ", blayout=row_major, slayout=row_major", "right": ", blayout=row_major, slayout=col_major",
          "acc": NZ + ", fractal=1024", "bias": ""}
ALIGN = {"mat": 32, "left": 512, "right": 512, "acc": 512, "bias": 64}


class Matrix:
    """A tile by value. Where two tiles share bytes, writing one makes the other meaningless."""

    def __init__(self, machine, space, start, end, key):
        self.store, self.space, self.start, self.end, self.key = machine.memory.setdefault("matrices", {}), space, start, end, key

    def read(self):
        if self.key not in self.store:
            raise Uninitialised(str(self.key))
        return self.store[self.key][2]

    def write(self, values):
        for key, (start, end, _) in list(self.store.items()):
            if key[0] == self.space and start < self.end and self.start < end:
                del self.store[key]
        self.store[self.key] = (self.start, self.end, values.astype(np.float16 if self.space == "mat" and self.key[-1] == "f16" else np.float32))


class CubeBuilder(VectorBuilder):
    def tile(self, kind, stage=0):
        """`stage` keeps products of products apart, so that numbers stay exact."""
        rng, tile = self.rng, Tile(self.fresh("t"), kind)
        tile.stage = stage
        if self.program.level == "level2":
            def action(m):
                base = m.memory["next"] = m.memory.get("next", 0) + (1 << 20)
                m[tile.name] = Matrix(m, kind.space, base, base + kind.bytes, (kind.space, base, kind.element))

            self.emit(f"%{tile.name} = pto.alloc_tile : {kind.text}", action)
        else:
            unit = max(ALIGN[kind.space], 512 if kind.space == "mat" else 0)
            unit = kind.bytes if kind.bytes % unit == 0 and rng.random() < 0.85 else unit
            slots = 6 if kind.space != "bias" else 3
            counters = [i for i in self.indices if i.low >= 0 and i.high <= 3] if self.depth else []
            if counters and rng.random() < 0.3 and kind.bytes % unit == 0:
                offset = self.multiply(rng.choice(counters), kind.bytes)
                offset = self.add(offset, unit * rng.randint(0, 2))
                address = self.cast(offset.name, "index", "i64")
                tile.address, tile.end = offset.low, offset.high + kind.bytes
            else:
                start = unit * rng.randint(0, slots)
                address = self.constant(start, "i64").name
                tile.address, tile.end = start, start + kind.bytes

            def action(m):
                at = m[address]
                m[tile.name] = Matrix(m, kind.space, at, at + kind.bytes, (kind.space, at, kind.rows, kind.cols, kind.element))

            self.emit(f"%{tile.name} = pto.alloc_tile addr = %{address} : {kind.text}", action)
        self.tiles.setdefault((kind, stage), []).append(tile)
        return tile

    def kind_of(self, space, rows, cols, element="f16"):
        return TileType(space, rows, cols, element, LAYOUT[space])

    def pick(self, kind, stage=0):
        known = self.tiles.get((kind, stage), [])
        if not known or (len(known) < 2 and self.rng.random() < 0.4):
            return self.tile(kind, stage)
        return self.rng.choice(known)

    def wrote(self, tile):
        """Tiles that share bytes with it hold nothing any more."""
        if tile.address is not None:
            self.filled = {t for t in self.filled if t.type.space != tile.type.space or t.end <= tile.address or tile.end <= t.address}
        self.filled.add(tile)

    def load_matrix(self, kind):
        tile = self.pick(kind)
        tensor = self.rng.choice([t for t in self.tensors if t.element == "f16" and not t.pointer.startswith("out")])
        part, part_type = self.view(tensor, kind.rows, kind.cols, flat=True)
        self.emit(f"pto.tload ins(%{part} : {part_type}) outs(%{tile.name} : {kind.text})",
                  lambda m: m[tile.name].write(m[part].read()), tags=["pipe"])
        self.wrote(tile)
        return tile

    def filled_matrix(self, kind, stage):
        known = [t for t in self.tiles.get((kind, stage), []) if t in self.filled]
        if known and self.rng.random() < 0.7:
            return self.rng.choice(known)
        if stage == 0:
            return self.load_matrix(kind)
        accumulators = self.kind_of("acc", kind.rows, kind.cols, "f32")
        source = self.product(accumulators.rows, accumulators.cols, 0)
        tile = self.pick(kind, 1)
        self.emit(f"pto.tmov ins(%{source.name} : {source.type.text}) outs(%{tile.name} : {kind.text})",
                  lambda m: m[tile.name].write(m[source.name].read()), tags=["pipe"])
        self.wrote(tile)
        return tile

    def operand(self, space, rows, cols, stage):
        """A tile of L0: a window of a matrix in L1, or all of one."""
        kind = self.kind_of(space, rows, cols)
        known = [t for t in self.tiles.get((kind, stage), []) if t in self.filled]
        if known and self.rng.random() < 0.4:
            return self.rng.choice(known)
        larger = stage == 0 and self.rng.random() < 0.6
        matrix_kind = self.kind_of("mat", 32 if larger else rows, 32 if larger else cols)
        matrix = self.filled_matrix(matrix_kind, stage)
        tile = self.pick(kind, stage)
        if matrix_kind.shape == (rows, cols) and self.rng.random() < 0.5:
            self.emit(f"pto.tmov ins(%{matrix.name} : {matrix_kind.text}) outs(%{tile.name} : {kind.text})",
                      lambda m: m[tile.name].write(m[matrix.name].read()), tags=["pipe"])
        else:
            row = self.affine(matrix_kind.rows - rows, 16)
            col = self.affine(matrix_kind.cols - cols, 16)
            self.emit(f"pto.textract ins(%{matrix.name}, %{row.name}, %{col.name} : {matrix_kind.text}, index, index) "
                      f"outs(%{tile.name} : {kind.text})",
                      lambda m: m[tile.name].write(m[matrix.name].read()[m[row] : m[row] + rows, m[col] : m[col] + cols]), tags=["pipe"])
        self.wrote(tile)
        return tile

    def product(self, rows=None, cols=None, stage=None):
        rng = self.rng
        rows, cols, inner = rows or rng.choice([16, 32]), cols or rng.choice([16, 32]), rng.choice([16, 32])
        stage = int(rng.random() < 0.25) if stage is None else stage
        kind = self.kind_of("acc", rows, cols, "f32")
        a = self.operand("left", rows, inner, stage)
        b = self.operand("right", inner, cols, 0)
        if a not in self.filled or b not in self.filled:
            a = self.operand("left", rows, inner, stage)
        known = [t for t in self.tiles.get((kind, stage), []) if t in self.filled]
        types, names = f"{a.type.text}, {b.type.text}", f"%{a.name}, %{b.name}"
        if known and rng.random() < 0.5:
            d = rng.choice(known)
            self.emit(f"pto.tmatmul.acc ins(%{d.name}, {names} : {kind.text}, {types}) outs(%{d.name} : {kind.text})",
                      lambda m: m[d.name].write(m[d.name].read() + multiply(m[a.name], m[b.name])), tags=["pipe"])
            return d
        if rng.random() < 0.25:
            bias = self.bias(cols)
            d = self.pick(kind, stage)
            self.emit(f"pto.tmatmul.bias ins({names}, %{bias.name} : {types}, {bias.type.text}) outs(%{d.name} : {kind.text})",
                      lambda m: m[d.name].write(multiply(m[a.name], m[b.name]) + m[bias.name].read()), tags=["pipe"])
        else:
            d = self.pick(kind, stage)
            self.emit(f"pto.tmatmul ins({names} : {types}) outs(%{d.name} : {kind.text})",
                      lambda m: m[d.name].write(multiply(m[a.name], m[b.name])), tags=["pipe"])
        self.wrote(d)
        return d

    def bias(self, cols):
        row = TileType("mat", 1, cols, "f32")
        tile = self.pick(row, 2)
        tensor = self.rng.choice([t for t in self.tensors if t.element == "f32"])
        part, part_type = self.view(tensor, 1, cols)
        self.emit(f"pto.tload ins(%{part} : {part_type}) outs(%{tile.name} : {row.text})",
                  lambda m: m[tile.name].write(np.clip(m[part].read(), -1e6, 1e6)), tags=["pipe"])
        self.wrote(tile)
        kind = self.kind_of("bias", 1, cols, "f32")
        d = self.pick(kind)
        self.emit(f"pto.tmov ins(%{tile.name} : {row.text}) outs(%{d.name} : {kind.text})",
                  lambda m: m[d.name].write(m[tile.name].read()), tags=["pipe"])
        self.wrote(d)
        return d

    def store(self):
        candidates = [t for t in self.filled if t.type.space == "acc"]
        candidates.sort(key=lambda t: t.name)
        tile = self.rng.choice(candidates) if candidates and self.rng.random() < 0.6 else self.product()
        half = self.rng.random() < 0.2
        tensor = self.rng.choice([t for t in self.tensors if (t.pointer.startswith("out") if half else t.element == "f32")])
        part, part_type = self.view(tensor, *tile.type.shape)
        self.emit(f"pto.tstore ins(%{tile.name} : {tile.type.text}) outs(%{part} : {part_type})",
                  lambda m: m[part].write(m[tile.name].read()), tags=["pipe"])

    def pipe_helper(self):
        rng = self.rng
        inner = CubeBuilder(self.program, rng)
        inner.counter = self.counter + 100
        inner.tensors = [Tensor("p", "f16", 64, 64), Tensor("q", "f32", 64, 64), Tensor("out", "f16", 64, 64)]
        inner.indices = [Index("k", 0, 3)]
        inner.statements(rng.randint(1, 2), 1)
        inner.store()
        self.counter = inner.counter
        parameters = [("p", "!pto.ptr<f16>"), ("q", "!pto.ptr<f32>"), ("out", "!pto.ptr<f16>"), ("k", "index")]
        self.program.functions.append(Function(self.fresh("work"), parameters, inner.close_function(), self.core_kind()))
        self.helpers.append(self.program.functions[-1])

    def call_helper(self):
        usable = [i for i in self.indices if 0 <= i.low and i.high <= 3]
        argument = self.rng.choice(usable) if usable and self.rng.random() < 0.7 else self.constant(self.rng.randint(0, 3))
        pick = lambda test: self.rng.choice([t for t in self.tensors if test(t)]).pointer
        arguments = [pick(lambda t: t.element == "f16" and not t.pointer.startswith("out")), pick(lambda t: t.element == "f32"),
                     pick(lambda t: t.pointer.startswith("out")), argument.name]
        self.out.append(Call(self.rng.choice(self.helpers), arguments))
        if self.program.level == "level3":
            self.filled = set()  # the helper's tiles may lie on ours

    def statement(self, depth):
        rng, roll = self.rng, self.rng.random()
        few = lambda: self.statements(rng.randint(1, 3), depth - 1)
        if depth and roll < 0.2:
            self.loop(few)
            self.forget_if_shared()
        elif depth and roll < 0.28:
            self.branch(few, few if rng.random() < 0.5 else None)
            self.forget_if_shared()
        elif self.helpers and roll < 0.36:
            self.call_helper()
        elif roll < 0.42:
            tensor = rng.choice([t for t in self.tensors if t.element == "f32"])
            value = self.load_scalar(tensor.pointer, "f32", 4096)
            if rng.random() < 0.5:
                self.store_scalar(tensor.pointer, "f32", 4096, value)
        elif roll < 0.75:
            self.product()
        else:
            self.store()

    def forget_if_shared(self):
        """At level3 what the region wrote may lie on our tiles."""
        if self.program.level == "level3":
            self.filled = set()


def multiply(a, b):
    return a.read().astype(np.float32) @ b.read().astype(np.float32)


PAIRS = [("MTE2", "MTE1"), ("MTE1", "M"), ("M", "FIX"), ("FIX", "M"), ("MTE1", "MTE2"), ("M", "MTE1")]


def arguments(program, builder):
    parameters = []
    for name, element in (("a", "f16"), ("b", "f16"), ("c", "f32"), ("d", "f32"), ("out", "f16")):
        builder.tensors.append(Tensor(name, element, 64, 64))
        program.arrays[name] = (element, 64 * 64)
        parameters.append((name, f"!pto.ptr<{element}>"))
    return parameters


def generate(rng, seed):
    program = Program(seed, "cube", level="level3" if rng.random() < 0.5 else "level2", exact=False)
    builder = CubeBuilder(program, rng)
    parameters = arguments(program, builder)
    if rng.random() < 0.3:
        builder.pipe_helper()
    helper = builder.index_helper() if rng.random() < 0.2 else None
    builder.run_time_arguments()
    parameters += [(name, "index") for name in program.scalars]
    if helper and builder.indices:
        builder.call_index_helper(helper)
    builder.statements(rng.randint(2, 6), 2)
    builder.store()
    program.functions.append(Function("kernel", parameters, builder.close_function(), "cube", private=False))
    if rng.random() < 0.25:
        body = program.kernel.body
        start = next(i for i, s in enumerate(body) if s.tags & {"pipe", "region", "call"})
        tail = body[start:]
        hand_written_flags(rng, tail, PAIRS, [2, 5, 7])
        body[start:] = tail
    return program
