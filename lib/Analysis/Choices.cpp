//===- Choices.cpp - What branches, loops and calls may give ---------------===//

#include "ModelBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace pto;
using namespace pto::analysis;
using mlir::Operation;
using mlir::Value;

std::optional<ModelBuilder::Alternatives> ModelBuilder::alternatives(Bound value) {
  namespace scf = mlir::scf;
  Frame *frame = value.frame;
  Alternatives out;
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(value.value);
  Operation *op = argument ? argument.getOwner()->getParentOp() : value.value.getDefiningOp();
  unsigned number = argument ? 0 : llvm::cast<mlir::OpResult>(value.value).getResultNumber();
  if (auto loop = llvm::dyn_cast<scf::ForOp>(op)) {
    if (argument && argument.getArgNumber() < loop.getNumInductionVars())
      return std::nullopt;
    unsigned i = argument ? argument.getArgNumber() - loop.getNumInductionVars() : number;
    out.now.push_back(follow(loop.getInitArgs()[i], frame));
    out.earlier.push_back(follow(loop.getYieldedValues()[i], frame));
    out.loop = loop;
    return out;
  }
  if (auto loop = llvm::dyn_cast<scf::WhileOp>(op)) {
    unsigned i = argument ? argument.getArgNumber() : number;
    out.loop = loop;
    if (argument && argument.getOwner() == loop.getBeforeBody()) {
      out.now.push_back(follow(loop.getInits()[i], frame));
      out.earlier.push_back(follow(loop.getYieldOp()->getOperand(i), frame));
    } else {
      out.earlier.push_back(follow(loop.getConditionOp().getArgs()[i], frame));
    }
    return out;
  }
  if (argument)
    return std::nullopt;
  if (auto select = llvm::dyn_cast<mlir::arith::SelectOp>(op)) {
    out.now = {follow(select.getTrueValue(), frame), follow(select.getFalseValue(), frame)};
    return out;
  }
  if (llvm::isa<scf::IfOp, scf::IndexSwitchOp>(op)) {
    for (mlir::Region &region : op->getRegions())
      out.now.push_back(follow(region.front().getTerminator()->getOperand(number), frame));
    return out;
  }
  if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op))
    for (auto &callee : frames)
      if (callee->call == call && callee->caller == frame) {
        mlir::Block &body = callee->function.getBody().front();
        out.now.push_back(follow(body.getTerminator()->getOperand(number), callee.get()));
        return out;
      }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

/// The pointer that another one is a cast of; null when it is none.
static Value castSource(Value pointer) {
  auto cast = pointer.getDefiningOp<CastPtrOp>();
  return cast && llvm::isa<PtrType>(cast.getSource().getType()) ? cast.getSource() : Value();
}

std::optional<Bound> ModelBuilder::origin(Bound pointer) {
  constexpr size_t mostSeen = 64;
  std::vector<Bound> seen, work{pointer};
  std::optional<Bound> found;
  while (!work.empty()) {
    Bound at = work.back();
    work.pop_back();
    if (llvm::any_of(seen,
                     [&](const Bound &s) { return s.value == at.value && s.frame == at.frame; }))
      continue;
    if (seen.size() == mostSeen)
      return std::nullopt;
    seen.push_back(at);
    if (auto addptr = at.value.getDefiningOp<AddPtrOp>()) {
      work.push_back(follow(addptr.getPtr(), at.frame));
    } else if (Value source = castSource(at.value)) {
      work.push_back(follow(source, at.frame));
    } else if (auto choice = alternatives(at)) {
      llvm::append_range(work, choice->now);
      llvm::append_range(work, choice->earlier);
    } else if (!found) {
      found = at;
    } else if (found->value != at.value || found->frame != at.frame) {
      return std::nullopt;
    }
  }
  return found;
}

uint32_t ModelBuilder::rootNumber(Bound bound) {
  for (auto &[known, number] : roots)
    if (known.value == bound.value && known.frame == bound.frame)
      return number;
  sync::Root root;
  root.name = nameOf(bound.value);
  // Pointers that are no argument of the kernel may point anywhere, also into the memory of an
  // argument.
  auto argument = llvm::dyn_cast<mlir::BlockArgument>(bound.value);
  bool isArgument = argument && !bound.frame->caller &&
                    argument.getOwner() == &bound.frame->function.getBody().front();
  if (!isArgument)
    return sync::none;
  root.mayAlias = bool(bound.frame->function.getArgAttr(argument.getArgNumber(), mayAliasAttr));
  model.program.roots.push_back(std::move(root));
  roots.push_back({bound, uint32_t(model.program.roots.size() - 1)});
  return roots.back().second;
}

uint32_t ModelBuilder::rootOf(Bound pointer, int64_t bytes, sync::Offset &offset) {
  while (true) {
    if (auto addptr = pointer.value.getDefiningOp<AddPtrOp>()) {
      // Behind a cast elements have another size.
      auto element = elementOf(addptr.getPtr().getType().getElementType());
      int64_t size = element ? bytesOf(*element) : bytes;
      OffsetReader::add(offset, offsets.read(addptr.getOffset(), pointer.frame, size));
      pointer = follow(addptr.getPtr(), pointer.frame);
      continue;
    }
    auto element = elementOf(llvm::cast<PtrType>(pointer.value.getType()).getElementType());
    if (auto variable = offsets.growing(pointer); variable && element)
      if (auto coefficient = product(variable->step, bytesOf(*element))) {
        sync::Offset term;
        term.terms.push_back({variable->loop, *coefficient});
        OffsetReader::add(offset, term);
        pointer = follow(variable->first, pointer.frame);
        continue;
      }
    if (Value source = castSource(pointer.value)) {
      pointer = follow(source, pointer.frame);
      continue;
    }
    // Wherever a choice leads to: behind one pointer, if all its ways begin there.
    if (auto first = origin(pointer); first && first->value != pointer.value) {
      offset.known = false;
      return rootNumber(*first);
    }
    return rootNumber(pointer);
  }
}
