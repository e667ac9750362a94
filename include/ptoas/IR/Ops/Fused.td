//===- Fused.td - Two vector calls through the destination ------*- tablegen -*-===//
//
// The library declares TADDC and its like without implementing them, so each op is two calls; the second one reads what
// the first one wrote, and on a2/a3 a barrier stands between them. Nothing else comes between, hence one access of V.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPS_FUSED
#define PTOAS_IR_OPS_FUSED

include "ptoas/IR/Ops/Elementwise.td"

class FusedRules<list<string> tiles, string last> {
  list<Rule> all = [Tiles<tiles>, InSpace<tiles, [SpaceVec]>, RowMajor<tiles>, ElementsOf<"src0">, SameElement<tiles>,
                    SameValid<tiles>, Disjoint<"dst", last>];
}
class FusedTiles<string mnemonic, string first, string kernel> : PtoOp<mnemonic> {
  let family = "fused";
  let arguments = (ins In<>:$src0, In<>:$src1, In<>:$src2, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1", "src2"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, ArithA3>, On<A5, ArithA5>];
  let rules = FusedRules<["src0", "src1", "src2", "dst"], "src2">.all;
  let cpp = first # "($dst, $src0, $src1);\n{barrier}TADD($dst, $dst, $src2)";
  let semantics = Kernel<kernel>;
}
class FusedScalar<string mnemonic, string first, string kernel> : PtoOp<mnemonic> {
  let family = "fused";
  let arguments = (ins In<>:$src0, ScalarValue:$scalar, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "scalar", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, ArithA3>, On<A5, ArithA5>];
  let rules = !listconcat(FusedRules<["src0", "src1", "dst"], "src1">.all, [ScalarSuits<"scalar", "src0">]);
  let cpp = first # "($dst, $src0, $scalar);\n{barrier}TADD($dst, $dst, $src1)";
  let semantics = Kernel<kernel>;
}
def TAddCOp : FusedTiles<"taddc", "TADD", "add_add"> {
  let summary = "src0 + src1 + src2, rounded after each sum.";
  let example = "pto.taddc ins(%a, %b, %c : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%d : !pto.tile_buf<vec, 16x64xf32>)";
}
def TSubCOp : FusedTiles<"tsubc", "TSUB", "subtract_add"> {
  let summary = "src0 - src1 + src2, rounded after each step; the third operand is added.";
}
def TAddSCOp : FusedScalar<"taddsc", "TADDS", "add_add"> {
  let summary = "src0 + scalar + src1, rounded after each sum.";
}
def TSubSCOp : FusedScalar<"tsubsc", "TSUBS", "subtract_add"> {
  let summary = "src0 - scalar + src1, rounded after each step; the last operand is added.";
}
// The sum may be written over a source: the second call reads dst only.
def TAddReluOp : PtoOp<"taddrelu"> {
  let summary = "src0 + src1 where positive, 0 elsewhere; a3 only.";
  let family = "fused";
  let since = "0.60";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_I16, E_F16, E_F32]>];
  let rules = BinaryRules<["src0", "src1", "dst"]>.all;
  let cpp = "TADD($dst, $src0, $src1);\n{barrier}TMAXS($dst, $dst, 0)";
  let semantics = Map<"relu(src0 + src1)">;
}

#endif // PTOAS_IR_OPS_FUSED
