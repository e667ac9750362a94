//===- InferPipeNoSplit.cpp - Are the entries of a pipe split? -------------===//
//
// The library asks once per pipe, the calls say it each time: they must agree, on both cores.
//
//===----------------------------------------------------------------------===//

#include "PipeGroups.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Transforms/Passes.h"

namespace pto {
#define GEN_PASS_DEF_INFERPIPENOSPLIT
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;

namespace {
/// Where the program says that a pipe is split or not.
struct Opinion {
  bool noSplit;
  mlir::Operation *op;
  std::string text; ///< "nosplit = true", "split = 1"
};

struct InferPipeNoSplitPass : pto::impl::InferPipeNoSplitBase<InferPipeNoSplitPass> {
  void runOnOperation() override {
    mlir::Builder b(&getContext());
    for (const PipeGroup &group : findPipeGroups(getOperation())) {
      auto opinions = opinionsOf(group);
      if (!agree(opinions)) {
        signalPassFailure();
        continue;
      }
      bool noSplit = !opinions.empty() && opinions.front().noSplit;
      for (const PipeMember &member : group.members) {
        if (!member.init.noSplit)
          noteOrigin(member.init.op, "nosplit", opinions.empty() ? "default" : "derived");
        member.init.op->setAttr("nosplit", b.getBoolAttr(noSplit));
      }
    }
  }

  static llvm::SmallVector<Opinion> opinionsOf(const PipeGroup &group) {
    llvm::SmallVector<Opinion> all;
    for (const PipeMember &member : group.members)
      if (auto said = member.init.noSplit)
        all.push_back(
            {*said, member.init.op, std::string("nosplit = ") + (*said ? "true" : "false")});
    for (const PipeMember &member : group.members) {
      // Users stand last first.
      llvm::SmallVector<mlir::Operation *> users(member.init.op->getResult(0).getUsers());
      for (mlir::Operation *user : llvm::reverse(users))
        if (auto call = PipeCall::of(user))
          all.push_back({call->split == 0, user, "split = " + std::to_string(call->split)});
    }
    return all;
  }

  static bool agree(llvm::ArrayRef<Opinion> opinions) {
    bool ok = true;
    for (const Opinion &opinion : opinions.drop_front(opinions.empty() ? 0 : 1)) {
      if (opinion.noSplit == opinions.front().noSplit)
        continue;
      opinion.op->emitOpError()
              .append("says ", opinion.text, ", but elsewhere the pipe has ", opinions.front().text,
                      "; entries of a pipe are split everywhere or nowhere")
              .attachNote(opinions.front().op->getLoc())
          << opinions.front().text << " is here";
      ok = false;
    }
    return ok;
  }
};
} // namespace
