"""Random kernels on two ranks: puts, gets, signals, and local work around them.

Each round uses a slot of its own in the windows, so that ranks never overwrite what the other may still read: all that can
go wrong is what a rank must order by itself.
"""

import numpy as np

from program import For, Function, Index, Pointer, Program, Statement, Tile, TileType, ViewData, TYPES, size_of
from vector import Tensor, VectorBuilder, wrapping

SLOT_ROWS, SLOTS, COLS = 32, 4, 32  # per array in a window
SIGNAL_STRIDE = 16  # words: a line of 64 bytes each


class Wait(Statement):
    def __init__(self, text, ready):
        super().__init__(text)
        self.ready = ready

    def run(self, machine):
        while not self.ready(machine):
            yield "waits"


class CommBuilder(VectorBuilder):
    def partition(self, pointer, element, kind, slot, row, col, remote):
        """An extent of `kind` (rows, cols, outer) in slot `slot` of an array in a window; `remote`: of the peer."""
        rows, cols, outer = kind
        base = pointer
        if remote:
            base = self.fresh("r")
            self.emit(f"%{base} = pto.addptr %{pointer}, %offset : !pto.ptr<{element}> -> !pto.ptr<{element}>",
                      lambda m: m.__setitem__(base, Pointer(self.peer_array(m, pointer), 0)))
        name, part = self.fresh("view"), self.fresh("part")
        first = self.add(self.multiply(slot, SLOT_ROWS), row)
        shape, strides, offsets, sizes = (SLOTS * SLOT_ROWS, COLS), (COLS, 1), (first, self.constant(col)), (rows, cols)
        if outer > 1:  # groups of rows: three dimensions
            shape, strides = (SLOTS * SLOT_ROWS // 2, 2, COLS), (2 * COLS, COLS, 1)
            first = self.add(self.multiply(slot, SLOT_ROWS // 2), row // 2)
            offsets, sizes = (first, self.constant(0), self.constant(col)), (outer, rows // outer, cols)
        listed = lambda values: ", ".join("%" + v.name for v in values)
        dims = lambda values: "x".join(map(str, values))
        view_type = f"!pto.tensor_view<{dims(shape)}x{element}>"
        part_type = f"!pto.partition_tensor_view<{dims(sizes)}x{element}>"
        self.emit(f"%{name} = pto.make_tensor_view %{base}, shape = [{listed(map(self.constant, shape))}], strides = "
                  f"[{listed(map(self.constant, strides))}] : {view_type}")
        bytes_ = size_of(element)

        def action(m):
            at = m[base].offset + sum(m[o] * s for o, s in zip(offsets, strides)) * bytes_
            m[part] = ViewData(Pointer(m[base].array, at), element, sizes, strides)

        self.emit(f"%{part} = pto.partition_view %{name}, offsets = [{listed(offsets)}], sizes = "
                  f"[{listed(map(self.constant, sizes))}] : {view_type} -> {part_type}", action)
        return part, part_type

    @staticmethod
    def peer_array(machine, pointer):
        return machine.peers[1 - machine.rank].arrays[pointer]

    def signal(self, slot, remote):
        base, view, cell = "sig", self.fresh("sv"), self.fresh("sc")
        if remote:
            base = self.fresh("r")
            self.emit(f"%{base} = pto.addptr %sig, %offset : !pto.ptr<i32> -> !pto.ptr<i32>",
                      lambda m: m.__setitem__(base, Pointer(self.peer_array(m, "sig"), 0)))
        at = self.multiply(slot, SIGNAL_STRIDE)
        count, one, zero = self.constant(SLOTS * SIGNAL_STRIDE), self.constant(1), self.constant(0)
        view_type, cell_type = f"!pto.tensor_view<1x{count.low}xi32>", "!pto.partition_tensor_view<1x1xi32>"
        self.emit(f"%{view} = pto.make_tensor_view %{base}, shape = [%{one.name}, %{count.name}], strides = [%{count.name}, %{one.name}] : {view_type}")

        def action(m):
            m[cell] = ViewData(Pointer(m[base].array, m[base].offset + m[at] * 4), "i32", (1, 1), (1, 1))

        self.emit(f"%{cell} = pto.partition_view %{view}, offsets = [%{zero.name}, %{at.name}], sizes = [%{one.name}, %{one.name}] : {view_type} -> {cell_type}", action)
        return cell, cell_type

    def notify(self, slot):
        cell, cell_type = self.signal(slot, True)
        one, add = self.constant(1, "i32"), self.rng.random() < 0.6
        self.emit(f"pto.comm.tnotify(%{cell}, %{one.name} : {cell_type}, i32) {{notifyOp = #pto<notify_op {'atomic_add' if add else 'set'}>}}",
                  lambda m: m[cell].write(m[cell].read() + 1 if add else np.array([[1]], np.int32)))

    def wait(self, slot):
        cell, cell_type = self.signal(slot, False)
        one = self.constant(1, "i32")
        compare = self.rng.choice(["ge", "eq"])
        self.out.append(Wait(f"pto.comm.twait(%{cell}, %{one.name} : {cell_type}, i32) {{cmp = #pto<wait_cmp {compare}>}}",
                             lambda m: m[cell].read()[0, 0] == 1))

    def transfer_shape(self):
        """The extent, the staging tile and the number of staging tiles of a call, for every form of the library."""
        rng = self.rng
        cols = rng.choice([8, 16, 32])
        form = rng.choice(["fits", "fits", "chunks", "halved", "two", "two even", "columns", "outer", "open"])
        rows, tile_rows, tile_cols, outer, tiles = rng.choice([1, 2, 8, 16]), 0, cols, 1, 1 + (rng.random() < 0.2)
        tile_rows = rows
        if form == "chunks":
            tile_rows, rows, tiles = rng.choice([1, 2, 4]), 0, 1
            rows = tile_rows * rng.randint(2, 7)
        elif form == "halved":
            tile_rows, tiles = 2, 1
            rows = 2 * rng.randint(8, 16)
        elif form in ("two", "two even"):
            tile_rows, tiles = rng.choice([1, 2]), 2
            rows = tile_rows * rng.choice([3, 5, 7] if form == "two" else [2, 4, 6, 8])
        elif form == "columns":
            cols, tile_cols, tile_rows = 32, 8, 2
            rows = 2 * rng.randint(1, 3)
        elif form == "outer":
            outer = rng.choice([2, 4])
            rows, tile_rows = 2 * outer, rng.choice([1, 2, 2 * outer])
        valid = None
        if form == "open" or rng.random() < 0.1:  # extents known at run time only
            valid = ("?", "?")
        return (rows, cols, outer), TileType("vec", tile_rows, tile_cols, "f32", valid=valid), tiles

    def staging(self, kind):
        name = self.fresh("stage")
        address = ""
        if self.program.level == "level3":
            start = 32 * self.rng.randint(0, (self.memory - kind.bytes) // 32)
            address = f" addr = %{self.constant(start, 'i64').name}"
            tile = Tile(name, kind, start)
            tile.end = start + kind.bytes
        else:
            tile = Tile(name, kind)
        valid = ""
        if kind.valid:
            valid = f" valid_row = %{self.constant(kind.rows).name} valid_col = %{self.constant(kind.cols).name}"
        self.emit(f"%{name} = pto.alloc_tile{address}{valid} : {kind.text}")
        return tile

    def transfer(self, op, target, source, slot):
        extent, kind, count = self.transfer_shape()
        rows, cols, _ = extent
        row = 2 * self.rng.randint(0, (SLOT_ROWS - rows) // 2)
        col = self.rng.choice([c for c in (0, 8, 16) if c + cols <= COLS])
        row2 = row if self.rng.random() < 0.6 else 2 * self.rng.randint(0, (SLOT_ROWS - rows) // 2)
        put = op == "tput"
        src, src_type = self.partition(source, "f32", extent, slot, row, col, not put)
        dst, dst_type = self.partition(target, "f32", extent, slot, row2, col, put)
        tiles = [self.staging(kind)]
        while len(tiles) < count:
            other = self.staging(kind)
            if self.apart(tiles[0], other):
                tiles.append(other)
        # What the staging tiles lie on holds nothing meaningful afterwards.
        atomic = put and self.rng.random() < 0.2
        attribute = "" if not put or (not atomic and self.rng.random() < 0.5) else \
            f" {{atomicType = #pto<atomic_type {'atomic_add' if atomic else 'atomic_none'}>}}"
        spans = [(t.address, t.end) for t in tiles if t.address is not None]

        def action(m):
            values = m[src].read()
            m[dst].write(m[dst].read() + values if atomic else values)
            for low, high in spans:
                m.space("vec")[1][low:high] = False

        names, types = ", ".join("%" + t.name for t in tiles), ", ".join([kind.text] * len(tiles))
        self.emit(f"pto.comm.{op}(%{dst}, %{src}, buf({names}) : {dst_type}, {src_type}, {types}){attribute}", action, tags=["pipe"])
        if spans:
            self.filled = {t for t in self.filled if all(t.end <= low or high <= t.address for low, high in spans)}

    def local(self, count, depth=1):
        self.statements(self.rng.randint(0, count), depth)

    def into_window(self, pointer, slot):
        """A store into the slot that is about to be sent."""
        kind = self.rng.choice([s for s in self.shapes if not s.by_columns])
        tile = self.full_tile(kind)
        rows, cols = kind.shape
        row, col = self.rng.randint(0, SLOT_ROWS - rows), self.rng.randint(0, COLS - cols)
        part, part_type = self.partition(pointer, "f32", (rows, cols, 1), slot, row, col, False)
        self.emit(f"pto.tstore ins(%{tile.name} : {kind.text}) outs(%{part} : {part_type})",
                  lambda m: m[part].write(m[tile.name].read()), tags=["pipe"])

    def out_of_window(self, pointer, slot):
        kind = self.rng.choice([s for s in self.shapes if not s.by_columns])
        tile = self.any_tile(kind)
        rows, cols = kind.shape
        part, part_type = self.partition(pointer, "f32", (rows, cols, 1), slot, self.rng.randint(0, SLOT_ROWS - rows),
                                         self.rng.randint(0, COLS - cols), False)
        self.emit(f"pto.tload ins(%{part} : {part_type}) outs(%{tile.name} : {kind.text})",
                  lambda m: m[tile.name].write(m[part].read()), tags=["pipe"])
        self.filled.add(tile)

    def scalar_in_window(self, pointer, slot, write):
        at = self.add(self.multiply(slot, SLOT_ROWS * COLS), self.rng.randint(0, SLOT_ROWS * COLS - 1))
        if write:
            value = self.constant(self.rng.randint(0, 9), "f32").name

            def store(m):
                place = m[pointer].offset + m[at] * 4
                m[pointer].array[place : place + 4] = np.array([m[value]], np.float32).view(np.uint8)

            self.emit(f"pto.store_scalar %{value}, %{pointer}[%{at.name}] : !pto.ptr<f32>, f32", store)
        else:
            name = self.fresh("v")

            def load(m):
                place = m[pointer].offset + m[at] * 4
                m[name] = m[pointer].array[place : place + 4].view(np.float32)[0]

            self.emit(f"%{name} = pto.load_scalar %{pointer}[%{at.name}] : !pto.ptr<f32> -> f32", load)

    def round(self, slot):
        rng = self.rng
        if rng.random() < 0.55:  # put into the peer's dst
            for _ in range(rng.randint(0, 2)):
                self.into_window("src", slot) if rng.random() < 0.8 else self.scalar_in_window("src", slot, True)
            self.local(2)
            self.transfer("tput", "dst", "src", slot)
            self.local(1)
            if rng.random() < 0.3:  # the source may be overwritten: the put has read it
                self.into_window("src", slot)
            self.notify(slot)
            self.local(2)
            self.wait(slot)
            fetched = "dst"
        else:  # publish src, then get the peer's
            for _ in range(rng.randint(0, 2)):
                self.into_window("src", slot) if rng.random() < 0.8 else self.scalar_in_window("src", slot, True)
            self.local(1)
            self.notify(slot)
            self.local(2)
            self.wait(slot)
            if rng.random() < 0.3:  # an earlier reader of what the get overwrites
                self.out_of_window("dst", slot)
            self.transfer("tget", "dst", "src", slot)
            fetched = "dst"
        for _ in range(rng.randint(0, 2)):
            rng.choice([lambda: self.out_of_window(fetched, slot), lambda: self.scalar_in_window(fetched, slot, False),
                        lambda: self.into_window(fetched, slot)])()
        self.local(2)


OFFSETS = """%zero = arith.constant 0 : index
%unit = arith.constant 1 : index
%four = arith.constant 4 : index
%peer_index = arith.index_cast %peer : i32 to index
%own = pto.load_scalar %ctx[%zero] : !pto.ptr<i64> -> i64
%slot = arith.addi %peer_index, %unit : index
%remote = pto.load_scalar %ctx[%slot] : !pto.ptr<i64> -> i64
%distance = arith.subi %remote, %own : i64
%bytes = arith.index_cast %distance : i64 to index
%offset = arith.divsi %bytes, %four : index"""


def generate(rng, seed):
    program = Program(seed, "comm", level="level3" if rng.random() < 0.6 else "level2", ranks=2)
    builder = CommBuilder(program, rng)
    builder.choose_shapes(["f32"])
    parameters = []
    for name in ("g1", "g2"):
        builder.tensors.append(Tensor(name, "f32", 32, 32))
        program.arrays[name] = ("f32", 1024)
        parameters.append((name, "!pto.ptr<f32>"))
    size = SLOTS * SLOT_ROWS * COLS
    for number, name in enumerate(("src", "dst")):
        program.windows[name] = (number * size * 4, "f32", size)
        parameters.append((name, "!pto.ptr<f32>"))
    program.windows["sig"] = (2 * size * 4, "i32", SLOTS * SIGNAL_STRIDE)
    parameters += [("sig", "!pto.ptr<i32>"), ("ctx", "!pto.ptr<i64>"), ("peer", "i32")]
    if rng.random() < 0.2:
        builder.pipe_helper()
    for line in OFFSETS.split("\n"):
        builder.emit(line)
    builder.run_time_arguments()
    parameters += [(name, "index") for name in program.scalars]
    if rng.random() < 0.4:
        counter = builder.fresh("i")
        trips = rng.randint(1, SLOTS)
        index = Index(counter, 0, trips - 1)
        low, high, one = builder.constant(0), builder.constant(trips), builder.constant(1)
        body = builder.nested(lambda: builder.round(index), [index])
        builder.out.append(For(counter, low.name, high.name, one.name, body))
    else:
        for slot in range(rng.randint(1, SLOTS)):
            builder.round(builder.constant(slot))
    builder.store()
    program.functions.append(Function("kernel", parameters, builder.close_function(), "vector", private=False))
    return program
