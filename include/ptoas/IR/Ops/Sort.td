//===- Sort.td - Sorting and merging in UB ----------------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_SORT
#define PTOAS_IR_OPS_SORT

include "ptoas/IR/Ops/Elementwise.td"

def TSort32Op : PtoOp<"tsort32"> {
  let summary = "Sorts every 32 elements of a row, greatest first, together with their indices.";
  let modelled = "Equal values keep their order; NaN counts by its bits.";
  let description = [{
    dst holds records of 8 bytes, a value and its index: 2 elements of f32, or 4 of f16 of which the second is unused. An idx tile with one
    valid row serves all rows. Without a scratch tile only whole groups of 32 are sorted.
  }];
  let family = "sort";
  let arguments = (ins In<>:$src, In<>:$idx, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $src `,` $idx (`,` $tmp^)? `:` qualified(type($src)) `,` qualified(type($idx)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, FloatOnly>, On<A5, FloatOnly>];
  let rules = [Tiles<["src", "dst"]>, InSpace<["src", "idx", "dst"], [SpaceVec]>, RowMajor<["src", "idx", "dst"]>,
               ElementsOf<"src">, SameElement<["src", "dst"]>, ElementIs<["idx"], [E_U32]>, InSpace<["tmp"], [SpaceVec]>,
               RowMajor<["tmp"]>, SameElement<["tmp", "src"]>, MinValid<"tmp", "src", 1>, SortRecords<"src", "dst">,
               SameRows<"src", "dst">, SortIndices<"src", "idx">, SortTail<"src">, Distinct<["src", "dst"]>];
  let wholeTiles = ["dst"];
  let cpp = "TSORT32($dst, $src, $idx, $?tmp)";
  let semantics = Kernel<"sort32">;
  let example = "pto.tsort32 ins(%a, %i : !pto.tile_buf<vec, 1x64xf32>, !pto.tile_buf<vec, 1x64xui32>) outs(%c : !pto.tile_buf<vec, 1x128xf32>)";
}

// S waits for the counts when they are wanted (library 5.5).
defvar MergeSteps = ["V: src, src1, src2, src3, tmp -> dst, tmp"];
class MergeForms<string arch> {
  list<Form> all = [Form<arch # ", to the end", MergeSteps>,
                    Form<arch # ", until one is exhausted", !listconcat(MergeSteps, ["set V>S 0", "wait V>S 0"])>];
}
def TMrgSortOp : PtoOp<"tmrgsort", [AttrSizedOperandSegments]> {
  let summary = "Merges sorted lists of records, greatest first.";
  let modelled = "Of equal values that of the earlier list comes first.";
  let description = [{
    Records as tsort32 leaves them. With a block length: every four neighbouring blocks of that many elements become one
    sorted run. Without: two to four lists become one, of which dst takes the beginning. With `exhausted` the merge stops
    when a list ends, and `excuted` counts how many records each one gave.
  }];
  let family = "sort";
  let arguments = (ins In<>:$src, OptionalIn:$src1, OptionalIn:$src2, OptionalIn:$src3, Optional<IntegerValue>:$blockLen,
                       OptionalScratch:$tmp, Out<>:$dst, Optional<ExecutedCounts>:$excuted,
                       DefaultValuedOptionalAttr<BoolAttr, "false">:$exhausted);
  let hasCustomAssemblyFormat = 1;
  let pipe = PipeV;
  let types = [On<A3, FloatOnly>, On<A5, FloatOnly>];
  let rules = [
    OneOf<["blockLen", "src1"]>, GivenWith<"tmp", ["src1"]>, GivenWith<"excuted", ["src1"]>, OnlyWith<"src2", ["src1"]>,
    OnlyWith<"src3", ["src2"]>, AttributeWith<"exhausted", ["src1"]>, Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>,
    RowMajor<["src", "dst"]>, ElementsOf<"src">, SameElement<["src", "dst"]>, PhysicalRows<["src", "dst"], 1>,
    InSpace<["src1", "src2", "src3", "tmp"], [SpaceVec]>, RowMajor<["src1", "src2", "src3", "tmp"]>,
    When<Present<"src1">, SameElement<["src", "src1", "src2", "src3", "tmp"]>>, PhysicalRows<["src1", "src2", "src3", "tmp"], 1>,
    When<Present<"blockLen">, MergeLength<"src", "blockLen", "dst">>, When<Present<"blockLen">, SameShape<["src", "dst"]>>,
    MergeRoom<["tmp", "dst", "src", "src1", "src2", "src3"]>];
  let cpp = "TMRGSORT{mergeTemplates}($dst, $?excuted, $?tmp, $src, $?src1, $?src2, $?src3, $?blockLen)";
  let micro = !listconcat(MergeForms<"a3">.all, MergeForms<"a5">.all);
  let semantics = Kernel<"merge_sort">;
}

#endif // PTOAS_IR_OPS_SORT
