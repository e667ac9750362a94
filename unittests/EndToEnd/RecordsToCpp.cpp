//===- RecordsToCpp.cpp - Every record as a C++ statement ------------------===//

#include "RecordsToCpp.h"
#include "../IR/Draft.h"
#include "../IR/Messages.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Target/Cpp.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace pto;
using namespace pto::test;
using namespace pto::testing;

namespace {

/// A view of `shape` over a new argument, as a kernel makes it: row-major, open extents of 8.
mlir::Value makeView(mlir::OpBuilder &b, mlir::Value pointer, llvm::ArrayRef<int64_t> shape,
                     mlir::Type element) {
  auto loc = b.getUnknownLoc();
  auto index = [&](int64_t n) -> mlir::Value {
    return mlir::arith::ConstantOp::create(b, loc, b.getIndexAttr(n));
  };
  llvm::SmallVector<mlir::Value> extents, strides(shape.size());
  for (int64_t n : shape)
    extents.push_back(index(mlir::ShapedType::isDynamic(n) || n < 0 ? 8 : n));
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = index(stride);
    stride *= mlir::ShapedType::isDynamic(shape[i]) || shape[i] < 0 ? 8 : shape[i];
  }
  return MakeTensorViewOp::create(b, loc, TensorViewType::get(b.getContext(), shape, element),
                                  pointer, extents, strides, LayoutAttr());
}

mlir::Location nameLoc(mlir::MLIRContext *context, const llvm::Twine &name) {
  return mlir::NameLoc::get(mlir::StringAttr::get(context, name));
}
llvm::StringRef nameOf(mlir::Value value) {
  auto loc = llvm::dyn_cast<mlir::NameLoc>(value.getLoc());
  return loc ? loc.getName().getValue() : "view";
}

/// Operands are called as the record calls them, in both texts.
void nameOperands(mlir::Operation *op, const OpInfo &info) {
  auto record = llvm::dyn_cast_or_null<RecordOp>(op);
  if (!record)
    return;
  for (auto [i, operand] : llvm::enumerate(info.operands))
    for (mlir::Value value : record.getRecordOperands(i))
      value.setLoc(nameLoc(op->getContext(), operand.name));
}

/// Indices that are constants become arguments of the function, so that each has a name.
void replaceConstants(mlir::Operation *op) {
  auto function = op ? op->getParentOfType<mlir::func::FuncOp>() : mlir::func::FuncOp();
  if (!function)
    return;
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    if (!operand.get().getType().isIndex() ||
        !operand.get().getDefiningOp<mlir::arith::ConstantOp>())
      continue;
    function.front().addArgument(operand.get().getType(), operand.get().getLoc());
    operand.set(function.front().getArguments().back());
  }
  function.setFunctionType(mlir::FunctionType::get(op->getContext(),
                                                   function.front().getArgumentTypes(),
                                                   function.getFunctionType().getResults()));
}

/// A value that nobody uses is not printed: the function hands it on.
void returnResult(mlir::func::FuncOp function, mlir::Operation *op) {
  if (!op || op->getNumResults() != 1 || !op->getResult(0).use_empty() ||
      function.getNumResults() || !llvm::isa<mlir::func::FuncOp>(op->getParentOp()))
    return;
  mlir::Type type = op->getResult(0).getType();
  if (!type.isIntOrIndexOrFloat() && !llvm::isa<PtrType>(type))
    return;
  function.front().getTerminator()->insertOperands(0, op->getResult(0));
  function.setFunctionType(
      mlir::FunctionType::get(op->getContext(), function.getArgumentTypes(), type));
}

/// A variable of the function, by the operation `pto.declare_X` of its type `!pto.X`; null when
/// there is none.
mlir::Value declareVariable(mlir::OpBuilder &b, mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  llvm::StringRef mnemonic = llvm::StringRef(text).split("!pto.").second.split('<').first;
  mlir::OperationState state(b.getUnknownLoc(), ("pto.declare_" + mnemonic).str());
  if (mnemonic.empty() || !state.name.isRegistered())
    return {};
  state.addTypes(type);
  return b.create(state)->getResult(0);
}

/// Functions take pointers and scalars: views are made from a pointer, variables are declared.
void replaceArguments(mlir::func::FuncOp function) {
  mlir::OpBuilder b(function.getContext());
  mlir::Block &entry = function.front();
  b.setInsertionPointToStart(&entry);
  auto loc = b.getUnknownLoc();
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    mlir::BlockArgument old = entry.getArgument(i);
    if (old.use_empty()) {
      entry.eraseArgument(i--);
      continue;
    }
    auto part = llvm::dyn_cast<PartitionTensorViewType>(old.getType());
    auto whole = llvm::dyn_cast<TensorViewType>(old.getType());
    if (!part && !whole) {
      if (mlir::Value variable = declareVariable(b, old.getType())) {
        variable.setLoc(old.getLoc());
        old.replaceAllUsesWith(variable);
        entry.eraseArgument(i--);
      }
      continue;
    }
    mlir::Type element = part ? part.getElementType() : whole.getElementType();
    auto shape = part ? part.getShape() : whole.getShape();
    llvm::StringRef viewName = nameOf(old);
    mlir::Value pointer =
        entry.insertArgument(i, PtrType::get(element), nameLoc(b.getContext(), viewName + "_ptr"));
    mlir::Value view = makeView(b, pointer, shape, element);
    if (part) {
      llvm::SmallVector<mlir::Value> zeros, sizes;
      for (int64_t n : shape) {
        zeros.push_back(mlir::arith::ConstantOp::create(b, loc, b.getIndexAttr(0)));
        sizes.push_back(mlir::arith::ConstantOp::create(
            b, loc, b.getIndexAttr(mlir::ShapedType::isDynamic(n) || n < 0 ? 8 : n)));
      }
      view = PartitionViewOp::create(b, loc, part, view, zeros, sizes);
    }
    view.setLoc(nameLoc(b.getContext(), viewName));
    entry.getArgument(i + 1).replaceAllUsesWith(view);
    entry.eraseArgument(i + 1);
  }
  function.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), function.getResultTypes()));
}

class AllRecords {
public:
  explicit AllRecords(mlir::MLIRContext *context, bool openIndices = false)
      : context(context), openIndices(openIndices) {}

  CppForms run() {
    for (const OpInfo &info : allOpInfos()) {
      ++out.records;
      if (!info.rules.empty())
        for (const Form &form : formsOf(info))
          drafts(info, form);
    }
    for (Arch arch : {Arch::A3, Arch::A5})
      for (const PlainText &plain : plainTexts(arch))
        add(lookupOpInfo(plain.record), arch, (name(arch) + ", " + plain.text).str(),
            parseNamed(plain.module), plain.text);
    return std::move(out);
  }

  CppForms text(llvm::StringRef text, Arch arch) {
    auto module = parseNamed(text);
    mlir::Operation *op = module ? recordOf(*module) : nullptr;
    if (op)
      add(lookupOpInfo(op->getName().getStringRef()), arch, name(arch), std::move(module), "given");
    return std::move(out);
  }

private:
  /// SSA names become names of C++ variables.
  mlir::OwningOpRef<mlir::ModuleOp> parseNamed(llvm::StringRef text) {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "plain.pto"),
                               llvm::SMLoc());
    return parseProgram(sources, *context);
  }

  void drafts(const OpInfo &info, const Form &form) {
    Draft draft = draftOf(info, form);
    if (llvm::any_of(draft.operands,
                     [&](auto &v) { return v && !typeOf(context, v->elementType()); })) {
      ++out.untyped;
      return;
    }
    add(info, form.arch, form.text, build(context, draft));
    bool hasTile = false;
    for (auto &v : draft.operands)
      if (v && v->kind == DraftValue::Tile) {
        v->tile.validRows = v->tile.validCols = TileBufType::dynamic;
        hasTile = true;
      }
    if (hasTile)
      add(info, form.arch, form.text + ", open valid extents", build(context, draft));
  }

  void add(const OpInfo &info, Arch arch, llvm::StringRef what,
           mlir::OwningOpRef<mlir::ModuleOp> module, std::string text = "") {
    std::string title = (info.name + ", " + what).str();
    ++out.tried;
    // Texts that stand for themselves are judged where they are written; what needs more around it
    // to become C++ is left to files.
    bool isPlain = !text.empty();
    auto leave = [&] {
      out.unprinted.push_back({&info, arch, what.str(), text, ""});
      out.unpassable.insert(info.name.str());
    };
    if (!module) {
      if (isPlain)
        return leave();
      out.failures.push_back(title + ": the module cannot be built");
      return;
    }
    Messages messages(*context);
    if (mlir::failed(verifyAll(*module))) {
      out.refusals.push_back(title + ": " + llvm::join(messages.all(), "\n  "));
      return;
    }
    if (text.empty()) {
      if (openIndices)
        replaceConstants(recordOf(*module));
      nameOperands(recordOf(*module), info);
      llvm::raw_string_ostream os(text);
      recordOf(*module)->print(os, mlir::OpPrintingFlags().printNameLocAsPrefix().useLocalScope());
    }
    makePrintable(*module, recordOf(*module));
    std::string file;
    llvm::raw_string_ostream os(file);
    if (mlir::succeeded(emitCpp(*module, os))) {
      out.forms.push_back({&info, arch, what.str(), text, splitPrelude(file).second.str()});
      return;
    }
    bool lowered = llvm::any_of(messages.all(), [](llvm::StringRef m) {
      return m.contains("an earlier stage lowers it") || m.contains("has no address") ||
             m.contains("has no C++ form");
    });
    bool unpassable = llvm::any_of(messages.all(), [](llvm::StringRef m) {
      return m.contains("cannot pass a value of type");
    });
    if (llvm::any_of(messages.all(),
                     [](llvm::StringRef m) { return m.contains("has no C++ form"); }))
      out.formless.insert(info.name.str());
    if (lowered || unpassable)
      out.unprinted.push_back({&info, arch, what.str(), text, ""});
    if (lowered)
      ++out.earlier;
    else if (unpassable)
      out.unpassable.insert(info.name.str());
    else if (isPlain)
      leave();
    else
      out.failures.push_back(title + ": " + llvm::join(messages.all(), "\n  "));
  }

  mlir::MLIRContext *context;
  bool openIndices;
  CppForms out;
};
} // namespace

void test::makePrintable(mlir::ModuleOp module, mlir::Operation *op) {
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (!function.isExternal())
      replaceArguments(function);
  if (auto function = op ? op->getParentOfType<mlir::func::FuncOp>() : mlir::func::FuncOp())
    returnResult(function, op);
}

CppForms test::printAllRecords(mlir::MLIRContext *context, bool openIndices) {
  return AllRecords(context, openIndices).run();
}
CppForms test::printText(mlir::MLIRContext *context, llvm::StringRef module, Arch arch) {
  return AllRecords(context).text(module, arch);
}

std::string test::statementsOf(const CppForm &form) {
  std::string statements;
  // The last function is that of the record; helpers stand before it.
  llvm::StringRef body = llvm::StringRef(form.code).rsplit(" f(").second;
  body = body.split(" {\n").second;
  llvm::SmallVector<llvm::StringRef> lines;
  body.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (line == "  return;" || line == "}")
      break;
    if (line.consume_front("  return ")) {
      if (line.find_first_of("(+[") != llvm::StringRef::npos) // not a variable made above
        statements += "auto result = " + line.str() + "\n";
      break;
    }
    if (!line.starts_with("  GlobalTensor<"))
      statements += (line.starts_with("  ") ? line.drop_front(2) : line).str() + "\n";
  }
  return statements == "\n" ? "" : statements;
}

std::pair<llvm::StringRef, llvm::StringRef> test::splitPrelude(llvm::StringRef file) {
  constexpr llvm::StringLiteral last = "using namespace pto;\n";
  size_t end = file.find(last);
  if (end == llvm::StringRef::npos)
    return {"", file};
  return {file.take_front(end + last.size()), file.drop_front(end + last.size())};
}
