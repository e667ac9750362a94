"""Mixed kernels with a FIFO of every form, against NumPy: fifos.py FOLDER a3|a5

One kernel per form: direction (cube to vector, vector to cube, both), where the slots lie (a ring of tiles in global memory, entries
in global memory, a ring in the consumer's own memory), how the vector cores share an entry, how many slots and landing buffers, the
sync period, the unit flag. ptoas inserts the flags inside the cores; each kernel runs under random schedules and an eager or a lazy one
without a finding and leaves the product that NumPy makes. All numbers are small and whole, so the products are exact.
"""
import itertools
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

ROUNDS, K = 11, 32  # tiles that pass; more than any ring has slots. Columns of x.


@dataclass(frozen=True)
class Form:
    arch: str
    direction: str  # "c2v", "v2c", "both"
    ring: str  # "tiles", "entries", "local"
    split: int  # numbers of the dialect: 0 none, 1 up-down, 2 left-right, 3 and 4 the same with an odd extent
    clauses: str = ""
    slots: int = 8
    landings: int = 2
    lowered: bool = False  # written with the operations that the frontend's are lowered to

    @property
    def rows(self):
        return 15 if self.split == 3 else 16

    @property
    def cols(self):
        return 63 if self.split == 4 else 64

    def __str__(self):
        return f"{self.arch} {self.direction} {self.ring}, split {self.split}, {self.slots} slots, {self.landings} landings {self.clauses}{' (lowered)' if self.lowered else ''}"


class Half:
    """A function of the kernel, line by line."""

    def __init__(self):
        self.constants, self.lines, self.indent = set(), [], "    "

    def __call__(self, line):
        self.lines.append(self.indent + line)

    def c(self, n):
        self.constants.add(n)
        return f"%c{n}"

    def view(self, name, pointer, rows, cols, element, pitch=None):
        kind = f"!pto.tensor_view<{rows}x{cols}x{element}>"
        self(f"%{name} = pto.make_tensor_view %{pointer}, shape = [{self.c(rows)}, {self.c(cols)}], "
             f"strides = [{self.c(pitch or cols)}, {self.c(1)}] : {kind}")
        return kind

    def part(self, name, view, kind, row, col, rows, cols, element):
        part = f"!pto.partition_tensor_view<{rows}x{cols}x{element}>"
        self(f"%{name} = pto.partition_view %{view}, offsets = [{row}, {col}], sizes = [{rows if isinstance(rows, str) else self.c(rows)}, "
             f"{self.c(cols)}] : {kind} -> {part}")
        return part

    def text(self, name, kind, arguments):
        head = ", ".join(f"%{a}: !pto.ptr<{e}>" for a, e in arguments)
        lines = [f"  func.func @{name}({head}) attributes {{pto.kernel_kind = #pto.kernel_kind<{kind}>}} {{"]
        lines += [f"    %c{n} = arith.constant {n} : index" for n in sorted(self.constants)]
        return "\n".join(lines + self.lines + ["    return", "  }"])


def tile(space, rows, cols, element, arch="a3", valid=None):
    layout = {"mat": ", blayout=col_major, slayout=row_major",
              "left": f", blayout={'row' if arch == 'a3' else 'col'}_major, slayout=row_major",
              "right": ", blayout=row_major, slayout=col_major",
              "acc": ", blayout=col_major, slayout=row_major, fractal=1024", "vec": ""}[space]
    extent = f", valid={valid}" if valid else ""
    return f"!pto.tile_buf<{space}, {rows}x{cols}x{element}{extent}{layout}>"


def slot_size(mask):
    return 16 * 64 * 4 if mask & 1 else 16 * K * 2


def clauses(form, mask):
    text = f"dir_mask = {mask}, slot_size = {slot_size(mask)}"
    if "cons_sync_period" not in form.clauses:
        text += f", slot_num = {form.slots}"
    if form.ring == "tiles":
        text += f", local_slot_num = {form.landings}"
    if form.split == 0:
        text += ", nosplit = true"
    return text + (", " + form.clauses if form.clauses else "")


def initialize(h, form, side, mask):
    """The pipe's op on one side, and the reservations that this side makes or imports."""
    buffers = []
    for bit, name, space in ((1, "c2v", "vec"), (2, "v2c", "mat")):
        if not mask & bit or form.ring == "entries":
            continue
        is_consumer = (side == "vector") == (bit == 1)
        size = slot_size(mask) * (form.slots if form.ring == "local" else form.landings)
        if is_consumer:
            h(f'%{name}_buf = pto.reserve_buffer {{name = "{name}", size = {size}, location = #pto.address_space<{space}>, auto = true}} -> i32')
        else:
            peer = "cube" if side == "vector" else "vector"
            h(f'%{name}_buf = pto.import_reserved_buffer {{name = "{name}", peer_func = @{peer}}} -> i32')
        buffers.append(f"{name}_consumer_buf = %{name}_buf : i32")
    if form.ring == "tiles" and form.arch == "a3":
        element = "f32" if mask & 1 else "f16"
        buffers.insert(0, f"gm_slot_buffer = %ring : !pto.ptr<{element}>")
    elif form.ring != "local":
        buffers.insert(0, f"gm_slot_tensor = %slots : {entry_view(h, form, side, mask)}")
    op = "aic" if side == "cube" else "aiv"
    h(f"pto.{op}_initialize_pipe {{{clauses(form, mask)}}} ({', '.join(buffers)})")


def entry_view(h, form, side, mask):
    """What an entry looks like from one side: all of it, or the part of a vector core."""
    rows, cols, element = (16, 64, "f32") if mask & 1 else (16, K, "f16")
    part_rows, part_cols = rows, cols
    if side == "vector":
        part_rows, part_cols = rows // (2 if form.split == 1 else 1), cols // (2 if form.split == 2 else 1)
    kind = f"!pto.tensor_view<{part_rows}x{part_cols}x{element}>"
    if not any("%slots =" in line for line in h.lines):
        h.view("slots", "ring", part_rows, part_cols, element, cols)
    return kind


def half_extents(form, rows, cols):
    """Of what a vector core has of an entry: physical."""
    return (rows // 2 if form.split in (1, 3) else rows), (cols // 2 if form.split in (2, 4) else cols)


def cube(form, mask):
    h = Half()
    initialize(h, form, "cube", mask)
    rows, cols, arch = form.rows, form.cols, form.arch
    valid = lambda r, c, pr, pc: f"{r}x{c}" if (r, c) != (pr, pc) else None
    left_t = tile("left", 16, K, "f16", arch, valid(rows, K, 16, K))
    mat_t = tile("mat", 16, K, "f16", arch, valid(rows, K, 16, K))
    wm_t, wr_t = (tile(s, K, 64, "f16", arch, valid(K, cols, K, 64)) for s in ("mat", "right"))
    acc_t = tile("acc", 16, 64, "f32", arch, valid(rows, cols, 16, 64))
    w_view = h.view("w_view", "w", K, cols, "f16")
    h(f"%wm = pto.alloc_tile : {wm_t}")
    h(f"%wr = pto.alloc_tile : {wr_t}")
    w_part = h.part("w_part", "w_view", w_view, h.c(0), h.c(0), K, cols, "f16")
    h(f"pto.tload ins(%w_part : {w_part}) outs(%wm : {wm_t})")
    h(f"pto.tmov ins(%wm : {wm_t}) outs(%wr : {wr_t})")
    if mask == 3:
        vm_t, vr_t = (tile(s, 64, 64, "f16", arch) for s in ("mat", "right"))
        v_view = h.view("v_view", "v", 64, 64, "f16")
        h(f"%vm = pto.alloc_tile : {vm_t}")
        h(f"%vr = pto.alloc_tile : {vr_t}")
        v_part = h.part("v_part", "v_view", v_view, h.c(0), h.c(0), 64, 64, "f16")
        h(f"pto.tload ins(%v_part : {v_part}) outs(%vm : {vm_t})")
        h(f"pto.tmov ins(%vm : {vm_t}) outs(%vr : {vr_t})")
        bm_t, bl_t = tile("mat", 16, 64, "f16", arch), tile("left", 16, 64, "f16", arch)
        h(f"%bl = pto.alloc_tile : {bl_t}")
        h(f"%acc2 = pto.alloc_tile : {acc_t}")
    if mask & 1 or form.ring == "entries":
        h(f"%xm = pto.alloc_tile : {mat_t}")
    h(f"%xl = pto.alloc_tile : {left_t}")
    h(f"%acc = pto.alloc_tile : {acc_t}")
    x_view = h.view("x_view", "x", ROUNDS * rows, K, "f16")
    y_view = h.view("y_view", "y", ROUNDS * rows, cols, "f32")
    h(f"scf.for %i = {h.c(0)} to {h.c(ROUNDS)} step {h.c(1)} {{")
    h.indent += "  "
    h(f"%row = arith.muli %i, {h.c(rows)} : index")
    if mask & 1:
        x_part = h.part("x_part", "x_view", x_view, "%row", h.c(0), rows, K, "f16")
        h(f"pto.tload ins(%x_part : {x_part}) outs(%xm : {mat_t})")
        h(f"pto.tmov ins(%xm : {mat_t}) outs(%xl : {left_t})")
    elif form.ring == "entries":
        kind = entry_view(h, form, "cube", mask)
        h(f"%entry = pto.tpop_from_aiv {{split = {form.split}}} -> {kind}")
        part = h.part("entry_part", "entry", kind, h.c(0), h.c(0), 16, K, "f16")
        h(f"pto.tload ins(%entry_part : {part}) outs(%xm : {mat_t})")
        h(f"pto.tfree_from_aiv(%entry : {kind}) {{split = {form.split}}}")
        h(f"pto.tmov ins(%xm : {mat_t}) outs(%xl : {left_t})")
    else:
        h(f"%xp = pto.tpop_from_aiv {{split = {form.split}}} -> {mat_t}")
        h(f"pto.tmov ins(%xp : {mat_t}) outs(%xl : {left_t})")
        h(f"pto.tfree_from_aiv {{split = {form.split}}}")
    finished = " {accPhase = #pto.acc_phase<final>}" if "unit" in form.clauses else ""
    h(f"pto.tmatmul ins(%xl, %wr : {left_t}, {wr_t}) outs(%acc : {acc_t}){finished}")
    out = "%acc"
    if mask & 1 and form.ring == "entries":
        kind = entry_view(h, form, "cube", mask)
        h(f"%entry = pto.talloc_to_aiv {{split = {form.split}}} -> {kind}")
        part = h.part("entry_part", "entry", kind, h.c(0), h.c(0), 16, 64, "f32")
        h(f"pto.tstore ins(%acc : {acc_t}) outs(%entry_part : {part})")
        h(f"pto.tpush_to_aiv(%entry : {kind}) {{split = {form.split}}}")
    elif mask & 1:
        h(f"pto.tpush_to_aiv(%acc : {acc_t}) {{split = {form.split}}}")
    if mask == 3:
        h(f"%b = pto.tpop_from_aiv {{split = {form.split}}} -> {bm_t}")
        h(f"pto.tmov ins(%b : {bm_t}) outs(%bl : {bl_t})")
        h(f"pto.tfree_from_aiv {{split = {form.split}}}")
        h(f"pto.tmatmul ins(%bl, %vr : {bl_t}, {vr_t}) outs(%acc2 : {acc_t})")
        out = "%acc2"
    if mask & 2:
        y_part = h.part("y_part", "y_view", y_view, "%row", h.c(0), rows, cols, "f32")
        h(f"pto.tstore ins({out} : {acc_t}) outs(%y_part : {y_part})")
    h.indent = h.indent[:-2]
    h("}")
    return h


def vector(form, mask):
    h = Half()
    initialize(h, form, "vector", mask)
    rows, cols, split = form.rows, form.cols, form.split
    h("%sub64 = pto.get_subblock_idx") if split else None
    h("%sub = arith.index_cast %sub64 : i64 to index") if split else h(f"%sub = arith.addi {h.c(0)}, {h.c(0)} : index")
    height, width = half_extents(form, 16, 64)
    is_odd = split > 2
    h(f"%down = arith.muli %sub, {h.c(height if split in (1, 3) else 0)} : index")
    h(f"%right = arith.muli %sub, {h.c(width if split in (2, 4) else 0)} : index")
    if is_odd:  # core 1 has one row or column less
        h(f"%high = arith.subi {h.c(height)}, {'%sub' if split == 3 else h.c(0)} : index")
        h(f"%wide = arith.subi {h.c(width)}, {'%sub' if split == 4 else h.c(0)} : index")
    y_view = h.view("y_view", "y", ROUNDS * rows, cols, "f32")
    x_view = h.view("x_view", "x", ROUNDS * rows, K, "f16")
    part_t = tile("vec", height, width, "f32", valid="?x?" if is_odd else None)
    x_height, x_width = half_extents(form, 16, K)
    x_t = tile("vec", x_height, x_width, "f16")
    if mask & 1:
        extents = " valid_row = %high valid_col = %wide" if is_odd else ""
        h(f"%sum = pto.alloc_tile{extents} : {part_t}")
        if form.ring == "entries":
            h(f"%got = pto.alloc_tile : {part_t}")
    else:
        h(f"%xt = pto.alloc_tile : {x_t}")
        h(f"%x2 = pto.alloc_tile : {x_t}")
    if mask == 3:
        narrow_t = tile("vec", height, width, "f16")
        h(f"%narrow = pto.alloc_tile : {narrow_t}")
    h(f"scf.for %i = {h.c(0)} to {h.c(ROUNDS)} step {h.c(1)} {{")
    h.indent += "  "
    h(f"%first = arith.muli %i, {h.c(rows)} : index")
    h("%row = arith.addi %first, %down : index")
    if mask & 1:
        if form.ring == "entries":
            kind = entry_view(h, form, "vector", mask)
            h(f"%entry = pto.tpop_from_aic {{split = {split}}} -> {kind}")
            part = h.part("entry_part", "entry", kind, h.c(0), h.c(0), height, width, "f32")
            h(f"pto.tload ins(%entry_part : {part}) outs(%got : {part_t})")
            h(f"pto.tfree_from_aic(%entry : {kind}) {{split = {split}}}")
            popped = "%got"
        else:
            h(f"%tile = pto.tpop_from_aic {'(%high, %wide) ' if is_odd else ''}{{split = {split}}} -> {part_t}")
            popped = "%tile"
        h(f"pto.tadd ins({popped}, {popped} : {part_t}, {part_t}) outs(%sum : {part_t})")
        if form.ring != "entries":
            h(f"pto.tfree_from_aic {{split = {split}}}")
        if mask == 1:
            if is_odd:
                part = "!pto.partition_tensor_view<?x?xf32>"
                h(f"%y_part = pto.partition_view %y_view, offsets = [%row, %right], sizes = [%high, %wide] : {y_view} -> {part}")
            else:
                part = h.part("y_part", "y_view", y_view, "%row", "%right", height, width, "f32")
            h(f"pto.tstore ins(%sum : {part_t}) outs(%y_part : {part})")
        else:
            h(f"pto.tcvt ins(%sum : {part_t}) outs(%narrow : {narrow_t})")
            h(f"pto.tpush_to_aic(%narrow : {narrow_t}) {{split = {split}}}")
    else:
        h(f"%x_right = arith.muli %sub, {h.c(x_width if split == 2 else 0)} : index")
        part = h.part("x_part", "x_view", x_view, "%row", "%x_right", x_height, x_width, "f16")
        h(f"pto.tload ins(%x_part : {part}) outs(%xt : {x_t})")
        h(f"pto.tadd ins(%xt, %xt : {x_t}, {x_t}) outs(%x2 : {x_t})")
        if form.ring == "entries":
            kind = entry_view(h, form, "vector", mask)
            h(f"%entry = pto.talloc_to_aic {{split = {split}}} -> {kind}")
            part = h.part("entry_part", "entry", kind, h.c(0), h.c(0), x_height, x_width, "f16")
            h(f"pto.tstore ins(%x2 : {x_t}) outs(%entry_part : {part})")
            h(f"pto.tpush_to_aic(%entry : {kind}) {{split = {split}}}")
        else:
            h(f"pto.tpush_to_aic(%x2 : {x_t}) {{split = {split}}}")
    h.indent = h.indent[:-2]
    h("}")
    return h


def lowered(text):
    """The same kernel with one kind of operation for both cores, which name the pipe."""
    def initialize(match):
        buffers = dict(re.findall(r"(\w+) = (%\w+ : [^,()]+(?:<[^>]*>)?)", match[2]))
        names = [n for n in ("gm_slot_buffer", "gm_slot_tensor", "c2v_consumer_buf", "v2c_consumer_buf") if n in buffers]
        values, types = zip(*(buffers[n].split(" : ") for n in names))
        op = "pto.initialize_l2g2l_pipe" if names[0].startswith("gm") else "pto.initialize_l2l_pipe"
        return f"%pipe = {op} {{{match[1]}, flag_base = 0}} ({', '.join(v + ' : ' + t for v, t in zip(values, types))}) -> !pto.pipe"

    def bind(match):
        name, op, split, kind = match.groups()
        declare = "pto.declare_global" if kind.startswith("!pto.tensor_view") else "pto.declare_tile"
        op = {"tpop": "pto.tpop", "talloc": "pto.talloc"}[op]
        return f"{name} = {declare} -> {kind}\n      {op}({name}, %pipe : {kind}, !pto.pipe) {{{split}}}"

    text = re.sub(r"pto\.ai[cv]_initialize_pipe \{(.*)\} \((.*)\)", initialize, text)
    text = re.sub(r"(%\w+) = pto\.(tpop|talloc)_(?:from|to)_ai[cv] \{(.*)\} -> (.*)", bind, text)
    text = re.sub(r"pto\.(tpush|tfree)_(?:from|to)_ai[cv]\((%\w+) : (.*)\) \{", r"pto.\1(\2, %pipe : \3, !pto.pipe) {", text)
    return re.sub(r"pto\.tfree_from_ai[cv] \{", "pto.tfree(%pipe : !pto.pipe) {", text)


def forms(arch):
    """The product of what the library has on this chip, with the numbers of slots and the clauses in turn."""
    rings = {"c2v": ["tiles", "entries"] + ["local"] * (arch == "a5"),
             "v2c": ["entries", "tiles" if arch == "a3" else "local"],
             "both": ["tiles" if arch == "a3" else "local"]}
    slots = itertools.cycle([8, 4, 2, 1, 3])
    landings = itertools.cycle([2, 1, 3, 4])
    for direction, all_rings in rings.items():
        for ring in all_rings:
            for split in range(5 if direction == "c2v" and ring == "tiles" else 3):
                variants = ["", "", "cons_sync_period = 2"]
                if direction != "v2c" and ring != "entries":
                    variants += ["unit_flag = true", "cons_sync_period = 4, unit_flag = true"]
                for clause in variants:
                    count = next(slots)
                    if "period" in clause:
                        count = 4 if "= 2" in clause else 8
                    yield Form(arch, direction, ring, split, clause, count, min(next(landings), count))
            yield Form(arch, direction, ring, 1, "", 4, 2, lowered=True)


def run(folder, number, form):
    mask = {"c2v": 1, "v2c": 2, "both": 3}[form.direction]
    ring = "f32" if mask & 1 else "f16"
    arguments = [("x", "f16"), ("w", "f16"), ("v", "f16"), ("ring", ring), ("y", "f32")]
    text = f'module attributes {{pto.target_arch = "{form.arch}"}} {{\n'
    text += cube(form, mask).text("cube", "cube", arguments) + "\n"
    text += vector(form, mask).text("vector", "vector", arguments) + "\n}\n"
    if form.lowered:
        text = lowered(text)
    path = os.path.join(folder, "fifo.pto")
    open(path, "w").write(text)
    rng = np.random.default_rng(7)
    x = rng.integers(-2, 3, (ROUNDS * form.rows, K)).astype(np.float16)
    w = rng.integers(-1, 2, (K, form.cols)).astype(np.float16)
    v = rng.integers(-1, 2, (64, 64)).astype(np.float16)
    for name, array in (("x", x), ("w", w), ("v", v)):
        np.save(os.path.join(folder, name + ".npy"), array)
    wide = x.astype(np.float64) @ w.astype(np.float64)
    expected = 2 * wide if mask != 3 else 2 * wide @ v.astype(np.float64)
    elements = 2 * form.slots * 16 * 64 * 4 // (4 if ring == "f32" else 2)
    command = ["pto-sim", path, "--function=cube,vector", "--enable-insert-sync", "--a5-credits=intended", f"--arg=ring=poison:{elements}:{ring}",
               f"--arg=y=poison:{ROUNDS * form.rows}x{form.cols}:f32", f"--out=y={folder}/y.npy"]
    command += [f"--arg={name}={folder}/{name}.npy" for name in "xwv"]
    for schedule in (["--schedule=lazy" if number % 2 else "--schedule=eager"], ["--schedule=random", "--runs=3"]):
        done = subprocess.run(command + schedule, capture_output=True, text=True)
        if done.returncode or "no findings" not in done.stdout:
            sys.exit(f"{form}, {' '.join(schedule)}:\n{done.stdout}{done.stderr}\n{text}")
        y = np.load(os.path.join(folder, "y.npy"))
        if not np.array_equal(y, expected.astype(np.float32)):
            sys.exit(f"{form}, {' '.join(schedule)}: {np.count_nonzero(y != expected)} of {y.size} numbers are wrong\n{text}")


def main(folder, arch):
    os.makedirs(folder, exist_ok=True)
    all_forms = list(forms(arch))
    for number, form in enumerate(all_forms):
        run(folder, number, form)
    print(f"{len(all_forms)} forms of FIFOs on {arch}, clean and equal to NumPy")


main(*sys.argv[1:])
