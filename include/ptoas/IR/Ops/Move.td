//===- Move.td - Between global and on-chip memory, and on chip -*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_MOVE
#define PTOAS_IR_OPS_MOVE

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class MoveOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> { let family = "move"; }

defvar AnyElement = [E_I8, E_I16, E_I32, E_I64, E_U8, E_U16, E_U32, E_U64, E_F16, E_BF16, E_F32];
defvar AnyElementA5 = [E_I8, E_I16, E_I32, E_I64, E_U8, E_U16, E_U32, E_U64, E_F16, E_BF16, E_F32, E_F8E4M3, E_F8E5M2,
                       E_F8E8M0, E_HIF8, E_F4E1M2x2, E_F4E2M1x2];

def TLoadOp : MoveOp<"tload"> {
  let summary = "Copies a part of global memory into a tile.";
  let description = [{
    The tile decides how wide a row is, the view how many rows there are and where they lie. With a non-null pad only the
    rest of each row's last 32-byte block is filled; everything else outside the valid region is left alone.
  }];
  let arguments = (ins GmIn<PartitionView>:$src, Out<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeMte2;
  let types = [On<A3, AnyElement>, On<A5, AnyElementA5>];
  let rules = [PositiveDims<["src"]>, ViewRank<["src"], 5>, OnlyOn<A3, Tiles<["dst"]>>, ElementsOf<"dst">,
               InSpace<["dst"], [SpaceVec, SpaceMat]>, SameBytes<["src", "dst"]>];
  let cpp = "TLOAD($dst, $src)";
  let semantics = Kernel<"load">;
  let example = "pto.tload ins(%part : !pto.partition_tensor_view<16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)";
}

def TStoreOp : MoveOp<"tstore"> {
  let summary = "Copies a tile's valid region to global memory.";
  let description = [{Leaves vec and mat tiles through MTE3, accumulators through FIX, which may convert, scale and clamp.}];
  let arguments = (ins In<>:$src, Optional<I64>:$preQuantScalar, GmOut<PartitionView>:$dst,
                       DefaultValuedOptionalAttr<StPhaseAttr, "::pto::StPhaseKind::Unspecified">:$stPhase,
                       DefaultValuedOptionalAttr<AtomicTypeAttr, "::pto::AtomicKind::AtomicNone">:$atomicType,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $preQuantScalar^)? `:` qualified(type($src)) (`,` qualified(type($preQuantScalar))^)? `)`
    `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceGm, PipeMte3>, Route<SpaceMat, SpaceGm, PipeMte3, [A3]>, Route<SpaceAcc, SpaceGm, PipeFix>];
  let types = [On<A3, AnyElement>, On<A5, AnyElementA5>];
  let rules = [Tiles<["src"]>, ValidPositive<["src"]>, PositiveDims<["dst"]>, ViewRank<["dst"], 5>, LegalRoute<"src", "dst">,
               SameCountIfStatic<"dst", "src">,
               When<IsIn<"src", ["Vec", "Mat"]>, ElementsOf<"src">>, When<IsIn<"src", ["Vec", "Mat"]>, SameBytes<["src", "dst"]>>,
               When<IsIn<"src", ["Acc"]>, ElementIs<["src"], [E_I32, E_F32]>>,
               When<Present<"preQuantScalar">, InSpace<["src"], [SpaceAcc]>>,
               When<AttributeSet<"reluPreMode">, InSpace<["src"], [SpaceAcc]>>];
  let cpp = "TSTORE{storeTemplates}($dst, $src, $?preQuantScalar)";
  let semantics = Kernel<"store">;
}

def TMovOp : MoveOp<"tmov"> {
  let summary = "Moves a tile between on-chip memories, changing its layout on the way.";
  let arguments = (ins In<>:$src, Out<>:$dst,
                       DefaultValuedOptionalAttr<ReluPreModeAttr, "::pto::ReluKind::NoRelu">:$reluPreMode);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = ByRoute;
  // The engine decides (library 2.4): a5 vec > mat is the UB > L1 copy, mat > scaling is FIX.
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceLeft, PipeMte1>, Route<SpaceMat, SpaceRight, PipeMte1>,
                Route<SpaceMat, SpaceBias, PipeMte1>, Route<SpaceMat, SpaceScaling, PipeFix>,
                Route<SpaceAcc, SpaceMat, PipeFix>, Route<SpaceAcc, SpaceVec, PipeFix, [A5]>,
                Route<SpaceVec, SpaceMat, PipeMte3, [A5]>];
  let rules = [Tiles<["src", "dst"]>, LegalRoute<"src", "dst">, OnlyOn<A3, SameShape<["src", "dst"]>>,
               When<IsIn<"src", ["Mat"]>, SameShape<["src", "dst"]>>,
               When<AttributeSet<"reluPreMode">, InSpace<["src"], [SpaceAcc]>>];
  let cpp = "TMOV{moveTemplates}($dst, $src)";
  let semantics = Kernel<"move">;
}

def TExtractOp : MoveOp<"textract"> {
  let summary = "Copies a window of a tile.";
  let description = [{`dst[i, j] = src[indexRow + i, indexCol + j]`; moves to left and right copy whole fractals.}];
  let arguments = (ins In<>:$src, Index:$indexRow, Index:$indexCol, Out<>:$dst);
  let assemblyFormat = InsOuts<["src", "indexRow", "indexCol"], ["dst"]>.text;
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceLeft, PipeMte1>, Route<SpaceMat, SpaceRight, PipeMte1>,
                Route<SpaceMat, SpaceScaling, PipeFix, [A5]>, Route<SpaceVec, SpaceMat, PipeMte3, [A5]>];
  let types = [On<A3, [E_I8, E_F16, E_BF16, E_F32]>, On<A5, [E_I8, E_F8E4M3, E_F8E5M2, E_HIF8, E_F16, E_BF16, E_F32]>];
  let rules = [OnlyOn<A3, Tiles<["src", "dst"]>>, ElementsOf<"dst">, SameElement<["src", "dst"]>, LegalRoute<"src", "dst">,
               WindowInside<"src", "indexRow", "indexCol", "dst">,
               When<IsIn<"dst", ["Left", "Right"]>, WholeFractals<"src", "indexRow", "indexCol">>,
               OnlyOn<A3, When<IsIn<"dst", ["Left"]>, BlockLayout<"dst", "RowMajor", "RowMajor">>>,
               OnlyOn<A5, When<IsIn<"dst", ["Left"]>, BlockLayout<"dst", "ColMajor", "RowMajor">>>,
               When<IsIn<"dst", ["Right"]>, BlockLayout<"dst", "RowMajor", "ColMajor">>];
  let cpp = "TEXTRACT($dst, $src, $indexRow, $indexCol)";
  let semantics = Kernel<"extract">;
}

#endif // PTOAS_IR_OPS_MOVE
