"""Inputs that no front-end writes. Each is (name, bytes, what the error says); ptoas must end with exit code 1."""
import subprocess
import sys

DEEP = 200000
tile = "!pto.tile_buf<vec, 1x64xf32>"
cases = [
    ("zeros", b"\0" * 4096, "1:1: error: is no text: a zero byte"),
    ("a zero byte", b"func.func @f() {\n  \0 return }", "2:3: error: is no text: a zero byte"),
    ("the other container", b"PTOBC\0\0\0", "error: is a PTOBC container, which ptoas does not read"),
    ("noise", bytes(range(1, 256)) * 8, "error"),
    ("bytecode magic alone", b"ML\xefR", "error"),
    ("bytecode magic and noise", b"ML\xefR" + bytes(range(256)), "error"),
    ("not utf-8", b'func.func @"\xff\xfe"() { return \xff }', "error"),
    ("a string without end", b'func.func @"f', "error"),
    ("deep parentheses", b"(" * DEEP, "1:257: error: is nested more than 256 brackets deep"),
    ("deep types", b"func.func private @f(" + b"tuple<" * DEEP, "nested more than 256"),
    ("deep attributes", b"module attributes {x = " + b"[" * DEEP, "nested more than 256"),
    ("deep regions", b"func.func @f(%c: i1) {" + b"scf.if %c {\n" * DEEP, "256:11: error: is nested more than 256"),
    ("a sum without end", b"module attributes {x = affine_map<(d) -> (d" + b" + d" * DEEP + b")>} {}", "is an expression with more than 1000 operators"),
    ("a word without end", b"module attributes {x = affine_map<(d) -> (d" + b" floordiv 2" * DEEP + b")>} {}", "is an expression with more than 1000 operators"),
    ("minus without end", b"module attributes {x = affine_map<(d) -> (" + b"-" * DEEP + b"d)>} {}", "1:1042: error: is an expression with more than 1000 operators"),
    ("types nested by name", b"!t0 = tuple<i32>\n" + b"".join(b"!t%d = tuple<!t%d>\n" % (i, i - 1) for i in range(1, 300)), "257:"),
    ("calls without end", b"func.func private @f0() { return }\n" + b"".join(b"func.func private @f%d() { func.call @f%d() : () -> () return }\n" % (i, i - 1) for i in range(1, 1000)), "258:29: error: 'func.call' op begins a chain of 257 calls; helpers may call one another 256 deep"),
    ("windows without end", ("func.func @f(%%t0: %s, %%i: index) {\n%s\nreturn }" % (tile, "\n".join("%%t%d = pto.subview %%t%d[%%i, %%i] sizes [1, 64] : %s -> %s" % (i, i - 1, tile, tile) for i in range(1, 70)))).encode(), "error: 'pto.subview' op is window 65 in a row, each of the one before"),
    ("an integer too large", b"func.func @f() { %x = arith.constant 99999999999999999999999 : i64 return }", "1:38: error: integer constant out of range"),
    ("a tile too large", b"func.func private @f(!pto.tile_buf<vec, 99999999999x99999999999xf32>)", "tile_buf needs rows and cols in 1..16777216"),
    ("a view that overflows", b"func.func @f(%v: !pto.tensor_view<9223372036854775807xf32>) { %c = arith.constant 9223372036854775807 : index\n"
     b"%p = pto.partition_view %v, offsets = [%c], sizes = [%c] : !pto.tensor_view<9223372036854775807xf32> return }", "2:6: error"),
    ("no such operation", b"func.func @f() { pto.tnothing return }", "1:18: error"),
    ("no such dialect", b'func.func @f() { "memref.alloc"() : () -> () return }', "1:32: error"),
    ("a later layer", b"func.func @f() { pto.vadd return }", "1:18: error"),
    ("too few operands", b'func.func @f() { "pto.tadd"() : () -> () return }', "1:18: error"),
    ("not a tile", b'func.func @f(%x: i32) { "pto.tadd"(%x, %x, %x) : (i32, i32, i32) -> () return }', "operand #0 must be tile buffer"),
    ("no terminator", b"func.func @f() { pto.dsb }", "error"),
    ("use before definition", ("func.func @f() { pto.tadd ins(%%a, %%a : %s, %s) outs(%%a : %s) return }" % (tile, tile, tile)).encode(), "error: use of undeclared SSA value name"),
    ("no such callee", b"func.func @f() { func.call @g() : () -> () return }", "'g' does not reference a valid function"),
    ("two functions of one name", b"func.func @f() { return } func.func @f() { return }", "redefinition of symbol named 'f'"),
    ("recursion", b"func.func @f() { func.call @f() : () -> () return }", "error"),
    ("mutual recursion", b"func.func @f() { func.call @g() : () -> () return } func.func @g() { func.call @f() : () -> () return }", "error"),
    ("blocks", b"func.func @f(%c: i1) { cf.cond_br %c, ^a, ^b\n^a: cf.br ^b\n^b: return }", "error"),
    ("a module in a module", b"module { module { func.func @f() { return } } }", None),
    ("an operation outside a function", b"%x = pto.get_block_idx", "1:6: error"),
    ("a parallel loop", b"func.func @f(%n: index) { scf.parallel (%i) = (%n) to (%n) step (%n) { pto.barrier <PIPE_ALL> } return }", "error"),
    ("a tile of unknown origin", ("func.func @f(%%t: %s) { pto.tadd ins(%%t, %%t : %s, %s) outs(%%t : %s) return }" % ((tile,) * 4)).encode(), None),
]
for flags in ([], ["--enable-insert-sync"], ["--enable-inject-barrier-all-sync"], ["--pto-level=level3", "--pto-arch=a5"]):
    for name, text, said in cases:
        run = subprocess.run(["ptoas", "-", *flags], input=text, capture_output=True)
        message = run.stderr.decode(errors="replace")
        if run.returncode not in ((0, 1) if said is None else (1,)) or (said and said not in message):
            sys.exit(f"{name} {flags}: exit code {run.returncode}, wanted '{said}'\n{message[:2000]}")
print(f"{len(cases)} inputs")
