//===- Partial.td - Tiles whose valid regions differ ------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_PARTIAL
#define PTOAS_IR_OPS_PARTIAL

include "ptoas/IR/Ops/Elementwise.td"

defvar PartialMulA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];

class Partial<string mnemonic, string call, list<Element> a5, string kernel> : PtoOp<mnemonic> {
  let family = "partial";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, ArithA3>, On<A5, a5>];
  let rules = [Tiles<["src0", "src1", "dst"]>, InSpace<["src0", "src1", "dst"], [SpaceVec]>, RowMajor<["src0", "src1", "dst"]>,
               ElementsOf<"src0">, SameElement<["src0", "src1", "dst"]>, PartialValid<"src0", "src1", "dst">];
  let cpp = call # "($dst, $src0, $src1)";
  let semantics = Kernel<kernel>;
}
def TPartAddOp : Partial<"tpartadd", "TPARTADD", ArithA5, "partial_add"> {
  let summary = "Adds where both sources are valid, copies where only one is.";
  let example = "pto.tpartadd ins(%a, %b : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32, valid=8x64>) outs(%c : !pto.tile_buf<vec, 16x64xf32>)";
}
def TPartMulOp : Partial<"tpartmul", "TPARTMUL", PartialMulA5, "partial_mul"> {
  let summary = "Multiplies where both sources are valid, copies where only one is.";
}
def TPartMaxOp : Partial<"tpartmax", "TPARTMAX", ArithA5, "partial_max"> {
  let modelled = NanWins;
  let summary = "Takes the larger element where both sources are valid, copies where only one is.";
}
def TPartMinOp : Partial<"tpartmin", "TPARTMIN", ArithA5, "partial_min"> {
  let modelled = NanWins;
  let summary = "Takes the smaller element where both sources are valid, copies where only one is.";
}

class PartialArg<string mnemonic, string call, string kernel> : PtoOp<mnemonic> {
  let family = "partial";
  let arguments = (ins In<>:$src0, In<>:$src1, In<>:$src0Idx, In<>:$src1Idx, Out<>:$dst, Out<>:$dstIdx);
  let assemblyFormat = InsOuts<["src0", "src1", "src0Idx", "src1Idx"], ["dst", "dstIdx"]>.text;
  let pipe = PipeV;
  let types = [On<A3, FloatOnly>, On<A5, FloatOnly>];
  defvar all = ["src0", "src1", "src0Idx", "src1Idx", "dst", "dstIdx"];
  // Indices of 16 bits go with f16 only: the library walks both with one mask.
  let rules = [Tiles<all>, InSpace<all, [SpaceVec]>, RowMajor<all>, ElementsOf<"src0">, SameElement<["src0", "src1", "dst"]>,
               Pairs<["src0", "src0Idx"], ["F32", "I32", "F32", "U32", "F16", "I32", "F16", "U32", "F16", "I16", "F16", "U16"]>,
               SameElement<["src0Idx", "src1Idx", "dstIdx"]>, SameShape<all>, PartialValid<"src0", "src1", "dst">,
               SameValid<["src0", "src0Idx"]>, SameValid<["src1", "src1Idx"]>, SameValid<["dst", "dstIdx"]>];
  let cpp = call # "($dst, $src0, $src1, $dstIdx, $src0Idx, $src1Idx)";
  let semantics = Kernel<kernel>;
}
def TPartArgMaxOp : PartialArg<"tpartargmax", "TPARTARGMAX", "partial_argmax"> {
  let summary = "The larger element with its index, that of src0 when equal; a copy where only one source is valid.";
}
def TPartArgMinOp : PartialArg<"tpartargmin", "TPARTARGMIN", "partial_argmin"> {
  let summary = "The smaller element with its index, that of src0 when equal; a copy where only one source is valid.";
}

#endif // PTOAS_IR_OPS_PARTIAL
