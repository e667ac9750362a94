//===- Expand.td - One value per row or column, spread out ------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_EXPAND
#define PTOAS_IR_OPS_EXPAND

include "ptoas/IR/Ops/Reduce.td"

defvar Copied = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];
defvar ColDivA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_F32];

//===----------------------------------------------------------------------===//
// A value per row
//===----------------------------------------------------------------------===//

def TRowExpandOp : PtoOp<"trowexpand"> {
  let summary = "Fills each row with the first element of the row of the source.";
  let family = "expand";
  let arguments = (ins In<>:$src, Out<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, Copied>, On<A5, Copied>];
  let rules = !listconcat([Tiles<["src", "dst"]>, InSpace<["src"], [SpaceVec]>, NoBoxes<"src">], RowsOfUb<"dst">.all,
                          [ElementsOf<"src">, SameElement<["src", "dst"]>, ValidPositive<["src"]>, SameRows<"src", "dst">]);
  let cpp = "TROWEXPAND($dst, $src)";
  // A scalar reads the value of each row, a vector call spreads it; a column into blocks needs no scalar (library 5.1).
  let micro = [Form<"a3, rows", ["set V>S 0", "wait V>S 0", "S: src ->", "set S>V 0", "wait S>V 0", "V: src -> dst"]>,
               Form<"a3, blocks", ["V: src -> dst"]>, Form<"a5", ["V: src -> dst"]>];
  let semantics = Kernel<"row_expand">;
  let example = "pto.trowexpand ins(%a : !pto.tile_buf<vec, 16x1xf32, blayout=col_major>) outs(%c : !pto.tile_buf<vec, 16x64xf32>)";
}

class RowExpand<string mnemonic, string call, list<Element> a3, list<Element> a5, string kernel>
    : PtoOp<mnemonic> {
  let family = "expand";
  let arguments = (ins In<>:$src0, In<>:$src1, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $src0 `,` $src1 (`,` $tmp^)? `:` qualified(type($src0)) `,` qualified(type($src1)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  let rules = [Tiles<["src0", "src1", "dst"]>, InSpace<["src0", "src1", "dst"], [SpaceVec]>, RowMajor<["dst"]>,
               ElementsOf<"src0">, SameElement<["src0", "src1", "dst"]>, PerRow<"src0", "src1", "dst">,
               When<Present<"tmp">, InSpace<["tmp"], [SpaceVec]>>];
  let cpp = call # "($dst, $src0, $src1, $?tmp)";
  let semantics = Kernel<kernel>;
}
def TRowExpandAddOp : RowExpand<"trowexpandadd", "TROWEXPANDADD", ArithA3, Copied, "row_expand_add"> {
  let summary = "Adds a value per row.";
}
def TRowExpandSubOp : RowExpand<"trowexpandsub", "TROWEXPANDSUB", ArithA3, Copied, "row_expand_sub"> {
  let summary = "src0 - src1, one of them with a value per row.";
}
def TRowExpandMulOp : RowExpand<"trowexpandmul", "TROWEXPANDMUL", ArithA3, Copied, "row_expand_mul"> {
  let summary = "Multiplies by a value per row.";
}
def TRowExpandMaxOp : RowExpand<"trowexpandmax", "TROWEXPANDMAX", ArithA3, Copied, "row_expand_max"> {
  let modelled = NanWins;
  let summary = "The larger of an element and the value of its row.";
}
def TRowExpandMinOp : RowExpand<"trowexpandmin", "TROWEXPANDMIN", ArithA3, Copied, "row_expand_min"> {
  let modelled = NanWins;
  let summary = "The smaller of an element and the value of its row.";
}
def TRowExpandExpDifOp
    : RowExpand<"trowexpandexpdif", "TROWEXPANDEXPDIF", FloatOnly, FloatOnly, "row_expand_expdif"> {
  let summary = "exp(src0 - src1), one of them with a value per row.";
}
def TRowExpandDivOp : RowExpand<"trowexpanddiv", "TROWEXPANDDIV", FloatOnly, Copied, "row_expand_div"> {
  let summary = "src0 / src1, one of them with a value per row; integers (a5) truncate.";
  let modelled = DividesByZero;
  let arguments = (ins In<>:$src0, In<>:$src1, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<DivPrecisionAttr, "::pto::DivPrecisionKind::DEFAULT">:$precisionType);
  let cpp = "TROWEXPANDDIV<?precisionType>($dst, $src0, $src1, $?tmp)";
}

//===----------------------------------------------------------------------===//
// A value per column
//===----------------------------------------------------------------------===//

def TColExpandOp : PtoOp<"tcolexpand"> {
  let summary = "Fills every row with the first row of the source.";
  let family = "expand";
  let arguments = (ins In<>:$src, Out<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, Copied>, On<A5, Copied>];
  let rules = !listconcat([Tiles<["src", "dst"]>], RowsOfUb<"src">.all, RowsOfUb<"dst">.all,
                          [ElementsOf<"src">, SameElement<["src", "dst"]>, SameCols<"src", "dst">]);
  let cpp = "TCOLEXPAND($dst, $src)";
  let semantics = Kernel<"col_expand">;
}

class ColExpand<string mnemonic, string call, list<Element> a3, list<Element> a5, string kernel> : PtoOp<mnemonic> {
  let family = "expand";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  // Element types are compared too: the library's templates take one type for all three.
  let rules = [Tiles<["src0", "src1", "dst"]>, InSpace<["src0", "src1", "dst"], [SpaceVec]>, RowMajor<["src0", "src1", "dst"]>,
               ElementsOf<"src0">, SameElement<["src0", "src1", "dst"]>, SameShape<["src0", "dst"]>,
               SameValid<["src0", "dst"]>, SameCols<"src1", "dst">];
  let cpp = call # "($dst, $src0, $src1)";
  let semantics = Kernel<kernel>;
}
def TColExpandAddOp : ColExpand<"tcolexpandadd", "TCOLEXPANDADD", ArithA3, Copied, "col_expand_add"> {
  let summary = "Adds the row src1 to every row.";
}
def TColExpandSubOp : ColExpand<"tcolexpandsub", "TCOLEXPANDSUB", ArithA3, Copied, "col_expand_sub"> {
  let summary = "Subtracts the row src1 from every row.";
}
def TColExpandMulOp : ColExpand<"tcolexpandmul", "TCOLEXPANDMUL", ArithA3, Copied, "col_expand_mul"> {
  let summary = "Multiplies every row by the row src1.";
}
def TColExpandMaxOp : ColExpand<"tcolexpandmax", "TCOLEXPANDMAX", ArithA3, Copied, "col_expand_max"> {
  let modelled = NanWins;
  let summary = "The larger of an element and the value of its column.";
}
def TColExpandMinOp : ColExpand<"tcolexpandmin", "TCOLEXPANDMIN", ArithA3, Copied, "col_expand_min"> {
  let modelled = NanWins;
  let summary = "The smaller of an element and the value of its column.";
}
def TColExpandExpDifOp
    : ColExpand<"tcolexpandexpdif", "TCOLEXPANDEXPDIF", FloatOnly, FloatOnly, "col_expand_expdif"> {
  let summary = "exp of each row minus the row src1.";
}
def TColExpandDivOp : ColExpand<"tcolexpanddiv", "TCOLEXPANDDIV", FloatOnly, ColDivA5, "col_expand_div"> {
  let summary = "Divides every row by the row src1; integers (a5) truncate.";
  let modelled = DividesByZero;
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst,
                       DefaultValuedOptionalAttr<DivPrecisionAttr, "::pto::DivPrecisionKind::DEFAULT">:$precisionType);
  let cpp = "TCOLEXPANDDIV<?precisionType>($dst, $src0, $src1)";
}

#endif // PTOAS_IR_OPS_EXPAND
