// A made-up operation is one record and nothing else: everything that the project knows of an operation comes from it.
// RUN: pto-tblgen -gen-pto-op-info -I %include -I %llvm-include %s | FileCheck %s --check-prefix=INFO
// RUN: pto-tblgen -gen-pto-constraints -I %include -I %llvm-include %s | FileCheck %s --check-prefix=RULES
// RUN: pto-tblgen -gen-pto-sim-maps -I %include -I %llvm-include %s | FileCheck %s --check-prefix=MEANING
// RUN: pto-tblgen -gen-pto-docs -pto-family=unary -I %include -I %llvm-include %s | FileCheck %s --check-prefix=PAGE
// RUN: mlir-tblgen -gen-op-defs -I %include -I %llvm-include %s | FileCheck %s --check-prefix=SYNTAX

include "ptoas/IR/Ops/Unary.td"

def TSquareOp : TileUnary<"tsquare", "TSQUARE", FloatOnly, FloatOnly, Map<"src * src">> { let summary = "The square."; }

// INFO: {"pto.tsquare", "The square.", "unary",
// INFO: "src * src"
// RULES: {&rules::sameValid, tsquare_rule
// MEANING: PTO_SIM_MAP("pto.tsquare", 1, (auto src), src * src)
// PAGE: ## `pto.tsquare`
// PAGE: **C++:** `TSQUARE(dst, src)`
// SYNTAX-DAG: TSquareOp::parse(
// SYNTAX-DAG: TSquareOp::print(
// SYNTAX-DAG: TSquareOp::getEffects(
