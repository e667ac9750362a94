//===- RecordsToCpp.cpp - Every record as a C++ statement ------------------===//

#include "RecordsToCpp.h"
#include "../IR/Draft.h"
#include "../IR/Messages.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Target/Cpp.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

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
    auto part = llvm::dyn_cast<PartitionTensorViewType>(old.getType());
    auto whole = llvm::dyn_cast<TensorViewType>(old.getType());
    if (!part && !whole) {
      if (mlir::Value variable = declareVariable(b, old.getType())) {
        old.replaceAllUsesWith(variable);
        entry.eraseArgument(i--);
      }
      continue;
    }
    mlir::Type element = part ? part.getElementType() : whole.getElementType();
    auto shape = part ? part.getShape() : whole.getShape();
    mlir::Value pointer = entry.insertArgument(i, PtrType::get(element), loc);
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
    entry.getArgument(i + 1).replaceAllUsesWith(view);
    entry.eraseArgument(i + 1);
  }
  function.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), {}));
}

class AllRecords {
public:
  explicit AllRecords(mlir::MLIRContext *context) : context(context) {}

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
            mlir::parseSourceString<mlir::ModuleOp>(plain.module,
                                                    mlir::ParserConfig(context, false)));
    return std::move(out);
  }

private:
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
           mlir::OwningOpRef<mlir::ModuleOp> module) {
    std::string title = (info.name + ", " + what).str();
    ++out.tried;
    if (!module) {
      out.failures.push_back(title + ": the text does not parse");
      return;
    }
    Messages messages(*context);
    if (mlir::failed(verifyAll(*module))) {
      ++out.refused;
      return;
    }
    for (auto function : module->getOps<mlir::func::FuncOp>())
      if (!function.isExternal())
        replaceArguments(function);
    std::string text;
    llvm::raw_string_ostream os(text);
    if (mlir::succeeded(emitCpp(*module, os))) {
      out.forms.push_back({&info, arch, what.str(), splitPrelude(text).second.str()});
      return;
    }
    bool lowered = llvm::any_of(messages.all(), [](llvm::StringRef m) {
      return m.contains("an earlier stage lowers it") || m.contains("has no address") ||
             m.contains("has no C++ form");
    });
    bool unpassable = llvm::any_of(messages.all(), [](llvm::StringRef m) {
      return m.contains("cannot pass a value of type");
    });
    if (lowered)
      ++out.earlier;
    else if (unpassable)
      out.unpassable.insert(info.name.str());
    else
      out.failures.push_back(title + ": " + llvm::join(messages.all(), "\n  "));
  }

  mlir::MLIRContext *context;
  CppForms out;
};
} // namespace

CppForms test::printAllRecords(mlir::MLIRContext *context) { return AllRecords(context).run(); }

std::pair<llvm::StringRef, llvm::StringRef> test::splitPrelude(llvm::StringRef file) {
  constexpr llvm::StringLiteral last = "using namespace pto;\n";
  size_t end = file.find(last);
  if (end == llvm::StringRef::npos)
    return {"", file};
  return {file.take_front(end + last.size()), file.drop_front(end + last.size())};
}
