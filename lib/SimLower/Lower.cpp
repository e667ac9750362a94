//===- Lower.cpp - Functions, blocks and values ----------------------------===//

#include "Lowering.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/IR/Pipes.h"
#include "llvm/ADT/SmallSet.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;

static std::vector<std::string> namesOf(llvm::ArrayRef<Parameter> parameters) {
  std::vector<std::string> names;
  for (const Parameter &parameter : parameters)
    names.push_back(parameter.name);
  return names;
}

Lowering::Lowering(Program &program, const CoreFunction &root, uint64_t mostOperations)
    : program(program), root(root), mostOperations(mostOperations),
      builder(program, mlir::func::FuncOp(root.function).getSymName().str(), root.core,
              namesOf(root.parameters)),
      arch(program.arch) {}

mlir::FailureOr<uint32_t> Lowering::run() {
  mlir::Region &body = root.function.getBody();
  active.push_back(root.function);
  for (auto [i, argument] : llvm::enumerate(body.getArguments())) {
    const Parameter &parameter = root.parameters[i];
    define(argument,
           parameter.special ? builder.special(*parameter.special) : builder.argument(unsigned(i)));
  }
  guarded(root.function, [&] { lowerBlocks(body, {}); });
  endFifos(0);
  if (failed)
    return mlir::failure();
  Operation *end = body.back().getTerminator();
  builder.setPlace(
      program.addPlace({locationText(end->getLoc()), end->getName().getStringRef().str(), ""}));
  builder.ret();
  return builder.finish();
}

mlir::LogicalResult Lowering::error(Operation *op, const llvm::Twine &message) {
  failed = true;
  mlir::InFlightDiagnostic diagnostic = op->emitOpError() << message;
  if (!calledAt.empty())
    diagnostic.attachNote() << "called at " << calledAt;
  return diagnostic;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

std::optional<Element> Lowering::element(Operation *op, mlir::Type type) {
  // A memref is the address of the FFTS flags; sessions and events are numbers of the engine.
  if (llvm::isa<PtrType, mlir::MemRefType, AsyncSessionType, AsyncEventType,
                PrefetchAsyncContextType>(type))
    return Element::I64;
  std::optional<Element> result = elementOf(type);
  if (!result) {
    std::string text;
    llvm::raw_string_ostream(text) << type;
    (void)error(op, "has a value of type " + text + ", which the scalar unit cannot hold");
  }
  return result;
}

Binding Lowering::fresh(Operation *op, mlir::Type type) {
  if (llvm::isa<TileBufType>(type))
    return {Binding::Tile, builder.newHandle(), nullptr};
  auto shaped = [&](auto view) -> Binding {
    ViewParts parts;
    parts.pointer = builder.newRegister();
    parts.element = element(op, view.getElementType()).value_or(Element::F32);
    for (int64_t i = 0; i < view.getRank(); ++i) {
      parts.shape.push_back(builder.newRegister());
      parts.stride.push_back(builder.newRegister());
    }
    views.push_back(std::move(parts));
    return {Binding::View, builder.newHandle(), &views.back()};
  };
  if (auto view = llvm::dyn_cast<TensorViewType>(type))
    return shaped(view);
  if (auto view = llvm::dyn_cast<PartitionTensorViewType>(type))
    return shaped(view);
  element(op, type);
  return {Binding::Word, builder.newRegister(), nullptr};
}

Bindings Lowering::fresh(Operation *op, mlir::TypeRange types) {
  Bindings result;
  for (mlir::Type type : types)
    result.push_back(fresh(op, type));
  return result;
}

void Lowering::bind(mlir::ValueRange range, llvm::ArrayRef<Binding> bindings) {
  for (auto [value, binding] : llvm::zip(range, bindings))
    bind(value, binding);
}

Binding Lowering::get(mlir::Value value) {
  auto found = values.find(value);
  if (found != values.end())
    return found->second;
  // Only behind an error that has been reported: its results have no binding.
  mlir::Type type = value.getType();
  if (llvm::isa<TileBufType, TensorViewType, PartitionTensorViewType>(type))
    return values[value] = fresh(root.function, type);
  return values[value] = {Binding::Word, builder.newRegister(), nullptr};
}

Bindings Lowering::get(mlir::ValueRange range) {
  Bindings result;
  for (mlir::Value value : range)
    result.push_back(get(value));
  return result;
}

void Lowering::assign(Operation *at, llvm::ArrayRef<Binding> into, llvm::ArrayRef<Binding> from) {
  llvm::SmallVector<std::pair<uint32_t, uint32_t>, 8> words, handles; // destination, source
  for (auto [dst, src] : llvm::zip(into, from)) {
    (dst.kind == Binding::Word ? words : handles).push_back({dst.id, src.id});
    if (dst.kind != Binding::View)
      continue;
    words.push_back({dst.view->pointer, src.view->pointer});
    for (auto pair : llvm::zip(dst.view->shape, src.view->shape))
      words.push_back({std::get<0>(pair), std::get<1>(pair)});
    for (auto pair : llvm::zip(dst.view->stride, src.view->stride))
      words.push_back({std::get<0>(pair), std::get<1>(pair)});
    if (!dst.view->layout)
      dst.view->layout = src.view->layout;
    else if (src.view->layout && *dst.view->layout != *src.view->layout)
      (void)error(at, "passes on a view whose layout differs from the one that the same value has "
                      "on another path; give both make_tensor_view the same layout");
  }
  // Sources that are destinations too (a rotation of buffers) are read before anything is written.
  auto parallel = [&](auto &moves, auto copy, auto temporary) {
    llvm::erase_if(moves, [](auto &move) { return move.first == move.second; });
    llvm::SmallSet<uint32_t, 8> written;
    for (auto &move : moves)
      written.insert(move.first);
    for (auto &move : moves)
      if (written.contains(move.second)) {
        uint32_t saved = temporary();
        copy(saved, move.second);
        move.second = saved;
      }
    for (auto &move : moves)
      copy(move.first, move.second);
  };
  parallel(
      words, [&](Register dst, Register src) { builder.copy(dst, src); },
      [&] { return builder.newRegister(); });
  parallel(
      handles, [&](Handle dst, Handle src) { builder.copyHandle(dst, src); },
      [&] { return builder.newHandle(); });
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

void Lowering::lowerBody(mlir::Block &block) {
  size_t outer = fifos.size();
  for (Operation &op : block)
    if (!op.hasTrait<mlir::OpTrait::IsTerminator>() && lowered <= mostOperations)
      lowerOperation(&op);
  // A pipe lives as long as its C++ object; sections are no scope there.
  if (!llvm::isa<mlir::func::FuncOp, SectionCubeOp, SectionVectorOp>(block.getParentOp()))
    endFifos(outer);
}

void Lowering::lowerOperation(Operation *op) {
  if (++lowered > mostOperations) {
    if (lowered == mostOperations + 1)
      (void)error(op, "is beyond the " + llvm::Twine(mostOperations) +
                          " operations that a kernel may have when all calls are inlined");
    return;
  }
  builder.setPlace(
      program.addPlace({locationText(op->getLoc()), op->getName().getStringRef().str(), calledAt}));
  builder.setIteration(iteration);
  if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op))
    return lowerCall(call);
  if (auto section = llvm::dyn_cast<SectionCubeOp>(op))
    return lowerSection(section.getBody(), CoreKind::Cube);
  if (auto section = llvm::dyn_cast<SectionVectorOp>(op))
    return lowerSection(section.getBody(), CoreKind::Vector);
  // Between signless and unsigned scalars, which arith does not know (PyPTO).
  if (auto cast = llvm::dyn_cast<mlir::UnrealizedConversionCastOp>(op);
      cast && cast.getNumOperands() == 1 && cast.getNumResults() == 1) {
    auto from = element(op, cast.getOperand(0).getType());
    auto to = element(op, cast.getResult(0).getType());
    if (from && to)
      define(cast.getResult(0),
             builder.cast(CastOp::Bitcast, *from, *to, word(cast.getOperand(0))));
    return;
  }
  if (lowerControl(op) || lowerArith(op) || lowerView(op) || lowerTile(op))
    return;
  if (findOpInfo(op))
    return lowerRecord(op);
  (void)error(op, "has no meaning in the simulator");
}

void Lowering::lowerSection(mlir::Region &body, CoreKind kind) {
  if (kind == root.core)
    guarded(body.getParentOp(), [&] { lowerBody(body.front()); });
}

/// What one kind of core runs of a function or section. Code of a pipe that is not split is for
/// vector core 0 on a5, and for both at once on a3 (cross-core 4).
void Lowering::guarded(Operation *region, llvm::function_ref<void()> body) {
  bool isForVector = llvm::isa<SectionVectorOp>(region) ||
                     (llvm::isa<mlir::func::FuncOp>(region) && coreKindOf(region));
  if (root.core != CoreKind::Vector || !isForVector || !isForBothVectorCores(region))
    return body();
  if (arch == Arch::A3) {
    builder.setReplay(true);
    body();
    return builder.setReplay(false);
  }
  Label end = builder.newLabel();
  builder.jumpIf(builder.special(SpecialValue::SubblockIndex), end);
  body();
  builder.place(end);
}

void Lowering::lowerCall(mlir::func::CallOp call) {
  auto callee =
      mlir::SymbolTable::lookupNearestSymbolFrom<mlir::func::FuncOp>(call, call.getCalleeAttr());
  if (!callee || callee.isExternal())
    return (void)error(call, "calls @" + call.getCallee() +
                                 ", whose body is not in this module; the simulator inlines calls");
  if (llvm::is_contained(active, callee.getOperation()))
    return (void)error(call,
                       "calls @" + call.getCallee() + " recursively; kernels have no call stack");
  // A function of the other kind of core is empty on this one.
  std::optional<CoreKind> kind = coreKindOf(callee);
  if (kind && *kind != root.core) {
    if (call.getNumResults())
      (void)error(call, "needs a result of @" + call.getCallee() + ", which runs on the " +
                            name(*kind) + " core, on the " + name(root.core) + " core");
    return;
  }

  Bindings arguments = get(call.getOperands());
  std::string place = locationText(call.getLoc());
  std::string outer = calledAt;
  calledAt = outer.empty() ? place : place + ", called at " + outer;
  llvm::DenseMap<mlir::Value, Binding> callerValues;
  std::swap(values, callerValues);
  active.push_back(callee);
  size_t alive = fifos.size();
  bind(callee.getArguments(), arguments);
  Bindings results;
  if (callee.getBody().hasOneBlock()) {
    guarded(callee, [&] { lowerBody(callee.getBody().front()); });
    results = get(callee.getBody().front().getTerminator()->getOperands());
  } else {
    results = fresh(call, call.getResultTypes());
    lowerBlocks(callee.getBody(), results);
  }
  endFifos(alive);
  active.pop_back();
  std::swap(values, callerValues);
  calledAt = outer;
  bind(call.getResults(), results);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

mlir::FailureOr<Program> pto::sim::lowerKernels(mlir::ModuleOp module,
                                                llvm::MutableArrayRef<Kernel> kernels,
                                                uint64_t mostOperations) {
  Program program;
  program.arch = archOf(module);
  program.load = findKernel("load");
  program.store = findKernel("store");
  program.combine = {findMapKernel("pto.tadd"), findMapKernel("pto.tmax"),
                     findMapKernel("pto.tmin")};
  bool ok = true;
  for (Kernel &kernel : kernels)
    for (CoreFunction &core : kernel.cores) {
      auto index = Lowering(program, core, mostOperations).run();
      ok &= mlir::succeeded(index);
      core.index = index.value_or(none);
    }
  if (!ok)
    return mlir::failure();
  if (std::string problem = validate(program); !problem.empty())
    return module.emitError() << "the lowered program is not well formed: " << problem;
  return program;
}
