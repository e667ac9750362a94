//===- Compare.td - Masks of comparisons, and what they select --*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_COMPARE
#define PTOAS_IR_OPS_COMPARE

include "ptoas/IR/Ops/Elementwise.td"

// Column c of a row is bit c % 8 of byte c / 8 of the row of the mask (library 3.7).
defvar MaskBytes = [E_U8, E_I8];
defvar Selected16And32 = [E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];

class MaskResult<string src> {
  list<Rule> all = [ElementIs<["dst"], MaskBytes>, SameRows<src, "dst">, MaskRoom<"dst", src>];
}
def TCmpOp : PtoOp<"tcmp"> {
  let summary = "Compares two tiles into a mask of one bit per element.";
  let description = [{
    Column `c` of a row is bit `c % 8` of byte `c / 8` in the same row of `dst`. Whole repeats are written: bits behind
    the valid columns mean nothing.
  }];
  let family = "compare";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst, DefaultValuedOptionalAttr<CmpModeAttr, "::pto::CmpKind::EQ">:$cmpMode);
  let assemblyFormat = [{
    `ins` `(` $src0 `,` $src1 attr-dict `:` qualified(type($src0)) `,` qualified(type($src1)) `)` `outs` `(` $dst `:` qualified(type($dst)) `)`
  }];
  let pipe = PipeV;
  let types = [On<A3, [E_I32, E_F16, E_F32]>, On<A5, ArithA5>];
  let rules = !listconcat([Tiles<["src0", "src1", "dst"]>, InSpace<["src0", "src1", "dst"], [SpaceVec]>, RowMajor<["src0", "src1", "dst"]>,
                           ElementsOf<"src0">, SameElement<["src0", "src1"]>, SameValid<["src0", "src1"]>,
                           OnlyOn<A5, SameShape<["src0", "src1", "dst"]>>, OnlyOn<A3, EqualityOnly<["src0", "src1"], [E_I32]>>],
                          MaskResult<"src0">.all);
  let wholeTiles = ["dst"];
  let cpp = "TCMP($dst, $src0, $src1, $cmpMode)";
  let semantics = Kernel<"compare">;
  let example = "pto.tcmp ins(%a, %b {cmpMode = #pto<cmp lt>} : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%m : !pto.tile_buf<vec, 16x64xui8>)";
}
def TCmpSOp : PtoOp<"tcmps"> {
  let summary = "Compares a tile with a scalar into a mask of one bit per element.";
  let family = "compare";
  let arguments = (ins In<>:$src, ScalarValue:$scalar, Out<>:$dst, DefaultValuedOptionalAttr<CmpModeAttr, "::pto::CmpKind::EQ">:$cmpMode);
  let assemblyFormat = [{
    `ins` `(` $src `,` $scalar attr-dict `:` qualified(type($src)) `,` qualified(type($scalar)) `)` `outs` `(` $dst `:` qualified(type($dst)) `)`
  }];
  let pipe = PipeV;
  let types = [On<A3, [E_I16, E_U16, E_I32, E_F16, E_F32]>, On<A5, ArithA5>];
  let rules = !listconcat([Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, ElementsOf<"src">,
                           ScalarSuits<"scalar", "src">], MaskResult<"src">.all);
  let wholeTiles = ["dst"];
  let cpp = "TCMPS($dst, $src, $scalar, $cmpMode)";
  let semantics = Kernel<"compare">;
}

// On a5 the call takes a scratch tile and leaves it alone: without one, dst stands in its place.
class SelectRules<list<string> data> {
  list<Rule> all = [Tiles<!listconcat(["mask"], data)>, InSpace<!listconcat(["mask"], data), [SpaceVec]>,
                    RowMajor<!listconcat(["mask"], data)>, ElementsOf<"dst">, SameElement<data>, SameValid<data>,
                    ElementIs<["mask"], MaskBytes>, SameRows<"mask", "dst">, MaskHolds<"mask", "dst">, InSpace<["tmp"], [SpaceVec]>];
}
def TSelOp : PtoOp<"tsel"> {
  let summary = "src0 where the bit of the mask is set, src1 elsewhere.";
  let family = "compare";
  let was = ["pto.tselc"]; // a name of a front-end; the library has one select of two tiles (library 8.5)
  let arguments = (ins In<>:$mask, In<>:$src0, In<>:$src1, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $mask `,` $src0 `,` $src1 (`,` $tmp^)? `:` qualified(type($mask)) `,` qualified(type($src0)) `,` qualified(type($src1)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, Selected16And32>, On<A5, ArithA5>];
  // The call has one template parameter for the three of them.
  let rules = !listconcat(SelectRules<["src0", "src1", "dst"]>.all, [SameType<["src0", "src1", "dst"]>, OnlyOn<A3, ScratchBytes<"tmp", 16>>]);
  let cpp = "TSEL($dst, $mask, $src0, $src1, $?tmp{standIn})";
  let semantics = Kernel<"select">;
}
// a2/a3 stores the scalar into tmp by the scalar pipe first (library 5.1).
def TSelSOp : PtoOp<"tsels"> {
  let summary = "src where the bit of the mask is set, a scalar elsewhere.";
  let family = "compare";
  let arguments = (ins In<>:$mask, In<>:$src, OptionalScratch:$tmp, ScalarValue:$scalar, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $mask `,` $src custom<ScratchThenScalar>($tmp, $scalar, type($mask), type($src), type($tmp), type($scalar)) `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, Selected16And32>, On<A5, !listconcat(ShiftsA5, FloatOnly)>];
  let rules = !listconcat(SelectRules<["src", "dst"]>.all, [ScalarSuits<"scalar", "src">, OnlyOn<A3, SameElement<["tmp", "src"]>>,
                          OnlyOn<A3, ScratchRows<"tmp", "src", 1>>]);
  let cpp = "TSELS($dst, $mask, $src, $?tmp{standIn}, $scalar)";
  let micro = [Form<"a3", ["S: -> tmp", "set S>V 0", "wait S>V 0", "V: mask, src, tmp -> dst, tmp"]>,
               Form<"a5", ["V: mask, src -> dst, tmp"]>];
  let semantics = Kernel<"select_scalar">;
}

#endif // PTOAS_IR_OPS_COMPARE
