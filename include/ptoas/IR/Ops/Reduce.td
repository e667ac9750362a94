//===- Reduce.td - One value for each row or each column --------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_REDUCE
#define PTOAS_IR_OPS_REDUCE

include "ptoas/IR/Ops/Elementwise.td"

// Signed only, on both archs: the library has no unsigned row reductions (library 6.1).
defvar RowReduced = [E_I16, E_I32, E_F16, E_F32];
defvar ColProductA5 = [E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];
defvar ColArgA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_F32];

// Plain rows: what the vector unit walks over.
class RowsOfUb<string tile> {
  list<Rule> all = [InSpace<[tile], [SpaceVec]>, BlockLayout<tile, "RowMajor", "NoneBox">];
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

// The lanes are folded on V, the last step of each row is scalar. In the library the flags stand around every row; one
// pair around the call orders it the same way against everything else, because both pipes run in order.
defvar FoldedByScalar = ["V: src -> dst, tmp", "set V>S 0", "wait V>S 0", "S: dst, tmp -> dst", "set S>V 0",
                         "wait S>V 0"];
defvar FoldedByVector = ["V: src -> dst, tmp"];

class RowReduction<string mnemonic, string call, string kernel> : PtoOp<mnemonic> {
  let family = "reduce";
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = InsOptionalScratch<["src"], "tmp", ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, RowReduced>, On<A5, RowReduced>];
  let rules = !listconcat([Tiles<["src", "dst"]>], RowsOfUb<"src">.all,
                          [InSpace<["dst", "tmp"], [SpaceVec]>, ElementsOf<"src">, SameElement<["src", "dst"]>,
                           ValidPositive<["src"]>, RowResult<"src", "dst">, Distinct<["src", "dst"]>, OnlyOn<A3, Distinct<["src", "tmp"]>>,
                           OnlyOn<A3, GivenAs<"tmp", "src">>]);
  let cpp = call # "($dst, $src, $?tmp{sourceStandIn})";
  let semantics = Kernel<kernel>;
  let micro = [Form<"a3 integers", FoldedByScalar>, Form<"a3 floats", FoldedByVector>, Form<"a5", FoldedByVector>];
}
def TRowSumOp : RowReduction<"trowsum", "TROWSUM", "row_sum"> {
  let modelled = "The lanes of the last partial sum are added in pairs, as a tree.";
  let summary = "Adds the elements of each row.";
  let description = [{
    Floats are not added from left to right: pieces of 256 bytes are added lane by lane in pairs, the partial sums
    again in pairs, then the lanes. Integers wrap.
  }];
  let example = "pto.trowsum ins(%a, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%c : !pto.tile_buf<vec, 16x1xf32, blayout=col_major>)";
}
def TRowMaxOp : RowReduction<"trowmax", "TROWMAX", "row_max"> {
  let summary = "Takes the largest element of each row.";
  let modelled = NanWins;
}
def TRowMinOp : RowReduction<"trowmin", "TROWMIN", "row_min"> {
  let summary = "Takes the smallest element of each row.";
  let modelled = NanWins;
}
def TRowProdOp : RowReduction<"trowprod", "TROWPROD", "row_prod"> {
  let summary = "Multiplies the elements of each row.";
  let modelled = "Floats are multiplied along the lanes of 32 bytes first, then lane by lane.";
  let micro = [Form<"a3", FoldedByScalar>, Form<"a5", FoldedByVector>];
}

class RowArg<string mnemonic, string call, string kernel> : RowReduction<mnemonic, call, kernel> {
  let modelled = "Of equal elements the first counts; NaN only where it stands in front.";
  let rules = !listconcat([Tiles<["src", "dst"]>], RowsOfUb<"src">.all,
                          [InSpace<["dst", "tmp"], [SpaceVec]>, ElementsOf<"src">,
                           ElementIs<["dst"], [E_I32, E_U32, E_I16, E_U16]>, SameElement<["tmp", "src"]>,
                           ValidPositive<["src"]>, RowResult<"src", "dst">, Distinct<["src", "dst"]>, OnlyOn<A3, Distinct<["src", "tmp"]>>,
                           OnlyOn<A3, GivenAs<"tmp", "src", 2>>]);
  // A row of one repeat needs no comparison between repeats, hence no scalar.
  let micro = [Form<"a3, several repeats", FoldedByScalar>, Form<"a3, one repeat", FoldedByVector>,
               Form<"a5", FoldedByVector>];
}
def TRowArgMaxOp : RowArg<"trowargmax", "TROWARGMAX", "row_argmax"> {
  let summary = "Finds the column of the largest element of each row; the first of equal ones.";
}
def TRowArgMinOp : RowArg<"trowargmin", "TROWARGMIN", "row_argmin"> {
  let summary = "Finds the column of the smallest element of each row; the first of equal ones.";
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

class ColRules<string src, string dst> {
  list<Rule> all = !listconcat([Tiles<[src, dst]>], RowsOfUb<src>.all, RowsOfUb<dst>.all,
                               [ElementsOf<src>, ValidPositive<[src]>, SameCols<src, dst>]);
}
class ColReduction<string mnemonic, string call, list<Element> a5, string kernel> : PtoOp<mnemonic> {
  let family = "reduce";
  let arguments = (ins In<>:$src, Out<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, ArithA3>, On<A5, a5>];
  let rules = !listconcat(ColRules<"src", "dst">.all, [SameElement<["src", "dst"]>]);
  let cpp = call # "($dst, $src)";
  let semantics = Kernel<kernel>;
}
def TColSumOp : ColReduction<"tcolsum", "TCOLSUM", ArithA5, "col_sum"> {
  let modelled = "The order of the additions.";
  let summary = "Adds the elements of each column.";
  let description = [{
    Without a scratch tile, and with `isBinary = false`, from top to bottom. With `isBinary = true` rows are added in
    pairs, then the sums in pairs; the scratch tile holds ceil(rows / 2) rows.
  }];
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst, DefaultValuedOptionalAttr<BoolAttr, "false">:$isBinary);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $tmp^)? `` custom<BinaryFlag>($isBinary) `:` qualified(type($src)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let rules = !listconcat(ColRules<"src", "dst">.all, [SameElement<["src", "dst"]>, InSpace<["tmp"], [SpaceVec]>,
                                         SameElement<["tmp", "src"]>, When<AttributeSet<"isBinary">, ScratchRows<"tmp", "src", -2>>]);
  let cpp = "TCOLSUM($dst, $src, $?tmp{binaryFlag})";
}
def TColMaxOp : ColReduction<"tcolmax", "TCOLMAX", ArithA5, "col_max"> {
  let summary = "Takes the largest element of each column.";
  let modelled = NanWins;
}
def TColMinOp : ColReduction<"tcolmin", "TCOLMIN", ArithA5, "col_min"> {
  let summary = "Takes the smallest element of each column.";
  let modelled = NanWins;
}
def TColProdOp : ColReduction<"tcolprod", "TCOLPROD", ColProductA5, "col_prod"> {
  let summary = "Multiplies the elements of each column.";
}

class ColArg<string mnemonic, string call, string kernel> : PtoOp<mnemonic> {
  let modelled = "Of equal elements the first counts; NaN only where it stands in front.";
  let family = "reduce";
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = InsOptionalScratch<["src"], "tmp", ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_F16, E_F32, E_U16, E_U32]>, On<A5, ColArgA5>];
  let rules = !listconcat(ColRules<"src", "dst">.all,
                          [ElementIs<["dst"], [E_I32, E_U32]>, ValidRows<["dst"], 1>, InSpace<["tmp"], [SpaceVec]>,
                           SameElement<["tmp", "src"]>, OnlyOn<A3, GivenAs<"tmp", "src", 2>>]);
  let cpp = call # "($dst, $src, $?tmp{sourceStandIn})";
  let semantics = Kernel<kernel>;
}
def TColArgMaxOp : ColArg<"tcolargmax", "TCOLARGMAX", "col_argmax"> {
  let summary = "Finds the row of the largest element of each column; the first of equal ones.";
}
def TColArgMinOp : ColArg<"tcolargmin", "TCOLARGMIN", "col_argmin"> {
  let summary = "Finds the row of the smallest element of each column; the first of equal ones.";
}

#endif // PTOAS_IR_OPS_REDUCE
