//===- TileScalar.td - A tile and one scalar, element by element *- tablegen -*-===//
#ifndef PTOAS_IR_OPS_TILESCALAR
#define PTOAS_IR_OPS_TILESCALAR

include "ptoas/IR/Ops/Elementwise.td"

// The scalar forms of and, or and the shifts know 32 bits on a2/a3, their tile forms do not (library 3.2).
defvar ScalarBitsA3 = [E_I16, E_U16, E_I32, E_U32];

class TileScalarRules<string src, list<Rule> more = []> {
  list<Rule> all = !listconcat(
      [Tiles<[src, "dst"]>, InSpace<[src, "dst"], [SpaceVec]>, RowMajor<[src, "dst"]>, ElementsOf<src>,
       SameElement<[src, "dst"]>, SameValid<[src, "dst"]>], more);
}

// The call takes the tile's element type by value, so C++ converts a scalar of another width.
class TileScalar<string mnemonic, string call, list<Element> a3, list<Element> a5, string src, Semantics s,
                 list<Rule> more = []> : PtoOp<mnemonic> {
  let family = "tile-scalar";
  let assemblyFormat = InsOuts<[src, "scalar"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  let rules = TileScalarRules<src, !listconcat([ScalarSuits<"scalar", src>], more)>.all;
  let cpp = call # "($dst, $" # src # ", $scalar)";
  let semantics = s;
}
class TileScalarOp<string mnemonic, string call, list<Element> a3, list<Element> a5, Semantics s, list<Rule> more = []>
    : TileScalar<mnemonic, call, a3, a5, "src", s, more> {
  let arguments = (ins In<>:$src, ScalarValue:$scalar, Out<>:$dst);
}
// `ins(%src, %scalar[, %tmp] : ...)`: the scratch tile stands between the scalar and the destination.
class ScalarScratchSyntax {
  string text = [{
    `ins` `(` $src `,` $scalar (`,` $tmp^)? `:` qualified(type($src)) `,` qualified(type($scalar)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
}

def TAddSOp : TileScalarOp<"tadds", "TADDS", ArithA3, ArithA5, Map<"src + scalar">> {
  let summary = "Adds a scalar to every element.";
  let example = "pto.tadds ins(%a, %s : !pto.tile_buf<vec, 16x64xf32>, f32) outs(%c : !pto.tile_buf<vec, 16x64xf32>)";
}
def TSubSOp : TileScalarOp<"tsubs", "TSUBS", ArithA3, ArithA5, Map<"src - scalar">> {
  let summary = "Subtracts a scalar from every element.";
}
// The one op of the family that calls its tile src0, in every version of the grammar.
def TMulSOp : TileScalar<"tmuls", "TMULS", ArithA3, MulA5, "src0", Map<"src0 * scalar">> {
  let summary = "Multiplies every element by a scalar.";
  let arguments = (ins In<>:$src0, ScalarValue:$scalar, Out<>:$dst);
}
def TMaxSOp : TileScalarOp<"tmaxs", "TMAXS", ArithA3, ArithA5, Map<"maximum(src, scalar)">> {
  let modelled = NanWins;
  let summary = "Takes the larger of an element and a scalar.";
}
def TMinSOp : TileScalarOp<"tmins", "TMINS", ArithA3, ArithA5, Map<"minimum(src, scalar)">> {
  let modelled = NanWins;
  let summary = "Takes the smaller of an element and a scalar.";
}

// Either operand may be the tile, the dividend or the divisor; text and call keep the order. Integers of up to 32 bits are
// a scalar loop on both archs; on a5 nothing in the call orders what follows after it (library 5.1).
def TDivSOp : PtoOp<"tdivs", [AttrSizedOperandSegments]> {
  let summary = "Divides a tile by a scalar, or a scalar by a tile.";
  let modelled = DividesByZero;
  let description = [{`ins(%tile, %scalar : ...)` is tile / scalar, `ins(%scalar, %tile : ...)` is scalar / tile.}];
  let family = "tile-scalar";
  let arguments = (ins OptionalIn:$dividend, ScalarValue:$scalar, OptionalIn:$divisor, Out<>:$dst,
                       DefaultValuedOptionalAttr<DivPrecisionAttr, "::pto::DivPrecisionKind::DEFAULT">:$precisionType);
  let assemblyFormat = [{
    `ins` `(` custom<TileAndScalar>($dividend, $scalar, $divisor, type($dividend), type($scalar), type($divisor)) `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, ArithA3>, On<A5, [E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_F32]>];
  let rules = [OneOf<["dividend", "divisor"]>, Tiles<["dst"]>, InSpace<["dst"], [SpaceVec]>, RowMajor<["dst"]>, ElementsOf<"dst">,
               InSpace<["dividend"], [SpaceVec]>, RowMajor<["dividend"]>, SameElement<["dividend", "dst"]>,
               SameValid<["dividend", "dst"]>, InSpace<["divisor"], [SpaceVec]>, RowMajor<["divisor"]>,
               SameElement<["divisor", "dst"]>, SameValid<["divisor", "dst"]>, ScalarSuits<"scalar", "dst">];
  let cpp = "TDIVS<?precisionType>($dst, $?dividend, $scalar, $?divisor)";
  let micro = [Form<"a3, scalar loop", ["V: ->", "set V>S 0", "wait V>S 0", "S: dividend, divisor -> dst", "set S>V 0", "wait S>V 0"]>,
               Form<"a3, vector", ["V: dividend, divisor -> dst"]>,
               Form<"a5, scalar loop", ["V: ->", "set V>S 0", "wait V>S 0", "S: dividend, divisor -> dst"]>,
               Form<"a5, vector", ["V: dividend, divisor -> dst"]>];
  let semantics = Kernel<"divide_scalar">;
}

// a2/a3 spreads the scalar over dst before it combines, so dst must be another tile.
defvar BitRules = [OnlyOn<A3, Distinct<["src", "dst"]>>];
def TAndSOp : TileScalarOp<"tands", "TANDS", ScalarBitsA3, BitsA5, Map<"src & scalar">, BitRules> {
  let summary = "Bitwise and with a scalar.";
}
def TOrSOp : TileScalarOp<"tors", "TORS", ScalarBitsA3, BitsA5, Map<"src | scalar">, BitRules> {
  let summary = "Bitwise or with a scalar.";
}
def TXorSOp : PtoOp<"txors"> {
  let summary = "Bitwise exclusive or with a scalar.";
  let family = "tile-scalar";
  let arguments = (ins In<>:$src, ScalarValue:$scalar, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = ScalarScratchSyntax<>.text;
  let pipe = PipeV;
  let types = [On<A3, Bits16>, On<A5, BitsA5>];
  let rules = TileScalarRules<"src", !listconcat([ScalarSuits<"scalar", "src">, InSpace<["tmp"], [SpaceVec]>,
      RowMajor<["tmp"]>, OnlyOn<A3, ScratchRows<"tmp", "dst", 0>>, OnlyOn<A3, SameElement<["tmp", "dst"]>>,
      OnlyOn<A3, SameValid<["tmp", "dst"]>>], BitRules)>.all;
  let cpp = "TXORS($dst, $src, $scalar, $?tmp{standIn})";
  let semantics = Kernel<"xor">;
}
defvar ShiftRules = [NotNegative<["scalar"]>];
def TShlSOp : TileScalarOp<"tshls", "TSHLS", ScalarBitsA3, ShiftsA5, Map<"src << scalar">, ShiftRules> {
  let summary = "Shifts left by a scalar.";
}
def TShrSOp : TileScalarOp<"tshrs", "TSHRS", ScalarBitsA3, ShiftsA5, Map<"src >> scalar">, ShiftRules> {
  let summary = "Shifts right by a scalar; signed types keep the sign.";
}

def TFModSOp : PtoOp<"tfmods"> {
  let summary = "Remainder with the sign of the dividend: src - trunc(src / scalar) * scalar.";
  let modelled = DividesByZero;
  let family = "tile-scalar";
  let arguments = (ins In<>:$src, ScalarValue:$scalar, Out<>:$dst);
  let assemblyFormat = InsOuts<["src", "scalar"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_F32]>, On<A5, [E_I16, E_U16, E_I32, E_U32, E_F16, E_F32]>];
  let rules = TileScalarRules<"src", [ScalarIsElementOf<"scalar", "src">]>.all;
  let cpp = "TFMODS($dst, $src, $scalar)";
  let semantics = Map<"truncatedRemainder(src, scalar)">;
}
// a2/a3: a source of i32 is left rounded to the precision of f32 (library 3.3), hence read and written.
def TRemSOp : PtoOp<"trems"> {
  let summary = "Remainder with the sign of the divisor: src - floor(src / scalar) * scalar.";
  let modelled = "On a5 an integer of up to 32 bits divided by zero stays as it is.";
  let description = [{On a5 floats lack the last correction of the sign that trem makes.}];
  let family = "tile-scalar";
  let arguments = (ins InOut<>:$src, ScalarValue:$scalar, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = ScalarScratchSyntax<>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_I32, E_F32]>, On<A5, [E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_F32]>];
  let rules = TileScalarRules<"src", [ScalarIsElementOf<"scalar", "src">, InSpace<["tmp"], [SpaceVec]>,
      RowMajor<["tmp"]>, SameElement<["tmp", "dst"]>, OnlyOn<A3, ScratchRows<"tmp", "dst", 1>>]>.all;
  let cpp = "TREMS($dst, $src, $scalar, $?tmp{standIn})";
  let semantics = Kernel<"rem_scalar">;
}
def TLReluOp : PtoOp<"tlrelu"> {
  let summary = "src where positive, src * slope elsewhere.";
  let family = "tile-scalar";
  let arguments = (ins In<>:$src, ScalarValue:$slope, Out<>:$dst);
  let assemblyFormat = InsOuts<["src", "slope"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, FloatOnly>, On<A5, FloatOnly>];
  let rules = TileScalarRules<"src", [OnlyOn<A3, ValidPositive<["src"]>>, ElementIs<["slope"], [E_F32]>]>.all;
  let cpp = "TLRELU($dst, $src, $slope)";
  let semantics = Map<"src > 0 ? src : src * slope">;
}
def TPowSOp : PtoOp<"tpows"> {
  let summary = "Power with a scalar exponent; integers wrap.";
  let family = "tile-scalar";
  let since = "0.48";
  let arguments = (ins In<>:$src, ScalarValue:$scalar, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<PowPrecisionAttr, "::pto::PowPrecisionKind::DEFAULT">:$precisionType);
  let assemblyFormat = ScalarScratchSyntax<>.text;
  let pipe = PipeV;
  let types = [On<A3, [E_I8, E_I16, E_I32, E_F32]>, On<A5, [E_I8, E_I16, E_I32, E_F16, E_BF16, E_F32]>];
  let rules = TileScalarRules<"src", [ScalarIsElementOf<"scalar", "src">, ScratchForFloats<"tmp", "dst">, InSpace<["tmp"], [SpaceVec]>]>.all;
  let cpp = "TPOWS<?precisionType>($dst, $src, $scalar, $?tmp{standIn})";
  // As tpow: on a2/a3 integers are a scalar loop, floats end with a scalar pass over the special cases (library 4).
  let micro = [Form<"a3", ["V: src -> dst, tmp", "set V>S 0", "wait V>S 0", "S: src, dst -> dst", "set S>V 0", "wait S>V 0"]>,
               Form<"a5", ["V: src -> dst, tmp"]>];
  let semantics = Kernel<"pow">;
}
def TExpandSOp : PtoOp<"texpands"> {
  let summary = "Fills a tile with a scalar.";
  let family = "tile-scalar";
  let arguments = (ins ScalarValue:$scalar, Out<>:$dst);
  let assemblyFormat = InsOuts<["scalar"], ["dst"]>.text;
  // A tile in L1 is filled by MTE2 (library 3.1).
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceVec, PipeV>, Route<SpaceMat, SpaceMat, PipeMte2>];
  let types = [On<A3, [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_F16, E_BF16, E_F32]>, On<A5, ArithA5>];
  let rules = [Tiles<["dst"]>, InSpace<["dst"], [SpaceVec, SpaceMat]>, When<IsIn<"dst", ["Vec"]>, RowMajor<["dst"]>>, ElementsOf<"dst">,
               ScalarIsElementOf<"scalar", "dst">];
  let cpp = "TEXPANDS($dst, $scalar)";
  let semantics = Map<"scalar">;
}
// The sum stays in dst, which is therefore read too.
def TAxpyOp : PtoOp<"taxpy"> {
  let summary = "Adds src * scalar to dst; a source of f16 may be added to f32.";
  let modelled = "Rounded once, at the end, for f16; the product of f32 is rounded on its own.";
  let family = "tile-scalar";
  let arguments = (ins In<>:$src, ScalarValue:$scalar, InOut<>:$dst);
  let assemblyFormat = InsOuts<["src", "scalar"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, FloatOnly>, On<A5, FloatOnly>];
  let rules = [Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>, ElementsOf<"src">,
               SameValid<["src", "dst"]>, SameShape<["src", "dst"]>,
               Triples<["dst", "src", "scalar"], ["F32", "F32", "F32", "F16", "F16", "F16", "F32", "F16", "F16"]>];
  let cpp = "TAXPY($dst, $src, $scalar)";
  let semantics = Kernel<"axpy">;
}

#endif // PTOAS_IR_OPS_TILESCALAR
