//===- Convert.td - From one element type to another ------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_CONVERT
#define PTOAS_IR_OPS_CONVERT

include "ptoas/IR/Ops/Elementwise.td"

// What each pair rounds and saturates like: library 3.6.
defvar ConvertedA3 = [
  "F32", "F16", "F32", "BF16", "F32", "F32", "F32", "I16", "F32", "I32", "F32", "I64",
  "F16", "F32", "F16", "I32", "F16", "I16", "F16", "I8", "F16", "U8", "BF16", "F32", "BF16", "I32",
  "I16", "F16", "I16", "F32", "I32", "F32", "I32", "I16", "I32", "I64", "I32", "F16",
  "I64", "F32", "I64", "I32", "I8", "F16", "U8", "F16"];
defvar ConvertedA5 = [
  "F32", "F16", "F32", "BF16", "F32", "F32", "F32", "I16", "F32", "I32", "F32", "I64",
  "F32", "F8E4M3", "F32", "F8E5M2", "F32", "HIF8",
  "F16", "F32", "F16", "I32", "F16", "I16", "F16", "I8", "F16", "U8", "F16", "HIF8",
  "BF16", "F32", "BF16", "F16", "BF16", "I32", "BF16", "F4E1M2x2", "BF16", "F4E2M1x2",
  "F4E1M2x2", "BF16", "F4E2M1x2", "BF16", "F8E4M3", "F32", "F8E5M2", "F32", "HIF8", "F32",
  "U8", "F16", "U8", "U16", "I8", "F16", "I8", "I16", "I8", "I32",
  "I16", "F16", "I16", "F32", "I16", "U8", "I16", "I32", "I16", "U32",
  "I32", "F32", "I32", "I16", "I32", "U16", "I32", "U8", "I32", "I64",
  "U32", "U8", "U32", "U16", "U32", "I16", "I64", "F32", "I64", "I32"];

def TCvtOp : PtoOp<"tcvt"> {
  let summary = "Converts every element to the element type of the result.";
  let description = [{
    Some pairs of types round or saturate in one way only, whatever the attributes say; see library 3.6. On a3 without
    saturation, a scratch tile makes the conversions f32 to i16, f16 to i16 and f16 to i8 go through i32.
  }];
  let family = "convert";
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<RoundModeAttr, "::pto::RoundKind::CAST_RINT_DEFAULT">:$rmode,
                       DefaultValuedOptionalAttr<SaturationModeAttr, "::pto::SaturationKind::OFF">:$satmode);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $tmp^)? custom<ConvertModes>(attr-dict) `:` qualified(type($src)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)`
  }];
  let pipe = PipeV;
  let rules = [OnlyOn<A3, Tiles<["src", "dst"]>>, OnlyOn<A3, Pairs<["src", "dst"], ConvertedA3>>, OnlyOn<A5, Pairs<["src", "dst"], ConvertedA5>>,
               InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, SameShape<["src", "dst"]>, SameValid<["src", "dst"]>,
               InSpace<["tmp"], [SpaceVec]>, OnlyOn<A3, ConvertScratch<"tmp", "src", "dst">>];
  let cpp = "TCVT($dst, $src, $?tmp, $rmode, $satmode)";
  let semantics = Kernel<"convert">;
  let example = "pto.tcvt ins(%a {rmode = #pto<round_mode RINT>, satmode = #pto<saturation_mode ON>} : !pto.tile_buf<vec, 16x64xf32>) outs(%c : !pto.tile_buf<vec, 16x64xf16>)";
}

#endif // PTOAS_IR_OPS_CONVERT
