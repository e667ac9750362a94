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
  let modelled = "NaN becomes the integer 0; saturated infinities become the largest number.";
  let description = [{
    Some pairs of types round or saturate in one way only, whatever the attributes say; see library 3.6. On a3 without
    saturation, a scratch tile makes the conversions f32 to i16, f16 to i16 and f16 to i8 go through i32.
  }];
  let family = "convert";
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<RoundModeAttr, "::pto::RoundKind::CAST_RINT_DEFAULT">:$rmode,
                       DefaultValuedOptionalAttr<SaturationModeAttr, "::pto::SaturationKind::OFF">:$satmode);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $tmp^)? `` custom<ConvertModes>(attr-dict) `:` qualified(type($src)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)`
  }];
  let pipe = PipeV;
  let rules = [OnlyOn<A3, Tiles<["src", "dst"]>>, OnlyOn<A3, Pairs<["src", "dst"], ConvertedA3>>, OnlyOn<A5, Pairs<["src", "dst"], ConvertedA5>>,
               InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, SameShape<["src", "dst"]>, SameValid<["src", "dst"]>,
               InSpace<["tmp"], [SpaceVec]>, OnlyOn<A3, ConvertScratch<"tmp", "src", "dst">>];
  let cpp = "TCVT($dst, $src, $?tmp, $rmode, $satmode)";
  let semantics = Kernel<"convert">;
  let example = "pto.tcvt ins(%a {rmode = #pto<round_mode RINT>, satmode = #pto<saturation_mode ON>} : !pto.tile_buf<vec, 16x64xf32>) outs(%c : !pto.tile_buf<vec, 16x64xf16>)";
}

//===----------------------------------------------------------------------===//
// Eight bits with a scale per row
//===----------------------------------------------------------------------===//

// a2/a3 computes in src, which is therefore read and written, and keeps 32-bit integers in tmp (library 3.9).
def TQuantOp : PtoOp<"tquant", [AttrSizedOperandSegments]> {
  let summary = "Multiplies each row by its value in fp, adds that of offset, rounds to 8-bit integers.";
  let modelled = "NaN becomes 0.";
  let description = [{
    INT8_SYM makes i8 and has no offset, INT8_ASYM makes ui8 and has one. `fp` holds factors, not divisors. On a3 the source
    is destroyed.
  }];
  let family = "convert";
  let arguments = (ins InOut<>:$src, In<>:$fp, OptionalIn:$offset, OptionalScratch:$tmp, Out<>:$dst, QuantTypeAttr:$quant_type);
  let assemblyFormat = [{
    `ins` `(` $src `,` $fp (`,` $offset^)? `:` qualified(type($src)) `,` qualified(type($fp)) (`,` qualified(type($offset))^)? `)`
    `outs` `(` $dst (`,` $tmp^)? `:` qualified(type($dst)) (`,` qualified(type($tmp))^)? `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, [E_F32]>, On<A5, [E_F32]>];
  let rules = [Tiles<["src", "fp", "offset", "dst"]>, InSpace<["src", "fp", "offset", "tmp", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>,
               AttributeIn<"quant_type", [0, 1]>, ElementsOf<"src">, ElementIs<["fp"], [E_F32]>, SameType<["fp", "offset"]>, QuantizedTo<"dst", "offset">,
               SameValid<["src", "dst"]>, ValuePerRow<"fp", "dst">, OnlyOn<A3, ScratchRows<"tmp", "src", 0>>,
               ElementIs<["tmp"], [E_F32]>];
  let cpp = "TQUANT{quantTemplates}($dst, $src, $fp, $?tmp, &$?offset)";
  let semantics = Kernel<"quantize">;
  let example = "pto.tquant ins(%a, %s : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x1xf32, blayout=col_major>) outs(%c, %t : !pto.tile_buf<vec, 16x64xi8>, !pto.tile_buf<vec, 16x64xf32>) {quant_type = #pto<quant_type INT8_SYM>}";
}
//===----------------------------------------------------------------------===//
// A scale for every 32 numbers
//===----------------------------------------------------------------------===//

// The library also fills up rows of 16-bit elements behind their valid columns, so the source is written, too (library 3.9).
def TQuantMxOp : PtoOp<"tquant.mx"> {
  let summary = "Divides groups of 32 numbers by a power of two that they share, and rounds to 8-bit or 4-bit floats.";
  let description = [{
    Groups run along rows (`grpAxis` axis1) or columns (axis0). `max` gets the largest magnitude of a group, `exp` the scale as
    f8E8M0, `scaling` its inverse, one valid element per group, row by row. `quantScaleAlg` ocp takes the exponent of the maximum,
    nv rounds up so that nothing saturates. `exp_zz` gets the exponents once more in the order that a scale tile wants, and
    `storeMode` nz leaves dst as Nz. MXFP8 makes e4m3 in 8-bit integers.
  }];
  let family = "convert";
  let since = "0.48";
  let arguments = (ins InOut<>:$src, Out<>:$dst, Out<>:$exp, Out<>:$max, Out<>:$scaling, OptionalOut:$exp_zz, QuantTypeAttr:$quant_type,
                       DefaultValuedOptionalAttr<QuantScaleAlgAttr, "::pto::QuantScaleAlgKind::OCP">:$quantScaleAlg,
                       OptionalAttr<VecStoreModeAttr>:$storeMode,
                       DefaultValuedOptionalAttr<MxGroupAxisAttr, "::pto::MxGroupAxisKind::Axis1">:$grpAxis,
                       DefaultValuedOptionalAttr<BoolAttr, "false">:$interleave);
  let assemblyFormat = [{
    `ins` `(` $src `:` qualified(type($src)) `)` `outs` `(` $dst `,` $exp `,` $max `,` $scaling (`,` $exp_zz^)?
    `:` qualified(type($dst)) `,` qualified(type($exp)) `,` qualified(type($max)) `,` qualified(type($scaling)) (`,` qualified(type($exp_zz))^)? `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A5, [E_F32, E_F16, E_BF16]>];
  let rules = [ElementsOf<"src">, InSpace<["src", "dst", "exp", "max", "scaling", "exp_zz"], [SpaceVec]>,
               BlockLayout<"src", "RowMajor", "NoneBox">, BlockLayout<"exp", "RowMajor", "NoneBox">,
               BlockLayout<"max", "RowMajor", "NoneBox">, BlockLayout<"scaling", "RowMajor", "NoneBox">,
               AttributeIn<"quant_type", [2, 3]>, MxResult<"src", "dst">, SameValid<["src", "dst"]>,
               SameElement<["src", "max", "scaling"]>, ElementIs<["exp"], [E_U8, E_I8]>, SameType<["exp", "exp_zz"]>,
               GroupCount<["src", "exp", "max", "scaling"]>, AttributeWith<"storeMode", ["exp_zz"]>,
               // One call of the library stores in another order, another one chooses axis and algorithm.
               When<Present<"exp_zz">, AttributeAbsent<"quantScaleAlg">>, When<Present<"exp_zz">, AttributeAbsent<"grpAxis">>,
               When<Present<"exp_zz">, AttributeAbsent<"interleave">>];
  let cpp = "TQUANT{mxTemplates}($dst, $src, &$exp, &$max, &$scaling, &$?exp_zz)";
  let semantics = Kernel<"quantize_mx">;
  let example = "pto.tquant.mx ins(%a : !pto.tile_buf<vec, 16x64xf32>) outs(%c, %e, %m, %s : !pto.tile_buf<vec, 16x64xui8>, !pto.tile_buf<vec, 1x32xui8>, !pto.tile_buf<vec, 1x32xf32>, !pto.tile_buf<vec, 1x32xf32>) {quant_type = #pto<quant_type MXFP8>}";
}

//===----------------------------------------------------------------------===//
// Back
//===----------------------------------------------------------------------===//

// a2/a3 fetches the parameters of a row on S (library 5.1).
def TDequantOp : PtoOp<"tdequant"> {
  let summary = "(src - offset) * scale, with the parameters of the row.";
  let family = "convert";
  let arguments = (ins In<>:$src, In<>:$scale, In<>:$offset, Out<>:$dst);
  let assemblyFormat = InsOuts<["src", "scale", "offset"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_I8, E_I16]>, On<A5, [E_I8, E_I16]>];
  let rules = [Tiles<["src", "scale", "offset", "dst"]>, InSpace<["src", "scale", "offset", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>,
               ElementsOf<"src">, ElementIs<["scale"], [E_F32]>, ElementIs<["dst"], [E_F32]>, SameType<["scale", "offset"]>,
               SameValid<["src", "dst"]>, SameRows<"scale", "dst">];
  let cpp = "TDEQUANT{dequantTemplates}($dst, $src, $scale, $offset)";
  let micro = [Form<"a3", ["set V>S 0", "wait V>S 0", "S: scale, offset ->", "set S>V 0", "wait S>V 0", "V: src, scale, offset -> dst"]>,
               Form<"a5", ["V: src, scale, offset -> dst"]>];
  let semantics = Kernel<"dequantize">;
}

#endif // PTOAS_IR_OPS_CONVERT
