//===- Layout.td - Tiles turned, joined and filled up -----------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_LAYOUT
#define PTOAS_IR_OPS_LAYOUT

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class LayoutOp<string mnemonic> : PtoOp<mnemonic> { let family = "layout"; }

// These calls copy bytes, so only the size counts.
defvar OneTwoFourBytes = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32];

def TTransOp : LayoutOp<"ttrans"> {
  let summary = "Transposes a tile: dst[j, i] = src[i, j].";
  let description = [{
    On a2/a3 whole blocks of 32 bytes are written, so what lies behind the last valid column of dst inside its block is lost.
  }];
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $tmp^)? `:` qualified(type($src)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, OneTwoFourBytes>, On<A5, OneTwoFourBytes>];
  let rules = [Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>, NoBoxes<"src">, NoBoxes<"dst">,
               OnlyOn<A3, RowMajor<["src", "dst"]>>, ElementsOf<"src">, SameElement<["src", "dst"]>, FitsTransposed<"src", "dst">,
               Distinct<["src", "dst"]>, OnlyOn<A3, Given<"tmp">>, InSpace<["tmp"], [SpaceVec]>, SameElement<["src", "tmp"]>,
               OnlyOn<A3, TransposeScratch<"tmp", "src", "dst">>];
  let cpp = "TTRANS($dst, $src, $?tmp{sourceStandIn})";
  // Rows of dst that are no multiple of 16 elements (32 of one byte): a scalar loop (library 5.1).
  let micro = [Form<"a3, scalar loop", ["V: ->", "set V>S 0", "wait V>S 0", "S: src -> dst", "set S>V 0", "wait S>V 0"]>,
               Form<"a3, blocks", ["V: src -> dst, tmp"]>, Form<"a5", ["V: src -> dst, tmp"]>];
  let semantics = Kernel<"transpose">;
}

class ConcatRules<list<string> ops> {
  list<Rule> all = [Tiles<ops>, InSpace<ops, [SpaceVec]>, RowMajor<ops>, NoBoxes<"src0">, NoBoxes<"src1">, NoBoxes<"dst">,
                    ElementsOf<"src0">, SameElement<["src0", "src1", "dst"]>, SameRows<"src0", "dst">, SameRows<"src1", "dst">,
                    ConcatFits<"src0", "src1", "dst">];
}
def TConcatOp : LayoutOp<"tconcat"> {
  let summary = "Puts the valid columns of two tiles side by side.";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, OneTwoFourBytes>, On<A5, OneTwoFourBytes>];
  let rules = ConcatRules<["src0", "src1", "dst"]>.all;
  let cpp = "TCONCAT($dst, $src0, $src1)";
  // Behind columns that end inside a block S continues, and nothing orders what follows (library 5.1).
  let micro = [Form<"a3, inside a block", ["V: src0 -> dst", "set V>S 0", "wait V>S 0", "set MTE2>S 0", "wait MTE2>S 0", "S: src1 -> dst"]>,
               Form<"a3, whole blocks", ["V: src0, src1 -> dst"]>, Form<"a5", ["V: src0, src1 -> dst"]>];
  let semantics = Kernel<"concat">;
}
def TConcatIdxOp : LayoutOp<"tconcatidx"> {
  let summary = "Puts the first columns of two tiles side by side, as many per row as index tiles say, in bytes of an index.";
  let description = [{
    Row r takes `src0Idx[r, 0] / size` columns of src0 and `src1Idx[r, 0] / size` of src1, where size is that of an index.
  }];
  let arguments = (ins In<>:$src0, In<>:$src1, In<>:$src0Idx, In<>:$src1Idx, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1", "src0Idx", "src1Idx"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, OneTwoFourBytes>, On<A5, OneTwoFourBytes>];
  let rules = !listconcat(ConcatRules<["src0", "src1", "dst", "src0Idx", "src1Idx"]>.all,
      [ElementIs<["src0Idx", "src1Idx"], [E_I32, E_I16, E_I8]>, SameElement<["src0Idx", "src1Idx"]>,
       SameRows<"src0Idx", "dst">, SameRows<"src1Idx", "dst">, ValidPositive<["src0Idx", "src1Idx"]>]);
  let cpp = "TCONCAT($dst, $src0, $src1, $src0Idx, $src1Idx)";
  // S reads the counts of each row; rows whose counts end inside a block it copies too. V, which gets them from S, counts as
  // their reader as well.
  let micro = [Form<"a3, whole blocks", ["set MTE2>S 0", "wait MTE2>S 0", "S: src0Idx, src1Idx ->", "set S>V 0", "wait S>V 0",
                                         "V: src0, src1, src0Idx, src1Idx -> dst"]>,
               Form<"a3, inside a block", ["set MTE2>S 0", "wait MTE2>S 0", "S: src0Idx, src1Idx ->", "set S>V 0", "wait S>V 0",
                                           "V: src0, src1, src0Idx, src1Idx -> dst", "set V>S 0", "wait V>S 0", "S: src0, src1 -> dst",
                                           "set S>V 0", "wait S>V 0", "set S>MTE3 0", "wait S>MTE3 0"]>,
               Form<"a5", ["V: src0, src1, src0Idx, src1Idx -> dst"]>];
  let semantics = Kernel<"concat_index">;
}

def TFillPadOp : LayoutOp<"tfillpad"> {
  let summary = "Copies a valid region and fills what lies around it with the pad of the result.";
  let description = [{
    Rows of the source are filled up to the last physical column of dst, rows between the valid rows of src and of dst
    as a whole; rows behind are left alone. When both tiles have one pad, the rest of the last 32-byte block of a row
    is taken as filled by tload. Two tiles at one address are filled in place, and dst may be larger than src. In mat
    whole rows and column blocks are filled with zero.
  }];
  let arguments = (ins In<>:$src, Out<>:$dst, OptionalAttr<PadValueAttr>:$padValue);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let was = ["pto.tfillpad_inplace", "pto.tfillpad_expand"];
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceMat, PipeMte2>];
  let micro = [Form<"a3, bytes", ["set V>S 0", "wait V>S 0", "V: src -> dst"]>];
  let types = [On<A3, OneTwoFourBytes>, On<A5, OneTwoFourBytes>];
  let rules = [Tiles<["src", "dst"]>, LegalRoute<"src", "dst">, ElementsOf<"src">, SameBytes<["src", "dst"]>,
               ShapeCovers<"dst", "src">,
               When<IsIn<"src", ["Vec"]>, PadGiven<"dst">>, When<IsIn<"src", ["Vec"]>, RowMajor<["src", "dst"]>>,
               When<IsIn<"src", ["Vec"]>, NoBoxes<"src">>, When<IsIn<"src", ["Vec"]>, NoBoxes<"dst">>,
               When<IsIn<"src", ["Vec"]>, AttributeAbsent<"padValue">>,
               When<IsIn<"src", ["Mat"]>, SameType<["src", "dst"]>>,
               When<IsIn<"src", ["Mat"]>, BlockLayout<"src", "ColMajor", "RowMajor">>];
  let wholeTiles = ["dst"];
  let cpp = "TFILLPAD{fillPadMode}($dst, $src)";
  let semantics = Kernel<"fill_pad">;
}

#endif // PTOAS_IR_OPS_LAYOUT
