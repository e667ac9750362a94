//===- Move.td - Between global and on-chip memory, and on chip -*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_MOVE
#define PTOAS_IR_OPS_MOVE

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class MoveOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> { let family = "move"; }

// Of what leaves an accumulator.
defvar QuantParameter = "Of a quantisation parameter the low half counts, as an f32; floats that are too large become infinite, NaN the integer 0.";

defvar AnyElement = [E_I8, E_I16, E_I32, E_I64, E_U8, E_U16, E_U32, E_U64, E_F16, E_BF16, E_F32];
defvar AnyElementA5 = [E_I8, E_I16, E_I32, E_I64, E_U8, E_U16, E_U32, E_U64, E_F16, E_BF16, E_F32, E_F8E4M3, E_F8E5M2,
                       E_F8E8M0, E_HIF8, E_F4E1M2x2, E_F4E2M1x2];

def TLoadOp : MoveOp<"tload", [AttrSizedOperandSegments, ReturnsDestination]> {
  let summary = "Copies a part of global memory into a tile.";
  let description = [{
    The tile decides how wide a row is, the view how many rows there are and where they lie. With a non-null pad only the
    rest of each row's last 32-byte block is filled; everything else outside the valid region is left alone. The other
    padding words of the grammar are read, and refused where they would ask for more: the library has no call for them.
  }];
  let arguments = (ins GmIn<PartitionView>:$src, Out<>:$dst, Optional<AnyType>:$pad_value, Optional<Index>:$left_padding_num,
                       Optional<AnyType>:$right_padding_num, Optional<AnyType>:$init_condition,
                       DefaultValuedOptionalAttr<PadModeAttr, "::pto::PadModeKind::PadNull">:$pad_mode,
                       DefaultValuedOptionalAttr<BoolAttr, "false">:$init_out_buffer);
  let results = (outs Optional<TileBuf>:$result);
  let assemblyFormat = [{
    `ins` `(` $src `:` qualified(type($src)) `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict (`pad_mode` `=` $pad_mode^)?
    (`pad_value` `=` $pad_value^ `:` type($pad_value))? (`left_padding_num` `=` $left_padding_num^ `:` type($left_padding_num))?
    (`init_out_buffer` `=` $init_out_buffer^)? (`right_padding_num` `=` $right_padding_num^ `:` type($right_padding_num))?
    (`init_condition` `=` $init_condition^ `:` type($init_condition))?
    (`->` qualified(type($result))^)?
  }];
  let pipe = PipeMte2;
  let types = [On<A3, AnyElement>, On<A5, AnyElementA5>];
  let rules = [PositiveDims<["src"]>, ViewRank<["src"], 5>, OnlyOn<A3, Tiles<["dst"]>>, ElementsOf<"dst">,
               InSpace<["dst"], [SpaceVec, SpaceMat]>, SameBytes<["src", "dst"]>, SameMatrix<"src", "dst">, LoadLayout<"src", "dst">,
               OnlyOn<A5, PairsStay<"src", "dst">>, NoPadding<["pad_value", "left_padding_num", "right_padding_num", "init_condition"], ["pad_mode", "init_out_buffer"]>];
  let cpp = "TLOAD($dst, $src)";
  let semantics = Kernel<"load">;
  let example = "pto.tload ins(%part : !pto.partition_tensor_view<16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)";
}

// What leaves an accumulator, by source and result (library 2.3): into GM, and into another memory of the core.
defvar ToGmPlain = ["F32", "F32", "F32", "F16", "F32", "BF16", "I32", "I32"];
defvar ToGmScaledA3 = ["F32", "I8", "I32", "I8", "F32", "U8", "I32", "U8", "I32", "F16"];
defvar OnChipPlainA3 = ["F32", "F16", "F32", "BF16"];
defvar OnChipScaledA3 = ["F32", "I8", "F32", "U8", "I32", "I8", "I32", "U8", "I32", "F16", "I32", "I16"];
defvar ScaledA5 = ["F32", "I8", "I32", "I8", "F32", "U8", "F32", "F16", "F32", "BF16", "F32", "F32", "F32", "F8E4M3",
                   "F32", "HIF8", "I32", "U8", "I32", "F16", "I32", "BF16"];
// A number per column, or one for all; both and the clamp belong to accumulators.
defvar ScaleRules = [When<Present<"fp">, InSpace<["src"], [SpaceAcc]>>, InSpace<["fp"], [SpaceScaling]>,
                     ElementIs<["fp"], [E_U64, E_I64]>, PhysicalRows<["fp"], 1>,
                     When<Present<"preQuantScalar">, InSpace<["src"], [SpaceAcc]>>,
                     When<AttributeSet<"reluPreMode">, InSpace<["src"], [SpaceAcc]>>,
                     When<IsIn<"src", ["Acc"]>, ElementIs<["src"], [E_F32, E_I32]>>,
                     When<IsIn<"src", ["Acc"]>, BlockLayout<"src", "ColMajor", "RowMajor">>];
// The same on the way to another memory of the core.
defvar OnChipScaleRules = !listconcat(ScaleRules, [
    OnlyOn<A3, When<IsIn<"src", ["Acc"]>, ConvertsPlain<"src", "dst", OnChipPlainA3>>>,
    OnlyOn<A3, When<IsIn<"src", ["Acc"]>, ConvertsScaled<"src", "dst", OnChipScaledA3>>>,
    OnlyOn<A5, When<IsIn<"src", ["Acc"]>, ConvertsPlain<"src", "dst", ToGmPlain>>>,
    OnlyOn<A5, When<IsIn<"src", ["Acc"]>, ConvertsScaled<"src", "dst", ScaledA5>>>,
    OnlyOn<A3, AttributeAbsent<"accToVecMode">>,
    OnlyOn<A5, When<AttributeSet<"accToVecMode">, InSpace<["src"], [SpaceAcc]>>>,
    OnlyOn<A5, When<AttributeSet<"accToVecMode">, InSpace<["dst"], [SpaceVec]>>>,
    OnlyOn<A5, When<Present<"fp">, AttributeOneOf<"accToVecMode", [0, 1]>>>,
    OnlyOn<A5, When<Present<"preQuantScalar">, AttributeOneOf<"accToVecMode", [0, 1]>>>,
    When<IsIn<"dst", ["Mat"]>, BlockLayout<"dst", "ColMajor", "RowMajor">>,
    OnlyOn<A3, When<IsIn<"dst", ["Mat"]>, FractalSize<"dst", [512]>>>]);
// What the cube multiplies (library 2.4).
defvar CubeElementsA3 = [E_I8, E_F16, E_BF16, E_F32];
defvar CubeElementsA5 = [E_I8, E_F8E4M3, E_F8E5M2, E_HIF8, E_F4E1M2x2, E_F4E2M1x2, E_F16, E_BF16, E_F32];
// Left and right operands of the cube (library 1.4); a tile of one row is the vector of a TGEMV.
defvar MatrixRules = [OnlyOn<A3, When<IsIn<"dst", ["Left"]>, BlockLayout<"dst", "RowMajor", "RowMajor">>>,
                      OnlyOn<A5, When<IsIn<"dst", ["Left"]>, BlockLayout<"dst", "ColMajor", "RowMajor">>>,
                      When<IsIn<"dst", ["Right"]>, BlockLayout<"dst", "RowMajor", "ColMajor">>,
                      When<IsIn<"dst", ["Left", "Right"]>, SameElement<["src", "dst"]>>,
                      OnlyOn<A3, When<IsIn<"dst", ["Left", "Right"]>, ElementIs<["dst"], CubeElementsA3>>>,
                      OnlyOn<A5, When<IsIn<"dst", ["Left", "Right"]>, ElementIs<["dst"], CubeElementsA5>>>,
                      When<IsIn<"dst", ["Left", "Right"]>, MatrixSource<"src", "dst">>,
                      OnlyOn<A5, When<IsIn<"dst", ["Left", "Right"]>, PairsStay<"src", "dst">>>,
                      // Scales keep their boxes.
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleLeft", "ScaleRight"]>, ElementIs<["src", "dst"], [E_F8E8M0]>>>,
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleLeft", "ScaleRight"]>, FractalSize<"src", [32]>>>,
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleLeft"]>, BlockLayout<"src", "RowMajor", "RowMajor">>>,
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleRight"]>, BlockLayout<"src", "ColMajor", "ColMajor">>>,
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleLeft"]>, BlockLayout<"dst", "RowMajor", "RowMajor">>>,
                      OnlyOn<A5, When<IsIn<"dst", ["ScaleRight"]>, BlockLayout<"dst", "ColMajor", "ColMajor">>>];

def TStoreOp : MoveOp<"tstore", [AttrSizedOperandSegments, ReturnsDestination]> {
  let summary = "Copies a tile's valid region to global memory.";
  let modelled = QuantParameter;
  let description = [{
    Leaves vec and mat tiles through MTE3, accumulators through FIX, which may scale (`fp` holds a parameter per column,
    `preQuantScalar` is one for all), clamp and convert.
  }];
  let arguments = (ins In<>:$src, OptionalIn:$fp, Optional<I64>:$preQuantScalar, GmOut<PartitionView>:$dst,
                       DefaultValuedOptionalAttr<StPhaseAttr, "::pto::StPhaseKind::Unspecified">:$stPhase,
                       DefaultValuedOptionalAttr<AtomicTypeAttr, "::pto::AtomicKind::AtomicNone">:$atomicType,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode);
  let results = (outs Optional<PartitionView>:$result);
  let assemblyFormat = [{
    `ins` `(` custom<StoreItems>($src, type($src), $fp, type($fp), $preQuantScalar) `)`
    `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
    (`->` qualified(type($result))^)?
  }];
  let was = ["pto.tstore_fp", "pto.tstore.fp"];
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceGm, PipeMte3>, Route<SpaceMat, SpaceGm, PipeMte3, [A3]>, Route<SpaceAcc, SpaceGm, PipeFix>];
  let types = [On<A3, AnyElement>, On<A5, AnyElementA5>];
  let rules = !listconcat([
      OnlyOn<A3, Tiles<["src"]>>, ValidPositive<["src"]>, PositiveDims<["dst"]>, ViewRank<["dst"], 5>, LegalRoute<"src", "dst">,
      SameMatrix<"dst", "src">, OnlyOn<A5, PairsStay<"src", "dst">>, StoreLayout<"src", "dst">,
      AddedElements<"dst">, When<IsIn<"src", ["Vec", "Mat"]>, ElementsOf<"src">>, When<IsIn<"src", ["Vec", "Mat"]>, SameBytes<["src", "dst"]>>,
      When<IsIn<"src", ["Acc"]>, ConvertsPlain<"src", "dst", ToGmPlain>>,
      OnlyOn<A3, When<IsIn<"src", ["Acc"]>, ConvertsScaled<"src", "dst", ToGmScaledA3>>>,
      OnlyOn<A5, When<IsIn<"src", ["Acc"]>, ConvertsScaled<"src", "dst", ScaledA5>>>,
      OnlyOn<A3, When<IsIn<"src", ["Acc"]>, MaxCols<"src", 4095>>>,
      AtMostOne<["fp", "preQuantScalar"]>,
      When<Present<"fp">, AttributeOneOf<"stPhase", [0]>>, When<Present<"fp">, ValidColsCover<"fp", "src">>], ScaleRules);
  let cpp = "TSTORE{storeTemplates}($dst, $src, $?fp, $?preQuantScalar)";
  let semantics = Kernel<"store">;
}

def TMovOp : MoveOp<"tmov", [AttrSizedOperandSegments, ReturnsDestination]> {
  let summary = "Moves a tile between on-chip memories, changing its layout on the way.";
  let modelled = QuantParameter;
  let description = [{
    What leaves an accumulator may be scaled (`fp` per column, `preQuantScalar` for all), clamped and converted;
    `accToVecMode` says which vector core gets it. A move inside vec with `tmp` reorders scales in groups along
    `grpAxis`.
  }];
  let arguments = (ins In<>:$src, OptionalIn:$fp, Optional<I64>:$preQuantScalar, OptionalScratch:$tmp, Out<>:$dst,
                       OptionalAttr<AccToVecModeAttr>:$accToVecMode,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode,
                       DefaultValuedOptionalAttr<MxGroupAxisAttr, "::pto::MxGroupAxisKind::Axis1">:$grpAxis);
  let results = (outs Optional<TileBuf>:$result);
  let assemblyFormat = [{
    `ins` `(` custom<MovItems>($src, type($src), $fp, type($fp), $preQuantScalar, $tmp, type($tmp)) `)`
    `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
    (`->` qualified(type($result))^)?
  }];
  let was = ["pto.tmov.fp"];
  let pipe = ByRoute;
  // The engine decides (library 2.4): a5 vec > mat is the UB > L1 copy, mat > scaling is FIX.
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceLeft, PipeMte1>, Route<SpaceMat, SpaceRight, PipeMte1>,
                Route<SpaceMat, SpaceBias, PipeMte1>, Route<SpaceMat, SpaceScaling, PipeFix>,
                Route<SpaceMat, SpaceScaleLeft, PipeMte1, [A5]>, Route<SpaceMat, SpaceScaleRight, PipeMte1, [A5]>,
                Route<SpaceAcc, SpaceMat, PipeFix>, Route<SpaceAcc, SpaceVec, PipeFix, [A5]>,
                Route<SpaceVec, SpaceMat, PipeMte3, [A5]>];
  let rules = !listconcat([
      OnlyOn<A3, Tiles<["src", "dst"]>>, LegalRoute<"src", "dst">, OnlyOn<A3, SameShape<["src", "dst"]>>,
      OnlyOn<A5, When<IsIn<"src", ["Mat"]>, SameShape<["src", "dst"]>>>,
      When<IsIn<"src", ["Vec"]>, SameElement<["src", "dst"]>>, SameLayout<"src", "dst">,
      OnlyOn<A3, When<IsIn<"dst", ["Bias"]>, Pairs<["src", "dst"], ["F32", "F32", "I32", "I32", "F16", "F32"]>>>,
      OnlyOn<A5, When<IsIn<"dst", ["Bias"]>, Pairs<["src", "dst"], ["F32", "F32", "I32", "I32", "F16", "F32", "BF16", "F32"]>>>,
      When<IsIn<"dst", ["Bias"]>, PhysicalRows<["src", "dst"], 1>>, When<IsIn<"dst", ["Bias"]>, RowBytes<"src", 64>>,
      When<IsIn<"dst", ["Scaling"]>, ElementIs<["src", "dst"], [E_U64, E_I64]>>,
      When<IsIn<"dst", ["Scaling"]>, PhysicalRows<["src", "dst"], 1>>, When<IsIn<"dst", ["Scaling"]>, RowBytes<"src", 128>>,
      When<Present<"fp">, ValidColsCover<"fp", "dst">>, AtMostOne<["fp", "preQuantScalar", "tmp"]>, OnlyOn<A3, Absent<"tmp">>,
      OnlyOn<A5, InSpace<["tmp"], [SpaceVec]>>, OnlyOn<A5, SameElement<["tmp", "src"]>>,
      OnlyOn<A5, When<Present<"tmp">, InSpace<["src", "dst"], [SpaceVec]>>>,
      OnlyOn<A5, When<Present<"tmp">, ElementIs<["src"], [E_U8, E_HIF8, E_F8E8M0]>>>,
      OnlyOn<A3, AttributeAbsent<"grpAxis">>, OnlyOn<A5, When<AttributeSet<"grpAxis">, Given<"tmp">>>], MatrixRules, OnChipScaleRules);
  let cpp = "TMOV{fixpipeTemplates}($dst, $src, $?fp, $?preQuantScalar, $?tmp)";
  let semantics = Kernel<"move">;
}

// A window of one element inside vec goes through the scalar unit (library 5.1).
defvar OneElement = ["set V>S 0", "wait V>S 0", "S: src -> dst", "set S>V 0", "wait S>V 0"];
defvar WindowForms = [Form<"a3, one element", OneElement>, Form<"a5, one element", OneElement>];

def TExtractOp : MoveOp<"textract", [AttrSizedOperandSegments]> {
  let summary = "Copies a window of a tile.";
  let modelled = QuantParameter;
  let description = [{
    `dst[i, j] = src[indexRow + i, indexCol + j]`; moves to left and right copy whole fractals. What leaves an accumulator
    may be scaled, clamped and converted as by tmov.
  }];
  let arguments = (ins In<>:$src, Index:$indexRow, Index:$indexCol, OptionalIn:$fp, Optional<I64>:$preQuantScalar, Out<>:$dst,
                       OptionalAttr<AccToVecModeAttr>:$accToVecMode,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode);
  let assemblyFormat = [{
    `ins` `(` custom<ExtractItems>($src, type($src), $indexRow, $indexCol, $fp, type($fp), $preQuantScalar) `)`
    `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let was = ["pto.textract_fp"];
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceLeft, PipeMte1>, Route<SpaceMat, SpaceRight, PipeMte1>,
                Route<SpaceMat, SpaceScaling, PipeFix, [A5]>, Route<SpaceVec, SpaceMat, PipeMte3, [A5]>,
                Route<SpaceMat, SpaceScaleLeft, PipeMte1, [A5]>, Route<SpaceMat, SpaceScaleRight, PipeMte1, [A5]>,
                Route<SpaceAcc, SpaceMat, PipeFix>, Route<SpaceAcc, SpaceVec, PipeFix, [A5]>];
  let micro = WindowForms;
  let types = [On<A3, [E_I8, E_F16, E_BF16, E_F32]>,
               On<A5, [E_I8, E_F8E4M3, E_F8E5M2, E_HIF8, E_F4E1M2x2, E_F4E2M1x2, E_F16, E_BF16, E_F32]>];
  let rules = !listconcat([
      OnlyOn<A3, Tiles<["src", "dst"]>>,
      When<IsIn<"src", ["Vec"]>, ElementsOf<"dst">>, When<IsIn<"src", ["Vec"]>, SameElement<["src", "dst"]>>,
      When<IsIn<"dst", ["Scaling"]>, SameElement<["src", "dst"]>>, OnlyOn<A5, When<IsIn<"dst", ["Scaling"]>, ScaleWords<"dst">>>,
      LegalRoute<"src", "dst">, OnlyOn<A5, When<IsIn<"dst", ["Mat"]>, SameLayout<"src", "dst">>>,
      WindowInside<"src", "indexRow", "indexCol", "dst">, VecWindow<"src", "indexRow", "indexCol", "dst">,
      When<IsIn<"dst", ["Left", "Right"]>, WholeFractals<"src", "indexRow", "indexCol">>,
      OnlyOn<A5, When<IsIn<"dst", ["ScaleLeft", "ScaleRight"]>, WholeFractals<"src", "indexRow", "indexCol">>>, AtMostOne<["fp", "preQuantScalar"]>, When<Present<"fp">, ValidColsCover<"fp", "dst">>],
      MatrixRules, OnChipScaleRules);
  let cpp = "TEXTRACT{fixpipeTemplates}($dst, $src, $?fp, $?preQuantScalar, $indexRow, $indexCol)";
  let semantics = Kernel<"extract">;
}

def TInsertOp : MoveOp<"tinsert", [AttrSizedOperandSegments]> {
  let summary = "Copies a tile into a window of another.";
  let modelled = QuantParameter;
  let description = [{
    `dst[indexRow + i, indexCol + j] = src[i, j]` for the valid region of src; the rest of dst stays. What leaves an
    accumulator may be scaled, clamped and converted as by tmov.
  }];
  let arguments = (ins In<>:$src, Index:$indexRow, Index:$indexCol, OptionalIn:$fp, Optional<I64>:$preQuantScalar, InOut<>:$dst,
                       OptionalAttr<AccToVecModeAttr>:$accToVecMode,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode,
                       OptionalAttr<TInsertModeAttr>:$tinsertMode);
  let assemblyFormat = [{
    `ins` `(` custom<InsertItems>($src, type($src), $indexRow, $indexCol, $fp, type($fp), $preQuantScalar) `)`
    `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let was = ["pto.tinsert_fp"];
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceVec, SpaceMat, PipeMte3, [A5]>,
                Route<SpaceAcc, SpaceMat, PipeFix>, Route<SpaceAcc, SpaceVec, PipeFix, [A5]>];
  let micro = WindowForms;
  let types = [On<A3, [E_I8, E_F16, E_BF16, E_F32]>,
               On<A5, [E_I8, E_U8, E_I32, E_U32, E_F8E4M3, E_F8E5M2, E_HIF8, E_F16, E_BF16, E_F32]>];
  let rules = !listconcat([
      OnlyOn<A3, Tiles<["src", "dst"]>>, When<IsIn<"src", ["Vec"]>, ElementsOf<"src">>,
      When<IsIn<"src", ["Vec"]>, SameElement<["src", "dst"]>>, LegalRoute<"src", "dst">,
      OnlyOn<A5, When<IsIn<"dst", ["Mat"]>, SameLayout<"src", "dst">>>, ValidWindowInside<"dst", "indexRow", "indexCol", "src">, VecWindow<"dst", "indexRow", "indexCol", "src">,
      OnlyOn<A3, AttributeAbsent<"tinsertMode">>, AtMostOne<["fp", "preQuantScalar"]>,
      OnlyOn<A5, When<AttributeSet<"tinsertMode">, InSpace<["src"], [SpaceVec]>>>,
      OnlyOn<A5, When<AttributeSet<"tinsertMode">, InSpace<["dst"], [SpaceMat]>>>, When<Present<"fp">, ValidColsCover<"fp", "src">>], OnChipScaleRules);
  let cpp = "TINSERT{fixpipeTemplates}($dst, $src, $?fp, $?preQuantScalar, $indexRow, $indexCol)";
  let semantics = Kernel<"insert">;
}

def TGetScaleAddrOp : MoveOp<"tget_scale_addr"> {
  let summary = "Binds a scale tile to the place that belongs to its operand.";
  let description = [{
    `dst` lies at the address of `src` divided by 16, in the scales of L0A for a left and of L0B for a right operand. Its own
    declaration needs no address, and nothing may use it before.
  }];
  let arguments = (ins TileBuf:$src, TileBuf:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeS;
  let types = [On<A5, AnyElementA5>];
  let rules = [ElementsOf<"src">, InSpace<["src"], [SpaceLeft, SpaceRight]>, ScaleTile<"dst", "src">, ScaleExtents<"dst", "src">];
  let hasVerifier = 1; // bound once, and not used before
  let cpp = "TGET_SCALE_ADDR($dst, $src)";
  let semantics = Engine<"address of dst = address of src / 16">;
}

//===----------------------------------------------------------------------===//
// What pushes of accumulators with a scale multiply by (library 9.6)
//===----------------------------------------------------------------------===//

def SetQuantScalarOp : MoveOp<"set_quant_scalar"> {
  let summary = "Says by which number the pushes behind it scale an accumulator.";
  let description = [{
    For pipes with an acc_push_epilogue whose quant ends in `_scalar`; `type` is the element type that they make. The number
    stays until the next one.
  }];
  let arguments = (ins F32:$scale, TypeAttr:$type);
  let assemblyFormat = "`ins` `(` $scale `:` type($scale) `)` attr-dict";
  let hasVerifier = 1; // the element type
  let pipe = PipeS;
  let cpp = "SET_QUANT_SCALAR{quantizedType}($scale)";
  let semantics = Engine<"what pushes with a scalar scale multiply by = scale">;
  let since = "0.60";
  let example = "pto.set_quant_scalar ins(%s : f32) {type = i8}";
}

def SetQuantVectorOp : MoveOp<"set_quant_vector"> {
  let summary = "Says by which numbers, one per column, the pushes behind it scale an accumulator.";
  let description = [{
    For pipes with an acc_push_epilogue whose quant ends in `_vec`. The numbers are those of `fp` in tmov. The tile is read by
    the pushes: it keeps its contents until they are done.
  }];
  let arguments = (ins In<>:$fp);
  let assemblyFormat = "`ins` `(` $fp `:` qualified(type($fp)) `)` attr-dict";
  let pipe = PipeFix; // S only hands on the address; FIX reads
  let rules = [InSpace<["fp"], [SpaceScaling]>, ElementIs<["fp"], [E_U64, E_I64]>, PhysicalRows<["fp"], 1>];
  let cpp = "SET_QUANT_VECTOR($fp)";
  let semantics = Engine<"what pushes with a scale per column multiply by = fp">;
  let since = "0.60";
}

#endif // PTOAS_IR_OPS_MOVE
