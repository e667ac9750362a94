//===- PipeGroups.cpp - Which initialize ops open one pipe -----------------===//

#include "PipeGroups.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"
#include <map>

using namespace pto;
using mlir::func::FuncOp;

ReserveBufferOp PipeGroup::reservation(PipeDirection direction) const {
  for (const PipeMember &member : members)
    if (ReserveBufferOp found = reservationOf(member.init.consumerBuffer(direction)))
      return found;
  return {};
}

llvm::DenseMap<mlir::Operation *, llvm::SmallVector<FuncOp, 2>>
pto::kernelsOf(mlir::ModuleOp module) {
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<FuncOp, 2>> kernels;
  for (FuncOp root : rootFunctions(module)) {
    llvm::SmallVector<FuncOp> work{root};
    while (!work.empty()) {
      FuncOp function = work.pop_back_val();
      auto &of = kernels[function];
      if (llvm::is_contained(of, root))
        continue;
      of.push_back(root);
      function.walk([&](mlir::func::CallOp call) {
        if (auto callee = module.lookupSymbol<FuncOp>(call.getCallee()))
          work.push_back(callee);
      });
    }
  }
  return kernels;
}

static std::string textOf(mlir::Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

std::string pto::disagreement(const PipeInit &a, const PipeInit &b) {
  auto numbers = [](llvm::StringRef what, int64_t x, int64_t y) {
    return (what + " = " + llvm::Twine(x) + " here and " + llvm::Twine(y) + " there").str();
  };
  auto words = [](llvm::StringRef what, llvm::StringRef x, llvm::StringRef y) {
    return (what + " = " + x + " here and " + y + " there").str();
  };
  auto boolean = [](bool x) { return x ? "true" : "false"; };
  if (a.direction != b.direction)
    return words("direction", name(a.direction), name(b.direction));
  if (a.slotSize != b.slotSize)
    return numbers("slot_size", a.slotSize, b.slotSize);
  if (a.slotNum != b.slotNum)
    return numbers("slot_num", a.slotNum, b.slotNum);
  if (a.localSlotNum && b.localSlotNum && a.localSlotNum != b.localSlotNum)
    return numbers("local_slot_num", *a.localSlotNum, *b.localSlotNum);
  if (a.flagBase && b.flagBase && a.flagBase != b.flagBase)
    return numbers("flag_base", *a.flagBase, *b.flagBase);
  if (a.noSplit && b.noSplit && a.noSplit != b.noSplit)
    return words("nosplit", boolean(*a.noSplit), boolean(*b.noSplit));
  if (a.unitFlag && b.unitFlag && a.unitFlag != b.unitFlag)
    return words("unit_flag", boolean(*a.unitFlag), boolean(*b.unitFlag));
  if (a.epilogue && b.epilogue && a.epilogue != b.epilogue)
    return words("acc_push_epilogue", textOf(a.epilogue), textOf(b.epilogue));
  if (a.throughGm() != b.throughGm())
    return words("memory of the slots", a.throughGm() ? "global" : "local",
                 b.throughGm() ? "global" : "local");
  return "";
}

namespace {
class Grouping {
public:
  explicit Grouping(mlir::ModuleOp module) : kernels(kernelsOf(module)) {
    module.walk([&](mlir::Operation *op) {
      auto init = PipeInit::of(op);
      auto function = op->getParentOfType<FuncOp>();
      if (init && function)
        members.push_back({*init, coreKindOf(op), function, kernels.lookup(function)});
    });
    classes.grow(members.size());
  }

  std::vector<PipeGroup> run() {
    byReservation();
    byNumber();
    classes.compress();
    std::vector<PipeGroup> groups(classes.getNumClasses());
    for (auto [i, member] : llvm::enumerate(members))
      groups[classes[i]].members.push_back(member);
    return groups;
  }

private:
  void byReservation() {
    llvm::MapVector<std::pair<mlir::Operation *, unsigned>, unsigned> known;
    for (auto [i, member] : llvm::enumerate(members))
      for (PipeDirection one : {PipeDirection::C2V, PipeDirection::V2C})
        if (member.init.carries(one))
          if (ReserveBufferOp reserve = reservationOf(member.init.consumerBuffer(one))) {
            placed.insert(i);
            auto [at, isNew] = known.insert({{reserve, unsigned(one)}, unsigned(i)});
            if (!isNew)
              classes.join(at->second, i);
          }
  }

  /// Same number, other core. Functions of one kernel belong together; among functions that nobody
  /// calls, numbers may be used again by another kernel, so what agrees goes first.
  void byNumber() {
    // Once flags are decided they belong to the name: numbers of front-ends may have become equal.
    bool isDecided =
        llvm::all_of(members, [](const PipeMember &m) { return m.init.flagBase.has_value(); });
    std::map<std::pair<int64_t, int64_t>, llvm::SmallVector<unsigned>> numbered;
    for (auto [i, member] : llvm::enumerate(members)) {
      auto id = member.init.id, flag = member.init.flagBase;
      if (id && !isDecided)
        flag.reset();
      if (!placed.contains(i) && member.core && (id || flag))
        numbered[{id.value_or(-1), flag.value_or(-1)}].push_back(i);
    }
    llvm::DenseSet<unsigned> agreeing;
    for (auto &[number, list] : numbered)
      eachPair(list, [&](unsigned i, unsigned j) {
        if (!disagreement(members[i].init, members[j].init).empty())
          return;
        classes.join(i, j);
        agreeing.insert(i);
        agreeing.insert(j);
      });
    // Who is left and has a counterpart that is left too disagrees with it, which will be told:
    // first by everything that names them, then by the number alone.
    for (auto &[number, list] : numbered)
      joinLeft(list, agreeing);
    std::map<int64_t, llvm::SmallVector<unsigned>> byId;
    for (auto &[number, list] : numbered)
      if (number.first >= 0)
        llvm::append_range(byId[number.first], list);
    for (auto &[id, list] : byId)
      joinLeft(list, agreeing);
  }
  void joinLeft(llvm::ArrayRef<unsigned> list, llvm::DenseSet<unsigned> &known) {
    eachPair(list, [&](unsigned i, unsigned j) {
      if (known.contains(i) || known.contains(j))
        return;
      classes.join(i, j);
      known.insert(i);
      known.insert(j);
    });
  }
  void eachPair(llvm::ArrayRef<unsigned> list,
                llvm::function_ref<void(unsigned, unsigned)> visit) const {
    for (unsigned i : list)
      for (unsigned j : list)
        if (i < j && members[i].core != members[j].core && sameKernel(members[i], members[j]))
          visit(i, j);
  }
  static bool sameKernel(const PipeMember &a, const PipeMember &b) {
    auto isKernel = [](const PipeMember &m) {
      return m.kernels.size() == 1 && m.kernels.front() == m.function;
    };
    return (isKernel(a) && isKernel(b)) ||
           llvm::any_of(a.kernels, [&](FuncOp k) { return llvm::is_contained(b.kernels, k); });
  }

  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<FuncOp, 2>> kernels;
  std::vector<PipeMember> members;
  llvm::DenseSet<unsigned> placed;
  llvm::IntEqClasses classes;
};
} // namespace

static constexpr llvm::StringLiteral originsName = "pto.chosen";

void pto::noteOrigin(mlir::Operation *init, llvm::StringRef clause, llvm::StringRef origin) {
  mlir::NamedAttrList origins;
  if (auto known = init->getAttrOfType<mlir::DictionaryAttr>(originsName))
    origins.append(known.getValue().begin(), known.getValue().end());
  mlir::MLIRContext *context = init->getContext();
  origins.set(clause, mlir::StringAttr::get(context, origin));
  init->setAttr(originsName, origins.getDictionary(context));
}

llvm::StringRef pto::originOf(const PipeGroup &group, llvm::StringRef clause) {
  llvm::StringRef origin;
  for (const PipeMember &member : group.members) {
    auto chosen = member.init.op->getAttrOfType<mlir::DictionaryAttr>(originsName);
    auto what = chosen ? chosen.getAs<mlir::StringAttr>(clause) : mlir::StringAttr();
    if (!what)
      return "given";
    origin = what.getValue();
  }
  return origin;
}

void pto::forgetOrigins(mlir::Operation *init) { init->removeAttr(originsName); }

std::vector<PipeGroup> pto::findPipeGroups(mlir::ModuleOp module) { return Grouping(module).run(); }
