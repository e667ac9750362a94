"""Kernels whose offset is the last of a chain of sums; ptoas must come to an end, and soon."""
import subprocess
import sys

TILE = "!pto.tile_buf<vec, 16x64xf32>"
KERNEL = f"""func.func @k(%x: !pto.ptr<f32>, %n: index) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %a0 = arith.addi %n, %c1 : index
CHAIN
  %v = pto.make_tensor_view %x, shape = [%a0, %c64], strides = [%c64, %c1] : !pto.tensor_view<?x?xf32>
  %c16 = arith.constant 16 : index
  %p = pto.partition_view %v, offsets = [LAST, %c0], sizes = [%c16, %c64] : !pto.tensor_view<?x?xf32> -> !pto.partition_tensor_view<16x64xf32>
  %t = pto.alloc_tile : {TILE}
  pto.tload ins(%p : !pto.partition_tensor_view<16x64xf32>) outs(%t : {TILE})
  pto.tstore ins(%t : {TILE}) outs(%p : !pto.partition_tensor_view<16x64xf32>)
  return
}}
"""


def run(name: str, line: str, length: int) -> None:
    chain = "\n".join("  " + line.format(new=f"%a{i}", old=f"%a{i - 1}") for i in range(1, length))
    text = KERNEL.replace("CHAIN", chain).replace("LAST", f"%a{length - 1}")
    process = subprocess.run(["ptoas", "-", "--enable-insert-sync"], input=text, capture_output=True, text=True, timeout=60)
    if process.returncode or "TLOAD" not in process.stdout:
        sys.exit(f"{name}: exit code {process.returncode}\n{process.stderr[:2000]}")


run("long", "{new} = arith.addi {old}, %c1 : index", 100000)
run("doubled", "{new} = arith.addi {old}, {old} : index", 60)
run("halves", "{new}h = arith.divui {old}, %c16 : index\n  {new} = arith.addi {new}h, {new}h : index".replace("%c16", "%c64"), 60)
run("remainders", "{new}r = arith.remui {old}, %c64 : index\n  {new} = arith.addi {new}r, {new}r : index", 60)
