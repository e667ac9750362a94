//===- Gather.td - Gather and scatter inside UB -----------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_GATHER
#define PTOAS_IR_OPS_GATHER

include "ptoas/IR/Ops/Elementwise.td"

// By width: the calls move elements and do not compute with them (library 3.10).
defvar MovedA3 = [E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];
defvar MovedA5 = !listconcat([E_I8, E_U8], MovedA3);
defvar Words32 = [E_I32, E_U32];

// The compare form of a3 builds a table on S before anything else, and fetches the thresholds on S (library 5.5).
def TGatherOp : PtoOp<"tgather", [AttrSizedOperandSegments]> {
  let summary = "Collects elements: by index, by a comparison, or by a fixed pattern.";
  let description = [{
    By index: `dst[i][j]` is element number `indices[i][j]` of src, counted along its rows. By a comparison, which is the
    form with two results: row by row dst holds `offset` plus the numbers of the elements that satisfy it, packed to the
    left, and cdst how many they are. `thresholds` has one integer per row. By a pattern: `maskPattern` is read from right to left, so P0101 keeps the even columns and P1000 every
    fourth one from column 3 on; what is kept is packed without regard to rows. With "col" whole rows are kept.
  }];
  let family = "gather";
  let arguments = (ins In<>:$src, OptionalIn:$indices, OptionalIn:$thresholds,
                       OptionalScratch:$tmp, Out<>:$dst, OptionalOut:$cdst, OptionalAttr<MaskPatternAttr>:$maskPattern,
                       DefaultValuedOptionalAttr<GatherAxisAttr, "::pto::AxisKind::ROW">:$axis,
                       DefaultValuedOptionalAttr<CmpModeAttr, "::pto::CmpKind::EQ">:$cmpMode,
                       DefaultValuedOptionalAttr<I32Attr, "0">:$offset);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let pipe = PipeV;
  let types = [On<A3, MovedA3>, On<A5, MovedA5>];
  let rules = [
    OneOf<["indices", "thresholds"], ["maskPattern"]>, OnlyOn<A3, GivenWith<"tmp", ["indices", "thresholds"]>>,
    OnlyOn<A5, OnlyWith<"tmp", ["indices", "thresholds"]>>, OnlyOn<A5, When<Present<"thresholds">, Given<"tmp">>>,
    GivenWith<"cdst", ["thresholds"]>, AttributeWith<"axis", [], ["maskPattern"]>,
    AttributeWith<"cmpMode", ["thresholds"]>, AttributeIn<"cmpMode", [0, 4]>,
    Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, ElementsOf<"src">,
    InSpace<["indices", "tmp"], [SpaceVec]>, RowMajor<["indices", "tmp"]>,
    InSpace<["thresholds", "cdst"], [SpaceVec]>, RowMajor<["cdst"]>,
    // by index
    When<Present<"indices">, SameElement<["src", "dst"]>>, When<Present<"indices">, FullCols<["indices", "dst"]>>,
    SameValid<["indices", "dst"]>, OnlyOn<A3, ElementIs<["indices"], Words32>>,
    OnlyOn<A5, ElementIs<["indices"], [E_I32, E_U32, E_I16, E_U16]>>,
    When<Present<"indices">, OnlyOn<A3, SameElement<["indices", "tmp"]>>>,
    When<Present<"indices">, OnlyOn<A3, SameValid<["indices", "tmp"]>>>,
    When<Present<"indices">, OnlyOn<A3, Distinct<["src", "dst"]>>>,
    // by a comparison
    When<Present<"cdst">, OnlyOn<A3, ElementIs<["src"], [E_F16, E_F32, E_I32]>>>,
    When<Present<"cdst">, OnlyOn<A5, ElementIs<["src"], [E_F16, E_F32, E_I32, E_I16]>>>,
    When<AttributeSet<"cmpMode">, OnlyOn<A3, ElementIs<["src"], FloatOnly>>>,
    When<Present<"cdst">, ElementIs<["dst"], Words32>>, ElementIs<["cdst"], Words32>,
    ElementIs<["thresholds"], [E_I32, E_I16]>, When<Present<"thresholds">, IntegersAsWide<"thresholds", "src", 1>>,
    When<Present<"thresholds">, SameRows<"src", "thresholds">>,
    // by a pattern
    When<AttributeSet<"maskPattern">, SameBytes<["src", "dst"]>>, When<AttributeSet<"maskPattern">, FullCols<["dst"]>>,
    When<AttributeSet<"maskPattern">, Packs<"src", "dst">>];
  let wholeTiles = ["src", "dst", "cdst"];
  let cpp = "TGATHER{gatherTemplates}($dst, $src, $?indices, $?thresholds, $?cdst, $?tmp{gatherTail})";
  let micro = [
    Form<"a3, comparing", ["S: -> tmp", "set S>V 0", "wait S>V 0", "set V>S 0", "wait V>S 0", "S: thresholds ->", "set S>V 0",
                           "wait S>V 0", "V: src, thresholds, tmp -> dst, cdst, tmp"]>,
    Form<"a3, moving", ["V: src, indices, tmp -> dst, tmp"]>,
    Form<"a5", ["V: src, indices, thresholds, tmp -> dst, cdst, tmp"]>];
  let semantics = Kernel<"gather">;
  let example = "pto.tgather ins(%a, {maskPattern = #pto.mask_pattern<P0101>} : !pto.tile_buf<vec, 16x64xf32>, \"row\") outs(%c : !pto.tile_buf<vec, 16x32xf32>)";
}

def TGatherBOp : PtoOp<"tgatherb"> {
  let summary = "Collects blocks of 32 bytes.";
  let description = [{Block `b` of row `r` of dst comes from `offsets[r][b]` bytes behind the start of src.}];
  let family = "gather";
  let arguments = (ins In<>:$src, In<>:$offsets, Out<>:$dst);
  let assemblyFormat = InsOuts<["src", "offsets"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, MovedA5>, On<A5, MovedA5>];
  let rules = [Tiles<["src", "offsets", "dst"]>, InSpace<["src", "offsets", "dst"], [SpaceVec]>, RowMajor<["src", "offsets", "dst"]>,
               ElementsOf<"dst">, SameElement<["src", "dst"]>, ElementIs<["offsets"], Words32>, BlockOffsets<"offsets", "dst">];
  let wholeTiles = ["src"];
  let cpp = "TGATHERB($dst, $src, $offsets)";
  let semantics = Kernel<"gather_blocks">;
}

def TScatterOp : PtoOp<"tscatter"> {
  let summary = "Spreads elements over a tile that is otherwise zero, by index or by a fixed pattern.";
  let description = [{
    All of dst is set to zero first. By index: element number `indexes[i][j]` of dst, counted along its rows, becomes `src[i][j]`, the last
    one where indices repeat. By a pattern (see tgather): the places that the pattern names take the elements of src in order,
    so dst is 1, 2 or 4 times as wide; with "col" whole rows are spread and dst is as many times higher.
  }];
  let family = "gather";
  let arguments = (ins In<>:$src, OptionalIn:$indexes, Out<>:$dst, OptionalAttr<MaskPatternAttr>:$maskPattern,
                       DefaultValuedOptionalAttr<ScatterAxisAttr, "::pto::AxisKind::ROW">:$axis);
  let hasCustomAssemblyFormat = 1;
  let pipe = PipeV;
  let types = [On<A3, MovedA5>, On<A5, !listconcat([E_I64, E_U64], MovedA5)>];
  let rules = [
    OneOf<["indexes"], ["maskPattern"]>, AttributeWith<"axis", [], ["maskPattern"]>, Tiles<["src", "dst"]>,
    InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, ElementsOf<"src">, SameElement<["src", "dst"]>,
    InSpace<["indexes"], [SpaceVec]>, RowMajor<["indexes"]>, When<Present<"indexes">, IntegersAsWide<"indexes", "src", 2>>, SameValid<["src", "indexes"]>,
    Distinct<["src", "dst"]>, When<AttributeSet<"maskPattern">, Spreads<"src", "dst">>];
  let wholeTiles = ["dst"];
  let cpp = "TSCATTER{scatterTemplates}($dst, $src, $?indexes)";
  let micro = [
    Form<"a3, one by one", ["V: -> dst", "set V>S 0", "wait V>S 0", "S: src, indexes -> dst", "set S>V 0", "wait S>V 0"]>,
    Form<"a3, whole rows", ["V: src -> dst"]>,
    Form<"a5", ["V: src, indexes -> dst"]>];
  let semantics = Kernel<"scatter">;
}

#endif // PTOAS_IR_OPS_GATHER
