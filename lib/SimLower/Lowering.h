//===- Lowering.h - State of lowering one function to a core ----*- C++ -*-===//
#ifndef PTOAS_LIB_SIMLOWER_LOWERING_H
#define PTOAS_LIB_SIMLOWER_LOWERING_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/ADT/DenseMap.h"
#include <deque>

namespace pto {
struct CrossCoreFlag;
struct PipeInit;
struct PipeCall;
} // namespace pto

namespace pto::sim {

/// A global view while lowering: what partition_view needs, and the descriptor that calls take.
struct ViewParts {
  Register pointer = none;
  llvm::SmallVector<Register, 5> shape, stride;
  Element element = Element::F32;
  /// None on a block argument that has not been assigned yet: the type does not carry the layout.
  std::optional<Layout> layout;
};

/// Where the value of an SSA name is kept.
struct Binding {
  enum Kind : uint8_t { Word, Tile, View } kind = Word;
  uint32_t id = none;        ///< Word: register; Tile, View: handle
  ViewParts *view = nullptr; ///< View
};
using Bindings = llvm::SmallVector<Binding, 4>;

/// Lowers one function for one kind of core. Errors are reported and lowering goes on with fresh
/// values, so that one run shows all of them.
class Lowering {
public:
  Lowering(Program &program, const CoreFunction &root, uint64_t mostOperations);
  /// The function's index, or failure.
  mlir::FailureOr<uint32_t> run();

private:
  // Lower.cpp: functions, blocks, values.
  void lowerBody(mlir::Block &block); ///< all but the terminator
  void lowerOperation(mlir::Operation *op);
  void lowerSection(mlir::Region &body, CoreKind kind);
  void guarded(mlir::Operation *region, llvm::function_ref<void()> body);
  void lowerCall(mlir::func::CallOp call);
  mlir::LogicalResult error(mlir::Operation *op, const llvm::Twine &message);
  std::optional<Element> element(mlir::Operation *op, mlir::Type type);
  Binding fresh(mlir::Operation *op, mlir::Type type);
  Bindings fresh(mlir::Operation *op, mlir::TypeRange types);
  void bind(mlir::Value value, Binding binding) { values[value] = binding; }
  void bind(mlir::ValueRange range, llvm::ArrayRef<Binding> bindings);
  void define(mlir::Value value, Register word) { bind(value, {Binding::Word, word, nullptr}); }
  Binding get(mlir::Value value);
  Bindings get(mlir::ValueRange range);
  Register word(mlir::Value value) { return get(value).id; }
  Handle handle(mlir::Value value) { return get(value).id; }
  /// All of `into` become `from` at once, as at a branch.
  void assign(mlir::Operation *at, llvm::ArrayRef<Binding> into, llvm::ArrayRef<Binding> from);

  // Control.cpp: scf and cf.
  bool lowerControl(mlir::Operation *op);
  void lowerFor(mlir::scf::ForOp loop);
  void lowerWhile(mlir::scf::WhileOp loop);
  void lowerIf(mlir::scf::IfOp branch);
  void lowerSwitch(mlir::scf::IndexSwitchOp branch);
  void lowerBranchBody(mlir::Region &body, llvm::ArrayRef<Binding> results);
  /// A region of one or more blocks: `results` are what its returns or yields give. The arguments
  /// of the entry block are bound.
  void lowerBlocks(mlir::Region &region, llvm::ArrayRef<Binding> results);

  // Arith.cpp
  bool lowerArith(mlir::Operation *op);
  bool lowerArithBinary(mlir::Operation *op);
  bool lowerArithCast(mlir::Operation *op);
  void lowerConstant(mlir::arith::ConstantOp op);
  void lowerSelect(mlir::arith::SelectOp op);
  bool lowerExtended(mlir::Operation *op);
  Register highProduct(Element type, bool isSigned, Register a, Register b);

  // Views.cpp: pointers, views, tiles.
  bool lowerView(mlir::Operation *op);
  void lowerMakeView(MakeTensorViewOp op);
  void lowerPartition(PartitionViewOp op);
  template <typename Op> void lowerDim(Op op, llvm::SmallVector<Register, 5> ViewParts::*list);
  void bindView(mlir::Value result, ViewParts parts);
  Register advance(Register pointer, Register elements, Element element);

  // Variables.cpp: pointers as numbers, elements of tiles, arrays and structs, output.
  bool lowerVariable(mlir::Operation *op);
  bool lowerPointerCast(mlir::Operation *op);
  bool lowerArray(mlir::Operation *op);
  bool lowerStruct(mlir::Operation *op);
  void declareLocal(mlir::Value array, int64_t elements);
  Register elementNumber(mlir::ValueRange indices, llvm::ArrayRef<int64_t> extents);

  // Tiles.cpp
  bool lowerTile(mlir::Operation *op);
  void lowerAlloc(AllocTileOp op);
  void lowerSlot(MultiTileGetOp op);
  void lowerWindow(SubviewOp op);
  void lowerReshape(mlir::Operation *op, mlir::Value source);
  void lowerMove(TAssignOp op);
  void lowerValid(mlir::Operation *op, mlir::Value tile);
  void bindTile(mlir::Value result, TileShape shape, Register address, Register rows, Register cols,
                bool isOwn = false);
  Register sumOfProducts(Register base, llvm::ArrayRef<std::pair<mlir::Value, int64_t>> terms);

  // CrossCore.cpp
  bool lowerCrossCore(mlir::Operation *op);
  void lowerCrossFlag(mlir::Operation *op, const CrossCoreFlag &flag);

  // Pipes.cpp
  bool lowerPipe(mlir::Operation *op);
  void lowerPipeInit(const PipeInit &init);
  void lowerPipeCall(const PipeCall &call);
  void bindEntry(const PipeCall &call, const PipeInit &init, Register address);
  void endFifos(size_t first); ///< destroys those that were made since there were `first`

  // Records.cpp: everything else of the dialect.
  void lowerRecord(mlir::Operation *op);
  void lowerKernel(mlir::Operation *op, const OpInfo &info);
  bool lowerSync(mlir::Operation *op);
  bool lowerFlag(mlir::Operation *op);
  bool lowerComm(mlir::Operation *op);
  bool lowerAsync(mlir::Operation *op);
  bool lowerBuffer(mlir::Operation *op); ///< CrossCore.cpp
  bool lowerCoreId(mlir::Operation *op);
  bool checkPipe(mlir::Operation *op, Pipe pipe);

  Program &program;
  CoreFunction root;
  const uint64_t mostOperations;
  FunctionBuilder builder;
  Arch arch;
  bool failed = false;

  llvm::DenseMap<mlir::Value, Binding> values; ///< of the function that is being inlined
  std::deque<ViewParts> views;
  llvm::SmallVector<mlir::Operation *, 4> active; ///< functions being inlined, outermost first
  std::string calledAt;                           ///< of the calls being inlined
  /// A FIFO that is alive: its destructor is told where it was made.
  struct LiveFifo {
    Handle handle;
    uint32_t place;
  };
  llvm::SmallVector<LiveFifo, 4> fifos; ///< in the order of their making
  Register iteration = none;
  uint64_t lowered = 0; ///< operations so far
};

} // namespace pto::sim

#endif // PTOAS_LIB_SIMLOWER_LOWERING_H
