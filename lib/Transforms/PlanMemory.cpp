//===- PlanMemory.cpp - Gives every tile an address ------------------------===//
//
// Adapter between the IR and Plan/: builds one problem per group of functions that call one
// another, writes addresses back. Live ranges follow the rules in Plan/Problem.h.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "ptoas/IR/Pipes.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Plan/Validate.h"
#include "ptoas/Transforms/Passes.h"
#include <set>

namespace pto {
#define GEN_PASS_DEF_PLANMEMORY
#define GEN_PASS_DEF_CHECKMEMORY
#include "ptoas/Transforms/Passes.h.inc"
} // namespace pto

using namespace pto;
using mlir::Operation;
using mlir::func::FuncOp;

namespace {

/// A tile, a ring of tiles or a reservation, as its declaration says.
struct Declaration {
  Operation *op;
  TileBufType tile; ///< of one slot
  uint32_t slots = 1;
  uint64_t stride = 0;
  mlir::MutableOperandRange address;
  ReserveBufferOp reservation; ///< then `tile` is null

  mlir::Value result() const { return op->getResult(0); }
  static std::optional<Declaration> of(Operation *op) {
    if (auto alloc = llvm::dyn_cast<AllocTileOp>(op))
      return Declaration{op, alloc.getResult().getType(), 1, 0, alloc.getAddrMutable(), {}};
    if (auto reserve = llvm::dyn_cast<ReserveBufferOp>(op))
      return Declaration{op, {}, 1, 0, mlir::MutableOperandRange(op, 0, 0), reserve};
    auto ring = llvm::dyn_cast<AllocMultiTileOp>(op);
    if (!ring)
      return std::nullopt;
    MultiTileBufType type = ring.getResult().getType();
    return Declaration{
        op, type.getSlot(), uint32_t(type.getCount()), type.getStride(), ring.getAddrMutable(), {}};
  }
};

/// A scale tile that lies where its operand says (pto.tget_scale_addr) takes no part in planning.
bool isBound(Operation *op) {
  auto alloc = llvm::dyn_cast<AllocTileOp>(op);
  return alloc && llvm::any_of(alloc.getResult().getUsers(), [&](Operation *user) {
           auto bind = llvm::dyn_cast<TGetScaleAddrOp>(user);
           return bind && bind.getDst() == alloc.getResult();
         });
}

/// Planned scale tiles beside bound ones: nobody would keep them apart.
bool mixesScales(FuncOp function) {
  bool anyBound = false, mixes = false;
  llvm::SmallVector<AllocTileOp> planned;
  function.walk([&](AllocTileOp alloc) {
    Space space = alloc.getResult().getType().getSpace();
    if (space != Space::ScaleLeft && space != Space::ScaleRight)
      return;
    if (isBound(alloc))
      anyBound = true;
    else
      planned.push_back(alloc);
  });
  for (AllocTileOp alloc : planned)
    if (anyBound) {
      alloc.emitOpError() << "holds scales that pto.tget_scale_addr binds to no operand, beside "
                             "others that it does bind; bind all scale tiles of a function";
      mixes = true;
    }
  return mixes;
}

/// Functions connected by calls, on one line of positions.
class Group {
public:
  explicit Group(llvm::ArrayRef<FuncOp> functions) : functions(functions) {}
  plan::Problem problem(Arch arch);
  llvm::MutableArrayRef<Declaration> tiles() { return allocs; }

private:
  void number(FuncOp function);
  plan::Buffer buffer(const Declaration &alloc);
  plan::LiveRange liveRange(const Declaration &alloc);
  void uses(mlir::Value value, mlir::Block *home, plan::Interval &hull, bool &returned,
            llvm::SmallPtrSetImpl<mlir::Value> &seen);
  plan::Interval around(Operation *user, mlir::Block *home);

  llvm::SmallVector<FuncOp> functions;
  llvm::DenseMap<Operation *, plan::Interval> position; ///< 2k .. 2k' + 2, regions included
  std::vector<Declaration> allocs;
  std::map<std::string, plan::LiveRange>
      callSites; ///< of a helper: where its callers stand while it runs
  uint32_t next = 0;
};

void Group::number(FuncOp function) {
  uint32_t begin = next;
  function.getBody().walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    position[op] = {next, next + 2};
    next += 2;
    if (auto alloc = Declaration::of(op); alloc && !isBound(op))
      allocs.push_back(*alloc);
  });
  // The end of an operation with regions is the end of what is inside it.
  function.getBody().walk<mlir::WalkOrder::PostOrder>([&](Operation *op) {
    if (Operation *parent = op->getParentOp(); position.count(parent))
      position[parent].end = std::max(position[parent].end, position[op].end);
  });
  position[function] = {begin, std::max(next, begin + 2)};
  next += 2;
}

/// The part of the line on which a use keeps a tile alive: the operation, or the outermost loop
/// around it that does not also hold the declaration, because the next iteration needs the bytes
/// again.
plan::Interval Group::around(Operation *user, mlir::Block *home) {
  plan::Interval interval = position[user];
  for (Operation *op = user; op->getBlock() != home; op = op->getParentOp())
    if (llvm::isa<mlir::LoopLikeOpInterface>(op->getParentOp()))
      interval = position[op->getParentOp()];
  return interval;
}

/// Values that may stand for `tile` because `use` hands it on; `returned` when callers get it.
static llvm::SmallVector<mlir::Value> handedOn(mlir::OpOperand &use, bool &returned) {
  namespace scf = mlir::scf;
  Operation *user = use.getOwner(), *parent = user->getParentOp();
  llvm::SmallVector<mlir::Value> names;
  auto tilesOf = [&](mlir::ValueRange values) {
    llvm::copy_if(values, std::back_inserter(names),
                  [](mlir::Value v) { return llvm::isa<TileBufType>(v.getType()); });
  };
  if (llvm::isa<TileView, mlir::arith::SelectOp, mlir::func::CallOp>(user))
    tilesOf(user->getResults());
  else if (llvm::isa<mlir::func::ReturnOp>(user))
    returned = true;
  else if (llvm::isa<scf::YieldOp>(user) && llvm::isa<scf::IfOp, scf::IndexSwitchOp>(parent))
    names.push_back(parent->getResult(use.getOperandNumber()));
  // Loop variables may change places: what goes in can be any of what comes out.
  else if (llvm::isa<mlir::LoopLikeOpInterface>(user))
    tilesOf(user->getResults());
  else if (user->hasTrait<mlir::OpTrait::IsTerminator>() && parent)
    tilesOf(parent->getResults());
  return names;
}

void Group::uses(mlir::Value value, mlir::Block *home, plan::Interval &hull, bool &returned,
                 llvm::SmallPtrSetImpl<mlir::Value> &seen) {
  if (!seen.insert(value).second)
    return;
  for (mlir::OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    plan::Interval at = around(user, home);
    // A loop that carries a tile may use it from its first to its last operation.
    Operation *loop = user->hasTrait<mlir::OpTrait::IsTerminator>() ? user->getParentOp() : user;
    if (llvm::isa<mlir::LoopLikeOpInterface>(loop))
      at = {std::min(at.begin, position[loop].begin), std::max(at.end, position[loop].end)};
    hull.begin = std::min(hull.begin, at.begin);
    hull.end = std::max(hull.end, at.end);
    for (mlir::Value name : handedOn(use, returned)) {
      // The block that holds both the declaration and the new name.
      mlir::Block *block = name.getParentBlock();
      bool inside = home->getParent()->findAncestorBlockInRegion(*block);
      uses(name, inside ? home : block, hull, returned, seen);
    }
  }
}

plan::LiveRange Group::liveRange(const Declaration &alloc) {
  plan::Interval hull{~0u, 0};
  bool returned = false;
  llvm::SmallPtrSet<mlir::Value, 8> seen;
  auto function = alloc.op->getParentOfType<FuncOp>();
  if (alloc.reservation)
    hull = position[function]; // another core writes there whenever it likes
  else
    uses(alloc.result(), alloc.op->getBlock(), hull, returned, seen);
  // Callers use it under names of their own, at places of their own.
  if (returned)
    return {{0, next}};
  plan::LiveRange live;
  if (hull.begin < hull.end)
    live.push_back(hull);
  // A tile of a helper takes its place while any caller stands at the call.
  if (!live.empty())
    llvm::append_range(live, callSites[function.getName().str()]);
  return live;
}

/// What calls write behind a tile that they are given as scratch: nothing else may lie there.
static uint64_t bytesBehind(mlir::Value tile) {
  uint64_t most = 0;
  for (mlir::OpOperand &use : tile.getUses()) {
    const OpInfo *info = findOpInfo(use.getOwner());
    for (unsigned i = 0; info && i < info->operands.size(); ++i)
      if (info->operands[i].role == Role::Scratch &&
          llvm::is_contained(llvm::cast<RecordOp>(use.getOwner()).getRecordOperands(i), tile))
        most = std::max(most, pto::bytesBehind(use.getOwner(), i));
  }
  return most;
}

plan::Buffer Group::buffer(const Declaration &alloc) {
  plan::Buffer buffer;
  buffer.live = liveRange(alloc);
  if (ReserveBufferOp reserve = alloc.reservation) {
    buffer.name = ("reservation '" + reserve.getName() + "'").str();
    buffer.space = reserve.getLocation() == AddressSpaceKind::Vec ? Space::Vec : Space::Mat;
    buffer.bytes = uint64_t(reserve.getSize());
    buffer.alignment = reservationAlignment;
    if (reserve.getBase())
      buffer.pinned = uint64_t(*reserve.getBase());
    return buffer;
  }
  llvm::StringRef source = sourceName(alloc.result());
  buffer.name = source.empty() ? "" : ("%" + source).str();
  buffer.space = alloc.tile.getSpace();
  buffer.bytes = alloc.tile.getTileShape().bytes() + bytesBehind(alloc.result());
  buffer.slots = alloc.slots;
  if (!alloc.address.empty())
    if (auto address = constantOf(alloc.address[0].get()))
      buffer.pinned = uint64_t(*address);
  // The type says where the slots lie, and everybody after us goes by the type.
  assert(alloc.slots == 1 || plan::strideOf(buffer) == alloc.stride);
  return buffer;
}

plan::Problem Group::problem(Arch arch) {
  for (FuncOp function : functions)
    number(function);
  // Callers stand before their callees in `functions`, so that sites of callers are complete when
  // they are handed down.
  for (FuncOp function : functions)
    function.walk([&](mlir::func::CallOp call) {
      plan::LiveRange inherited =
          callSites[function.getName().str()]; // a copy: recursion appends to itself
      auto &sites = callSites[call.getCallee().str()];
      sites.push_back(around(call, &function.getBody().front()));
      llvm::append_range(sites, inherited);
      // Each site once: there are as many as calls in the text, however many ways lead through
      // them.
      auto key = [](const plan::Interval &i) { return std::pair(i.begin, i.end); };
      llvm::sort(sites, [&](auto &a, auto &b) { return key(a) < key(b); });
      sites.erase(std::unique(sites.begin(), sites.end()), sites.end());
    });
  plan::Problem problem = plan::Problem::forArch(arch);
  for (auto [i, alloc] : llvm::enumerate(allocs)) {
    plan::Buffer one = buffer(alloc);
    if (one.name.empty())
      one.name = "tile " + std::to_string(i);
    one.source = uint32_t(i);
    problem.buffers.push_back(std::move(one));
  }
  return problem;
}

/// Functions grouped by calls, callers first; recursion has been refused by then or ends in one
/// group anyway.
std::vector<llvm::SmallVector<FuncOp>> groupsOf(mlir::ModuleOp module) {
  std::map<std::string, FuncOp> byName;
  std::vector<FuncOp> all;
  for (FuncOp f : module.getOps<FuncOp>())
    if (!f.isDeclaration()) {
      byName[f.getName().str()] = f;
      all.push_back(f);
    }
  std::map<std::string, std::string> leader;
  auto find = [&](std::string name) {
    while (leader.count(name) && leader[name] != name)
      name = leader[name];
    return name;
  };
  std::set<std::string> called;
  for (FuncOp f : all)
    f.walk([&](mlir::func::CallOp call) {
      called.insert(call.getCallee().str());
      if (byName.count(call.getCallee().str()))
        leader[find(call.getCallee().str())] = find(f.getName().str());
    });
  std::map<std::string, llvm::SmallVector<FuncOp>> groups;
  std::vector<std::string> order;
  std::set<std::string> seen;
  auto visit = [&](auto &self, FuncOp f, llvm::SmallVector<FuncOp> &post) -> void {
    if (!seen.insert(f.getName().str()).second)
      return;
    f.walk([&](mlir::func::CallOp call) {
      if (auto it = byName.find(call.getCallee().str()); it != byName.end())
        self(self, it->second, post);
    });
    post.push_back(f);
  };
  for (bool rootsFirst : {true, false})
    for (FuncOp f : all)
      if (!rootsFirst || !called.count(f.getName().str())) {
        llvm::SmallVector<FuncOp> post;
        visit(visit, f, post);
        std::string name = find(f.getName().str());
        if (!groups.count(name))
          order.push_back(name);
        auto &group = groups[name];
        group.insert(group.begin(), post.rbegin(), post.rend());
      }
  std::vector<llvm::SmallVector<FuncOp>> out;
  for (const std::string &name : order)
    out.push_back(groups[name]);
  return out;
}

struct PlanMemoryPass : pto::impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) {
      auto alloc = Declaration::of(op);
      if (alloc && !alloc->address.empty()) {
        op->emitOpError() << "has an address, but ptoas plans memory at this level; leave it out "
                             "or compile with --pto-level=level3";
        ok = false;
      }
      if (llvm::isa<TAssignOp>(op)) {
        op->emitOpError() << "is only supported when --pto-level=level3, where the program places "
                             "its tiles; here ptoas does";
        ok = false;
      }
    });
    for (FuncOp function : getOperation().getOps<FuncOp>())
      ok &= !mixesScales(function);
    if (!ok)
      return signalPassFailure();
    for (auto &functions : groupsOf(getOperation()))
      ok &= place(functions);
    if (!ok)
      signalPassFailure();
  }

  bool place(llvm::MutableArrayRef<FuncOp> functions) {
    Group group(functions);
    plan::Problem problem = group.problem(archOf(getOperation()));
    plan::Result result = plan::solve(problem);
    for (const plan::Failure &failure : result.failures)
      report(problem, failure, group.tiles(), functions.front());
    if (!result.ok())
      return false;
    // Who solves does not check (law 4).
    for (const plan::Violation &violation : plan::validate(problem, result.plan)) {
      functions.front().emitError() << "memory plan breaks its own rules, which is a bug of ptoas: "
                                    << plan::describe(problem, violation);
      return false;
    }
    llvm::DenseMap<std::pair<Operation *, int64_t>, mlir::Value> constants;
    for (auto [i, alloc] : llvm::enumerate(group.tiles())) {
      int64_t address = int64_t(result.plan.address[i]);
      if (ReserveBufferOp reserve = alloc.reservation) {
        reserve.setBase(int32_t(address));
        continue;
      }
      auto function = alloc.op->getParentOfType<FuncOp>();
      mlir::Value &value = constants[{function, address}];
      if (!value) {
        auto b = mlir::OpBuilder::atBlockBegin(&function.getBody().front());
        value = mlir::arith::ConstantOp::create(b, placeOf(alloc.op->getLoc()),
                                                b.getI64IntegerAttr(address));
      }
      alloc.address.assign(value);
    }
    return true;
  }

  void report(const plan::Problem &problem, const plan::Failure &failure,
              llvm::ArrayRef<Declaration> tiles, FuncOp function) {
    Operation *at = failure.live.empty() ? function.getOperation()
                                         : tiles[problem.buffers[failure.live.front()].source].op;
    if (failure.buffer != plan::none)
      at = tiles[problem.buffers[failure.buffer].source].op;
    auto diagnostic = at->emitOpError() << plan::headline(problem, failure);
    for (auto [i, line] : llvm::enumerate(plan::details(problem, failure))) {
      // The first lines are the live tiles, largest first; the rest is the way out.
      bool isTile = i < failure.live.size() && i < 12;
      diagnostic.attachNote(isTile ? tiles[problem.buffers[failure.live[i]].source].op->getLoc()
                                   : at->getLoc())
          << line;
    }
  }
};

struct CheckMemoryPass : pto::impl::CheckMemoryBase<CheckMemoryPass> {
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      auto alloc = Declaration::of(op);
      if (!alloc || !alloc->address.empty() || isBound(op))
        return;
      if (alloc->reservation) {
        if (alloc->reservation.getBase())
          return;
        signalPassFailure();
        op->emitOpError() << "has no base, but at --pto-level=level3 every reservation needs one; "
                             "write auto = false and a base, or compile with --pto-level=level2";
        return;
      }
      op->emitOpError() << "has no address, but at --pto-level=level3 every tile needs one; add "
                           "`addr = %a` or compile with "
                           "--pto-level=level2";
      signalPassFailure();
    });
  }
};

} // namespace
