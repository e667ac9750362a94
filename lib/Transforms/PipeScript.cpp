//===- PipeScript.cpp - What one core does on its pipes --------------------===//

#include "PipeScript.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace pto;
using mlir::Operation;
using mlir::Value;
using mlir::func::FuncOp;
namespace arith = mlir::arith;
namespace scf = mlir::scf;

namespace {

constexpr size_t mostSteps = 1 << 16;    ///< of one core; beyond that nothing is said
constexpr size_t mostWork = 1 << 18;     ///< operations and iterations that are followed
constexpr int64_t largestUnit = 1 << 20; ///< of a parameter that is divided again and again

/// A number and the parameters that it comes from; no number where data decides.
struct Known {
  std::optional<int64_t> number;
  llvm::SmallVector<PipeParameter, 2> from;
  bool isUndefined = false; ///< for these values of the parameters
};

class Follower {
public:
  Follower(FuncOp kernel, CoreKind core, int64_t subblock, PipeScene &scene)
      : kernel(kernel), core(core), subblock(subblock), scene(scene) {
    kernel.walk([&](Operation *op) { markHolder(op); });
  }

  PipeScript run() {
    auto kind = coreKindOf(kernel);
    if (!kind || (*kind == core && !isGuarded(kernel)))
      function(kernel);
    return std::move(script);
  }

private:
  //===--------------------------------------------------------------------===//
  // Numbers
  //===--------------------------------------------------------------------===//

  Known parameter(mlir::BlockArgument argument) {
    auto owner = llvm::cast<FuncOp>(argument.getOwner()->getParentOp());
    PipeParameter key{scene.sharesParameters ? nullptr : owner.getOperation(),
                      argument.getArgNumber()};
    int64_t unit = scene.divisors.try_emplace(key, 1).first->second;
    auto given = scene.values.find(key);
    int64_t count = given == scene.values.end() ? scene.otherwise : given->second;
    return {count * unit, {key}};
  }

  Known read(Value value) {
    if (auto constant = constantOf(value))
      return {*constant, {}};
    if (auto known = numbers.find(value); known != numbers.end())
      return known->second;
    if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(value)) {
      Known known;
      if (argument.getOwner() == &kernel.getBody().front())
        known = parameter(argument);
      else if (Value operand = passed.lookup(argument))
        known = read(operand);
      return numbers[value] = known;
    }
    Known result = compute(value.getDefiningOp());
    owned[value.getDefiningOp()->getBlock()].push_back(value);
    return numbers[value] = result;
  }

  /// What is computed from numbers by arithmetic.
  Known compute(Operation *op) {
    if (llvm::isa<GetBlockIdxOp>(op))
      return {0, {}};
    if (llvm::isa<GetBlockNumOp>(op))
      return {1, {}};
    if (llvm::isa<GetSubblockIdxOp>(op))
      return {subblock, {}};
    if (llvm::isa<GetSubblockNumOp>(op))
      return {2, {}};
    bool isPure = op->getNumResults() == 1 && op->getNumOperands() > 0 &&
                  op->getNumRegions() == 0 &&
                  (op->getDialect() == op->getContext()->getLoadedDialect("arith") ||
                   llvm::isa<mlir::UnrealizedConversionCastOp>(op));
    if (!isPure)
      return {};
    llvm::SmallVector<Known, 3> in;
    Known result;
    for (Value operand : op->getOperands()) {
      in.push_back(read(operand));
      result.isUndefined |= in.back().isUndefined;
      for (const PipeParameter &p : in.back().from)
        if (!llvm::is_contained(result.from, p))
          result.from.push_back(p);
    }
    if (auto select = llvm::dyn_cast<arith::SelectOp>(op)) {
      if (in[0].number)
        result.number = in[*in[0].number & 1 ? 1 : 2].number;
      return result;
    }
    if (llvm::any_of(in, [](const Known &k) { return !k.number; }))
      return result;
    if (llvm::isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp, arith::CeilDivUIOp,
                  arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp>(op) &&
        in[1].from.empty())
      divide(in[0], *in[1].number);
    result.number = value(op, *in[0].number, in.size() > 1 ? *in[1].number : 0);
    result.isUndefined = !result.number && in.size() > 1 && !in[1].from.empty();
    return result;
  }

  /// Parameters are tried in multiples of what divides them: a length that is no multiple of its
  /// tile says nothing about the pipes.
  void divide(const Known &number, int64_t by) {
    if (scene.divisorsStand)
      return;
    for (const PipeParameter &p : number.from) {
      int64_t &unit = scene.divisors[p];
      if (by > 0 && by <= largestUnit)
        if (int64_t both = std::lcm(unit, by); both <= largestUnit)
          unit = both;
    }
  }

  static std::optional<int64_t> quotient(int64_t a, int64_t b, bool up) {
    if (b == 0)
      return std::nullopt;
    int64_t q = a / b;
    return up && a % b && (a < 0) == (b < 0) ? q + 1 : q;
  }

  static std::optional<int64_t> value(Operation *op, int64_t a, int64_t b) {
    using Number = std::optional<int64_t>;
    return llvm::TypeSwitch<Operation *, Number>(op)
        .Case([&](arith::AddIOp) { return Number(a + b); })
        .Case([&](arith::SubIOp) { return Number(a - b); })
        .Case([&](arith::MulIOp) { return Number(a * b); })
        .Case<arith::DivSIOp, arith::DivUIOp>([&](auto) { return quotient(a, b, false); })
        .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([&](auto) { return quotient(a, b, true); })
        .Case([&](arith::FloorDivSIOp) {
          return b && a % b && (a < 0) != (b < 0) ? Number(a / b - 1) : quotient(a, b, false);
        })
        .Case<arith::RemSIOp, arith::RemUIOp>([&](auto) { return b ? Number(a % b) : Number(); })
        .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) { return Number(std::max(a, b)); })
        .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) { return Number(std::min(a, b)); })
        .Case([&](arith::AndIOp) { return Number(a & b); })
        .Case([&](arith::OrIOp) { return Number(a | b); })
        .Case([&](arith::XOrIOp) { return Number(a ^ b); })
        .Case([&](arith::ShLIOp) { return b >= 0 && b < 63 ? Number(a << b) : Number(); })
        .Case<arith::ShRSIOp, arith::ShRUIOp>(
            [&](auto) { return b >= 0 && b < 63 ? Number(a >> b) : Number(); })
        .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp, arith::ExtUIOp,
              arith::TruncIOp, mlir::UnrealizedConversionCastOp>([&](auto) { return Number(a); })
        .Case([&](arith::CmpIOp compare) { return Number(holds(compare.getPredicate(), a, b)); })
        .Default([](Operation *) { return Number(); });
  }

  static bool holds(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
    switch (predicate) {
    case arith::CmpIPredicate::eq:
      return a == b;
    case arith::CmpIPredicate::ne:
      return a != b;
    case arith::CmpIPredicate::slt:
      return a < b;
    case arith::CmpIPredicate::sle:
      return a <= b;
    case arith::CmpIPredicate::sgt:
      return a > b;
    case arith::CmpIPredicate::sge:
      return a >= b;
    case arith::CmpIPredicate::ult:
      return uint64_t(a) < uint64_t(b);
    case arith::CmpIPredicate::ule:
      return uint64_t(a) <= uint64_t(b);
    case arith::CmpIPredicate::ugt:
      return uint64_t(a) > uint64_t(b);
    case arith::CmpIPredicate::uge:
      return uint64_t(a) >= uint64_t(b);
    }
    return false;
  }

  //===--------------------------------------------------------------------===//
  // Control
  //===--------------------------------------------------------------------===//

  /// Only operations around pipe operations are followed.
  void markHolder(Operation *op) {
    bool isPipe = PipeInit::of(op) || PipeCall::of(op) || stepsOnFlags(op, scene.withInner);
    if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op))
      isPipe = touchesPipes(call);
    for (; isPipe && op && holders.insert(op).second; op = op->getParentOp()) {
    }
  }
  bool touchesPipes(mlir::func::CallOp call) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr());
    if (!callee || callee.isDeclaration())
      return false;
    auto [known, isNew] = callees.try_emplace(callee, false);
    if (!isNew)
      return known->second;
    callee.walk([&](Operation *op) { markHolder(op); });
    return callees[callee] = holders.contains(callee);
  }

  bool stopped() const { return !script.isComplete(); }
  void stopAt(Operation *op,
              std::string why = "how often entries are sent and received depends on data") {
    if (script.unknown)
      return;
    script.unknown = op;
    script.why = std::move(why);
  }
  /// Control asks for a number that there is not.
  void stopAt(Operation *op, std::initializer_list<Known> numbers) {
    if (llvm::any_of(numbers, [](const Known &k) { return k.isUndefined; }))
      script.isVoid = true;
    else
      stopAt(op);
  }

  void function(FuncOp f) {
    if (!f.getBody().hasOneBlock())
      return holders.contains(f) ? stopAt(f) : void();
    size_t outer = alive.size();
    block(f.getBody().front());
    close(outer);
  }

  void block(mlir::Block &body) {
    for (Value value : std::exchange(owned[&body], {}))
      numbers.erase(value);
    for (Operation &op : body) {
      if (stopped())
        return;
      if (holders.contains(&op))
        operation(&op);
    }
  }

  void scoped(mlir::Block &body) {
    size_t outer = alive.size();
    block(body);
    close(outer);
  }

  void operation(Operation *op) {
    script.isTooLong |= ++work > mostWork;
    llvm::TypeSwitch<Operation *>(op)
        .Case<SectionCubeOp, SectionVectorOp>([&](auto section) {
          if (llvm::isa<SectionCubeOp>(op) == (core == CoreKind::Cube) && !isGuarded(op))
            block(section.getBody().front()); // a section is no scope of its pipes
        })
        .Case([&](scf::ForOp loop) { forLoop(loop); })
        .Case([&](scf::IfOp branch) { ifElse(branch); })
        .Case([&](mlir::func::CallOp c) { call(c); })
        .Default([&](Operation *) {
          if (op->getNumRegions())
            stopAt(op);
          else
            pipe(op);
        });
  }

  /// a5: code of a pipe without a split runs on vector core 0 alone.
  bool isGuarded(Operation *region) const {
    return core == CoreKind::Vector && subblock > 0 && runsOnFirstVectorCore(region);
  }

  void forLoop(scf::ForOp loop) {
    Known from = read(loop.getLowerBound()), to = read(loop.getUpperBound()),
          by = read(loop.getStep());
    if (!from.number || !to.number || !by.number)
      return stopAt(loop, {from, to, by});
    if (*by.number <= 0) {
      script.isVoid = true;
      return;
    }
    llvm::SmallVector<Known> carried;
    for (Value init : loop.getInitArgs())
      carried.push_back(init.getType().isIntOrIndex() ? read(init) : Known{});
    for (int64_t i = *from.number; i < *to.number && !stopped(); i += *by.number) {
      script.isTooLong |= ++work > mostWork;
      numbers[loop.getInductionVar()] = {i, {}};
      for (auto [argument, known] : llvm::zip(loop.getRegionIterArgs(), carried))
        numbers[argument] = known;
      scoped(*loop.getBody());
      for (auto [known, value] : llvm::zip(carried, loop.getYieldedValues()))
        known = value.getType().isIntOrIndex() ? read(value) : Known{};
    }
    for (auto [result, known] : llvm::zip(loop.getResults(), carried))
      numbers[result] = known;
  }

  void ifElse(scf::IfOp branch) {
    mlir::Region *regions[] = {&branch.getThenRegion(), &branch.getElseRegion()};
    auto arm = [&](bool taken) {
      mlir::Region &region = *regions[!taken];
      if (region.empty())
        return;
      scoped(region.front());
      for (auto [result, value] :
           llvm::zip(branch.getResults(), region.front().getTerminator()->getOperands()))
        numbers[result] = value.getType().isIntOrIndex() ? read(value) : Known{};
    };
    Known condition = read(branch.getCondition());
    if (condition.number)
      return arm(*condition.number & 1);
    // Data decides: no matter when both arms do the same on the pipes.
    size_t before = script.steps.size();
    arm(true);
    size_t middle = script.steps.size();
    arm(false);
    for (Value result : branch.getResults())
      numbers[result] = {};
    llvm::ArrayRef<PipeStep> all = script.steps;
    if (stopped() || all.slice(before, middle - before) != all.drop_front(middle))
      return stopAt(branch, {condition});
    script.steps.erase(script.steps.begin() + middle, script.steps.end());
  }

  void call(mlir::func::CallOp c) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(c, c.getCalleeAttr());
    auto kind = coreKindOf(callee);
    if (kind && (*kind != core || isGuarded(callee)))
      return;
    if (!active.insert(callee).second)
      return stopAt(c); // recursion, which is told elsewhere
    for (auto [argument, operand] : llvm::zip(callee.getArguments(), c.getOperands())) {
      passed[argument] = operand; // read when control asks for it
      numbers.erase(argument);
    }
    function(callee);
    active.erase(callee);
  }

  //===--------------------------------------------------------------------===//
  // Pipes
  //===--------------------------------------------------------------------===//

  void add(PipeStep step) {
    script.steps.push_back(step);
    script.isTooLong |= script.steps.size() > mostSteps;
  }

  void flags(Operation *op) {
    std::string why;
    bool isVoid = false;
    auto number = [&](Value value) {
      Known known = read(value);
      isVoid |= known.isUndefined;
      return known.number;
    };
    auto steps = flagSteps(op, core, scene.withInner, number, why);
    if (!steps && isVoid)
      script.isVoid = true;
    else if (!steps)
      return stopAt(op, why);
    else
      for (const PipeStep &step : *steps)
        add(step);
  }

  void pipe(Operation *op) {
    if (stepsOnFlags(op, scene.withInner))
      return flags(op);
    if (PipeInit::of(op)) {
      alive.push_back(op);
      return add({PipeStep::Open, scene.pipeOf.lookup(op), op});
    }
    PipeCall call = *PipeCall::of(op);
    constexpr PipeStep::Kind kinds[] = {PipeStep::Alloc, PipeStep::Push, PipeStep::Pop,
                                        PipeStep::Free};
    Operation *init = call.handle.getDefiningOp();
    // The store of a push waits for its accumulator before the push does, and gives it back behind.
    llvm::SmallVector<PipeStep, 4> unit;
    if (std::string why; scene.withInner && usesUnitFlag(op))
      unit = *flagSteps(op, core, true, [](Value) { return std::nullopt; }, why);
    if (!unit.empty())
      add(unit.front());
    add({kinds[call.kind], scene.pipeOf.lookup(init), op, *call.direction(),
         !call.entry || bool(call.tile()), call.split != 0});
    if (!unit.empty())
      add(unit.back());
  }

  void close(size_t outer) {
    while (alive.size() > outer) {
      Operation *init = alive.pop_back_val();
      if (!stopped())
        add({PipeStep::Close, scene.pipeOf.lookup(init), init});
    }
  }

  FuncOp kernel;
  CoreKind core;
  int64_t subblock;
  PipeScene &scene;
  PipeScript script;
  size_t work = 0;
  llvm::DenseSet<Operation *> holders, active;
  llvm::DenseMap<Operation *, bool> callees; ///< do they touch pipes
  llvm::DenseMap<Value, Known> numbers;
  llvm::DenseMap<Value, Value> passed; ///< arguments of helpers: the operand of the call
  llvm::DenseMap<mlir::Block *, llvm::SmallVector<Value>> owned; ///< of `numbers`, per execution
  llvm::SmallVector<Operation *> alive;                          ///< initialize ops, innermost last
};

} // namespace

PipeScript pto::followPipes(FuncOp kernel, CoreKind core, int64_t subblock, PipeScene &scene) {
  return Follower(kernel, core, subblock, scene).run();
}
