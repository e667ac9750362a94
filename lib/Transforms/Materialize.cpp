//===- Materialize.cpp - Inserted nodes back into the IR -------------------===//

#include "Materialize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using mlir::OpBuilder;
using mlir::Operation;
using mlir::Value;
using sync::NodeKind;

namespace {

class Materializer {
public:
  Materializer(const SyncModel &model, const sync::Program &solved, CoreKind core, bool wrap)
      : model(model), solved(solved), core(core), wrap(wrap),
        loc(placeOf(model.blocks.at({sync::none, 0})->getParentOp()->getLoc())) {}

  unsigned run() {
    for (const sync::Node &node : solved.nodes)
      if (node.inserted && node.key.id.count > 1)
        giveCounter(node.key.id.loop);
    list(solved.top, sync::none, 0);
    return changes;
  }

private:
  void list(const std::vector<sync::NodeId> &nodes, sync::NodeId owner, unsigned arm);
  void create(OpBuilder &b, const sync::Node &node);
  void flag(OpBuilder &b, const sync::Node &node);
  Value eventId(OpBuilder &b, const sync::EventId &id);
  Value idOf(OpBuilder &b, Value value, int64_t add, const sync::EventId &id);
  SyncModel::Number number(OpBuilder &b, const sync::Counter &counter);
  Value counter(OpBuilder &b, mlir::scf::ForOp loop, bool inside);
  Value trips(OpBuilder &b, mlir::scf::ForOp loop);
  void giveCounter(sync::NodeId loop);
  Operation *sourceOf(const sync::Node &node) const {
    Operation *op = model.sources[node.source];
    auto found = counted.find(op);
    return found == counted.end() ? op : found->second;
  }
  /// Values that stand in the C++ get names, each its own, so that it stays the same when the IR is
  /// printed and read again.
  mlir::Location named(llvm::StringRef stem) {
    return mlir::NameLoc::get(mlir::StringAttr::get(loc.getContext(), stem + llvm::Twine(++values)),
                              loc);
  }
  Value index(OpBuilder &b, int64_t value) {
    return mlir::arith::ConstantIndexOp::create(b, loc, value);
  }

  llvm::DenseMap<Operation *, Value> tripsOf; // looked up only, never walked
  const SyncModel &model;
  const sync::Program &solved;
  CoreKind core;
  bool wrap;
  mlir::Location loc;
  unsigned changes = 0, values = 0;
  llvm::DenseMap<Operation *, Operation *> counted; ///< whiles: what stands in their place
};

/// An scf.while has no counter that ids could turn with: it gets one, as one more variable.
void Materializer::giveCounter(sync::NodeId node) {
  if (solved.counterOf(node))
    return;
  auto old = llvm::dyn_cast<mlir::scf::WhileOp>(sourceOf(solved[node]));
  if (!old || counted.contains(model.sources[solved[node].source]))
    return;
  OpBuilder b(old);
  loc = placeOf(old.getLoc());
  llvm::SmallVector<Value> inits(old.getInits());
  inits.push_back(index(b, 0));
  llvm::SmallVector<mlir::Type> types(old.getResultTypes());
  types.push_back(b.getIndexType());
  auto loop = mlir::scf::WhileOp::create(b, old.getLoc(), types, inits);
  loop.getBefore().takeBody(old.getBefore());
  loop.getAfter().takeBody(old.getAfter());
  Value before = loop.getBefore().addArgument(b.getIndexType(), named("turns"));
  Value after = loop.getAfter().addArgument(b.getIndexType(), named("turns"));
  loop.getConditionOp().getArgsMutable().append(before);
  Operation *yield = loop.getYieldOp();
  b.setInsertionPoint(yield);
  Value next = mlir::arith::AddIOp::create(b, named("turns"), after, index(b, 1));
  yield->insertOperands(yield->getNumOperands(), next);
  old->replaceAllUsesWith(loop.getResults().drop_back());
  counted[old] = loop;
  old->erase();
}

void Materializer::list(const std::vector<sync::NodeId> &nodes, sync::NodeId owner, unsigned arm) {
  auto it = model.blocks.find({owner, arm});
  mlir::Block *home = it == model.blocks.end() ? nullptr : it->second;
  if (!home)
    return; // a helper's or a library's own code, which nobody touches
  OpBuilder b(home->getParentOp()->getContext());
  llvm::SmallVector<sync::NodeId> pending;
  mlir::Block *block = home; // a section inside the block may hold the operations around an item
  for (sync::NodeId id : nodes) {
    const sync::Node &node = solved[id];
    if (node.inserted) {
      pending.push_back(id);
      continue;
    }
    Operation *source = sourceOf(node);
    b.setInsertionPoint(source);
    loc = placeOf(source->getLoc());
    for (sync::NodeId p : pending)
      create(b, solved[p]);
    pending.clear();
    // What follows the end of an scf.while stands in its second region.
    block = node.kind == NodeKind::Leave
                ? &llvm::cast<mlir::scf::WhileOp>(source->getParentOp()).getAfter().front()
                : source->getBlock();
    if (node.kind == NodeKind::Loop || node.kind == NodeKind::Branch)
      for (unsigned a = 0; a < node.arms.size(); ++a)
        list(node.arms[a], id, a);
  }
  if (!block->empty() && block->back().hasTrait<mlir::OpTrait::IsTerminator>())
    b.setInsertionPoint(block->getTerminator());
  else
    b.setInsertionPointToEnd(block);
  for (sync::NodeId p : pending)
    create(b, solved[p]);
}

void Materializer::create(OpBuilder &b, const sync::Node &node) {
  ++changes;
  OpBuilder::InsertionGuard guard(b);
  bool inSection =
      llvm::isa<SectionCubeOp, SectionVectorOp>(b.getInsertionBlock()->getParentOp()) ||
      b.getInsertionBlock()->getParentOp()->getParentOfType<SectionVectorOp>() ||
      b.getInsertionBlock()->getParentOp()->getParentOfType<SectionCubeOp>();
  if (wrap && !inSection) {
    Operation *section = core == CoreKind::Cube ? SectionCubeOp::create(b, loc).getOperation()
                                                : SectionVectorOp::create(b, loc).getOperation();
    b.setInsertionPointToStart(&section->getRegion(0).emplaceBlock());
  }
  switch (node.kind) {
  case NodeKind::Set:
  case NodeKind::Wait:
    return flag(b, node);
  case NodeKind::Barrier:
    BarrierOp::create(b, loc, fromPipe(node.pipe));
    return;
  case NodeKind::Fence:
    DsbOp::create(b, loc);
    return;
  default:
    llvm_unreachable("only synchronisation is inserted");
  }
}

void Materializer::flag(OpBuilder &b, const sync::Node &node) {
  PipeKind from = fromPipe(node.key.from), to = fromPipe(node.key.to);
  const sync::EventId &id = node.key.id;
  bool set = node.kind == NodeKind::Set;
  std::optional<int64_t> fixed = id.base;
  if (id.count > 1 && solved.counterOf(id.loop)) {
    fixed.reset();
  } else if (id.count > 1) {
    fixed.reset();
    // After a loop whose trip count is known the counter is a number.
    bool inside = false;
    for (Operation *p = b.getInsertionBlock()->getParentOp(); p; p = p->getParentOp())
      inside |= p == sourceOf(solved[id.loop]);
    if (!inside && solved[id.loop].trip)
      fixed = id.base + (*solved[id.loop].trip + id.add) % int64_t(id.count);
  }
  if (fixed) {
    auto event = EventKind(*fixed);
    if (set)
      SetFlagOp::create(b, loc, from, to, event);
    else
      WaitFlagOp::create(b, loc, from, to, event);
    return;
  }
  Value value = eventId(b, id);
  if (set)
    SetFlagDynOp::create(b, loc, from, to, value);
  else
    WaitFlagDynOp::create(b, loc, from, to, value);
}

/// base + (counter + add) mod count; Analysis/Offsets.cpp reads it back (readEventId).
Value Materializer::eventId(OpBuilder &b, const sync::EventId &id) {
  if (const sync::Counter *counter = solved.counterOf(id.loop)) {
    auto [value, first] = number(b, *counter);
    return idOf(b, value, id.add - first, id);
  }
  Operation *loop = sourceOf(solved[id.loop]);
  bool inside = loop->isAncestor(b.getInsertionBlock()->getParentOp());
  Value value;
  if (auto repeat = llvm::dyn_cast<mlir::scf::WhileOp>(loop)) {
    mlir::Region *second = &repeat.getAfter();
    if (!inside)
      value = repeat.getResults().back();
    else
      value = second->isAncestor(b.getInsertionBlock()->getParent())
                  ? repeat.getAfterArguments().back()
                  : repeat.getBeforeArguments().back();
  } else {
    value = counter(b, llvm::cast<mlir::scf::ForOp>(loop), inside);
  }
  return idOf(b, value, id.add, id);
}

/// base + (value + add) mod count.
Value Materializer::idOf(OpBuilder &b, Value value, int64_t add, const sync::EventId &id) {
  int64_t count = id.count;
  add = llvm::mod(add, count);
  if (add)
    value = mlir::arith::AddIOp::create(b, named("turn"), value, index(b, add));
  value = mlir::arith::RemUIOp::create(b, named("slot"), value, index(b, count));
  if (id.base)
    value = mlir::arith::AddIOp::create(b, named("event"), value, index(b, id.base));
  return value;
}

/// A number that runs on, where a loop counts it: a variable of that loop, or the sum i * n + j
/// over the nest.
SyncModel::Number Materializer::number(OpBuilder &b, const sync::Counter &counter) {
  auto counts = [&](Operation *op) {
    return llvm::any_of(counter.loops, [&](sync::NodeId l) { return sourceOf(solved[l]) == op; });
  };
  Operation *inner = b.getInsertionBlock()->getParentOp();
  while (!counts(inner))
    inner = inner->getParentOp();
  auto toIndex = [&](Value value) -> Value {
    if (value.getType().isIndex())
      return value;
    if (value.getType().isInteger(1))
      return mlir::arith::IndexCastUIOp::create(b, named("turn"), b.getIndexType(), value);
    return mlir::arith::IndexCastOp::create(b, named("turn"), b.getIndexType(), value);
  };
  auto known = model.numbers.find({counter.node, inner});
  if (known != model.numbers.end())
    return {toIndex(known->second.value), known->second.first};
  llvm::SmallVector<mlir::scf::ForOp> nest{llvm::cast<mlir::scf::ForOp>(inner)};
  while (nest.back() != sourceOf(solved[counter.over]))
    nest.push_back(llvm::cast<mlir::scf::ForOp>(nest.back()->getParentOp()));
  Value sum = toIndex(nest.back().getInductionVar());
  for (mlir::scf::ForOp loop : llvm::reverse(llvm::ArrayRef(nest).drop_back())) {
    sum = mlir::arith::MulIOp::create(b, named("turn"), sum, toIndex(loop.getUpperBound()));
    sum = mlir::arith::AddIOp::create(b, named("turn"), sum, toIndex(loop.getInductionVar()));
  }
  return {sum, 0};
}

/// Number of the iteration, from 0; after the loop, how many there were. An index, whatever the
/// type of the loop's counter.
Value Materializer::counter(OpBuilder &b, mlir::scf::ForOp loop, bool inside) {
  Value lower = loop.getLowerBound(), step = loop.getStep(), result = loop.getInductionVar();
  if (!inside) {
    result = trips(b, loop);
  } else if (constantOf(lower) != 0 || constantOf(step) != 1) {
    Value from = mlir::arith::SubIOp::create(b, named("from"), result, lower);
    result = mlir::arith::DivUIOp::create(b, named("iteration"), from, step);
  }
  if (!result.getType().isIndex())
    result = mlir::arith::IndexCastOp::create(b, named("iteration"), b.getIndexType(), result);
  return result;
}

/// How many iterations the loop has had: one value behind it, for all that follows.
Value Materializer::trips(OpBuilder &b, mlir::scf::ForOp loop) {
  auto &known = tripsOf[loop];
  Operation *at = b.getInsertionPoint() == b.getInsertionBlock()->end()
                      ? b.getInsertionBlock()->getParentOp()
                      : &*b.getInsertionPoint();
  at = loop->getBlock()->findAncestorOpInBlock(*at);
  bool isBehind = at && at != loop && loop->isBeforeInBlock(at);
  if (known && isBehind)
    return known;
  OpBuilder::InsertionGuard guard(b);
  if (isBehind)
    b.setInsertionPointAfter(loop);
  Value lower = loop.getLowerBound(), result = loop.getUpperBound();
  if (constantOf(lower) != 0)
    result = mlir::arith::SubIOp::create(b, named("length"), result, lower);
  Value zero = mlir::arith::ConstantOp::create(b, loc, b.getIntegerAttr(result.getType(), 0));
  result = mlir::arith::MaxSIOp::create(b, named("trips"), result, zero);
  if (constantOf(loop.getStep()) != 1)
    result = mlir::arith::CeilDivSIOp::create(b, named("trips"), result, loop.getStep());
  if (isBehind)
    known = result;
  return result;
}

} // namespace

unsigned pto::materialize(const SyncModel &model, const sync::Program &solved, CoreKind core,
                          bool wrap) {
  return Materializer(model, solved, core, wrap).run();
}
