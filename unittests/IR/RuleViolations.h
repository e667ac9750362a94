//===- RuleViolations.h - How to break a kind of rule -----------*- C++ -*-===//
//
// Private to RuleViolationTest.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_IR_RULEVIOLATIONS_H
#define PTOAS_UNITTESTS_IR_RULEVIOLATIONS_H

#include "../../lib/IR/Rules.h"
#include "Draft.h"
#include <functional>

namespace pto::testing {

/// The operands of a rule, by position; absent ones are left out.
using Subjects = llvm::SmallVector<DraftValue *, 4>;

struct Violation {
  llvm::StringLiteral what;
  llvm::StringLiteral message; ///< regular expression, after "'pto.x' op "
  std::function<void(const Subjects &, Draft &, const RuleInfo &)> apply;
};
struct RuleKind {
  RuleFunction check;
  llvm::StringLiteral name;
  std::vector<Violation> violations;
};

/// Rules on single types: elements, layouts, extents, and how they agree.
std::vector<RuleKind> elementKinds();
std::vector<RuleKind> layoutKinds();
std::vector<RuleKind> extentKinds();
/// Rules of reductions and of what they are spread with.
std::vector<RuleKind> reduceKinds();
/// Rules of the cube.
std::vector<RuleKind> productKinds();
/// Rules of moves inside a core, and between it and global memory.
std::vector<RuleKind> moveKinds();
std::vector<RuleKind> transferKinds();
/// Rules of comparisons, selections, conversions and partial operations.
std::vector<RuleKind> maskKinds();
/// Rules on scratch tiles and shared bytes.
std::vector<RuleKind> scratchKinds();
/// Rules on which operands and attributes go together.
std::vector<RuleKind> formKinds();
/// Rules of generated tiles and of tables in global memory.
std::vector<RuleKind> generateKinds();
/// Rules of loads and stores, of packed pairs and of numbers that share a scale.
std::vector<RuleKind> scaleKinds();
/// Rules of gathers, scatters, sorts and merges.
std::vector<RuleKind> gatherKinds();

} // namespace pto::testing

#endif // PTOAS_UNITTESTS_IR_RULEVIOLATIONS_H
