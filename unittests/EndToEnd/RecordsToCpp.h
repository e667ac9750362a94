//===- RecordsToCpp.h - Every record as a C++ statement ---------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_ENDTOEND_RECORDSTOCPP_H
#define PTOAS_UNITTESTS_ENDTOEND_RECORDSTOCPP_H

#include "mlir/IR/OwningOpRef.h"
#include "ptoas/IR/Pto.h"
#include <set>
#include <string>
#include <vector>

namespace pto::test {

/// One operation in one form, as ptoas prints it.
struct CppForm {
  const OpInfo *info = nullptr;
  Arch arch = Arch::A3;
  std::string what; ///< "a3, mat > left, f16"
  std::string text; ///< "pto.tadd ins(%src0, ...": operands have the names of the record
  std::string code; ///< the functions of the printed file, without its first lines
};

struct CppForms {
  std::vector<CppForm> forms;
  std::vector<CppForm> unprinted;    ///< verified, but lowered by an earlier stage or unpassable
  std::set<std::string> formless;    ///< the printer says that the record has no C++ form
  std::vector<std::string> failures; ///< verified operations that did not print, with the reason
  std::set<std::string> unpassable;  ///< records that work on what no function can be given
  std::vector<std::string> refusals; ///< what the verifier said about the others
  unsigned records = 0, tried = 0, untyped = 0, earlier = 0;
};

/// All forms of all records: what formsOf() makes, each also with open valid extents, and the texts
/// of records without rules. Earlier: an earlier stage lowers it. `openIndices`: an index that a
/// draft has as a constant is an argument with the name of its operand.
CppForms printAllRecords(mlir::MLIRContext *context, bool openIndices = false);
/// The same of the operation in the text of a module.
CppForms printText(mlir::MLIRContext *context, llvm::StringRef module, Arch arch);

/// Makes functions of a module such as a program has: views are made from a pointer, variables are
/// declared, a result of `op` is returned.
void makePrintable(mlir::ModuleOp module, mlir::Operation *op);

/// The statements of the record in `code`: without the function around them and the tensors that
/// they take; empty when the record prints none.
std::string statementsOf(const CppForm &form);

/// The file that ptoas prints for a module: lines in front, and the rest.
std::pair<llvm::StringRef, llvm::StringRef> splitPrelude(llvm::StringRef file);

} // namespace pto::test

#endif // PTOAS_UNITTESTS_ENDTOEND_RECORDSTOCPP_H
