//===- Variants.h - Forms of records with one thing changed -----*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_ENDTOEND_VARIANTS_H
#define PTOAS_UNITTESTS_ENDTOEND_VARIANTS_H

#include "../IR/Draft.h"
#include "RecordsToCpp.h"

namespace pto::test {

/// A legal form of a record, of which one operand, or all tiles alike, are changed in one way.
struct Variant {
  testing::Draft draft;
  std::string what; ///< "a3, f16; src0: rows 1"
};

/// Every change of every operand of `draft`: element type, rows and columns, valid extents (zero
/// and odd ones too), layouts, fractal, memory, padding, compaction; extents, rank, element type
/// and layout of views.
std::vector<Variant> variantsOf(const testing::Draft &draft, llvm::StringRef form);

/// What the verifier and the printer make of a variant.
struct Verdict {
  const OpInfo *info = nullptr;
  Arch arch = Arch::A3;
  std::string what;
  std::vector<std::string> messages;    ///< about the operation; empty: accepted
  std::vector<const RuleInfo *> broken; ///< the rules of the record among them
  std::string code;                     ///< functions of the printed file; empty: not printable
};
/// None for what is no program: a type that does not exist, a view that cannot be made.
std::optional<Verdict> judge(mlir::MLIRContext *context, const Variant &variant);

} // namespace pto::test

#endif // PTOAS_UNITTESTS_ENDTOEND_VARIANTS_H
