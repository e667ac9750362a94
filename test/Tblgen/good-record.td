// What each backend makes of one record.
// RUN: pto-tblgen -gen-pto-op-info -I %include -I %llvm-include %s | FileCheck %s --check-prefix=INFO
// RUN: pto-tblgen -gen-pto-constraints -I %include -I %llvm-include %s | FileCheck %s --check-prefix=RULES
// RUN: pto-tblgen -gen-pto-sim-maps -I %include -I %llvm-include %s | FileCheck %s --check-prefix=MAPS
// RUN: pto-tblgen -gen-pto-docs -pto-family=test -I %include -I %llvm-include %s | FileCheck %s --check-prefix=PAGE
// RUN: pto-tblgen -gen-pto-docs -I %include -I %llvm-include %s | FileCheck %s --check-prefix=INDEX

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

// INFO: OperandInfo toy_sum_operands[] = {{{}}{"src0", Role::In, false, false, "tile buffer", false},
// INFO-SAME: {"scale", Role::Value, true, false,
// INFO-SAME: {"dst", Role::Out,
// INFO: AttributeCase toy_sum_accPhase_cases[] = {{.*}}{3, "pto::AccPhase::Final"}
// INFO: CppPiece toy_sum_cpp[] = {{{}}{CppPiece::Text, 0, "TSUM"}, {CppPiece::TemplateArgument, 0, ""}, {CppPiece::Text, 0, "("}, {CppPiece::Operand, 3, ""},
// INFO-SAME: {CppPiece::OptionalOperand, 2, ", "}
// INFO: {"pto.toy.sum", "Adds.", "test",
// INFO-NEXT: PipeRule::Fixed, Pipe::V,
// INFO-NEXT: {maskOf(Element::F16) | maskOf(Element::F32), 0},

// RULES: int64_t toy_sum_rule1_numbers[] = {int64_t(Space::Vec)};
// RULES: {&rules::elements, toy_sum_rule0_operands, {}, 3, {RuleCondition::Always, 0, 0}, "src0: an element type of the table above", -1},
// RULES: {&rules::inSpace, toy_sum_rule1_operands, toy_sum_rule1_numbers, 1, {RuleCondition::Present, 2, 0}, "src0, dst: in vec", -1},

// MAPS: PTO_SIM_MAP("pto.toy.negate", 1, (auto src), 0 - src)

// PAGE: ## `pto.toy.sum`
// PAGE: | `scale` (optional) | value |
// PAGE: **Attribute** `accPhase` (optional): `unspecified` (default), `partial`, `final`
// PAGE: **Element types a3:** f16, f32
// PAGE: **C++:** `TSUM[<accPhase>](dst, src0, src1[, scale])`
// PAGE: - src0: an element type of the table above
// PAGE: - with scale given, on a3: src0, dst: in vec
// PAGE: Since 0.48, was `pto.toy.add`.

// INDEX: - `pto.toy.negate`: Negates.
def Sum : PtoOp<"toy.sum", [AttrSizedOperandSegments]> {
  let summary = "Adds.";
  let family = "test";
  let pipe = PipeV;
  let arguments = (ins In<>:$src0, In<>:$src1, Optional<F32>:$scale, Out<>:$dst,
                       DefaultValuedOptionalAttr<AccPhaseAttr, "::pto::AccPhaseKind::Unspecified">:$accPhase);
  let types = [On<A3, [E_F16, E_F32]>];
  let rules = [ElementsOf<"src0">, OnlyOn<A3, When<Present<"scale">, InSpace<["src0", "dst"], [SpaceVec]>>>];
  let cpp = "TSUM<?accPhase>($dst, $src0, $src1, $?scale)";
  let semantics = Kernel<"sum">;
  let since = "0.48";
  let was = ["pto.toy.add"];
}
def Negate : PtoOp<"toy.negate"> {
  let summary = "Negates.";
  let family = "test";
  let pipe = PipeV;
  let arguments = (ins In<>:$src, Out<>:$dst);
  let cpp = "TNEG($dst, $src)";
  let semantics = Map<"0 - src">;
}
