//===- Generate.td - Tiles made from a rule, and histograms -----*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_GENERATE
#define PTOAS_IR_OPS_GENERATE

include "ptoas/IR/Ops/Elementwise.td"

class MadeInUb<list<Rule> more = []> {
  list<Rule> all = !listconcat([Tiles<["dst"]>, InSpace<["dst"], [SpaceVec]>, RowMajor<["dst"]>, ElementsOf<"dst">], more);
}

def TCiOp : PtoOp<"tci"> {
  let summary = "Counts: S, S + 1, S + 2 ..., or downwards.";
  let description = [{
    Without a scratch tile a3 counts on S. With one it counts on V, but downwards from -S; such a call is refused unless S is 0.
  }];
  let family = "generate";
  let arguments = (ins ScalarValue:$S, OptionalScratch:$tmp, Out<>:$dst, DefaultValuedOptionalAttr<BoolAttr, "false">:$descending);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let pipe = PipeV;
  let types = [On<A3, [E_I16, E_U16, E_I32, E_U32]>, On<A5, [E_I16, E_U16, E_I32, E_U32]>];
  let rules = MadeInUb<[ScalarIsElementOf<"S", "dst">, OnlyOn<A3, PhysicalRows<["dst"], 1>>, OnlyOn<A5, ValidRows<["dst"], 1>>,
                        InSpace<["tmp"], [SpaceVec]>, OnlyOn<A3, CountScratch<"tmp", "dst">>]>.all;
  let cpp = "TCI{countTemplates}($dst, $S, $?tmp)";
  let micro = [Form<"a3, one by one", ["S: -> dst"]>, Form<"a3, with scratch", ["V: -> dst, tmp"]>, Form<"a5", ["V: -> dst, tmp"]>];
  let semantics = Kernel<"count_up">;
  let example = "pto.tci ins(%s : i32) outs(%c : !pto.tile_buf<vec, 1x64xi32>) {descending = true}";
}

def TTriOp : PtoOp<"ttri"> {
  let summary = "A triangle of ones: 0 lower (column <= row + diagonal), 1 upper (column >= row + diagonal).";
  let family = "generate";
  let arguments = (ins IntegerValue:$diagonal, Out<>:$dst, DefaultValuedOptionalAttr<I32Attr, "0">:$upperOrLower);
  let assemblyFormat = "`ins` `(` $diagonal attr-dict `:` type($diagonal) `)` `outs` `(` $dst `:` qualified(type($dst)) `)`";
  let pipe = PipeV;
  let types = [On<A3, [E_I16, E_U16, E_I32, E_U32, E_F16, E_F32]>,
               On<A5, [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_BF16, E_F32]>];
  let rules = MadeInUb<[AttributeIn<"upperOrLower", [0, 1]>]>.all;
  let cpp = "TTRI{triangleTemplates}($dst, $diagonal)";
  let semantics = Kernel<"triangle">;
}

def TRandomOp : PtoOp<"trandom"> {
  let summary = "Random 32-bit words from a key and a counter.";
  let modelled = "Philox 4x32: element 4 i + j of the valid region is word j of the counter plus i.";
  let family = "generate";
  let arguments = (ins I32:$key0, I32:$key1, I32:$counter0, I32:$counter1, I32:$counter2, I32:$counter3, Out<>:$dst,
                       DefaultValuedOptionalAttr<I32Attr, "10">:$rounds);
  let assemblyFormat = [{
    `ins` `(` $key0 `,` $key1 `,` $counter0 `,` $counter1 `,` $counter2 `,` $counter3 attr-dict `:` type($key0) `,` type($key1) `,` type($counter0) `,` type($counter1) `,` type($counter2) `,` type($counter3) `)` `outs` `(` $dst `:` qualified(type($dst)) `)`
  }];
  let pipe = PipeV;
  let types = [On<A5, [E_I32, E_U32]>];
  let rules = MadeInUb<[AttributeIn<"rounds", [7, 10]>]>.all;
  let cpp = "{randomFunction}($dst, $key0, $key1, $counter0, $counter1, $counter2, $counter3)";
  let semantics = Kernel<"random">;
}

def THistogramOp : PtoOp<"thistogram"> {
  let summary = "Counts how often each value of one byte occurs in a row.";
  let modelled = "Of 32-bit elements only the highest byte is simulated.";
  let description = [{
    Only elements whose higher bytes equal those of idx count; the highest byte has none above it. For 16-bit sources idx is one
    column with a byte per row; for 32-bit sources it has a row per higher byte.
  }];
  let family = "generate";
  let arguments = (ins In<>:$src, In<>:$idx, Out<>:$dst, DefaultValuedOptionalAttr<I32Attr, "1">:$byte);
  let hasCustomAssemblyFormat = 1;
  let pipe = PipeV;
  let types = [On<A5, [E_U16, E_U32]>];
  let rules = [Tiles<["src", "idx", "dst"]>, InSpace<["src", "idx", "dst"], [SpaceVec]>, BlockLayout<"src", "RowMajor", "NoneBox">,
               BlockLayout<"dst", "RowMajor", "NoneBox">, ElementsOf<"src">, ElementIs<["idx"], [E_U8]>, ElementIs<["dst"], [E_U32]>,
               SameRows<"src", "dst">, MinCols<"dst", 256>, AttributeIn<"byte", [0, 1, 2, 3]>, HistogramIndex<"src", "idx">];
  let cpp = "THISTOGRAM{histogramByte}($dst, $src, $idx)";
  let semantics = Kernel<"histogram">;
}

#endif // PTOAS_IR_OPS_GENERATE
