//===- ModelTesting.h - Sync models of short texts --------------*- C++ -*-===//
#ifndef PTOAS_UNITTESTS_ANALYSIS_MODELTESTING_H
#define PTOAS_UNITTESTS_ANALYSIS_MODELTESTING_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>

namespace pto::testing {

/// A parsed program; the text must be right.
class Parsed {
public:
  explicit Parsed(llvm::StringRef text) {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.printOpOnDiagnostic(false);
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "test.pto"), {});
    module = parseProgram(sources, context);
    EXPECT_TRUE(module) << text.str();
  }
  /// The model of the first root function.
  SyncModel model(CoreKind core = CoreKind::Vector) {
    if (!module)
      return {};
    auto built = buildSyncModel(rootFunctions(*module).front(), core);
    EXPECT_TRUE(mlir::succeeded(built));
    return mlir::succeeded(built) ? std::move(*built) : SyncModel();
  }
  template <typename Op> Op first() {
    Op found;
    if (!module)
      return found;
    module->walk([&](Op op) {
      found = op;
      return mlir::WalkResult::interrupt();
    });
    return found;
  }

private:
  llvm::SourceMgr sources;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};

public:
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// The region that the source calls `name`; fails the test when there is none.
inline sync::Region regionNamed(const SyncModel &model, llvm::StringRef name) {
  for (const sync::Region &r : model.program.regions)
    if (r.name == name)
      return r;
  ADD_FAILURE() << "no region " << name.str();
  return {};
}

} // namespace pto::testing

#endif // PTOAS_UNITTESTS_ANALYSIS_MODELTESTING_H
