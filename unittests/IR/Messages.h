//===- Messages.h - Diagnostics as the tests see them -----------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_IR_MESSAGES_H
#define PTOAS_UNITTESTS_IR_MESSAGES_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include <string>
#include <vector>

namespace pto::testing {

/// Collects the errors of its lifetime instead of printing them.
class Messages {
public:
  explicit Messages(mlir::MLIRContext &context)
      : handler(&context, [this](mlir::Diagnostic &d) {
          if (d.getSeverity() == mlir::DiagnosticSeverity::Error)
            errors.push_back(d.str());
          return mlir::success();
        }) {}
  const std::vector<std::string> &all() const { return errors; }

private:
  std::vector<std::string> errors;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace pto::testing

#endif // PTOAS_UNITTESTS_IR_MESSAGES_H
