//===- Elementwise.td - Tile by tile, element by element --------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_ELEMENTWISE
#define PTOAS_IR_OPS_ELEMENTWISE

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

// Element types of the library (library 3.2), which wins over the looser tables of the original's verifier.
defvar ArithA3 = [E_I16, E_I32, E_F16, E_F32];
defvar ArithA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_BF16, E_F32];
defvar MulA5 = [E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_BF16, E_F32];
defvar FloatOnly = [E_F16, E_F32];
defvar Bits16 = [E_I16, E_U16];
defvar BitsA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32];
defvar ShiftsA5 = [E_I8, E_U8, E_I16, E_U16, E_I32, E_U32, E_I64, E_U64];

// What the library's description does not say, and the simulator has to.
defvar NanWins = "NaN wins over every number; of two zeros the first stands.";
defvar DividesByZero = "An integer divided by zero gives 0; the least one divided by -1 wraps.";

class BinaryRules<list<string> tiles> {
  // Tiles of all operands lie in UB: the library's vector calls take nothing else (library 3.1).
  list<Rule> all = [Tiles<tiles>, InSpace<tiles, [SpaceVec]>, RowMajor<tiles>, ElementsOf<"src0">,
                     SameElement<["src0", "src1", "dst"]>, SameValid<["src0", "src1", "dst"]>];
}

class TileBinary<string mnemonic, string call, list<Element> a3, list<Element> a5, Semantics s> : PtoOp<mnemonic> {
  let family = "elementwise";
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst);
  let assemblyFormat = InsOuts<["src0", "src1"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  let rules = BinaryRules<["src0", "src1", "dst"]>.all;
  let cpp = call # "($dst, $src0, $src1)";
  let semantics = s;
}
class TileBinaryPrecise<string mnemonic, string call, list<Element> a3, list<Element> a5, Semantics s, EnumAttr precision,
                        string default> : TileBinary<mnemonic, call, a3, a5, s> {
  let arguments = (ins In<>:$src0, In<>:$src1, Out<>:$dst, DefaultValuedOptionalAttr<precision, default>:$precisionType);
  let cpp = call # "<?precisionType>($dst, $src0, $src1)";
}
// With a scratch tile between the sources and the destination, which later grammars make optional. On a5 the call leaves it
// alone, so that dst can stand in its place.
class TileBinaryScratch<string mnemonic, string call, list<Element> a3, list<Element> a5, Semantics s, list<Rule> more>
    : PtoOp<mnemonic> {
  let family = "elementwise";
  let arguments = (ins In<>:$src0, In<>:$src1, OptionalScratch:$tmp, Out<>:$dst);
  let assemblyFormat = [{
    `ins` `(` $src0 `,` $src1 (`,` $tmp^)? `:` qualified(type($src0)) `,` qualified(type($src1)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  let rules = !listconcat(BinaryRules<["src0", "src1", "dst"]>.all, [InSpace<["tmp"], [SpaceVec]>, RowMajor<["tmp"]>], more);
  let cpp = call # "($dst, $src0, $src1, $?tmp{standIn})";
  let semantics = s;
}

def TAddOp : TileBinary<"tadd", "TADD", ArithA3, ArithA5, Map<"src0 + src1">> {
  let summary = "Adds two tiles.";
  let example = "pto.tadd ins(%a, %b : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%c : !pto.tile_buf<vec, 16x64xf32>)";
}
def TSubOp : TileBinary<"tsub", "TSUB", ArithA3, ArithA5, Map<"src0 - src1">> { let summary = "Subtracts two tiles."; }
def TMulOp : TileBinary<"tmul", "TMUL", ArithA3, MulA5, Map<"src0 * src1">> { let summary = "Multiplies two tiles."; }
def TMaxOp : TileBinary<"tmax", "TMAX", ArithA3, ArithA5, Map<"maximum(src0, src1)">> {
  let modelled = NanWins;
  let summary = "Takes the larger of two elements.";
}
def TMinOp : TileBinary<"tmin", "TMIN", ArithA3, ArithA5, Map<"minimum(src0, src1)">> {
  let modelled = NanWins;
  let summary = "Takes the smaller of two elements.";
}
def TDivOp : TileBinaryPrecise<"tdiv", "TDIV", FloatOnly, [E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_F32], Map<"divide(src0, src1)">,
                               DivPrecisionAttr, "::pto::DivPrecisionKind::DEFAULT"> {
  let summary = "Divides two tiles; integers (a5) truncate.";
  let modelled = DividesByZero;
}
def TFModOp : TileBinaryPrecise<"tfmod", "TFMOD", [E_F32], [E_I16, E_U16, E_I32, E_U32, E_F16, E_F32], Map<"truncatedRemainder(src0, src1)">,
                                FmodPrecisionAttr, "::pto::FmodPrecisionKind::DEFAULT"> {
  let summary = "Remainder with the sign of the dividend: src0 - trunc(src0 / src1) * src1.";
  let modelled = DividesByZero;
}
def TAndOp : TileBinary<"tand", "TAND", Bits16, BitsA5, Map<"src0 & src1">> { let summary = "Bitwise and."; }
def TOrOp : TileBinary<"tor", "TOR", Bits16, BitsA5, Map<"src0 | src1">> { let summary = "Bitwise or."; }
def TXorOp : TileBinaryScratch<"txor", "TXOR", Bits16, BitsA5, Kernel<"xor">,
    [OnlyOn<A3, ScratchRows<"tmp", "dst", 0>>, OnlyOn<A3, SameElement<["tmp", "dst"]>>, OnlyOn<A3, SameValid<["tmp", "dst"]>>]> {
  let summary = "Bitwise exclusive or.";
}
// The whole op is a scalar loop on a2/a3, bracketed by flags of id 0 (library 5.1).
class TileShift<string mnemonic, string call, string kernel> : TileBinary<mnemonic, call, BitsA5, ShiftsA5, Kernel<kernel>> {
  let micro = [Form<"a3", ["V: ->", "set V>S 0", "wait V>S 0", "S: src0, src1 -> dst", "set S>V 0", "wait S>V 0"]>,
               Form<"a5", ["V: src0, src1 -> dst"]>];
}
def TShlOp : TileShift<"tshl", "TSHL", "shift_left"> { let summary = "Shifts left by the elements of src1."; }
def TShrOp : TileShift<"tshr", "TSHR", "shift_right"> { let summary = "Shifts right by the elements of src1; signed types keep the sign."; }

// a2/a3: the sources of i32 are left rounded or as float bits (library 3.3), hence read and written.
def TRemOp : PtoOp<"trem"> {
  let summary = "Remainder with the sign of the divisor: src0 - floor(src0 / src1) * src1.";
  let modelled = "On a5 an integer of up to 32 bits divided by zero stays as it is.";
  let family = "elementwise";
  let arguments = (ins InOut<>:$src0, InOut<>:$src1, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<RemPrecisionAttr, "::pto::RemPrecisionKind::DEFAULT">:$precisionType);
  let assemblyFormat = [{
    `ins` `(` $src0 `,` $src1 (`,` $tmp^)? `:` qualified(type($src0)) `,` qualified(type($src1)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, [E_I32, E_F32]>, On<A5, [E_I16, E_U16, E_I32, E_U32, E_I64, E_U64, E_F16, E_F32]>];
  let rules = !listconcat(BinaryRules<["src0", "src1", "dst"]>.all,
                          [InSpace<["tmp"], [SpaceVec]>, RowMajor<["tmp"]>, SameElement<["tmp", "dst"]>, OnlyOn<A3, RemainderScratch<"tmp", "dst">>]);
  let cpp = "TREM<?precisionType>($dst, $src0, $src1, $?tmp{standIn})";
  let semantics = Kernel<"rem">;
}
def TPReluOp : TileBinaryScratch<"tprelu", "TPRELU", FloatOnly, FloatOnly, Kernel<"prelu">,
    [OnlyOn<A3, MaskScratch<"tmp", "dst">>, OnlyOn<A3, ElementIs<["tmp"], [E_U8]>>, Distinct<["src0", "src1", "tmp", "dst"]>]> {
  let summary = "src0 where positive, src0 * src1 elsewhere.";
}
def TPowOp : PtoOp<"tpow"> {
  let summary = "Power; integers wrap.";
  let family = "elementwise";
  let since = "0.48";
  let arguments = (ins In<>:$base, In<>:$exp, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<PowPrecisionAttr, "::pto::PowPrecisionKind::DEFAULT">:$precisionType);
  let assemblyFormat = [{
    `ins` `(` $base `,` $exp (`,` $tmp^)? `:` qualified(type($base)) `,` qualified(type($exp)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let pipe = PipeV;
  let types = [On<A3, [E_I8, E_I16, E_I32, E_F32]>, On<A5, [E_I8, E_I16, E_I32, E_F16, E_BF16, E_F32]>];
  let rules = [Tiles<["base", "exp", "dst"]>, InSpace<["base", "exp", "dst"], [SpaceVec]>, RowMajor<["base", "exp", "dst"]>,
               ElementsOf<"base">, SameElement<["base", "exp", "dst"]>, SameValid<["base", "exp", "dst"]>,
               ScratchForFloats<"tmp", "dst">, InSpace<["tmp"], [SpaceVec]>];
  // The library has one overload, with a scratch tile; integers do not touch it.
  let cpp = "TPOW<?precisionType>($dst, $base, $exp, $?tmp{standIn})";
  // a2/a3: integers are a scalar loop, floats end with a scalar pass over the special cases (library 4).
  let micro = [Form<"a3", ["V: base, exp -> dst, tmp", "set V>S 0", "wait V>S 0", "S: base, exp, dst -> dst", "set S>V 0", "wait S>V 0"]>,
               Form<"a5", ["V: base, exp -> dst, tmp"]>];
  let semantics = Kernel<"pow">;
}

#endif // PTOAS_IR_OPS_ELEMENTWISE
