//===- Printer.h - Text with structure --------------------------*- C++ -*-===//
//
// The printer owns indentation, scopes, names and the expression of every value. The families
// (functions, control flow, views, scalars) are functions over it; operations of the table are
// printed from the pieces of their record.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_TARGET_CPP_PRINTER_H
#define PTOAS_TARGET_CPP_PRINTER_H

#include "Expr.h"
#include "Helpers.h"
#include "Names.h"
#include "Reads.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace pto::cpp {

class Printer {
public:
  Printer(llvm::raw_ostream &os, const CppOptions &options, const llvm::StringSet<> &globals,
          UsedHelpers &helpers, mlir::Operation *function)
      : helpers(helpers), reads(function, constants), os(os), names(options.names, globals),
        traceAddPtr(options.traceAddPtr) {}

  /// One statement or brace at the current indentation; a directive of the preprocessor at the
  /// margin.
  void line(const llvm::Twine &text) { os.indent(2 * depth) << text << '\n'; }
  void directive(const llvm::Twine &text) { os << text << '\n'; }
  /// `head {` and what follows it, until close; names declared inside end there.
  void open(const llvm::Twine &text) {
    enterScope();
    head(text);
  }
  /// The two halves of open, for a head that declares a name.
  void enterScope() { names.enterScope(); }
  void head(const llvm::Twine &text);
  void close(const llvm::Twine &tail = "");
  /// `} else {`
  void reopen(const llvm::Twine &middle);
  /// What stands inside `case 3:`, one level deeper without a brace of its own.
  void indent(int levels) { depth += levels; }

  /// Declares a C++ variable for `value`, named after `hint` or after the source, and returns its
  /// name.
  std::string declare(mlir::Value value, llvm::StringRef hint = "");
  /// A name for a variable that stands for no value of the program.
  std::string fresh(llvm::StringRef hint) { return names.declare(hint); }
  /// From here on `value` is read as `expr`.
  void bind(mlir::Value value, Expr expr) { values[value] = std::move(expr); }
  void bindName(mlir::Value value, llvm::StringRef name) { bind(value, {name.str()}); }
  /// The expression of a value that has been defined above, or its constant.
  Expr valueOf(mlir::Value value);
  /// Defines the result of an operation without effect: where it is read, or in a variable.
  void define(mlir::Value value, const Expr &expr);
  /// As define, but always in a variable, because the value must be taken here and now.
  void defineVariable(mlir::Value value, const Expr &expr);

  /// The statements of `block`, up to `end` when given; regions' terminators are left to the
  /// families.
  void block(mlir::Block &block, mlir::Operation *end = nullptr);

  ConstantFolder constants;
  UsedHelpers &helpers;
  const Reads reads;

private:
  void statement(mlir::Operation *op);

  llvm::raw_ostream &os;
  Names names;
  bool traceAddPtr;
  llvm::DenseMap<mlir::Value, Expr> values; // looked up only, never walked
  int depth = 0;
};

// Functions.cpp
mlir::LogicalResult printModule(mlir::ModuleOp module, llvm::raw_ostream &os,
                                const CppOptions &options);
void printCall(Printer &p, mlir::func::CallOp op);
void printReturn(Printer &p, mlir::func::ReturnOp op);
void printSection(Printer &p, mlir::Operation *section, CoreKind kind);
/// Definitions of `module`, callees before callers, module order otherwise. Recursion is reported
/// and fails.
mlir::LogicalResult orderFunctions(mlir::ModuleOp module,
                                   llvm::SmallVectorImpl<mlir::func::FuncOp> &order);
/// True when the function carries one of the attributes that make it a kernel entry.
bool isEntry(mlir::func::FuncOp function);

// ControlFlow.cpp
void printFor(Printer &p, mlir::scf::ForOp op);
void printIf(Printer &p, mlir::scf::IfOp op);
void printWhile(Printer &p, mlir::scf::WhileOp op);
void printSwitch(Printer &p, mlir::scf::IndexSwitchOp op);
void printExecuteRegion(Printer &p, mlir::scf::ExecuteRegionOp op);

// Views.cpp
void printView(Printer &p, mlir::Value view);
/// get_tensor_view_dim and get_tensor_view_stride.
void printViewDim(Printer &p, mlir::Operation *op);
/// `GlobalTensor<...>` of a view that viewSource describes.
std::string viewType(const ViewSource &source);

// Variables.cpp
/// A local array, an array of event ids or a struct, without values.
void printVariable(Printer &p, mlir::Value variable);
/// Definitions of the structs that the module declares, inner ones first; their names go to
/// `globals`.
void printStructs(mlir::ModuleOp module, llvm::raw_ostream &os, llvm::StringSet<> &globals);

// Tiles.cpp
void printAllocTile(Printer &p, AllocTileOp op);
void printSlot(Printer &p, MultiTileGetOp op);
void printWindow(Printer &p, SubviewOp op);
void printReshape(Printer &p, TReshapeOp op);
void printBitcast(Printer &p, BitcastOp op);
void printMove(Printer &p, TAssignOp op);
/// get_validshape, tile_valid_rows and tile_valid_cols.
void printValid(Printer &p, mlir::Operation *op);

// Records.cpp
void printRecord(Printer &p, RecordOp op);

// Comm.cpp
/// Collectives and the sessions of asynchronous transfers.
void printComm(Printer &p, mlir::Operation *op);

// Sync.cpp
/// Fences, cache lines, buffer ids and flags between cores.
void printSync(Printer &p, mlir::Operation *op);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_PRINTER_H
