//===- ControlFlow.cpp - Loops and branches --------------------------------===//
//
// Values that a region gives become variables declared before it. A loop variable and the loop's
// result are one variable.
//
//===----------------------------------------------------------------------===//

#include "Printer.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Value;
namespace scf = mlir::scf;

namespace {
/// A name that the source gives on purpose; `%0` is none.
llvm::StringRef spokenName(Value value) {
  llvm::StringRef name = sourceName(value);
  return !name.empty() && llvm::isAlpha(name.front()) ? name : "";
}

/// Tiles with open extents have no default constructor; what they are built with is assigned over.
std::string uninitialized(mlir::Type type) {
  auto tile = llvm::dyn_cast<TileBufType>(type);
  if (!tile || !(tile.hasDynamicValidRows() || tile.hasDynamicValidCols()))
    return "";
  llvm::SmallVector<std::string, 2> open;
  if (tile.hasDynamicValidRows())
    open.push_back(std::to_string(tile.getRows()));
  if (tile.hasDynamicValidCols())
    open.push_back(std::to_string(tile.getCols()));
  return "(" + llvm::join(open, ", ") + ")";
}

/// Declares variables without values for what a region will give.
std::vector<std::string> declareResults(Printer &p, mlir::ValueRange results) {
  std::vector<std::string> names;
  for (Value result : results) {
    std::string name = p.declare(result);
    p.line(cppType(result.getType()) + " " + name + uninitialized(result.getType()) + ";");
    names.push_back(name);
  }
  return names;
}

/// Assigns variables that do not occur in the values.
void assign(Printer &p, llvm::ArrayRef<std::string> variables, mlir::ValueRange values) {
  for (auto [variable, value] : llvm::zip(variables, values)) {
    std::string text = p.valueOf(value).text;
    if (text != variable)
      p.line(variable + " = " + text + ";");
  }
}

/// Assigns loop variables all at once: the values may be the variables themselves, in another
/// order.
void assignTogether(Printer &p, llvm::ArrayRef<std::string> variables, mlir::ValueRange values) {
  llvm::StringMap<unsigned> position;
  for (auto [i, name] : llvm::enumerate(variables))
    position[name] = i;
  std::vector<Expr> texts;
  for (Value value : values)
    texts.push_back(p.valueOf(value));
  // What an earlier assignment would overwrite is saved first.
  for (auto [i, value] : llvm::enumerate(values)) {
    auto it = position.find(texts[i].text);
    if (it == position.end() || it->second >= i)
      continue;
    // The saved copy is no value of the program: the expression of the value itself stays as it is.
    p.defineVariable(value, texts[i]);
    Expr saved = p.valueOf(value);
    p.bind(value, texts[i]);
    texts[i] = saved;
  }
  for (auto [variable, text] : llvm::zip(variables, texts))
    if (text.text != variable)
      p.line(variable + " = " + text.text + ";");
}

/// Declares the variables of a loop with their first values and binds arguments and results to
/// them.
std::vector<std::string> declareLoopVariables(Printer &p, mlir::ValueRange inits,
                                              mlir::ValueRange arguments,
                                              mlir::ValueRange results) {
  std::vector<std::string> names;
  for (auto [init, argument, result] : llvm::zip(inits, arguments, results)) {
    std::string first = p.valueOf(init).text;
    llvm::StringRef hint = spokenName(argument);
    std::string name = p.declare(argument, hint.empty() ? spokenName(result) : hint);
    p.bindName(result, name);
    p.line(cppType(argument.getType()) + " " + name + " = " + first + ";");
    names.push_back(name);
  }
  return names;
}

mlir::Operation *terminator(mlir::Region &region) { return region.front().getTerminator(); }
} // namespace

//===----------------------------------------------------------------------===//
// for
//===----------------------------------------------------------------------===//

void cpp::printFor(Printer &p, scf::ForOp op) {
  std::vector<std::string> variables =
      declareLoopVariables(p, op.getInitArgs(), op.getRegionIterArgs(), op.getResults());
  Value induction = op.getInductionVar();
  std::string type = cppType(induction.getType());
  Expr lower = p.valueOf(op.getLowerBound()), upper = p.valueOf(op.getUpperBound());
  std::optional<int64_t> step = p.constants.fold(op.getStep());
  std::string stepText = p.valueOf(op.getStep()).text;

  // The induction variable lives in the parentheses of the for: its name goes with the body.
  p.enterScope();
  std::string name = p.declare(induction);
  Expr test = {name};
  if (op.getUnsignedCmp()) {
    std::string wide = unsignedType(induction.getType());
    test = cast(wide, test);
    upper = cast(wide, upper);
  }
  std::string next = step == 1 ? "++" + name : name + " += " + stepText;
  p.head("for (" + type + " " + name + " = " + lower.text + "; " +
         binary(test, "<", upper, Precedence::Relational).text + "; " + next + ")");
  p.block(*op.getBody());
  assignTogether(p, variables, terminator(op.getRegion())->getOperands());
  p.close();
}

//===----------------------------------------------------------------------===//
// if
//===----------------------------------------------------------------------===//

namespace {
/// The `if` that an else block consists of: it can continue the chain.
scf::IfOp chainedIf(Printer &p, mlir::Block &block) {
  if (block.without_terminator().empty())
    return nullptr;
  auto inner = llvm::dyn_cast<scf::IfOp>(*std::prev(block.without_terminator().end()));
  if (!inner || inner.getResults() != mlir::ValueRange(block.getTerminator()->getOperands()))
    return nullptr;
  bool standsAlone = llvm::all_of(llvm::make_range(block.begin(), inner->getIterator()),
                                  [&](mlir::Operation &op) { return p.reads.printsNothing(&op); });
  return standsAlone ? inner : nullptr;
}

/// Everything after `if (...) {`.
void printArms(Printer &p, scf::IfOp op, llvm::ArrayRef<std::string> variables) {
  p.block(*op.thenBlock());
  assign(p, variables, op.thenYield()->getOperands());
  while (op.elseBlock() && !op.elseBlock()->empty()) {
    mlir::Block &block = *op.elseBlock();
    scf::IfOp inner = chainedIf(p, block);
    if (!inner) {
      if (block.without_terminator().empty() && variables.empty())
        return;
      p.reopen("else");
      p.block(block);
      assign(p, variables, op.elseYield()->getOperands());
      return;
    }
    // What stands before the inner `if` makes no statements; printing it gives its values their
    // expressions.
    p.block(block, inner);
    p.reopen("else if (" + p.valueOf(inner.getCondition()).text + ")");
    p.block(*inner.thenBlock());
    assign(p, variables, inner.thenYield()->getOperands());
    op = inner;
  }
}
} // namespace

void cpp::printIf(Printer &p, scf::IfOp op) {
  std::vector<std::string> variables = declareResults(p, op.getResults());
  p.open("if (" + p.valueOf(op.getCondition()).text + ")");
  printArms(p, op, variables);
  p.close();
}

//===----------------------------------------------------------------------===//
// while, switch, execute_region
//===----------------------------------------------------------------------===//

void cpp::printWhile(Printer &p, scf::WhileOp op) {
  // The first region's arguments are the loop variables; what its condition hands on are the second
  // one's arguments and the results. Handed on unchanged, they are one variable.
  auto condition = llvm::cast<scf::ConditionOp>(op.getBeforeBody()->getTerminator());
  mlir::ValueRange handed = condition.getArgs(), results = op.getResults();
  auto before = op.getBeforeBody()->getArguments();
  std::vector<std::string> loopVariables = declareLoopVariables(p, op.getInits(), before, before);
  std::vector<std::string> handedVariables;
  bool handsOnUnchanged = true;
  for (auto [i, value] : llvm::enumerate(handed)) {
    auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
    bool unchanged = argument && argument.getOwner() == op.getBeforeBody();
    handsOnUnchanged &= unchanged;
    std::string name = unchanged ? loopVariables[argument.getArgNumber()] : p.declare(results[i]);
    if (!unchanged)
      p.line(cppType(value.getType()) + " " + name + uninitialized(value.getType()) + ";");
    handedVariables.push_back(name);
    p.bindName(results[i], name);
    p.bindName(op.getAfterArguments()[i], name);
  }

  bool isPlainCondition =
      handsOnUnchanged && llvm::all_of(op.getBeforeBody()->without_terminator(), [&](auto &nested) {
        return p.reads.printsNothing(&nested);
      });
  if (isPlainCondition) {
    p.block(*op.getBeforeBody());
    p.open("while (" + p.valueOf(condition.getCondition()).text + ")");
  } else {
    p.open("while (true)");
    p.block(*op.getBeforeBody());
    Expr goesOn = p.valueOf(condition.getCondition());
    assign(p, handedVariables, handed);
    p.open("if (" + prefix("!", goesOn).text + ")");
    p.line("break;");
    p.close();
  }
  p.block(*op.getAfterBody());
  assignTogether(p, loopVariables, op.getYieldOp()->getOperands());
  p.close();
}

void cpp::printSwitch(Printer &p, scf::IndexSwitchOp op) {
  std::vector<std::string> variables = declareResults(p, op.getResults());
  p.open("switch (" + p.valueOf(op.getArg()).text + ")");
  auto arm = [&](const std::string &label, mlir::Region &region) {
    p.indent(-1);
    p.open(label);
    p.block(region.front());
    assign(p, variables, terminator(region)->getOperands());
    p.line("break;");
    p.close();
    p.indent(1);
  };
  for (auto [value, region] : llvm::zip(op.getCases(), op.getCaseRegions()))
    arm("case " + literal(value).text + ":", region);
  arm("default:", op.getDefaultRegion());
  p.close();
}

void cpp::printExecuteRegion(Printer &p, scf::ExecuteRegionOp op) {
  std::vector<std::string> variables = declareResults(p, op.getResults());
  p.open("");
  p.block(op.getRegion().front());
  assign(p, variables, terminator(op.getRegion())->getOperands());
  p.close();
}
