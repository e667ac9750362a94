//===- MicroForms.cpp - Forms of calls that work alone ---------------------===//
//
// Vector calls with flags inside choose by arch, and on a2/a3 by element type or shape (library
// 7.2). A shape of run time excludes nothing.
//
//===----------------------------------------------------------------------===//

#include "Rules.h"
#include "ptoas/IR/Pipes.h"
#include "ptoas/IR/TileHandle.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::rules;

namespace {
constexpr int64_t repeatBytes = 256, blockBytes = 32; // of the vector unit

struct Source {
  TileBufType type;
  std::array<int64_t, 2> valid;
  unsigned bytes;
  bool floats;
  explicit Source(mlir::Value v)
      : type(llvm::cast<TileBufType>(v.getType())), valid(validShape(v)) {
    auto element = elementOf(type.getElementType());
    bytes = element ? bytesOf(*element) : 0;
    floats = element && isFloat(*element);
  }
  bool isFullyValid() const {
    return type.getValidRows() == type.getRows() && type.getValidCols() == type.getCols();
  }
};

/// TROWEXPAND of a vector into one block per row, all of it known to the compiler.
bool fillsBlocks(const Source &src, const Source &dst) {
  bool isVector = src.type.getCols() == 1 || src.type.getRows() == 1;
  return (src.bytes == 2 || src.bytes == 4) && isVector && src.isFullyValid() &&
         dst.isFullyValid() && dst.type.getCols() * dst.bytes == blockBytes &&
         src.type.getRows() * src.type.getCols() == dst.type.getRows();
}
/// The tile whose valid region a window has: what is written from a window, what is put into one.
bool movesOneElement(mlir::Operation *op, const OpInfo &info) {
  auto record = llvm::cast<RecordOp>(op);
  auto tile = [&](llvm::StringRef name) {
    auto value = *record.getRecordOperands(info.operand(name)).begin();
    return llvm::cast<TileBufType>(value.getType());
  };
  TileBufType src = tile("src"), dst = tile("dst");
  TileBufType window = info.operands[info.operand("dst")].role == Role::Out ? dst : src;
  return src.getSpace() == Space::Vec && dst.getSpace() == Space::Vec &&
         window.getValidRows() == 1 && window.getValidCols() == 1;
}

/// Moves and fills: most of them are one instruction of the pipe of their route.
llvm::SmallVector<llvm::StringRef, 2> formsOfRoute(mlir::Operation *op, const OpInfo &info) {
  bool isA3 = archOf(op) == Arch::A3;
  if (info.micro.front().name == "a3, bytes") {
    Source src(*llvm::cast<RecordOp>(op).getRecordOperands(info.operand("src")).begin());
    if (isA3 && src.bytes == 1 && src.type.getSpace() == Space::Vec)
      return {"a3, bytes"};
  } else if (movesOneElement(op, info)) {
    return {isA3 ? llvm::StringRef("a3, one element") : "a5, one element"};
  }
  return {};
}
} // namespace

uint64_t pto::bytesBehind(mlir::Operation *op, unsigned operand) {
  const OpInfo &info = *findOpInfo(op);
  bool compares = llvm::any_of(info.micro, [](auto &f) { return f.name == "a3, comparing"; });
  if (!compares || archOf(op) != Arch::A3 || info.operands[operand].role != Role::Scratch)
    return 0;
  auto tileAt = [&](llvm::StringRef name) {
    auto values = llvm::cast<RecordOp>(op).getRecordOperands(info.operand(name));
    return values.empty() ? mlir::Value() : *values.begin();
  };
  mlir::Value src = tileAt("src"), thresholds = tileAt("thresholds");
  if (!thresholds || !llvm::isa<TileBufType>(thresholds.getType()))
    return 0;
  // A number of 4 bytes per element of the source, then the thresholds in its type; of a window the
  // library sees what it is a window of.
  TileShape from = storageOf(src);
  return uint64_t(from.rows) * from.cols * 4 + storageOf(thresholds).bytes();
}

llvm::SmallVector<llvm::StringRef, 2> pto::formsByShape(mlir::Operation *op) {
  const OpInfo &info = *findOpInfo(op);
  auto has = [&](llvm::StringRef form) {
    return llvm::any_of(info.micro, [&](const MicroForm &f) { return f.name == form; });
  };
  if (auto call = PipeCall::of(op))
    return {formOf(*call)};
  auto record = llvm::cast<RecordOp>(op);
  auto named = [&](llvm::StringRef operand) {
    return Source(*record.getRecordOperands(info.operand(operand)).begin());
  };
  if (has("a3, bytes") || has("a3, one element"))
    return formsOfRoute(op, info);
  llvm::StringRef arch = name(archOf(op));
  if (archOf(op) == Arch::A3 && has("a3, comparing"))
    return {record.getRecordOperands(info.operand("cdst")).empty() ? "a3, moving"
                                                                   : "a3, comparing"};
  if (archOf(op) == Arch::A3 && has("a3, whole rows"))
    return {attributeValue(op, "axis") == int64_t(AxisKind::COL) ? "a3, whole rows"
                                                                 : "a3, one by one"};
  if (archOf(op) == Arch::A3 && has("a3, with scratch"))
    return {record.getRecordOperands(info.operand("tmp")).empty() ? "a3, one by one"
                                                                  : "a3, with scratch"};
  if (has("a3, to L1")) {
    bool inL1 = named("dst").type.getSpace() == Space::Mat;
    if (archOf(op) == Arch::A3)
      return {inL1 ? "a3, to L1" : "a3, to UB"};
    return {inL1 ? "a5, to L1" : "a5, to UB"};
  }
  if (has("a3, until one is exhausted")) {
    if (attributeValue(op, "exhausted"))
      return {archOf(op) == Arch::A3 ? "a3, until one is exhausted" : "a5, until one is exhausted"};
    return {archOf(op) == Arch::A3 ? "a3, to the end" : "a5, to the end"};
  }
  if (has(arch))
    return {arch};
  if (has("hard"))
    return {attributeValue(op, "mode") == int64_t(SyncAllModeKind::Soft) ? "soft" : "hard"};
  if (has("a3 integers"))
    return {named("src").floats ? "a3 floats" : "a3 integers"};
  if (has("a5, scalar loop")) { // only the 64-bit integers of a5 are divided on V
    Source dst = named("dst");
    if (arch == "a3")
      return {dst.floats ? "a3, vector" : "a3, scalar loop"};
    return {dst.floats || dst.bytes == 8 ? "a5, vector" : "a5, scalar loop"};
  }
  if (has("a3, several repeats")) {
    Source src = named("src");
    if (src.valid[1] < 0)
      return {"a3, several repeats", "a3, one repeat"};
    return {src.valid[1] * src.bytes > repeatBytes ? "a3, several repeats" : "a3, one repeat"};
  }
  if (has("a3, scalar loop")) {
    Source dst = named("dst");
    bool inBlocks = dst.type.getCols() % (dst.bytes == 1 ? 32 : 16) == 0;
    return {inBlocks ? llvm::StringRef("a3, blocks") : "a3, scalar loop"};
  }
  if (has("a3, inside a block")) {
    Source src = named("src0");
    bool countsAreData = llvm::any_of(
        info.operands, [](const OperandInfo &operand) { return operand.name == "src0Idx"; });
    if (countsAreData || src.valid[1] < 0)
      return {"a3, inside a block", "a3, whole blocks"};
    bool inBlocks = src.valid[1] * src.bytes % blockBytes == 0;
    return {inBlocks ? llvm::StringRef("a3, whole blocks") : "a3, inside a block"};
  }
  if (has("a3, blocks"))
    return {fillsBlocks(named("src"), named("dst")) ? "a3, blocks" : "a3, rows"};
  return {};
}
