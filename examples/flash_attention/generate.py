#!/usr/bin/env python3
"""Write FlashAttention for a3 as .pto text: O = softmax(scale * Q K^T) V, one cube and two vector cores per block.

usage: generate.py [--tile 256|512] [--preload N] [--rows 16|32] [--local-slots N] [--wrapper] > flash_attention.pto

Four stages run as a software pipeline over three FIFOs in global memory, whose slots are taken by address:

    compute_qk (cube)    S = Q K^T of one tile of keys      -> QK FIFO, f32
    compute_p  (vector)  P = exp(S - running maximum)       -> P FIFO, f16
    compute_pv (cube)    P V                                -> PV FIFO, f32
    compute_gu (vector)  O = O * alpha + P V

The cube is `--preload` tiles of keys ahead with QK, so that it multiplies while the vector cores work on the softmax.
A block takes every block_num-th group of 128 queries; each vector core has 64 of them and works on slices of `--rows`.
How many queries and keys there are is known at run time only. The kernel states addresses (level 3) and no flags.
With --wrapper one entry function calls both halves and brings the base address of the flags between cores; without, the
two halves are launched together.
"""
import argparse

HEAD = 128  # length of a query, key and value
QUERIES = 128  # rows of Q of one block
KEYS = 128  # columns of one matrix product
SLOTS = 8
KIB = 1024


class Text:
    """Lines with indentation, and constants that are declared once per function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1

    def __call__(self, line: str) -> None:
        if line.startswith("}"):
            self.depth -= 1
        self.lines.append("  " * self.depth + line)
        if line.endswith("{"):
            self.depth += 1


class Sizes:
    def __init__(self, tile: int, preload: int, rows: int, local_slots: int | None = None) -> None:
        if tile % KEYS or QUERIES // 2 % rows:
            raise SystemExit(f"tile must be a multiple of {KEYS}, rows must divide {QUERIES // 2}")
        self.tile, self.preload, self.rows, self.local_slots = tile, preload, rows, local_slots
        self.products = tile // KEYS  # of one tile
        self.slices = QUERIES // 2 // rows  # of one vector core
        self.ring = preload + 1  # tiles whose alpha is alive: compute_p is this far ahead of compute_gu


def types(size: Sizes) -> list[str]:
    t, r = size.tile, size.rows
    nz, zn = "blayout=col_major, slayout=row_major", "blayout=row_major, slayout=col_major"
    return [
        f"!qk_slot = !pto.tensor_view<{QUERIES}x{t}xf32>", f"!p_slot = !pto.tensor_view<{QUERIES}x{t}xf16>",
        f"!pv_slot = !pto.tensor_view<{QUERIES}x{HEAD}xf32>",
        f"!qk_half = !pto.tensor_view<{QUERIES // 2}x{t}xf32>", f"!p_half = !pto.tensor_view<{QUERIES // 2}x{t}xf16>",
        f"!pv_half = !pto.tensor_view<{QUERIES // 2}x{HEAD}xf32>",
        f"!rows_of = !pto.tensor_view<?x{HEAD}xf16>", f"!keys_of = !pto.tensor_view<{HEAD}x?xf16>",
        f"!out_of = !pto.tensor_view<?x{HEAD}xf32>",
        f"!block16 = !pto.partition_tensor_view<{KEYS}x{KEYS}xf16>", f"!block32 = !pto.partition_tensor_view<{KEYS}x{KEYS}xf32>",
        f"!s_part = !pto.partition_tensor_view<{r}x{t}xf32>", f"!p_part = !pto.partition_tensor_view<{r}x{t}xf16>",
        f"!o_part = !pto.partition_tensor_view<{r}x{HEAD}xf32>",
        f"!l1 = !pto.tile_buf<mat, {KEYS}x{KEYS}xf16, {nz}>", f"!l1_transposed = !pto.tile_buf<mat, {KEYS}x{KEYS}xf16, {zn}>",
        f"!left = !pto.tile_buf<left, {KEYS}x{KEYS}xf16, blayout=row_major, slayout=row_major>",
        f"!right = !pto.tile_buf<right, {KEYS}x{KEYS}xf16, {zn}>",
        f"!acc = !pto.tile_buf<acc, {KEYS}x{KEYS}xf32, {nz}, fractal=1024>",
        f"!s_tile = !pto.tile_buf<vec, {r}x{t}xf32>", f"!p_tile = !pto.tile_buf<vec, {r}x{t}xf16>",
        f"!o_tile = !pto.tile_buf<vec, {r}x{HEAD}xf32>",
        "// A value per query: reductions and expansions see a column, arithmetic sees a row. The bytes are the same.",
        f"!column = !pto.tile_buf<vec, {r}x1xf32, blayout=col_major>", f"!row = !pto.tile_buf<vec, 1x{r}xf32>",
    ]


def constants(out: Text, numbers: list[int]) -> None:
    for n in sorted(set(numbers)):
        out(f"%c{n} = arith.constant {n} : index")


def open_fifos(out: Text, side: str, size: Sizes) -> None:
    """The rings of this block and the three pipes on them."""
    entry = "slot" if side == "aic" else "half"
    rows = QUERIES if side == "aic" else QUERIES // 2
    out("%block64 = pto.get_block_idx")
    out("%blocks64 = pto.get_block_num")
    out("%block = arith.index_cast %block64 : i64 to index")
    out("%blocks = arith.index_cast %blocks64 : i64 to index")
    fifos = [("qk", 1, size.tile, "f32", 4, ", local_slot_num = 2, unit_flag = true"), ("p", 2, size.tile, "f16", 2, ""),
             ("pv", 1, HEAD, "f32", 4, ", local_slot_num = 2, unit_flag = true")]
    for number, (name, direction, columns, element, width, more) in enumerate(fifos):
        if size.local_slots:
            more = f", local_slot_num = {size.local_slots}" + more.replace(", local_slot_num = 2", "")
        out(f"%{name}_elements = arith.constant {SLOTS * QUERIES * columns} : index")
        out(f"%{name}_offset = arith.muli %block, %{name}_elements : index")
        out(f"%{name}_ring = pto.addptr %{name}, %{name}_offset : !pto.ptr<{element}> -> !pto.ptr<{element}>")
        out(f"%{name}_view = pto.make_tensor_view %{name}_ring, shape = [%c{rows}, %c{columns}], strides = [%c{columns}, %c1] : !{name}_{entry}")
        out(f"pto.{side}_initialize_pipe {{id = {number}, dir_mask = {direction}, slot_size = {QUERIES * columns * width}, "
            f"slot_num = {SLOTS}{more}}} (gm_slot_tensor = %{name}_view : !{name}_{entry})")


def pipeline(out: Text, size: Sizes, ahead, behind) -> None:
    """ahead(i) for all tiles and, `preload` tiles later, behind(i, number of the tile in the ring of alphas)."""
    out(f"%short = arith.cmpi slt, %tiles, %c{size.preload} : index")
    out(f"%lead = arith.select %short, %tiles, %c{size.preload} : index")
    out("scf.for %i = %c0 to %lead step %c1 {")
    ahead("%i")
    out("}")
    out("scf.for %i = %lead to %tiles step %c1 {")
    ahead("%i")
    out("%late = arith.subi %i, %lead : index")
    behind("%late")
    out("}")
    out("%rest = arith.subi %tiles, %lead : index")
    out("scf.for %i = %rest to %tiles step %c1 {")
    behind("%i")
    out("}")


SIGNATURE = """%q: !pto.ptr<f16>, %k: !pto.ptr<f16>, %v: !pto.ptr<f16>, %o: !pto.ptr<f32>,
      %qk: !pto.ptr<f32>, %p: !pto.ptr<f16>, %pv: !pto.ptr<f32>, %s0: i64, %s1: i64"""


def tile(out: Text, name: str, type_: str, address: int) -> None:
    out(f"%{name}_at = arith.constant {address} : i64")
    out(f"%{name} = pto.alloc_tile addr = %{name}_at : {type_}")


def extents(out: Text, size: Sizes) -> None:
    out("%queries = arith.index_cast %s0 : i64 to index")
    out("%keys = arith.index_cast %s1 : i64 to index")
    out(f"%groups = arith.divui %queries, %c{QUERIES} : index")
    out(f"%tiles = arith.divui %keys, %c{size.tile} : index")


def cube(out: Text, size: Sizes) -> None:
    out(f"func.func @fa_cube({SIGNATURE})")
    out("    attributes {pto.kernel_kind = #pto.kernel_kind<cube>} {")
    constants(out, [0, 1, KEYS, QUERIES, HEAD, size.tile, size.preload] + [j * KEYS for j in range(size.products)])
    extents(out, size)
    out(f"%q_view = pto.make_tensor_view %q, shape = [%queries, %c{HEAD}], strides = [%c{HEAD}, %c1] : !rows_of")
    out("// K transposed: the same bytes, read by columns.")
    out(f"%k_view = pto.make_tensor_view %k, shape = [%c{HEAD}, %keys], strides = [%c1, %c{HEAD}] {{layout = #pto.layout<dn>}} : !keys_of")
    out(f"%v_view = pto.make_tensor_view %v, shape = [%keys, %c{HEAD}], strides = [%c{HEAD}, %c1] : !rows_of")
    open_fifos(out, "aic", size)
    tile(out, "q_l1", "!l1", 0)
    for s in range(2):  # ping and pong
        tile(out, f"k_l1_{s}", "!l1_transposed", (1 + s) * 32 * KIB)
        tile(out, f"p_l1_{s}", "!l1", (3 + s) * 32 * KIB)
        tile(out, f"v_l1_{s}", "!l1", (5 + s) * 32 * KIB)
        tile(out, f"acc_{s}", "!acc", s * 64 * KIB)
    tile(out, "q_left", "!left", 0)
    tile(out, "p_left", "!left", 32 * KIB)
    tile(out, "k_right", "!right", 0)
    tile(out, "v_right", "!right", 32 * KIB)

    def compute_qk(i: str) -> None:
        out(f"%qk_key = arith.muli {i}, %c{size.tile} : index")
        out("%qk_out = pto.talloc_to_aiv {id = 0, split = 1} -> !qk_slot")
        for j in range(size.products):
            s = j % 2
            out(f"%qk_key{j} = arith.addi %qk_key, %c{j * KEYS} : index")
            out(f"%k_part{j} = pto.partition_view %k_view, offsets = [%c0, %qk_key{j}], sizes = [%c{HEAD}, %c{KEYS}] : !keys_of -> !block16")
            out(f"pto.tload ins(%k_part{j} : !block16) outs(%k_l1_{s} : !l1_transposed)")
            out(f"pto.textract ins(%k_l1_{s}, %c0, %c0 : !l1_transposed, index, index) outs(%k_right : !right)")
            out(f"pto.tmatmul ins(%q_left, %k_right : !left, !right) outs(%acc_{s} : !acc)")
            out(f"%qk_part{j} = pto.partition_view %qk_out, offsets = [%c0, %c{j * KEYS}], sizes = [%c{QUERIES}, %c{KEYS}] : !qk_slot -> !block32")
            out(f"pto.tstore ins(%acc_{s} : !acc) outs(%qk_part{j} : !block32)")
        out("pto.tpush_to_aiv(%qk_out : !qk_slot) {id = 0, split = 1}")

    def compute_pv(i: str) -> None:
        out(f"%pv_key = arith.muli {i}, %c{size.tile} : index")
        out("%p_in = pto.tpop_from_aiv {id = 1, split = 1} -> !p_slot")
        for j in range(size.products):
            s = j % 2
            out(f"%p_part{j} = pto.partition_view %p_in, offsets = [%c0, %c{j * KEYS}], sizes = [%c{QUERIES}, %c{KEYS}] : !p_slot -> !block16")
            out(f"pto.tload ins(%p_part{j} : !block16) outs(%p_l1_{s} : !l1)")
            out(f"%pv_key{j} = arith.addi %pv_key, %c{j * KEYS} : index")
            out(f"%v_part{j} = pto.partition_view %v_view, offsets = [%pv_key{j}, %c0], sizes = [%c{KEYS}, %c{HEAD}] : !rows_of -> !block16")
            out(f"pto.tload ins(%v_part{j} : !block16) outs(%v_l1_{s} : !l1)")
            out(f"pto.textract ins(%p_l1_{s}, %c0, %c0 : !l1, index, index) outs(%p_left : !left)")
            out(f"pto.textract ins(%v_l1_{s}, %c0, %c0 : !l1, index, index) outs(%v_right : !right)")
            if j == 0:
                out("pto.tmatmul ins(%p_left, %v_right : !left, !right) outs(%acc_0 : !acc)")
            else:
                out("pto.tmatmul.acc ins(%acc_0, %p_left, %v_right : !acc, !left, !right) outs(%acc_0 : !acc)")
        out("pto.tfree_from_aiv (%p_in : !p_slot) {id = 1, split = 1}")
        out("%pv_out = pto.talloc_to_aiv {id = 2, split = 1} -> !pv_slot")
        out(f"%pv_part = pto.partition_view %pv_out, offsets = [%c0, %c0], sizes = [%c{QUERIES}, %c{HEAD}] : !pv_slot -> !block32")
        out("pto.tstore ins(%acc_0 : !acc) outs(%pv_part : !block32)")
        out("pto.tpush_to_aiv(%pv_out : !pv_slot) {id = 2, split = 1}")

    out("scf.for %group = %block to %groups step %blocks {")
    out(f"%first = arith.muli %group, %c{QUERIES} : index")
    out(f"%q_part = pto.partition_view %q_view, offsets = [%first, %c0], sizes = [%c{QUERIES}, %c{HEAD}] : !rows_of -> !block16")
    out("pto.tload ins(%q_part : !block16) outs(%q_l1 : !l1)")
    out("pto.textract ins(%q_l1, %c0, %c0 : !l1, index, index) outs(%q_left : !left)")
    pipeline(out, size, compute_qk, compute_pv)
    out("}")
    out("return")
    out("}")


def vector(out: Text, size: Sizes) -> None:
    r, half = size.rows, QUERIES // 2
    s_bytes, o_bytes, value = r * size.tile * 4, r * HEAD * 4, r * 4
    # With slices of 64 KiB the probabilities take the place of the scratch tile, which is free by then.
    s_tiles = 2 if s_bytes <= 32 * KIB else 1
    scratch = s_tiles * s_bytes
    p_at = scratch + (s_bytes if s_tiles == 2 else 0)
    pv_at = scratch + s_bytes + (s_bytes // 2 if s_tiles == 2 else 0)
    o_at = pv_at + o_bytes
    state = o_at + size.slices * o_bytes

    out(f"func.func @fa_vector({SIGNATURE})")
    out("    attributes {pto.kernel_kind = #pto.kernel_kind<vector>} {")
    constants(out, [0, 1, half, QUERIES, HEAD, r, size.tile, size.preload, size.ring] + [n * r for n in range(size.slices)])
    out(f"%scale = arith.constant {HEAD ** -0.5!r} : f32")
    out("%lowest = arith.constant -1.0e+30 : f32")
    out("%zero = arith.constant 0.0 : f32")
    extents(out, size)
    out(f"%o_view = pto.make_tensor_view %o, shape = [%queries, %c{HEAD}], strides = [%c{HEAD}, %c1] : !out_of")
    open_fifos(out, "aiv", size)
    out("%sub64 = pto.get_subblock_idx")
    out("%sub = arith.index_cast %sub64 : i64 to index")
    out(f"%half_first = arith.muli %sub, %c{half} : index")
    for n in range(s_tiles):
        tile(out, f"s_{n}", "!s_tile", n * s_bytes)
    tile(out, "scratch", "!s_tile", scratch)
    tile(out, "prob", "!p_tile", p_at)
    tile(out, "product", "!o_tile", pv_at)
    for n in range(size.slices):
        tile(out, f"o_{n}", "!o_tile", o_at + n * o_bytes)
    at = state
    for name in ("tile_max", "new_max", "tile_sum"):  # of the slice in work
        tile(out, f"{name}_column", "!column", at)
        tile(out, name, "!row", at)
        at += value
    for n in range(size.slices):
        tile(out, f"max_{n}", "!row", at)
        tile(out, f"sum_{n}_column", "!column", at + value)
        tile(out, f"sum_{n}", "!row", at + value)
        at += 2 * value
    out(f"%alpha_base = arith.constant {at} : i64")
    out(f"%alpha_bytes = arith.constant {size.slices * value} : i64")

    def alpha(name: str, type_: str, i: str, n: int) -> None:
        """The factors of slice n of tile i: they live in a ring until compute_gu has used them."""
        out(f"%{name}_slot{n} = arith.remui {i}, %c{size.ring} : index")
        out(f"%{name}_number{n} = arith.index_cast %{name}_slot{n} : index to i64")
        out(f"%{name}_offset{n} = arith.muli %{name}_number{n}, %alpha_bytes : i64")
        out(f"%{name}_slice{n} = arith.constant {at + n * value} : i64")
        out(f"%{name}_at{n} = arith.addi %{name}_slice{n}, %{name}_offset{n} : i64")
        out(f"%{name}{n} = pto.alloc_tile addr = %{name}_at{n} : {type_}")

    def compute_p(i: str) -> None:
        out("%qk_in = pto.tpop_from_aic {id = 0, split = 1} -> !qk_half")
        out("%p_out = pto.talloc_to_aic {id = 1, split = 1} -> !p_half")
        for n in range(size.slices):
            s = f"%s_{n % s_tiles}"
            out(f"%s_part{n} = pto.partition_view %qk_in, offsets = [%c{n * r}, %c0], sizes = [%c{r}, %c{size.tile}] : !qk_half -> !s_part")
            out(f"pto.tload ins(%s_part{n} : !s_part) outs({s} : !s_tile)")
            out(f"pto.tmuls ins({s}, %scale : !s_tile, f32) outs({s} : !s_tile)")
            out(f"pto.trowmax ins({s}, %scratch : !s_tile, !s_tile) outs(%tile_max_column : !column)")
            out(f"pto.tmax ins(%max_{n}, %tile_max : !row, !row) outs(%new_max : !row)")
            alpha("alpha", "!row", i, n)
            out(f"pto.tsub ins(%max_{n}, %new_max : !row, !row) outs(%alpha{n} : !row)")
            out(f"pto.texp ins(%alpha{n} : !row) outs(%alpha{n} : !row)")
            out(f"pto.tmov ins(%new_max : !row) outs(%max_{n} : !row)")
            out(f"pto.trowexpandsub ins({s}, %new_max_column : !s_tile, !column) outs({s} : !s_tile)")
            out(f"pto.texp ins({s} : !s_tile) outs({s} : !s_tile)")
            out(f"pto.trowsum ins({s}, %scratch : !s_tile, !s_tile) outs(%tile_sum_column : !column)")
            out(f"pto.tmul ins(%sum_{n}, %alpha{n} : !row, !row) outs(%sum_{n} : !row)")
            out(f"pto.tadd ins(%sum_{n}, %tile_sum : !row, !row) outs(%sum_{n} : !row)")
            out(f"pto.tcvt ins({s} {{rmode = #pto<round_mode RINT>}} : !s_tile) outs(%prob : !p_tile)")
            out(f"%p_part{n} = pto.partition_view %p_out, offsets = [%c{n * r}, %c0], sizes = [%c{r}, %c{size.tile}] : !p_half -> !p_part")
            out(f"pto.tstore ins(%prob : !p_tile) outs(%p_part{n} : !p_part)")
        out("pto.tfree_from_aic (%qk_in : !qk_half) {id = 0, split = 1}")
        out("pto.tpush_to_aic(%p_out : !p_half) {id = 1, split = 1}")

    def compute_gu(i: str) -> None:
        out("%pv_in = pto.tpop_from_aic {id = 2, split = 1} -> !pv_half")
        for n in range(size.slices):
            out(f"%pv_part{n} = pto.partition_view %pv_in, offsets = [%c{n * r}, %c0], sizes = [%c{r}, %c{HEAD}] : !pv_half -> !o_part")
            out(f"pto.tload ins(%pv_part{n} : !o_part) outs(%product : !o_tile)")
            alpha("factor", "!column", i, n)
            out(f"pto.trowexpandmul ins(%o_{n}, %factor{n} : !o_tile, !column) outs(%o_{n} : !o_tile)")
            out(f"pto.tadd ins(%o_{n}, %product : !o_tile, !o_tile) outs(%o_{n} : !o_tile)")
        out("pto.tfree_from_aic (%pv_in : !pv_half) {id = 2, split = 1}")

    out("scf.for %group = %block to %groups step %blocks {")
    for n in range(size.slices):
        out(f"pto.texpands ins(%lowest : f32) outs(%max_{n} : !row)")
        out(f"pto.texpands ins(%zero : f32) outs(%sum_{n} : !row)")
        out(f"pto.texpands ins(%zero : f32) outs(%o_{n} : !o_tile)")
    pipeline(out, size, compute_p, compute_gu)
    out(f"%group_first = arith.muli %group, %c{QUERIES} : index")
    out("%first = arith.addi %group_first, %half_first : index")
    for n in range(size.slices):
        out(f"pto.trowexpanddiv ins(%o_{n}, %sum_{n}_column : !o_tile, !column) outs(%o_{n} : !o_tile)")
        out(f"%out_row{n} = arith.addi %first, %c{n * r} : index")
        out(f"%out{n} = pto.partition_view %o_view, offsets = [%out_row{n}, %c0], sizes = [%c{r}, %c{HEAD}] : !out_of -> !o_part")
        out(f"pto.tstore ins(%o_{n} : !o_tile) outs(%out{n} : !o_part)")
    out("}")
    out("return")
    out("}")


def wrapper(out: Text) -> None:
    names = [part.split(":")[0].strip() for part in SIGNATURE.split(",")]
    kinds = ", ".join(part.split(":", 1)[1].strip() for part in SIGNATURE.split(","))
    out(f"func.func @flash_attention(%ffts: !pto.ptr<i64>, {SIGNATURE}) attributes {{pto.entry}} {{")
    for half in ("fa_cube", "fa_vector"):
        out(f"func.call @{half}({', '.join(names)}) : ({kinds}) -> ()")
    out("return")
    out("}")


def module(size: Sizes, wrapped: bool = False) -> str:
    out = Text()
    cube(out, size)
    vector(out, size)
    if wrapped:
        wrapper(out)
    head = [f"// FlashAttention: tiles of {size.tile} keys, preload {size.preload}, slices of {size.rows} queries. Written by generate.py."]
    return "\n".join(head + types(size) + ['module attributes {pto.target_arch = "a3"} {'] + out.lines + ["}", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tile", type=int, default=256)
    parser.add_argument("--preload", type=int, default=3)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--local-slots", type=int, help="local_slot_num of all three FIFOs")
    parser.add_argument("--wrapper", action="store_true")
    args = parser.parse_args()
    print(module(Sizes(args.tile, args.preload, args.rows, args.local_slots), args.wrapper), end="")


if __name__ == "__main__":
    main()
