//===- Kernels.cpp - Which functions are launched, on which cores ----------===//

#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::sim;
using mlir::Operation;
using mlir::func::FuncOp;

namespace {
/// A set of core kinds.
struct Kinds {
  bool cube = false, vector = false;
  void add(CoreKind kind) { (kind == CoreKind::Cube ? cube : vector) = true; }
  void add(Kinds other) {
    cube |= other.cube;
    vector |= other.vector;
  }
  bool empty() const { return !cube && !vector; }
};

/// What the code of a function says about the cores that run it.
struct Evidence {
  Kinds declared; ///< by sections and by the kernel_kind of the function or of what it calls
  Kinds used;     ///< by the pipes and memories of operations outside sections
};

class KindAnalysis {
public:
  Evidence of(FuncOp function);

private:
  void add(Operation *op, Evidence &evidence);

  llvm::DenseMap<Operation *, Evidence> known;
};
} // namespace

/// The kind of core that an operation with a pipe needs; none when either can run it.
static std::optional<CoreKind> neededBy(Operation *op) {
  const OpInfo *info = findOpInfo(op);
  if (!info || info->pipeRule == PipeRule::None)
    return std::nullopt;
  std::optional<Pipe> pipe = pipeOf(op);
  if (pipe == Pipe::V)
    return CoreKind::Vector;
  if (pipe == Pipe::M || pipe == Pipe::MTE1 || pipe == Pipe::FIX)
    return CoreKind::Cube;
  // Loads, stores and library calls: the tile's memory belongs to one kind of core.
  for (mlir::Value operand : op->getOperands())
    if (auto tile = llvm::dyn_cast<TileBufType>(operand.getType()))
      return tile.getSpace() == Space::Vec ? CoreKind::Vector : CoreKind::Cube;
  return std::nullopt;
}

void KindAnalysis::add(Operation *op, Evidence &evidence) {
  if (llvm::isa<SectionCubeOp, SectionVectorOp>(op))
    return evidence.declared.add(*coreKindOf(op));
  if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op)) {
    auto callee = mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(call, call.getCalleeAttr());
    if (!callee || callee.isExternal())
      return; // reported where the call is lowered
    Evidence inner = of(callee);
    evidence.declared.add(inner.declared);
    evidence.used.add(inner.used);
    return;
  }
  if (auto kind = neededBy(op))
    evidence.used.add(*kind);
}

Evidence KindAnalysis::of(FuncOp function) {
  // A recursive call finds the empty entry; recursion is reported where calls are inlined.
  auto [found, isNew] = known.try_emplace(function);
  if (!isNew)
    return found->second;
  Evidence evidence;
  if (std::optional<CoreKind> kind = coreKindOf(function))
    evidence.declared.add(*kind);
  else
    function.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
      add(op, evidence);
      return llvm::isa<SectionCubeOp, SectionVectorOp>(op) ? mlir::WalkResult::skip()
                                                           : mlir::WalkResult::advance();
    });
  return known[function] = evidence;
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

static std::optional<SpecialValue> runtimeArgument(llvm::StringRef name) {
  if (!name.consume_front("__pypto_spmd_"))
    return std::nullopt;
  return llvm::StringSwitch<std::optional<SpecialValue>>(name)
      .Case("block_idx", SpecialValue::BlockIndex)
      .Case("block_num", SpecialValue::BlockCount)
      .Case("subblock_idx", SpecialValue::SubblockIndex)
      .Case("subblock_num", SpecialValue::SubblockCount)
      .Default(std::nullopt);
}

static mlir::FailureOr<std::vector<Parameter>> parametersOf(FuncOp function) {
  std::vector<Parameter> parameters;
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    Parameter parameter;
    llvm::StringRef name = sourceName(argument);
    parameter.name = name.empty() ? llvm::utostr(i) : name.str();
    parameter.special = runtimeArgument(name);
    mlir::Type type = argument.getType();
    auto pointer = llvm::dyn_cast<PtrType>(type);
    auto memref = llvm::dyn_cast<mlir::MemRefType>(type);
    parameter.isPointer = pointer || memref;
    parameter.mayAlias = bool(function.getArgAttr(unsigned(i), mayAliasAttr));
    auto element = elementOf(pointer  ? pointer.getElementType()
                             : memref ? memref.getElementType()
                                      : type);
    if (!element || (pointer && pointer.getSpace() != Space::GM))
      return function.emitError() << "argument '" << parameter.name << "' of @"
                                  << function.getSymName() << " has type " << type
                                  << "; a launch passes numbers and pointers to global memory";
    parameter.element = *element;
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static mlir::FailureOr<Kinds> coresOf(FuncOp function, KindAnalysis &analysis) {
  Evidence evidence = analysis.of(function);
  if (!evidence.declared.empty())
    return evidence.declared;
  if (evidence.used.cube && evidence.used.vector)
    return function.emitError()
           << "@" << function.getSymName()
           << " uses both kinds of core; say which code is for which by pto.section.cube and "
              "pto.section.vector, or give each its own function with pto.kernel_kind";
  if (evidence.used.empty()) // scalar code runs anywhere
    return Kinds{false, true};
  return evidence.used;
}

static mlir::FailureOr<Kernel> makeKernel(llvm::ArrayRef<FuncOp> functions,
                                          KindAnalysis &analysis) {
  Kernel kernel;
  for (FuncOp function : functions) {
    if (function.isExternal())
      return function.emitError() << "@" << function.getSymName() << " has no body";
    if (function.getNumResults())
      return function.emitError() << "@" << function.getSymName()
                                  << " returns values; a kernel returns nothing";
    kernel.name += (kernel.name.empty() ? "" : "+") + function.getSymName().str();
    auto kinds = coresOf(function, analysis);
    auto parameters = parametersOf(function);
    if (mlir::failed(kinds) || mlir::failed(parameters))
      return mlir::failure();
    if (kinds->cube)
      kernel.cores.push_back({function, CoreKind::Cube, *parameters});
    if (kinds->vector)
      kernel.cores.push_back({function, CoreKind::Vector, *parameters});
  }
  if (kernel.isMixed() && kernel.cores.front().core == CoreKind::Vector)
    std::swap(kernel.cores.front(), kernel.cores.back());
  return kernel;
}

/// True when two functions are the two halves of one mixed kernel.
static bool areHalves(llvm::ArrayRef<FuncOp> functions, KindAnalysis &analysis) {
  if (functions.size() != 2)
    return false;
  auto kinds = [&](FuncOp function) {
    Evidence evidence = analysis.of(function);
    return evidence.declared.empty() ? evidence.used : evidence.declared;
  };
  Kinds a = kinds(functions[0]), b = kinds(functions[1]);
  return (a.cube && !a.vector && b.vector && !b.cube) ||
         (a.vector && !a.cube && b.cube && !b.vector);
}

/// The entries, else what nobody calls.
static llvm::SmallVector<FuncOp> rootsOf(mlir::ModuleOp module) {
  llvm::DenseSet<llvm::StringRef> called;
  module.walk([&](mlir::func::CallOp call) { called.insert(call.getCallee()); });
  llvm::SmallVector<FuncOp> entries, roots;
  for (FuncOp function : module.getOps<FuncOp>()) {
    if (function.isExternal())
      continue;
    if (function->hasAttr(entryAttr))
      entries.push_back(function);
    if (!function.isPrivate() && !called.contains(function.getSymName()))
      roots.push_back(function);
  }
  return entries.empty() ? roots : entries;
}

static mlir::FailureOr<llvm::SmallVector<FuncOp>>
namedFunctions(mlir::ModuleOp module, llvm::ArrayRef<std::string> names) {
  llvm::SmallVector<FuncOp> functions;
  for (llvm::StringRef name : names) {
    name.consume_front("@");
    auto function = module.lookupSymbol<FuncOp>(name);
    if (!function) {
      llvm::SmallVector<std::string> known;
      for (FuncOp f : module.getOps<FuncOp>())
        known.push_back("@" + f.getSymName().str());
      return module.emitError() << "no function @" << name << "; the module has "
                                << llvm::join(known, ", ");
    }
    functions.push_back(function);
  }
  return functions;
}

mlir::FailureOr<std::vector<Kernel>> pto::sim::findKernels(mlir::ModuleOp module,
                                                           llvm::ArrayRef<std::string> functions) {
  KindAnalysis analysis;
  llvm::SmallVector<FuncOp> chosen;
  if (functions.empty()) {
    chosen = rootsOf(module);
    if (chosen.empty())
      return module.emitError() << "the module has no kernel: no function with a body is public "
                                   "and called by nobody; name one with --function";
    if (chosen.size() > 1 && !areHalves(chosen, analysis)) {
      llvm::SmallVector<std::string> names;
      for (FuncOp function : chosen)
        names.push_back("@" + function.getSymName().str());
      return module.emitError() << "the module has several kernels (" << llvm::join(names, ", ")
                                << "); choose with --function";
    }
  } else {
    auto named = namedFunctions(module, functions);
    if (mlir::failed(named))
      return mlir::failure();
    chosen = *named;
  }
  bool together = areHalves(chosen, analysis);
  std::vector<Kernel> kernels;
  for (size_t i = 0; i < chosen.size(); i += together ? 2 : 1) {
    auto kernel = makeKernel(llvm::ArrayRef(chosen).slice(i, together ? 2 : 1), analysis);
    if (mlir::failed(kernel))
      return mlir::failure();
    kernels.push_back(std::move(*kernel));
  }
  return kernels;
}
