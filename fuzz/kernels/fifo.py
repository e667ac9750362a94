"""Random kernels around pipes between the cores of a block: every form, direction and split, on both archs.

A chain sends tiles one way or there and back; what arrives is known without running it, because each step is a product with a small
integer matrix or a sum with itself, exact in half precision.

  down    cube: X_i E                -> vector: twice that -> Y_i
  up      vector: X_i + X_i          -> cube: times E      -> Y_i
  around  cube: X_i E -> vector: twice that, in f16 -> cube: times E -> Y_i
"""

import dataclasses
import types

import numpy as np

TILES = 24  # that the arrays hold
K = 32  # depth of a product
ELEMENT = {"f16": np.float16, "f32": np.float32}
BYTES = {"f16": 2, "f32": 4}
ACC = "blayout=col_major, slayout=row_major, fractal=1024"
NZ = "blayout=col_major, slayout=row_major"


@dataclasses.dataclass
class Pipe:
    """One pipe of a chain; `down` from the cube to the vector cores."""
    number: int
    down: bool
    rows: int
    cols: int
    element: str
    split: int
    slots: int
    form: str  # "buffer" (tiles through global memory), "entry" (addresses), "tensor" (addresses sent, tiles received), "local"
    local: int  # landing slots that are reserved
    says_local: bool
    both: bool = False  # the other direction of the chain is in the same pipe

    @property
    def slot_size(self):
        return self.rows * self.cols * BYTES[self.element]

    def part(self):
        """Rows and columns of what one vector core has, as the larger of both has them."""
        up_down, left_right = self.split in (1, 3), self.split in (2, 4)
        return (-(-self.rows // 2) if up_down else self.rows, -(-self.cols // 2) if left_right else self.cols)


class Text:
    def __init__(self):
        self.lines, self.depth, self.constants, self.fresh = [], 2, {}, 0

    def __call__(self, line):
        self.depth -= line.startswith("}")
        self.lines.append("  " * self.depth + line)
        self.depth += line.endswith("{")

    def c(self, number):
        self.constants[number] = f"%c{number}"
        return f"%c{number}"

    def name(self, stem):
        self.fresh += 1
        return f"%{stem}{self.fresh}"

    def body(self):
        return [f"    %c{n} = arith.constant {n} : index" for n in sorted(self.constants)] + self.lines


class Side:
    """The text of one core; `t` holds what stands before the loops."""

    def __init__(self, program, core):
        self.program, self.core, self.t = program, core, Text()
        t = self.t
        if core == "vector" and program.splits:
            t("%sub64 = pto.get_subblock_idx")
            t("%sub = arith.index_cast %sub64 : i64 to index")

    def view(self, name, rows, cols, element):
        t = self.t
        type_ = f"!pto.tensor_view<?x{cols}x{element}>"
        t(f"%{name}_view = pto.make_tensor_view %{name}, shape = [{t.c(rows)}, {t.c(cols)}], strides = [{t.c(cols)}, {t.c(1)}] : {type_}")
        return f"%{name}_view", type_

    def tile(self, space, rows, cols, element, layout=""):
        name, type_ = self.t.name(space), f"!pto.tile_buf<{space}, {rows}x{cols}x{element}{', ' + layout if layout else ''}>"
        self.t(f"{name} = pto.alloc_tile : {type_}")
        return name, type_

    def part_of(self, view, offsets, rows, cols, element):
        t, name, type_ = self.t, self.t.name("part"), f"!pto.partition_tensor_view<{rows}x{cols}x{element}>"
        sizes = f"[{t.c(rows)}, {t.c(cols)}]"
        t(f"{name} = pto.partition_view {view[0]}, offsets = [{offsets[0]}, {offsets[1]}], sizes = {sizes} : {view[1]} -> {type_}")
        return name, type_

    # -- pipes ---------------------------------------------------------------------------------------------------

    def address(self, pipe):
        """Where the consumer keeps tiles: a reservation of its own, imported on the other core."""
        t, name = self.t, f"%local{pipe.number}_{int(pipe.down)}"
        label = f"b{pipe.number}_{int(pipe.down)}"
        consumes = pipe.down == (self.core == "vector")
        size = self.program.reserved(pipe)
        if self.program.pair and not consumes:
            t(f'{name} = pto.import_reserved_buffer {{name = "{label}", peer_func = @{"vector" if pipe.down else "cube"}}} -> i32')
        elif self.program.pair:
            t(f'{name} = pto.reserve_buffer {{name = "{label}", size = {size}, location = '
              f'#pto.address_space<{"vec" if pipe.down else "mat"}>, auto = true}} -> i32')
        return name

    def open(self, pipes):
        """One initialize op for the pipes of a chain that share it."""
        t, first = self.t, pipes[0]
        clauses = [f"id = {first.number}", f"dir_mask = {3 if len(pipes) == 2 else 1 if first.down else 2}",
                   f"slot_size = {max(p.slot_size for p in pipes)}", f"slot_num = {first.slots}"]
        if first.says_local:
            clauses.append(f"local_slot_num = {first.local}")
        operands = []
        if first.form in ("entry", "tensor"):
            whole = self.core == "cube" or first.split in (3, 4)
            rows, cols = (first.rows, first.cols) if whole else first.part()
            type_ = f"!pto.tensor_view<{rows}x{cols}x{first.element}>"
            t(f"%slots{first.number} = pto.make_tensor_view %ring{first.number}, shape = [{t.c(rows)}, {t.c(cols)}], "
              f"strides = [{t.c(first.cols)}, {t.c(1)}] : {type_}")
            operands.append(f"gm_slot_tensor = %slots{first.number} : {type_}")
        elif first.form == "buffer":
            operands.append(f"gm_slot_buffer = %ring{first.number} : !pto.ptr<{first.element}>")
        if first.form != "entry":
            for pipe in pipes:
                operands.append(f"{'c2v' if pipe.down else 'v2c'}_consumer_buf = {self.address(pipe)} : i32")
        t(f"pto.ai{self.core[0]}_initialize_pipe {{{', '.join(clauses)}}} ({', '.join(operands)})")

    def clauses(self, pipe):
        return f"{{id = {pipe.number}, split = {pipe.split}}}"

    def entry_type(self, pipe):
        rows, cols = (pipe.rows, pipe.cols) if self.core == "cube" else pipe.part()
        return f"!pto.tensor_view<{rows}x{cols}x{pipe.element}>", rows, cols

    def send(self, pipe, tile):
        t, to = self.t, "aiv" if pipe.down else "aic"
        if pipe.form != "entry":
            t(f"pto.tpush_to_{to}({tile[0]} : {tile[1]}) {self.clauses(pipe)}")
            return
        entry, (type_, rows, cols) = t.name("entry"), self.entry_type(pipe)
        t(f"{entry} = pto.talloc_to_{to} {self.clauses(pipe)} -> {type_}")
        part = self.part_of((entry, type_), (t.c(0), t.c(0)), rows, cols, pipe.element)
        t(f"pto.tstore ins({tile[0]} : {tile[1]}) outs({part[0]} : {part[1]})")
        t(f"pto.tpush_to_{to}({entry} : {type_}) {self.clauses(pipe)}")

    def receive(self, pipe, landing):
        """The tile, and what gives it back. `landing`: a tile for the form by address."""
        t, source = self.t, "aic" if pipe.down else "aiv"
        space = "vec" if pipe.down else "mat"
        rows, cols = pipe.part() if pipe.down else (pipe.rows, pipe.cols)
        layout = "" if pipe.down else ", " + NZ
        if pipe.form == "entry":
            entry, (type_, rows, cols) = t.name("entry"), self.entry_type(pipe)
            t(f"{entry} = pto.tpop_from_{source} {self.clauses(pipe)} -> {type_}")
            part = self.part_of((entry, type_), (t.c(0), t.c(0)), rows, cols, pipe.element)
            t(f"pto.tload ins({part[0]} : {part[1]}) outs({landing[0]} : {landing[1]})")
            return landing, lambda: t(f"pto.tfree_from_{source}({entry} : {type_}) {self.clauses(pipe)}")
        name, valid, given = t.name("got"), "", ""
        if pipe.split in (3, 4):  # the second core has one less
            less = t.name("less")
            t(f"{less} = arith.subi {t.c(rows if pipe.split == 3 else cols)}, %sub : index")
            valid, given = ", valid=?x?", f" ({less}, {t.c(cols)})" if pipe.split == 3 else f" ({t.c(rows)}, {less})"
            width = -(-cols // 8) * 8  # rows of a tile begin at 32 bytes
            type_ = f"!pto.tile_buf<{space}, {rows}x{width}x{pipe.element}{valid}>"
        else:
            type_ = f"!pto.tile_buf<{space}, {rows}x{cols}x{pipe.element}{layout}>"
        t(f"{name} = pto.tpop_from_{source}{given} {self.clauses(pipe)} -> {type_}")
        return (name, type_), lambda: t(f"pto.tfree_from_{source} {self.clauses(pipe)}")


@dataclasses.dataclass
class Chain:
    kind: str
    number: int
    pipes: list
    rows: int
    cols: int
    count: object  # a number, or the name of a scalar
    lead: int  # around: products that the cube is ahead

    def expected(self, x, e, tiles):
        x = x.reshape(TILES, self.rows, K).astype(np.float32)
        y = np.zeros((TILES, self.rows, self.cols), np.float32)
        for i in range(tiles):
            first = x[i] @ e if self.kind != "up" else x[i] + x[i]
            y[i] = {"down": lambda: first + first, "up": lambda: first @ e, "around": lambda: (first + first) @ e}[self.kind]()
        return y.reshape(-1)


class Fifo:
    """A program of this kind, as judge.py wants it."""

    def __init__(self, rng, seed):
        self.seed, self.rng = seed, rng
        self.arch = rng.choice(["a3", "a5"])
        self.pair = rng.random() < 0.6  # two functions, else sections of one
        self.level, self.blocks, self.ranks, self.exact, self.windows = "level2", 1, 1, True, {}
        self.flags = ["--a5-credits=intended"]
        self.arrays, self.scalars = {}, {}
        self.unsplit = rng.random() < 0.25  # for all pipes: without a split nobody asks for the number of the core
        self.splits = not self.unsplit
        self.chains = []
        for number in range(rng.choice([1, 1, 1, 2])):
            self.chains.append(self.chain(number * 2))
        self.kernel = types.SimpleNamespace(name="cube,vector" if self.pair else "kernel")
        self.functions = [types.SimpleNamespace(name=name) for name in self.kernel.name.split(",")]
        self.text = self.write()

    # -- choices -------------------------------------------------------------------------------------------------

    def chain(self, number):
        rng = self.rng
        kind = rng.choice(["down", "up", "around"])
        rows, cols = rng.choice([16, 32]), K if kind == "around" else rng.choice([16, 32, 64])
        down = kind != "up" and self.pipe(number, True, rows, cols, "f32", kind)
        up = kind != "down" and self.pipe(number + 1, False, rows, K, "f16", kind)
        pipes = [p for p in (down, up) if p]
        if kind == "around":
            up.split = down.split  # one tile is received and sent on
        if kind == "around" and rng.random() < 0.5 and down.form in ("buffer", "local") and down.split < 3:
            self.join(down, up)
        if kind == "down":
            rows, cols = down.rows, down.cols
        count = rng.choice([0, 1, 3, 8, 9, 13, 20]) if rng.random() < 0.5 else f"n{number}"
        if isinstance(count, str):
            self.scalars[count] = ("index", [rng.randint(0, TILES), rng.randint(0, 12)])
        self.arrays[f"x{number}"] = ("f16", TILES * rows * K)
        self.arrays[f"e{number}"] = ("f16", K * cols)
        self.arrays[f"y{number}"] = ("f32", TILES * rows * cols)
        return Chain(kind, number, pipes, rows, cols, count, rng.randint(0, min(p.slots for p in pipes)))

    def pipe(self, number, down, rows, cols, element, kind):
        rng = self.rng
        split = 0 if self.unsplit else rng.choice([1, 1, 2])
        forms = ["buffer", "entry"] if self.arch == "a3" else ["local", "local", "entry"]
        if kind == "down":
            forms.append("tensor")
        form = rng.choice(forms)
        if form == "tensor" or (form == "buffer" and kind == "down"):
            if not self.unsplit and rng.random() < 0.4:
                split = rng.choice([3, 4])
                rows, cols = (rows - 1, cols) if split == 3 else (rows, cols - 1)
        if form == "local" and split == 2 and cols % 32:
            split = 1
        slots = rng.choice([1, 2, 3, 4, 6, 8, 14])
        local = rng.randint(1, slots) if form in ("buffer", "tensor") else 1
        pipe = Pipe(number, down, rows, cols, element, split, slots, form, local, rng.random() < 0.4)
        if pipe.slot_size % 32 and form != "entry":
            return self.pipe(number, down, rows - rows % 2, cols - cols % 2, element, "")
        if form != "local":
            self.arrays[f"ring{number}"] = (element, slots * rows * cols)
        return pipe

    def join(self, down, up):
        """One pipe for both directions."""
        self.arrays.pop(f"ring{up.number}", None)
        for name in ("slots", "form", "local", "says_local"):
            setattr(up, name, getattr(down, name))
        up.number, up.both, down.both = down.number, True, True
        # The second ring begins behind the first; its slots are as large.
        if up.form == "buffer":
            self.arrays[f"ring{down.number}"] = ("f32", 2 * down.slots * down.rows * down.cols)

    # -- text ----------------------------------------------------------------------------------------------------

    def openings(self, side):
        for chain in self.chains:
            if len(chain.pipes) == 2 and chain.pipes[0].both:
                side.open(chain.pipes)
            else:
                for pipe in chain.pipes:
                    side.open([pipe])

    def count_of(self, side, chain):
        return f"%{chain.count}" if isinstance(chain.count, str) else side.t.c(chain.count)

    def product(self, side, chain, left_source, left_tile, right, acc):
        side.t(f"pto.tmov ins({left_source[0]} : {left_source[1]}) outs({left_tile[0]} : {left_tile[1]})")
        side.t(f"pto.tmatmul ins({left_tile[0]}, {right[0]} : {left_tile[1]}, {right[1]}) outs({acc[0]} : {acc[1]})")

    def cube(self, side, chain):
        t, n = side.t, chain.number
        rows, cols = chain.rows, chain.cols
        full = -(-rows // 16) * 16, -(-cols // 16) * 16
        left_layout = "blayout=row_major" if self.arch == "a3" else "blayout=col_major"
        x, e = side.view(f"x{n}", TILES * rows, K, "f16"), side.view(f"e{n}", K, cols, "f16")
        y = side.view(f"y{n}", TILES * rows, cols, "f32")
        valid = "" if full == (rows, cols) else f", valid={rows}x{cols}"
        rvalid = "" if full[1] == cols else f", valid={K}x{cols}"
        lvalid = "" if full[0] == rows else f", valid={rows}x{K}"
        em, er = side.tile("mat", K, full[1], "f16", NZ + rvalid), side.tile("right", K, full[1], "f16", "blayout=row_major, slayout=col_major" + rvalid)
        xm, xl = side.tile("mat", full[0], K, "f16", NZ + lvalid), side.tile("left", full[0], K, "f16", f"{left_layout}, slayout=row_major" + lvalid)
        acc = side.tile("acc", *full, "f32", ACC + valid)
        part = side.part_of(e, (t.c(0), t.c(0)), K, cols, "f16")
        t(f"pto.tload ins({part[0]} : {part[1]}) outs({em[0]} : {em[1]})")
        t(f"pto.tmov ins({em[0]} : {em[1]}) outs({er[0]} : {er[1]})")
        down = next((p for p in chain.pipes if p.down), None)
        up = next((p for p in chain.pipes if not p.down), None)
        landing = up and up.form == "entry" and side.tile("mat", rows, K, "f16", NZ)
        back = up and (side.tile("left", rows, K, "f16", f"{left_layout}, slayout=row_major"), side.tile("acc", rows, cols, "f32", ACC))

        def ahead(i):
            row = t.name("row")
            t(f"{row} = arith.muli {i}, {t.c(rows)} : index")
            source = side.part_of(x, (row, t.c(0)), rows, K, "f16")
            t(f"pto.tload ins({source[0]} : {source[1]}) outs({xm[0]} : {xm[1]})")
            self.product(side, chain, xm, xl, er, acc)
            side.send(down, acc)

        def behind(i):
            row = t.name("row")
            t(f"{row} = arith.muli {i}, {t.c(rows)} : index")
            got, free = side.receive(up, landing)
            self.product(side, chain, got, back[0], er, back[1])
            free()
            out = side.part_of(y, (row, t.c(0)), rows, cols, "f32")
            t(f"pto.tstore ins({back[1][0]} : {back[1][1]}) outs({out[0]} : {out[1]})")

        self.loops(side, chain, ahead if down else None, behind if up else None)

    def loops(self, side, chain, ahead, behind):
        t, count, zero, one = side.t, self.count_of(side, chain), side.t.c(0), side.t.c(1)

        def loop(first, last, *bodies):
            i = t.name("i")
            t(f"scf.for {i} = {first} to {last} step {one} {{")
            for body in bodies:
                body(i)
            t("}")

        if not ahead or not behind:
            return loop(zero, count, ahead or behind)
        lead, rest = t.name("lead"), t.name("rest")
        t(f"{lead} = arith.minui {count}, {t.c(chain.lead)} : index")
        t(f"{rest} = arith.subi {count}, {lead} : index")

        def late(i):
            j = t.name("j")
            t(f"{j} = arith.subi {i}, {lead} : index")
            behind(j)

        loop(zero, lead, ahead)
        loop(lead, count, ahead, late)
        loop(rest, count, behind)

    def vector(self, side, chain):
        t, n = side.t, chain.number
        rows, cols = chain.rows, chain.cols
        down = next((p for p in chain.pipes if p.down), None)
        up = next((p for p in chain.pipes if not p.down), None)
        first = down or up
        high, wide = first.part()
        x, y = side.view(f"x{n}", TILES * rows, K, "f16"), side.view(f"y{n}", TILES * rows, cols, "f32")
        element = "f32" if down else "f16"
        odd = first.split in (3, 4)
        width = -(-wide * BYTES[element] // 32) * 32 // BYTES[element]
        landing = side.tile("vec", high, wide, element) if (not down or down.form == "entry") else None
        valid = ""
        if odd:
            valid = "valid=?x?"
            total, less = t.name("sum"), t.name("less")
            t(f"{less} = arith.subi {t.c(high if first.split == 3 else wide)}, %sub : index")
            extents = (less, t.c(wide)) if first.split == 3 else (t.c(high), less)
            type_ = f"!pto.tile_buf<vec, {high}x{width}x{element}, {valid}>"
            t(f"{total} = pto.alloc_tile valid_row = {extents[0]} valid_col = {extents[1]} : {type_}")
            total = total, type_
        else:
            total = side.tile("vec", high, wide, element)
        narrow = side.tile("vec", high, wide, "f16") if down and up else None

        def place(i, pitch):
            row, col = t.name("row"), t.c(0)
            t(f"{row} = arith.muli {i}, {t.c(rows)} : index")
            if first.split in (1, 3):
                shift, moved = t.name("shift"), t.name("row")
                t(f"{shift} = arith.muli %sub, {t.c(high)} : index")
                t(f"{moved} = arith.addi {row}, {shift} : index")
                row = moved
            elif first.split in (2, 4):
                col = t.name("col")
                t(f"{col} = arith.muli %sub, {t.c(pitch)} : index")
            return row, col

        def body(i):
            free = lambda: None
            if down:
                got, free = side.receive(down, landing)
            else:
                part = side.part_of(x, place(i, wide), high, wide, "f16")
                t(f"pto.tload ins({part[0]} : {part[1]}) outs({landing[0]} : {landing[1]})")
                got = landing
            t(f"pto.tadd ins({got[0]}, {got[0]} : {got[1]}, {got[1]}) outs({total[0]} : {total[1]})")
            free()
            if not up:
                if odd:
                    out, type_ = t.name("part"), f"!pto.partition_tensor_view<?x?x{element}>"
                    at = place(i, wide)
                    t(f"{out} = pto.partition_view {y[0]}, offsets = [{at[0]}, {at[1]}], sizes = [{extents[0]}, {extents[1]}] : {y[1]} -> {type_}")
                    out = out, type_
                else:
                    out = side.part_of(y, place(i, wide), high, wide, element)
                t(f"pto.tstore ins({total[0]} : {total[1]}) outs({out[0]} : {out[1]})")
                return
            if narrow:
                t(f"pto.tcvt ins({total[0]} : {total[1]}) outs({narrow[0]} : {narrow[1]})")
            side.send(up, narrow or total)

        self.loops(side, chain, body, None)

    def write(self):
        parameters = [f"%{name}: !pto.ptr<{element}>" for name, (element, _) in self.arrays.items()]
        parameters += [f"%{name}: index" for name in self.scalars]
        parts = {}
        for core in ("cube", "vector"):
            side = Side(self, core)
            self.openings(side)
            for chain in self.chains:
                getattr(self, core)(side, chain)
            parts[core] = side.t.body()
        lines = [f'module attributes {{pto.target_arch = "{self.arch}"}} {{']
        if self.pair:
            for core, body in parts.items():
                lines += [f"  func.func @{core}({', '.join(parameters)}) attributes {{pto.kernel_kind = #pto.kernel_kind<{core}>}} {{",
                          *body, "    return", "  }"]
        else:
            lines.append(f"  func.func @kernel({', '.join(parameters)}) {{")
            lines += self.reservations()
            for core, body in parts.items():
                lines += [f"  pto.section.{core} {{", *body, "  }"]
            lines += ["    return", "  }"]
        return "\n".join(lines + ["}"]) + "\n"

    def reserved(self, pipe):
        slots = pipe.slots if pipe.form == "local" else pipe.local
        return slots * max(p.slot_size for c in self.chains for p in c.pipes if p.number == pipe.number)

    def reservations(self):
        """Sections of one function share its reservations."""
        lines = []
        for pipe in (p for chain in self.chains for p in chain.pipes if p.form != "entry"):
            lines.append(f'    %local{pipe.number}_{int(pipe.down)} = pto.reserve_buffer {{name = "b{pipe.number}_{int(pipe.down)}", '
                         f'size = {self.reserved(pipe)}, location = #pto.address_space<{"vec" if pipe.down else "mat"}>, auto = true}} -> i32')
        return lines

    # -- values --------------------------------------------------------------------------------------------------

    def inputs(self):
        source, arrays = np.random.default_rng(self.seed), {}
        for name, (element, count) in self.arrays.items():
            values = source.integers(-1, 2, count) if name[0] in "xe" else np.zeros(count)
            arrays[name] = values.astype(ELEMENT[element])
        return [arrays]

    def expected(self, inputs, run):
        arrays = {name: values for name, values in inputs[0].items() if name[0] in "xe"}
        for chain in self.chains:
            tiles = self.scalars[chain.count][1][run] if isinstance(chain.count, str) else chain.count
            e = arrays[f"e{chain.number}"].reshape(K, chain.cols).astype(np.float32)
            arrays[f"y{chain.number}"] = chain.expected(arrays[f"x{chain.number}"], e, tiles)
        return [arrays]


def generate(rng, seed):
    return Fifo(rng, seed)
