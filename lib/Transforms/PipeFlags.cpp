//===- PipeFlags.cpp - Cross-core flags of pipes ---------------------------===//

#include "PipeFlags.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/CrossCore.h"
#include "llvm/ADT/MapVector.h"

using namespace pto;
using mlir::Operation;
using mlir::func::FuncOp;

namespace {

/// Who has each flag of one kernel; null: free.
using Flags = std::array<Operation *, numCrossCoreFlags>;

/// The flags that an operation other than a pipe uses, as far as its text says.
llvm::SmallVector<int64_t, 4> flagsOf(Operation *op) {
  if (auto all = llvm::dyn_cast<SyncAllOp>(op); all && all.getMode() == SyncAllModeKind::Hard)
    return {11, 12, 13, 14}; // library 9.5
  auto flag = crossCoreFlagOf(op);
  if (!flag || !flag->id)
    return {};
  // On a5 the cube names the flags of vector core 1 from 16 on.
  return {*flag->id % numCrossCoreFlags};
}

class FlagTable {
public:
  explicit FlagTable(mlir::ModuleOp module) {
    auto kernels = kernelsOf(module);
    module.walk([&](FuncOp function) {
      for (FuncOp kernel : kernels.lookup(function))
        function.walk([&](Operation *op) {
          if (auto flag = crossCoreFlagOf(op); flag && !flag->id)
            unknown[kernel].push_back(op);
          for (int64_t flag : flagsOf(op))
            if (flag >= 0 && flag < numCrossCoreFlags && !taken[kernel][flag])
              taken[kernel][flag] = op;
        });
    });
  }

  /// The flags from `base` on, in all kernels of the pipe.
  bool isFree(const PipeGroup &group, int64_t base) { return !holder(group, base).first; }
  std::pair<Operation *, int64_t> holder(const PipeGroup &group, int64_t base) {
    for (const PipeMember &member : group.members)
      for (FuncOp kernel : member.kernels)
        for (int64_t flag = base; flag < base + group.first().flagCount(); ++flag)
          if (Operation *other = taken[kernel][flag])
            return {other, flag};
    return {nullptr, 0};
  }
  void take(const PipeGroup &group, int64_t base) {
    mlir::Builder b(group.first().op->getContext());
    for (const PipeMember &member : group.members) {
      member.init.op->setAttr("flag_base", b.getI32IntegerAttr(int32_t(base)));
      for (FuncOp kernel : member.kernels)
        for (int64_t flag = base; flag < base + group.first().flagCount(); ++flag)
          taken[kernel][flag] = group.first().op;
    }
  }
  /// Each holder once, in order of the flags.
  llvm::SmallVector<Operation *> holders(const PipeGroup &group) {
    llvm::SmallVector<Operation *> all;
    for (int64_t flag = 0; flag < numCrossCoreFlags; ++flag)
      for (const PipeMember &member : group.members)
        for (FuncOp kernel : member.kernels)
          if (Operation *other = taken[kernel][flag]; other && !llvm::is_contained(all, other))
            all.push_back(other);
    return all;
  }

  /// Flags that only run time names, in kernels that have pipes.
  void warnAboutUnknown(llvm::ArrayRef<PipeGroup> groups) {
    llvm::DenseSet<Operation *> told;
    for (const PipeGroup &group : groups)
      for (const PipeMember &member : group.members)
        for (FuncOp kernel : member.kernels)
          for (Operation *op : unknown.lookup(kernel))
            if (told.insert(op).second)
              (mlir::emitWarning(op->getLoc())
               << "'" << op->getName()
               << "' op takes a cross-core flag that only run time knows; it must be none of the "
                  "pipes' own")
                      .attachNote(group.first().op->getLoc())
                  << "a pipe of this kernel";
  }

private:
  llvm::MapVector<Operation *, Flags> taken;
  llvm::DenseMap<Operation *, llvm::SmallVector<Operation *>> unknown; ///< by kernel
};

std::optional<int64_t> givenBase(const PipeGroup &group) {
  for (const PipeMember &member : group.members)
    if (member.init.flagBase)
      return member.init.flagBase;
  return std::nullopt;
}

bool takeGiven(FlagTable &table, const PipeGroup &group, int64_t base) {
  auto [other, flag] = table.holder(group, base);
  if (!other) {
    table.take(group, base);
    return true;
  }
  auto error = group.first().op->emitOpError();
  error << "takes the cross-core flags " << base << ".." << base + group.first().flagCount() - 1
        << ", but flag " << flag << " is used elsewhere in the kernel; give another flag_base, or "
        << "leave it out and a free one is taken";
  error.attachNote(other->getLoc()) << "flag " << flag << " is used here";
  return false;
}

bool takeFree(FlagTable &table, const PipeGroup &group) {
  int64_t count = group.first().flagCount();
  for (int64_t base = 0; base + count <= numCrossCoreFlags; base += 2)
    if (table.isFree(group, base)) {
      table.take(group, base);
      return true;
    }
  auto error = group.first().op->emitOpError();
  error << "needs " << count << " cross-core flags in a row, but too few of the "
        << numCrossCoreFlags << " are free";
  for (Operation *other : table.holders(group))
    error.attachNote(other->getLoc()) << "flags are used here";
  return false;
}

} // namespace

bool pto::assignPipeFlags(mlir::ModuleOp module, llvm::ArrayRef<PipeGroup> groups) {
  FlagTable table(module);
  bool ok = true;
  llvm::SmallVector<const PipeGroup *> open;
  for (const PipeGroup &group : groups) {
    if (auto base = givenBase(group))
      ok &= takeGiven(table, group, *base);
    else
      open.push_back(&group);
  }
  // As front-ends count them, so that the numbers do not depend on the order of the text.
  llvm::sort(open, [&](const PipeGroup *a, const PipeGroup *b) {
    auto key = [&](const PipeGroup *group) {
      const PipeInit &init = group->first();
      return std::tuple(init.id.value_or(INT64_MAX), unsigned(init.direction),
                        group - groups.data());
    };
    return key(a) < key(b);
  });
  for (const PipeGroup *group : open)
    ok &= takeFree(table, *group);
  table.warnAboutUnknown(groups);
  return ok;
}
