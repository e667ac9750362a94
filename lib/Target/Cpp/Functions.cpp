//===- Functions.cpp - The file, its functions, their guards ---------------===//

#include "Pipes.h"
#include "Printer.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::cpp;
using mlir::func::FuncOp;

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

namespace {
/// Depth-first over the call graph with its own stack: chains of calls may be long.
class CallOrder {
public:
  explicit CallOrder(mlir::ModuleOp module) {
    for (FuncOp function : module.getOps<FuncOp>())
      if (!function.isExternal()) {
        positions[function.getSymName()] = functions.size();
        functions.push_back(function);
      }
    state.resize(functions.size());
  }

  mlir::LogicalResult run(llvm::SmallVectorImpl<FuncOp> &order) {
    for (size_t i = 0; i < functions.size(); ++i)
      if (mlir::failed(visit(i, order)))
        return mlir::failure();
    return mlir::success();
  }

private:
  enum State : uint8_t { New, Open, Done };
  struct Frame {
    size_t function;
    std::vector<mlir::func::CallOp> calls;
    size_t next = 0;
  };

  Frame enter(size_t function) {
    state[function] = Open;
    Frame frame{function, {}};
    functions[function].walk([&](mlir::func::CallOp call) {
      if (positions.contains(call.getCallee()))
        frame.calls.push_back(call);
    });
    return frame;
  }

  mlir::LogicalResult visit(size_t root, llvm::SmallVectorImpl<FuncOp> &order) {
    if (state[root] != New)
      return mlir::success();
    std::vector<Frame> stack = {enter(root)};
    while (!stack.empty()) {
      Frame &frame = stack.back();
      if (frame.next == frame.calls.size()) {
        state[frame.function] = Done;
        order.push_back(functions[frame.function]);
        stack.pop_back();
        continue;
      }
      mlir::func::CallOp call = frame.calls[frame.next++];
      size_t callee = positions[call.getCallee()];
      if (state[callee] == Open)
        return call.emitOpError() << "makes @" << call.getCallee()
                                  << " call itself; recursion has no C++ form on the device";
      if (state[callee] == New)
        stack.push_back(enter(callee));
    }
    return mlir::success();
  }

  llvm::StringMap<size_t> positions;
  std::vector<FuncOp> functions;
  std::vector<State> state;
};
} // namespace

mlir::LogicalResult cpp::orderFunctions(mlir::ModuleOp module,
                                        llvm::SmallVectorImpl<FuncOp> &order) {
  return CallOrder(module).run(order);
}

bool cpp::isEntry(FuncOp function) {
  // The spellings of all versions (library 6.3).
  return llvm::any_of(
      llvm::ArrayRef<llvm::StringRef>{entryAttr, "hacc.entry", "pto.kernel", "pto.aicore"},
      [&](llvm::StringRef name) { return function->hasAttr(name); });
}

//===----------------------------------------------------------------------===//
// Signatures
//===----------------------------------------------------------------------===//

namespace {
std::string resultStruct(FuncOp function) { return function.getSymName().str() + "_results"; }

std::string resultType(FuncOp function) {
  switch (function.getNumResults()) {
  case 0:
    return "void";
  case 1:
    return cppType(function.getResultTypes().front());
  default:
    return resultStruct(function);
  }
}

/// A tile is an address and its valid extents: the callee works on the caller's.
std::string parameterType(mlir::Type type) {
  return cppType(type) + (llvm::isa<TileBufType>(type) ? "&" : "");
}

std::string specifiers(FuncOp function) {
  if (isEntry(function))
    return "extern \"C\" __global__ AICORE ";
  auto visibility = function->getAttrOfType<mlir::StringAttr>("pto.visibility");
  if (function.isExternal() || (visibility && visibility.getValue() == "external"))
    return "extern \"C\" AICORE ";
  return function.isPrivate() ? "static AICORE " : "AICORE ";
}

void printResultStruct(FuncOp function, llvm::raw_ostream &os) {
  if (function.getNumResults() < 2)
    return;
  os << "\nstruct " << resultStruct(function) << " {\n";
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    os << "  " << cppType(type) << " r" << i << ";\n";
  os << "};\n";
}

void printDeclaration(FuncOp function, llvm::raw_ostream &os) {
  auto types = llvm::map_range(function.getArgumentTypes(), parameterType);
  os << specifiers(function) << resultType(function) << " " << function.getSymName() << "("
     << llvm::join(types, ", ") << ");\n";
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

/// The compiler sees the text once per kind of core and defines one of these macros each time.
llvm::StringRef guardMacro(CoreKind kind) {
  return kind == CoreKind::Cube ? "__DAV_CUBE__" : "__DAV_VEC__";
}

void openGuard(Printer &p, CoreKind kind) {
  p.directive("#if defined(" + guardMacro(kind) + ")");
  if (kind == CoreKind::Vector) {
    p.line("set_mask_norm();");
    p.line("set_vector_mask(-1, -1);");
  }
}

void closeGuard(Printer &p, CoreKind kind) { p.directive("#endif // " + guardMacro(kind)); }

std::optional<CoreKind> kindOf(FuncOp function) {
  auto kind = function->getAttrOfType<KernelKindAttr>(kernelKindAttr);
  if (!kind)
    return std::nullopt;
  return kind.getValue() == KernelKind::Cube ? CoreKind::Cube : CoreKind::Vector;
}

/// What one kind of core runs; the last braces close before the guard does.
void printBody(Printer &p, mlir::Operation *owner, std::optional<CoreKind> kind, bool isVoid) {
  mlir::Block &block = owner->getRegion(0).front();
  if (kind != CoreKind::Vector || !isVoid || !runsOnFirstVectorCore(owner))
    return p.block(block);
  p.open("if (get_subblockid() == 0)");
  p.block(block);
  p.close();
}

void printFunction(FuncOp function, llvm::raw_ostream &os, const CppOptions &options,
                   const llvm::StringSet<> &globals, UsedHelpers &helpers) {
  Printer p(os, options, globals, helpers, function);
  p.enterScope();
  llvm::SmallVector<std::string> parameters;
  for (mlir::BlockArgument argument : function.getArguments())
    parameters.push_back(parameterType(argument.getType()) + " " + p.declare(argument));
  p.head(specifiers(function) + resultType(function) + " " + function.getSymName() + "(" +
         llvm::join(parameters, ", ") + ")");
  auto kind = kindOf(function);
  bool isVoid = function.getNumResults() == 0;
  if (kind)
    openGuard(p, *kind);
  printBody(p, function, kind, isVoid);
  // On the other kind of core a value is never used, but a function must return one.
  if (kind && !isVoid) {
    p.directive("#else");
    p.line("return {};");
  }
  if (kind)
    closeGuard(p, *kind);
  if (isVoid)
    p.line("return;");
  p.close();
}
} // namespace

void cpp::printSection(Printer &p, mlir::Operation *section, CoreKind kind) {
  // No C++ scope: where both macros are defined, names of two sections must still differ.
  openGuard(p, kind);
  printBody(p, section, kind, /*isVoid=*/true);
  closeGuard(p, kind);
}

void cpp::printReturn(Printer &p, mlir::func::ReturnOp op) {
  if (op.getNumOperands() == 0)
    return; // printFunction writes it, behind the guard
  if (op.getNumOperands() == 1)
    return p.line("return " + p.valueOf(op.getOperand(0)).text + ";");
  llvm::SmallVector<std::string> values;
  for (mlir::Value value : op.getOperands()) {
    // C++ computes in int; braces do not narrow by themselves.
    Expr e = p.valueOf(value);
    auto type = llvm::dyn_cast<mlir::IntegerType>(value.getType());
    bool narrows = type && !e.isAtom() && type.getWidth() > 1 && type.getWidth() < 32;
    values.push_back(narrows ? cast(cppType(type), e).text : e.text);
  }
  p.line("return {" + llvm::join(values, ", ") + "};");
}

void cpp::printCall(Printer &p, mlir::func::CallOp op) {
  llvm::SmallVector<Expr> arguments;
  for (mlir::Value value : op.getOperands())
    arguments.push_back(p.valueOf(value));
  Expr text = call(op.getCallee(), arguments);
  if (op.getNumResults() == 0)
    return p.line(text.text + ";");
  if (op.getNumResults() == 1)
    return p.defineVariable(op.getResult(0), text);
  llvm::SmallVector<std::string> names;
  for (mlir::Value result : op.getResults())
    names.push_back(p.declare(result));
  p.line("auto [" + llvm::join(names, ", ") + "] = " + text.text + ";");
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

namespace {
bool usesComm(mlir::ModuleOp module) {
  return module
      .walk([](RecordOp op) {
        return op.getOpInfo().family == "comm" ? mlir::WalkResult::interrupt()
                                               : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}
} // namespace

mlir::LogicalResult cpp::printModule(mlir::ModuleOp module, llvm::raw_ostream &os,
                                     const CppOptions &options) {
  llvm::SmallVector<FuncOp> order;
  if (mlir::failed(orderFunctions(module, order)))
    return mlir::failure();
  llvm::StringSet<> globals;
  for (FuncOp function : module.getOps<FuncOp>()) {
    globals.insert(function.getSymName());
    if (function.getNumResults() > 1)
      globals.insert(resultStruct(function));
  }

  std::string structs;
  llvm::raw_string_ostream structText(structs);
  printStructs(module, structText, globals);

  // The helpers stand first in the file, and which of them are needed is known last.
  std::string bodies;
  llvm::raw_string_ostream body(bodies);
  UsedHelpers helpers;
  for (FuncOp function : module.getOps<FuncOp>()) {
    if (!function.isExternal())
      continue;
    printResultStruct(function, body);
    body << '\n';
    printDeclaration(function, body);
  }
  for (FuncOp function : order) {
    printResultStruct(function, body);
    body << '\n';
    printFunction(function, body, options, globals, helpers);
  }

  os << "#include \"pto/pto-inst.hpp\"\n";
  if (usesComm(module))
    os << "#include \"pto/comm/pto_comm_inst.hpp\"\n";
  os << "using namespace pto;\n";
  helpers.print(os);
  os << structs << bodies;
  return mlir::success();
}
