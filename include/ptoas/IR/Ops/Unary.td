//===- Unary.td - One tile, element by element ------------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_UNARY
#define PTOAS_IR_OPS_UNARY

include "ptoas/IR/Ops/Elementwise.td"

class TileUnary<string mnemonic, string call, list<Element> a3, list<Element> a5, Semantics s> : PtoOp<mnemonic> {
  let family = "unary";
  let arguments = (ins In<>:$src, Out<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeV;
  let types = [On<A3, a3>, On<A5, a5>];
  list<Rule> unaryRules = [Tiles<["src", "dst"]>, InSpace<["src", "dst"], [SpaceVec]>, RowMajor<["src", "dst"]>,
                           ElementsOf<"src">, SameElement<["src", "dst"]>, SameValid<["src", "dst"]>];
  let rules = unaryRules;
  let cpp = call # "($dst, $src)";
  let semantics = s;
}
// The simulator computes with the host's function, correctly rounded or nearly so, for either precision.
class TileUnaryPrecise<string mnemonic, string call, string expr, EnumAttr precision, string default>
    : TileUnary<mnemonic, call, FloatOnly, FloatOnly, Map<expr>> {
  let modelled = "The host's function, correctly rounded or nearly so, for either precision.";
  let arguments = (ins In<>:$src, Out<>:$dst, DefaultValuedOptionalAttr<precision, default>:$precisionType);
  let cpp = call # "<?precisionType>($dst, $src)";
}

def TAbsOp : TileUnary<"tabs", "TABS", FloatOnly, [E_I8, E_I16, E_I32, E_F16, E_F32], Map<"abs(src)">> {
  let summary = "Absolute value; the least integer stays as it is.";
  let example = "pto.tabs ins(%a : !pto.tile_buf<vec, 16x64xf32>) outs(%c : !pto.tile_buf<vec, 16x64xf32>)";
}
// The library multiplies by -1, so the types are those of tmuls.
def TNegOp : TileUnary<"tneg", "TNEG", ArithA3, MulA5, Map<"-src">> { let summary = "Changes the sign."; }
def TNotOp : TileUnary<"tnot", "TNOT", Bits16, BitsA5, Map<"~src">> { let summary = "Bitwise not."; }
def TReluOp : TileUnary<"trelu", "TRELU", [E_I32, E_F16, E_F32], [E_I32, E_F16, E_F32], Map<"relu(src)">> {
  let modelled = NanWins;
  let summary = "src where positive, 0 elsewhere.";
}
def TExpOp : TileUnaryPrecise<"texp", "TEXP", "exp(src)", ExpPrecisionAttr, "::pto::ExpPrecisionKind::DEFAULT"> {
  let summary = "Exponential.";
}
def TLogOp : TileUnaryPrecise<"tlog", "TLOG", "log(src)", LogPrecisionAttr, "::pto::LogPrecisionKind::DEFAULT"> {
  let summary = "Natural logarithm.";
}
def TSqrtOp : TileUnaryPrecise<"tsqrt", "TSQRT", "sqrt(src)", SqrtPrecisionAttr, "::pto::SqrtPrecisionKind::DEFAULT"> {
  let summary = "Square root.";
}
def TRecipOp : TileUnaryPrecise<"trecip", "TRECIP", "recip(src)", RecipPrecisionAttr, "::pto::RecipPrecisionKind::DEFAULT"> {
  let summary = "Reciprocal.";
  let rules = !listconcat(unaryRules, [OnlyOn<A3, Distinct<["src", "dst"]>>]);
}
def TRsqrtOp : TileUnaryPrecise<"trsqrt", "TRSQRT", "rsqrt(src)", RsqrtPrecisionAttr, "::pto::RsqrtPrecisionKind::DEFAULT"> {
  let summary = "Reciprocal of the square root.";
  let arguments = (ins In<>:$src, OptionalScratch:$tmp, Out<>:$dst,
                       DefaultValuedOptionalAttr<RsqrtPrecisionAttr, "::pto::RsqrtPrecisionKind::DEFAULT">:$precisionType);
  let assemblyFormat = [{
    `ins` `(` $src (`,` $tmp^)? `:` qualified(type($src)) (`,` qualified(type($tmp))^)? `)` `outs` `(` $dst `:` qualified(type($dst)) `)` attr-dict
  }];
  let rules = !listconcat(unaryRules, [InSpace<["tmp"], [SpaceVec]>, RowMajor<["tmp"]>]);
  let cpp = "TRSQRT<?precisionType>($dst, $src, $?tmp)";
  let semantics = Kernel<"rsqrt">;
}

#endif // PTOAS_IR_OPS_UNARY
