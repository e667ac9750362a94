//===- Matmul.td - Products on the cube unit --------------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_MATMUL
#define PTOAS_IR_OPS_MATMUL

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class PhaseArg { dag arg = (ins DefaultValuedOptionalAttr<AccPhaseAttr, "::pto::AccPhaseKind::Unspecified">:$accPhase); }

class CubeOp<string mnemonic, string a, string b> : PtoOp<mnemonic, [ReturnsDestination]> {
  let family = "matmul";
  let results = (outs Optional<TileBuf>:$result);
  let pipe = PipeM;
  // What the two operands and the accumulator must look like (library 1.4); the library asserts it on both archs.
  list<Rule> operandRules = [InSpace<[a], [SpaceLeft]>, InSpace<[b], [SpaceRight]>, InSpace<["dst"], [SpaceAcc]>,
    MatmulShape<"dst", a, b>, OnlyOn<A3, BlockLayout<a, "RowMajor", "RowMajor">>,
    OnlyOn<A5, BlockLayout<a, "ColMajor", "RowMajor">>, BlockLayout<b, "RowMajor", "ColMajor">,
    BlockLayout<"dst", "ColMajor", "RowMajor">,
    OnlyOn<A3, Triples<["dst", a, b], ["I32", "I8", "I8", "F32", "F16", "F16", "F32", "BF16", "BF16", "F32", "F32", "F32"]>>,
    OnlyOn<A5, Triples<["dst", a, b], ["I32", "I8", "I8", "F32", "F16", "F16", "F32", "BF16", "BF16", "F32", "F32", "F32",
      "F32", "F8E4M3", "F8E4M3", "F32", "F8E4M3", "F8E5M2", "F32", "F8E5M2", "F8E4M3", "F32", "F8E5M2", "F8E5M2",
      "F32", "HIF8", "HIF8"]>>];
}

class Product<string mnemonic, string call, string kernel, list<Rule> more> : CubeOp<mnemonic, "lhs", "rhs"> {
  let arguments = !con((ins In<>:$lhs, In<>:$rhs, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["lhs", "rhs"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat([OnlyOn<A3, Tiles<["lhs", "rhs", "dst"]>>], operandRules, more);
  let cpp = call # "<?accPhase>($dst, $lhs, $rhs)";
  let semantics = Kernel<kernel>;
}
class AccProduct<string mnemonic, string call, string kernel, list<Rule> more> : CubeOp<mnemonic, "lhs", "rhs"> {
  let arguments = !con((ins In<>:$acc_in, In<>:$lhs, In<>:$rhs, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["acc_in", "lhs", "rhs"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat([OnlyOn<A3, Tiles<["acc_in", "lhs", "rhs", "dst"]>>, InSpace<["acc_in"], [SpaceAcc]>, BlockLayout<"acc_in", "ColMajor", "RowMajor">,
                           SameElement<["acc_in", "dst"]>, SameShape<["acc_in", "dst"]>], operandRules, more);
  let cpp = call # "<?accPhase>($dst, $acc_in, $lhs, $rhs)";
  let semantics = Kernel<kernel>;
}
class BiasProduct<string mnemonic, string call, string kernel, list<Rule> more> : CubeOp<mnemonic, "a", "b"> {
  let arguments = !con((ins In<>:$a, In<>:$b, In<>:$bias, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["a", "b", "bias"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat([OnlyOn<A3, Tiles<["a", "b", "bias", "dst"]>>, InSpace<["bias"], [SpaceBias]>, PhysicalRows<["bias"], 1>,
                           SameElement<["bias", "dst"]>, RowMajor<["bias"]>, ValidColsCover<"bias", "dst">], operandRules, more);
  let cpp = call # "<?accPhase>($dst, $a, $b, $bias)";
  let semantics = Kernel<kernel>;
}

def TMatmulOp : Product<"tmatmul", "TMATMUL", "matmul", []> {
  let summary = "Multiplies a left by a right tile: dst[m, n] = sum over k of lhs[m, k] * rhs[k, n].";
}
def TMatmulAccOp : AccProduct<"tmatmul.acc", "TMATMUL_ACC", "matmul_acc", []> {
  let summary = "Multiplies and adds to the accumulator: dst = acc_in + lhs x rhs.";
  let description = [{On a2/a3 the hardware accumulates into dst, so acc_in and dst are one tile.}];
}
def TMatmulBiasOp : BiasProduct<"tmatmul.bias", "TMATMUL_BIAS", "matmul_bias", []> {
  let summary = "Multiplies and adds a row to every row: dst[m, n] = sum over k of a[m, k] * b[k, n] + bias[0, n].";
}
def TGemvOp : Product<"tgemv", "TGEMV", "gemv", [ValidRows<["lhs", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix.";
}
def TGemvAccOp : AccProduct<"tgemv.acc", "TGEMV_ACC", "gemv_acc", [ValidRows<["lhs", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix and adds to the accumulator.";
}
def TGemvBiasOp : BiasProduct<"tgemv.bias", "TGEMV_BIAS", "gemv_bias", [ValidRows<["a", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix and adds a row.";
}

//===----------------------------------------------------------------------===//
// With scales (a5)
//===----------------------------------------------------------------------===//

defvar ScaledElements = [E_F8E4M3, E_F8E5M2, E_F4E1M2x2, E_F4E2M1x2];
defvar ScaledTriples = ["F32", "F8E4M3", "F8E4M3", "F32", "F8E4M3", "F8E5M2", "F32", "F8E5M2", "F8E4M3", "F32", "F8E5M2", "F8E5M2",
                        "F32", "F4E1M2x2", "F4E1M2x2", "F32", "F4E1M2x2", "F4E2M1x2", "F32", "F4E2M1x2", "F4E1M2x2",
                        "F32", "F4E2M1x2", "F4E2M1x2"];

class ScaledOp<string mnemonic> : PtoOp<mnemonic, [ReturnsDestination]> {
  let family = "matmul";
  let results = (outs Optional<TileBuf>:$result);
  let pipe = PipeM;
  let types = [On<A5, ScaledElements>];
  list<Rule> operandRules = [ElementsOf<"a">, InSpace<["a"], [SpaceLeft]>, InSpace<["b"], [SpaceRight]>, InSpace<["dst"], [SpaceAcc]>,
    BlockLayout<"a", "ColMajor", "RowMajor">, BlockLayout<"b", "RowMajor", "ColMajor">, BlockLayout<"dst", "ColMajor", "RowMajor">,
    Triples<["dst", "a", "b"], ScaledTriples>, WholeGroups<"a", "b">, MatmulShape<"dst", "a", "b">,
    ElementIs<["a_scale", "b_scale"], [E_F8E8M0]>, ScaleTile<"a_scale", "a">, ScaleTile<"b_scale", "b">,
    ScaleExtents<"a_scale", "a">, ScaleExtents<"b_scale", "b">];
}

class ScaledProduct<string mnemonic, string call, string kernel, list<Rule> more> : ScaledOp<mnemonic> {
  let arguments = !con((ins In<>:$a, In<>:$a_scale, In<>:$b, In<>:$b_scale, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["a", "a_scale", "b", "b_scale"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat(operandRules, more);
  let cpp = call # "<?accPhase>($dst, $a, $a_scale, $b, $b_scale)";
  let semantics = Kernel<kernel>;
}
class ScaledAccProduct<string mnemonic, string call, string kernel, list<Rule> more> : ScaledOp<mnemonic> {
  let arguments = !con((ins In<>:$c_in, In<>:$a, In<>:$a_scale, In<>:$b, In<>:$b_scale, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["c_in", "a", "a_scale", "b", "b_scale"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat([InSpace<["c_in"], [SpaceAcc]>, BlockLayout<"c_in", "ColMajor", "RowMajor">, SameElement<["c_in", "dst"]>,
                           SameShape<["c_in", "dst"]>], operandRules, more);
  let cpp = call # "<?accPhase>($dst, $c_in, $a, $a_scale, $b, $b_scale)";
  let semantics = Kernel<kernel>;
}
class ScaledBiasProduct<string mnemonic, string call, string kernel, list<Rule> more> : ScaledOp<mnemonic> {
  let arguments = !con((ins In<>:$a, In<>:$a_scale, In<>:$b, In<>:$b_scale, In<>:$bias, Out<>:$dst), PhaseArg<>.arg);
  let assemblyFormat = !strconcat(InsOuts<["a", "a_scale", "b", "b_scale", "bias"], ["dst"]>.text, DestinationResult);
  let rules = !listconcat([InSpace<["bias"], [SpaceBias]>, PhysicalRows<["bias"], 1>, SameElement<["bias", "dst"]>, RowMajor<["bias"]>,
                           ValidColsCover<"bias", "dst">], operandRules, more);
  let cpp = call # "<?accPhase>($dst, $a, $a_scale, $b, $b_scale, $bias)";
  let semantics = Kernel<kernel>;
}

defvar ScaledText = [{
    Every 32 numbers along k share a scale, a power of two: row m of the left operand has `a_scale[m, k / 32]`, column n of the
    right one `b_scale[k / 32, n]`. The scales lie where pto.tget_scale_addr says (library 4.1).
  }];
def TMatmulMxOp : ScaledProduct<"tmatmul.mx", "TMATMUL_MX", "matmul_mx", []> {
  let summary = "Multiplies tiles whose numbers share a scale in groups of 32.";
  let description = ScaledText;
}
def TMatmulMxAccOp : ScaledAccProduct<"tmatmul.mx.acc", "TMATMUL_MX", "matmul_mx_acc", []> {
  let summary = "Multiplies with scales and adds to the accumulator.";
  let description = ScaledText;
}
def TMatmulMxBiasOp : ScaledBiasProduct<"tmatmul.mx.bias", "TMATMUL_MX", "matmul_mx_bias", []> {
  let summary = "Multiplies with scales and adds a row to every row.";
  let description = ScaledText;
}
def TGemvMxOp : ScaledProduct<"tgemv.mx", "TGEMV_MX", "gemv_mx", [ValidRows<["a", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix, with scales.";
  let description = ScaledText;
}
def TGemvMxAccOp : ScaledAccProduct<"tgemv.mx.acc", "TGEMV_MX", "gemv_mx_acc", [ValidRows<["a", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix, with scales, and adds to the accumulator.";
  let description = ScaledText;
}
def TGemvMxBiasOp : ScaledBiasProduct<"tgemv.mx.bias", "TGEMV_MX", "gemv_mx_bias", [ValidRows<["a", "dst"], 1>]> {
  let summary = "Multiplies one row by a matrix, with scales, and adds a row.";
  let description = ScaledText;
}

#endif // PTOAS_IR_OPS_MATMUL
