"""Random vector kernels: loads, elementwise operations, moves, stores, scalar accesses, helpers."""

import numpy as np

from builder import Builder, hand_written_flags
from program import Call, Function, Index, Program, Statement, Tile, TileData, TileType, TYPES, ViewData, size_of
from slots import COL_MAJOR, Slots

ROW_MAJOR = ""


def wrapping(function):
    def apply(a, b):
        with np.errstate(all="ignore"):
            if a.dtype == np.float16:  # rounded once
                return function(a.astype(np.float32), b.astype(np.float32)).astype(np.float16)
            return function(a, b).astype(a.dtype)

    return apply


def floor_remainder(a, b):
    with np.errstate(all="ignore"):
        result = a - np.floor(a / b) * b
        return np.where(result * b < 0, result + b, result).astype(np.float32)


BINARY = {
    "tadd": wrapping(np.add), "tsub": wrapping(np.subtract), "tmul": wrapping(np.multiply),
    "tmax": wrapping(np.maximum), "tmin": wrapping(np.minimum), "tdiv": wrapping(np.divide),
    "tand": np.bitwise_and, "tor": np.bitwise_or,
}
LEGAL = {
    "f32": ["tadd", "tsub", "tmul", "tmax", "tmin", "tdiv"], "f16": ["tadd", "tsub", "tmax", "tmin", "tdiv"],
    "i32": ["tadd", "tsub", "tmul", "tmax", "tmin"], "i16": ["tadd", "tsub", "tmul", "tmax", "tmin", "tand", "tor"],
}
SCRATCH = {"f32": ["trem", "tprelu"], "f16": ["tprelu"], "i32": ["trem", "tshl", "tshr"], "i16": ["txor"]}


class Tensor:
    """A pointer of the function and what lies behind it: rows x cols elements."""

    def __init__(self, pointer, element, rows, cols):
        self.pointer, self.element, self.rows, self.cols = pointer, element, rows, cols


class VectorBuilder(Slots, Builder):
    is_helper = False
    memory = 16384  # bytes of UB that a level3 program shares out; small, so that tiles overlap

    def __init__(self, program, rng, tensors=()):
        super().__init__(program, rng)
        self.tensors, self.tiles, self.helpers, self.rings = list(tensors), {}, [], []
        self.shapes = []

    # -- views ---------------------------------------------------------------------------------------------------

    def view(self, tensor, rows, cols, by_columns=False, flat=False):
        """A partition of `rows` x `cols` somewhere in the tensor; its name and type. What makes boxes takes a `flat` one."""
        rng, name, part = self.rng, self.fresh("view"), self.fresh("part")
        pointer, kind = tensor.pointer, rng.random()
        count = tensor.rows * tensor.cols
        if by_columns:
            layout, sizes, strides, shape = "dn", (rows, cols), (1, tensor.rows), (tensor.rows, tensor.cols)
        else:
            layout, sizes, strides, shape = "nd", (rows, cols), (tensor.cols, 1), (tensor.rows, tensor.cols)
            if kind < 0.12 and rows * cols <= count:  # one long line, seen as rows
                strides, shape = (cols, 1), (count // cols, cols)
            elif kind < 0.24 and rows % 2 == 0 and not flat:  # three dimensions
                strides, shape, sizes = (2 * tensor.cols, tensor.cols, 1), (tensor.rows // 2, 2, tensor.cols), (rows // 2, 2, cols)
            elif kind < 0.3 and rows > 1 and rows * tensor.cols * 2 <= count:  # every other row
                strides, shape = (2 * tensor.cols, 1), (tensor.rows // 2, tensor.cols)
        if any(size > extent for size, extent in zip(sizes, shape)):
            return self.view(tensor, rows, cols, by_columns, flat)
        if rng.random() < 0.12:  # a pointer into the tensor
            extra = self.affine((shape[0] - sizes[0]) // 2)
            pointer = self.add_pointer(pointer, tensor.element, self.multiply(extra, strides[0]))
            shape = (shape[0] - extra.high,) + shape[1:]
        steps = [1] * len(sizes)
        if rng.random() < 0.6:  # whole tiles, one beside the other
            steps = list(sizes)
        offsets = [self.affine(extent - size, step) for extent, size, step in zip(shape, sizes, steps)]
        extents = [self.constant(e) for e in shape]
        pitches = [self.constant(s) for s in strides]
        listed = lambda values: ", ".join("%" + v.name for v in values)
        static = "x".join("?" if rng.random() < 0.2 else str(e) for e in shape)
        view_type = f"!pto.tensor_view<{static}x{tensor.element}>"
        part_type = f"!pto.partition_tensor_view<{'x'.join(map(str, sizes))}x{tensor.element}>"
        attribute = " {layout = #pto.layout<dn>}" if layout == "dn" else ""
        self.emit(f"%{name} = pto.make_tensor_view %{pointer}, shape = [{listed(extents)}], strides = [{listed(pitches)}]"
                  f"{attribute} : {view_type}")
        bytes_ = size_of(tensor.element)

        def action(m):
            base = m[pointer]
            offset = sum(m[o] * s for o, s in zip(offsets, strides)) * bytes_
            m[part] = ViewData(type(base)(base.array, base.offset + offset), tensor.element, sizes, strides, layout)

        self.emit(f"%{part} = pto.partition_view %{name}, offsets = [{listed(offsets)}], sizes = "
                  f"[{listed([self.constant(s) for s in sizes])}] : {view_type} -> {part_type}", action)
        return part, part_type

    # -- tiles ---------------------------------------------------------------------------------------------------

    def tile(self, kind, scratch=False):
        """Declares a tile: at level3 somewhere in the memory, perhaps where others lie in part. Scratch tiles, whose
        contents nobody may read, share a place of their own."""
        rng = self.rng
        tile = Tile(self.fresh("t"), kind)
        if self.program.level == "level2":
            def action(m):
                m[tile.name] = TileData(np.zeros(kind.bytes, np.uint8), np.zeros(kind.bytes, bool), 0, kind)

            self.emit(f"%{tile.name} = pto.alloc_tile : {kind.text}", action)
        else:
            most = self.memory - kind.bytes
            step = 32 if rng.random() < 0.4 else max(32, kind.bytes // 2)
            if scratch:
                address = self.constant(self.memory, "i64").name
                tile.address, tile.end = self.memory, self.memory + kind.bytes
                counters = None
            else:
                counters = [i for i in self.indices if i.high - i.low <= 4 and i.low >= 0] if self.depth else []
            if scratch:
                pass
            elif counters and rng.random() < 0.35:  # slots by the counter
                index = rng.choice(counters)
                offset = self.add(self.multiply(index, rng.choice([kind.bytes, 32])), 0)
                start = step * rng.randint(0, (most - offset.high) // step)
                offset = self.add(offset, start)
                address = self.fresh("a")
                self.emit(f"%{address} = arith.index_cast %{offset.name} : index to i64", lambda m: m.__setitem__(address, m[offset]))
                tile.address, tile.end = offset.low, offset.high + kind.bytes
            else:
                start = step * rng.randint(0, most // step)
                address = self.constant(start, "i64").name
                tile.address, tile.end = start, start + kind.bytes

            def action(m):
                m[tile.name] = TileData(*m.space("vec"), m[address], kind)

            self.emit(f"%{tile.name} = pto.alloc_tile addr = %{address} : {kind.text}", action)
        if not scratch:
            self.tiles.setdefault(kind, []).append(tile)
        return tile

    def apart(self, a, b):
        """May both be operands of one operation: the same tile or no common byte."""
        return a is b or a.address is None or a.end <= b.address or b.end <= a.address

    def any_tile(self, kind, beside=()):
        known = [t for t in self.tiles.get(kind, []) if all(self.apart(t, o) for o in beside)]
        if not known or (len(known) < 3 and self.rng.random() < 0.4):
            for _ in range(20):
                tile = self.tile(kind)
                if all(self.apart(tile, o) for o in beside):
                    return tile
            return None
        return self.rng.choice(known)

    def full_tile(self, kind, beside=()):
        tile = self.any_tile(kind, beside)
        if tile and tile not in self.filled:
            self.load(tile)
        return tile

    # -- operations ----------------------------------------------------------------------------------------------

    def load(self, tile=None, tensor=None):
        kind = tile.type if tile else self.rng.choice(self.shapes)
        tensor = tensor or self.rng.choice([t for t in self.tensors if t.element == kind.element])
        part, part_type = self.view(tensor, *kind.shape, kind.by_columns)
        tile = tile or self.any_tile(kind)
        self.emit(f"pto.tload ins(%{part} : {part_type}) outs(%{tile.name} : {kind.text})",
                  lambda m: m[tile.name].write(m[part].read()), tags=["pipe"])
        self.filled.add(tile)

    def store(self):
        tile = self.full_tile(self.rng.choice(self.shapes))
        kind = tile.type
        tensor = self.rng.choice([t for t in self.tensors if t.element == kind.element])
        part, part_type = self.view(tensor, *kind.shape, kind.by_columns)
        atomic = kind.element in ("f32", "i32", "f16", "i16") and self.rng.random() < 0.08

        def action(m):
            values = m[tile.name].read()
            m[part].write(wrapping(np.add)(m[part].read(), values) if atomic else values)

        attribute = " {atomicType = #pto<atomic_type atomic_add>}" if atomic else ""
        self.emit(f"pto.tstore ins(%{tile.name} : {kind.text}) outs(%{part} : {part_type}){attribute}", action, tags=["pipe"])

    def compute(self):
        kind = self.rng.choice([s for s in self.shapes if not s.by_columns])
        a = self.full_tile(kind)
        b = self.full_tile(kind, [a])
        if not b:
            return
        if self.rng.random() < 0.2 and SCRATCH.get(kind.element):
            return self.scratch_operation(kind, a, b)
        d = self.any_tile(kind, [a, b])
        if not d:
            return
        op = self.rng.choice(LEGAL[kind.element])
        self.emit(f"pto.{op} ins(%{a.name}, %{b.name} : {kind.text}, {kind.text}) outs(%{d.name} : {kind.text})",
                  lambda m: m[d.name].write(BINARY[op](m[a.name].read(), m[b.name].read())), tags=["pipe"])
        self.filled.add(d)

    def scratch_operation(self, kind, a, b):
        op = self.rng.choice([s for s in SCRATCH[kind.element] if s != "trem" or kind.element == "f32" or self.program.arch == "a3"])
        if op in ("tshl", "tshr"):
            return self.shift(op, kind, a)
        rows, cols = kind.shape
        # What the library needs of each scratch tile.
        if op == "trem":
            scratch_type = TileType("vec", 3, max(kind.cols, 64), kind.element)
        elif op == "txor":
            scratch_type = kind
        else:
            scratch_type = TileType("vec", rows + 1, 32, "ui8")
        d = self.any_tile(kind, [a, b])
        if not d or len({t.name for t in (a, b, d)}) < 3:
            return
        known = self.tiles.setdefault(("scratch", scratch_type), [])
        if not known or self.rng.random() < 0.3:
            known.append(self.tile(scratch_type, scratch=True))
        tmp = self.rng.choice(known)

        def action(m):
            x, y = m[a.name].read(), m[b.name].read()
            m[tmp.name].forget()
            if op == "txor":
                result = x ^ y
            elif op == "tprelu":
                result = np.where(x > 0, x, wrapping(np.multiply)(x, y))
            elif kind.element == "f32":
                result = floor_remainder(x, y)
            else:
                with np.errstate(all="ignore"):
                    through = np.where(y == 0, x.astype(np.float32), floor_remainder(x.astype(np.float32), y.astype(np.float32)))
                    limit = lambda v: np.clip(v.astype(np.float64), -(2.0**31), 2.0**31 - 1).astype(np.int32)
                    result = limit(through)
                    m[a.name].write(limit(x.astype(np.float32)))
                    m[b.name].write(y.astype(np.float32).view(np.int32))
            m[d.name].write(result)

        self.emit(f"pto.{op} ins(%{a.name}, %{b.name}, %{tmp.name} : {kind.text}, {kind.text}, {scratch_type.text}) "
                  f"outs(%{d.name} : {kind.text})", action, tags=["pipe"])
        self.filled.add(d)

    def shift(self, op, kind, a):
        counts = [t for t in self.tensors if t.element == "counts"]
        b = self.any_tile(kind, [a])
        if not counts or not b or b is a:
            return
        plain = Tensor(counts[0].pointer, kind.element, counts[0].rows, counts[0].cols)
        self.load(b, plain)
        d = self.any_tile(kind, [a, b])
        if not d:
            return
        function = np.left_shift if op == "tshl" else np.right_shift
        self.emit(f"pto.{op} ins(%{a.name}, %{b.name} : {kind.text}, {kind.text}) outs(%{d.name} : {kind.text})",
                  lambda m: m[d.name].write(function(m[a.name].read(), m[b.name].read())), tags=["pipe"])
        self.filled.add(d)

    def move(self):
        kind = self.rng.choice([s for s in self.shapes if not s.by_columns])
        a = self.full_tile(kind)
        smaller = [s for s in self.shapes if s.element == kind.element and not s.by_columns and s != kind
                   and s.shape[0] <= kind.shape[0] and s.shape[1] <= kind.shape[1]]
        if smaller and kind.element in ("f32", "f16") and self.rng.random() < 0.6:
            to = self.rng.choice(smaller)
            d = self.any_tile(to, [a])
            if not d:
                return
            row = self.affine(kind.shape[0] - to.shape[0])
            col = self.affine(kind.shape[1] - to.shape[1], 32 // size_of(kind.element))
            self.emit(f"pto.textract ins(%{a.name}, %{row.name}, %{col.name} : {kind.text}, index, index) outs(%{d.name} : {to.text})",
                      lambda m: m[d.name].write(m[a.name].read(*to.shape, (m[row], m[col]))), tags=["pipe"])
        else:
            d = self.any_tile(kind, [a])
            if not d or d is a:
                return
            self.emit(f"pto.tmov ins(%{a.name} : {kind.text}) outs(%{d.name} : {kind.text})",
                      lambda m: m[d.name].write(m[a.name].read()), tags=["pipe"])
        self.filled.add(d)

    def scalars(self):
        tensor = self.rng.choice([t for t in self.tensors if t.element != "counts"])
        value = self.load_scalar(tensor.pointer, tensor.element, tensor.rows * tensor.cols) if self.rng.random() < 0.6 else None
        if self.rng.random() < 0.5:
            same = [t for t in self.tensors if t.element == tensor.element]
            target = self.rng.choice(same)
            self.store_scalar(target.pointer, target.element, target.rows * target.cols, value)

    # -- helpers -------------------------------------------------------------------------------------------------

    def pipe_helper(self):
        """A helper with pipe work of its own, perhaps on a tile of the caller."""
        rng = self.rng
        shared = rng.choice(self.tensors[:2])
        inner = VectorBuilder(self.program, rng, [Tensor("p", shared.element, shared.rows, shared.cols)])
        inner.counter = self.counter + 100
        inner.is_helper = True
        inner.shapes = [s for s in self.shapes if s.element == shared.element]
        inner.indices = [Index("k", 0, 3)]
        parameters = [("p", f"!pto.ptr<{shared.element}>"), ("k", "index")]
        plain = [s for s in inner.shapes if not s.by_columns]
        passed = rng.choice(plain) if plain and self.program.level == "level2" and rng.random() < 0.4 else None
        if passed:
            tile = Tile("given", passed)
            inner.tiles[passed] = [tile]
            inner.filled.add(tile)
            parameters.append(("given", passed.text))
        inner.statements(rng.randint(2, 4), 1)
        self.counter = inner.counter
        self.program.functions.append(Function(self.fresh("work"), parameters, inner.close_function(), self.core_kind()))
        self.helpers.append((self.program.functions[-1], shared, passed))

    def call_helper(self):
        function, shared, passed = self.rng.choice(self.helpers)
        tensor = self.rng.choice([t for t in self.tensors if (t.element, t.rows, t.cols) == (shared.element, shared.rows, shared.cols)])
        usable = [i for i in self.indices if 0 <= i.low and i.high <= 3]
        argument = self.rng.choice(usable) if usable and self.rng.random() < 0.7 else self.constant(self.rng.randint(0, 3))
        arguments = [tensor.pointer, argument.name]
        if passed:
            tile = self.full_tile(passed)
            arguments.append(tile.name)
        self.out.append(Call(function, arguments))

    # -- programs ------------------------------------------------------------------------------------------------

    def statement(self, depth):
        rng, roll = self.rng, self.rng.random()
        few = lambda: self.statements(rng.randint(1, 4), depth - 1)
        if depth and roll < 0.16:
            self.loop(few)
        elif depth and roll < 0.19:
            self.while_loop(few)
        elif depth and roll < 0.22 and self.depth and self.indices:
            self.take_turns(few)
        elif depth and roll < 0.27:
            self.branch(few, few if rng.random() < 0.5 else None)
        elif roll < 0.30 and self.program.level == "level2" and not self.is_helper:
            self.ring_slot()
        elif roll < 0.33:
            self.window()
        elif roll < 0.35:
            self.row_sum()
        elif self.helpers and roll < 0.40:
            self.call_helper()
        elif roll < 0.45:
            self.scalars()
        elif roll < 0.56:
            self.load()
        elif roll < 0.74:
            self.compute()
        elif roll < 0.82:
            self.move()
        else:
            self.store()

    def statements(self, count, depth):
        for _ in range(count):
            self.statement(depth)

    def choose_shapes(self, elements):
        rng = self.rng
        for element in elements:
            per_block = 32 // size_of(element)
            widths = [w for w in (per_block, 2 * per_block, 4 * per_block) if w <= 32]
            for _ in range(rng.randint(1, 2)):
                rows, cols = rng.choice([1, 2, 4, 8]), rng.choice(widths)
                valid = (rows, cols - rng.randint(1, per_block // 2)) if rng.random() < 0.15 else None
                self.shapes.append(TileType("vec", rows, cols, element, ROW_MAJOR, valid))
        if rng.random() < 0.25:
            element = elements[0]
            self.shapes.append(TileType("vec", 32 // size_of(element), rng.choice([2, 4]), element, COL_MAJOR))


def own_part(builder, name, element, count, what):
    """A pointer to the part of an array that belongs to this block, or to this vector core of a block."""
    number = builder.fresh("id")
    special = {"get_subblock_idx": "subblock", "get_block_idx": "block"}[what]
    builder.emit(f"%{number} = pto.{what}", lambda m: m.__setitem__(number, getattr(m, special)))
    index = Index(builder.cast(number, "i64", "index"), 0, 1)
    return builder.add_pointer(name, element, builder.multiply(index, count), "own")


PAIRS = [("MTE2", "V"), ("V", "MTE3"), ("MTE3", "MTE2"), ("V", "MTE2"), ("MTE2", "MTE3"), ("MTE3", "V")]


def sprinkle_sync(rng, program):
    """Hand-written, correct and incomplete synchronisation: what is missing is for the compiler."""
    body = program.kernel.body
    start = next((i for i, s in enumerate(body) if "pipe" in s.tags), None)
    if start is None:
        return
    tail = body[start:]
    if rng.random() < 0.8:
        hand_written_flags(rng, tail, PAIRS, [2, 5, 7])
    if rng.random() < 0.4:
        tail.insert(rng.randint(0, len(tail)), Statement(f"pto.barrier <PIPE_{rng.choice(['MTE2', 'MTE3', 'ALL'])}>"))
    body[start:] = tail


def generate(rng, seed):
    program = Program(seed, "vector", arch="a5" if rng.random() < 0.2 else "a3",
                      level="level3" if rng.random() < 0.6 else "level2")
    builder = VectorBuilder(program, rng)
    elements = rng.sample(["f32", "f32", "i32", "i16", "f16"], rng.choice([1, 1, 2]))
    if program.level == "level3" and {"f32", "f16"} & set(elements):
        elements = elements[:1]  # tiles share bytes there, and integers seen as floats are NaNs of every kind
    parameters = []
    for element in dict.fromkeys(elements):
        for _ in range(2):
            tensor = Tensor(builder.fresh("g"), element, 32, 32)
            builder.tensors.append(tensor)
            program.arrays[tensor.pointer] = (element, 32 * 32)
            parameters.append((tensor.pointer, f"!pto.ptr<{element}>"))
    if "i32" in elements:
        builder.tensors.append(Tensor("counts", "counts", 32, 32))
        program.arrays["counts"] = ("i32", 32 * 32)
        parameters.append(("counts", "!pto.ptr<i32>"))
    builder.choose_shapes(list(dict.fromkeys(elements)))
    if rng.random() < 0.15:  # two blocks, each on its own half of every array
        program.blocks = 2
        for tensor in builder.tensors:
            if tensor.element != "counts":
                program.arrays[tensor.pointer] = (tensor.element, 2 * 32 * 32)
                tensor.pointer = own_part(builder, tensor.pointer, tensor.element, 32 * 32, "get_block_idx")
    if rng.random() < 0.35:
        builder.pipe_helper()
    helper = builder.index_helper() if rng.random() < 0.3 else None
    builder.run_time_arguments()
    for name in program.scalars:
        parameters.append((name, "index"))
    if helper and builder.indices:
        builder.call_index_helper(helper)
    builder.statements(rng.randint(3, 9), 2)
    builder.store()
    program.functions.append(Function("kernel", parameters, builder.close_function(), "vector", private=False))
    if rng.random() < 0.3:
        sprinkle_sync(rng, program)
    return program
