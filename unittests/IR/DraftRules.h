//===- DraftRules.h - Bending drafts to their rules -------------*- C++ -*-===//
//
// Private to Draft*.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_IR_DRAFTRULES_H
#define PTOAS_UNITTESTS_IR_DRAFTRULES_H

#include "../../lib/IR/Rules.h"
#include "Draft.h"

namespace pto::testing {

/// Rows and columns of tiles and views: a whole number of boxes for every element type and layout.
constexpr int64_t side = 32;

/// Changes the draft so that it obeys the rule, as far as the form lets it.
void obey(Draft &draft, const Form &form, const RuleInfo &rule);

} // namespace pto::testing

#endif // PTOAS_UNITTESTS_IR_DRAFTRULES_H
