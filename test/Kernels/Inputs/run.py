"""Runs the kernels of this folder on random arrays and compares with NumPy.

usage: run.py DIRECTORY SCRATCH, with pto-sim on the path

Each function draws arguments, says what must come out, and returns arguments, expected arrays with a
tolerance, and further options of pto-sim. Ends with 1 after a finding or a wrong number.
"""
import subprocess
import sys

import numpy as np

rng = np.random.default_rng(20)


def normal(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


class Bf16:
    """An array of bf16: its values as f32, its bits in files."""

    def __init__(self, values):
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
        self.bits = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        self.values = self.of(self.bits)

    @staticmethod
    def of(bits):
        return (bits.astype(np.uint32) << 16).view(np.float32)


def softmax():
    x = normal(37, 100)
    e = np.exp(x - x.max(1, keepdims=True))
    spmd = {"__pypto_spmd_block_idx": 0, "__pypto_spmd_block_num": 1, "__pypto_spmd_subblock_idx": 0}
    return {"arg0": x, "arg1": "poison:37x100:f32", "n_rows": 37, **spmd}, {"arg1": (e / e.sum(1, keepdims=True), 1e-6)}, []


def reductions():
    x = normal(40, 64)
    a, b = x[:32], x[32:]
    total, most = a.copy(), a.copy()
    total[:8] += b
    most[:8] = np.maximum(a[:8], b)
    out = total.sum(0) + (total - most.max(0)).min(0)
    return {"x": x, "o": "poison:1x64:f32", "oi": "poison:1x64:i32"}, {"o": (out[None], 1e-4), "oi": (most.argmax(0)[None], 0)}, []


def topk():
    x = normal(1, 2048)
    best = np.argsort(-x[0])[:32]
    return {"x": x, "values": "poison:1x32:f32", "indices": "poison:1x32:i32"}, {"values": (x[:, best], 0), "indices": (best[None], 0)}, []


def quantize():
    x = normal(64, 128, dtype=np.float16)
    wide = x.astype(np.float32)
    most = np.abs(wide).max(1, keepdims=True)
    q = np.rint(wide * (np.float32(127) / most))
    return {"x": x, "q": "poison:64x128:i8", "scale": "poison:64x1:f32", "rows": 64}, {"q": (q, 0), "scale": (most / np.float32(127), 1e-6)}, []


def sample():
    x = normal(8, 512)
    masked = np.where(x >= 0.5, x, -np.inf)
    return {"logits": x, "token": "poison:8x1:i32", "masked": "poison:8x512:f32", "threshold": 0.5}, {
        "token": (masked.argmax(1)[:, None], 0), "masked": (masked, 0)}, []


def kv_update():
    new = normal(16, 128, dtype=np.float16)
    cache = np.zeros((128, 4096), np.float16)
    cache[:, 48:64] = new.T
    halved = new.copy()
    halved[:5] *= np.float16(0.5)
    return {"k_new": new, "k_cache": "zeros:128x4096:f16", "slot": np.array([3], np.int64), "tokens": 5}, {
        "k_cache": (cache, 0), "k_new": (halved, 0)}, []


def matmul_splitk():
    a, b, bias = normal(64, 1024, dtype=np.float16), normal(1024, 64, dtype=np.float16), normal(1, 64)
    return {"a": a, "b": b, "bias": bias, "c": "zeros:64x64:f32"}, {"c": (a.astype(np.float32) @ b.astype(np.float32) + bias, 1e-3)}, ["--blocks=4"]


def rmsnorm():
    x, w = Bf16(normal(20, 512)), Bf16(normal(1, 512))
    scale = 1 / np.sqrt((x.values * x.values).mean(1, keepdims=True) + np.float32(1e-6))
    return {"x": x, "w": w, "out": "poison:20x512:bf16", "tokens": 20}, {"out": (Bf16(x.values * scale * w.values), 0.02)}, ["--blocks=2"]


def rope():
    q, cos, sin = Bf16(normal(4, 128)), normal(4096, 128), normal(4096, 128)
    positions = np.array([3, 77, 4095, 0], np.int32)
    rotated = np.concatenate([-q.values[:, 64:], q.values[:, :64]], 1)
    out = Bf16(q.values * cos[positions] + rotated * sin[positions])
    return {"q": q, "cos": cos, "sin": sin, "q_out": "poison:4x128:bf16", "positions": positions, "batch": 4}, {"q_out": (out, 0.02)}, []


def swiglu_a3():
    gate, up = Bf16(normal(32, 256)), Bf16(normal(32, 256))
    out = Bf16(gate.values / (1 + np.exp(-gate.values)) * up.values)
    return {"gate": gate, "up": up, "out": "poison:32x256:bf16", "rows": 32, "cols": 256}, {"out": (out, 0.03)}, []


def paged_gather():
    cache, query, table, length = Bf16(normal(128, 128)), normal(1, 128), np.array([2, -1, 0, 3], np.int32), 105
    scores, best = np.zeros((1, 128), np.float32), -np.inf
    for i, block in enumerate(table):
        if block >= 0:
            rows = min(32, length - 32 * i)
            part = (cache.values[block * 32:block * 32 + rows] * query).sum(1)
            scores[0, i * 32:i * 32 + rows] = part
            best = max(best, part[0])
    after = query.copy()
    after[0, 0] = best
    return {"k_cache": cache, "block_table": table, "seq_lens": np.array([length], np.int32), "scores": "zeros:1x128:f32",
            "query": query, "n_blocks": 128, "stride": 128}, {"scores": (scores, 1e-4), "query": (after, 1e-4)}, []


def matmul_kloop_a3():
    a, b = Bf16(normal(256, 256)), Bf16(normal(256, 128))
    out = Bf16(np.maximum(a.values @ b.values, 0))
    return {"a": a, "b": b, "bias": np.zeros(128, np.float32), "c": "poison:256x128:bf16", "m": 256, "n": 128, "kk": 256}, {
        "c": (out, 0.3)}, ["--blocks=2"]


def matmul_kloop_a5():
    return matmul_kloop_a3()


def main():
    directory, scratch = sys.argv[1:]
    bad = 0
    for kernel in (softmax, reductions, topk, quantize, sample, kv_update, matmul_splitk, rmsnorm, rope, swiglu_a3,
                   paged_gather, matmul_kloop_a3, matmul_kloop_a5):
        arguments, expected, options = kernel()
        command = ["pto-sim", f"{directory}/{kernel.__name__}.pto", "--pto-level=level3", "--enable-insert-sync", "--schedule=lazy", *options]
        for name, value in arguments.items():
            if not isinstance(value, (int, float, str)):
                isBf16 = isinstance(value, Bf16)
                np.save(f"{scratch}.{name}.npy", value.bits if isBf16 else value)
                value = f"{scratch}.{name}.npy" + (":bf16" if isBf16 else "")
            command += ["--arg", f"{name}={value}"]
        for name in expected:
            command += ["--out", f"{name}={scratch}.out.{name}.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{kernel.__name__}: {done.stdout}{done.stderr}")
            bad += 1
            continue
        for name, (value, tolerance) in expected.items():
            got = np.load(f"{scratch}.out.{name}.npy")
            if isinstance(value, Bf16):
                got, value = Bf16.of(got), value.values
            got = got.reshape(value.shape)
            finite = np.isfinite(value)
            error = np.abs(got[finite].astype(np.float64) - value[finite]).max()
            same = np.array_equal(got[~finite], value[~finite]) and error <= tolerance
            print(f"{kernel.__name__}: {name}, largest error {error:.3g}{'' if same else ' WRONG'}")
            bad += not same
    return bad != 0


sys.exit(main())
