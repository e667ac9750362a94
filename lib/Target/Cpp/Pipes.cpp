//===- Pipes.cpp - Pipes between cores and their entries -------------------===//
//
// A pipe is an object that lives to the end of its guard: its destructor waits for what the other
// core still owes. Tiles and addresses that a call binds are declared without a place.
//
//===----------------------------------------------------------------------===//

#include "Pipes.h"
#include "Printer.h"
#include "ptoas/IR/CustomSyntax.h"
#include "ptoas/IR/TileHandle.h"

using namespace pto;
using namespace pto::cpp;
using mlir::Value;

namespace {
std::string directionOf(const PipeInit &init) {
  std::string text = ("Direction::DIR_" + name(init.direction)).str();
  // On a5 the rings through global memory have names of their own.
  return init.throughGm() && archOf(init.op) == Arch::A5 ? text + "_GM" : text;
}

std::string pipeType(const PipeInit &init) {
  std::string text =
      ("TPipe<" + llvm::Twine(*init.flagBase) + ", " + directionOf(init) + ", " +
       llvm::Twine(init.slotSize) + ", " + llvm::Twine(init.slotNum) + ", " +
       llvm::Twine(*init.localSlotNum) + ", " + (init.noSplit.value_or(false) ? "true" : "false"))
          .str();
  return text + (init.unitFlag.value_or(false) ? ", true>" : ">");
}

/// The library's name of what a push does to an accumulator.
llvm::StringRef quantMode(EpilogueQuantKind kind) {
  constexpr llvm::StringLiteral names[] = {
      "NoQuant",       "F322F16",       "F322BF16",       "REQ8",          "VREQ8",
      "DEQF16",        "VDEQF16",       "QF322B8_PRE",    "VQF322B8_PRE",  "QF322F16_PRE",
      "QF322BF16_PRE", "QS322BF16_PRE", "VQS322BF16_PRE", "QF322HIF8_PRE", "QF322FP8_PRE"};
  return names[unsigned(kind)];
}

std::string configName(const PipeInit &init) {
  return "Pipe" + std::to_string(init.id.value_or(*init.flagBase)) + "FixpipeConfig";
}

/// `using Pipe0FixpipeConfig = FixpipeParams<...>;` (library 9.6)
void printConfig(Printer &p, const PipeInit &init) {
  constexpr llvm::StringLiteral layouts[] = {"NZ2ND", "NZ2DN", "NZ2NZ"};
  bool relu = init.epilogue.getRelu() == ReluKind::NormalRelu;
  p.line("using " + configName(init) +
         " = FixpipeParams<QuantMode_t::" + quantMode(init.epilogue.getQuant()).str() +
         ", ReluPreMode::" + (relu ? "NormalRelu" : "NoRelu") +
         ", STPhase::" + (init.unitFlag.value_or(false) ? "Final" : "Unspecified") +
         ", AtomicType::AtomicNone, LayoutMode::" +
         layouts[unsigned(init.epilogue.getLayout())].str() + ", 0>;");
}

constexpr llvm::StringLiteral splits[] = {"TILE_NO_SPLIT", "TILE_UP_DOWN", "TILE_LEFT_RIGHT",
                                          "TILE_UP_DOWN_ODD", "TILE_LEFT_RIGHT_ODD"};
} // namespace

Value cpp::slotPointer(const PipeInit &init) {
  if (auto make = init.gm ? init.gm.getDefiningOp<MakeTensorViewOp>() : MakeTensorViewOp())
    return make.getPtr();
  return init.gm;
}

std::optional<PipeInit> cpp::pipeOfEntry(DeclareGlobalOp entry) {
  for (mlir::Operation *user : entry->getUsers())
    if (auto call = PipeCall::of(user))
      return PipeInit::behind(call->handle);
  return std::nullopt;
}

void cpp::printPipe(Printer &p, const PipeInit &init) {
  std::string gm = "nullptr", zero = "0";
  if (Value slots = slotPointer(init))
    gm = p.valueOf(slots).text;
  auto address = [&](PipeDirection one) {
    Value buffer = init.carries(one) ? init.consumerBuffer(one) : Value();
    return buffer ? p.valueOf(buffer).text : zero;
  };
  std::string arguments =
      gm + ", " + address(PipeDirection::C2V) + ", " + address(PipeDirection::V2C);
  std::string type = pipeType(init);
  if (init.epilogue && coreKindOf(init.op) == CoreKind::Cube)
    printConfig(p, init);
  p.line("auto " + p.declare(init.op->getResult(0)) + " = " + type + "(" + arguments + ");");
}

void cpp::printDeclareTile(Printer &p, DeclareTileOp op) {
  TileBufType type = op.getTile().getType();
  // A tile with open extents has no default constructor; what nobody says is the whole tile.
  llvm::SmallVector<std::string, 2> open;
  auto extent = [&](bool isOpen, Value value, int64_t whole) {
    if (isOpen)
      open.push_back(value ? p.valueOf(value).text : std::to_string(whole));
  };
  extent(type.hasDynamicValidRows(), op.getValidRow(), type.getRows());
  extent(type.hasDynamicValidCols(), op.getValidCol(), type.getCols());
  std::string arguments = open.empty() ? "" : "(" + llvm::join(open, ", ") + ")";
  p.line(tileType(type.getTileShape()) + " " + p.declare(op.getTile()) + arguments + ";");
}

void cpp::printFree(Printer &p, TFreeOp op) {
  // There the pop of a tile has given the slot back already; a second credit would free another.
  auto init = PipeInit::behind(op.getPipeHandle());
  if (!op.getEntry() && init && init->throughGm() && archOf(op) == Arch::A5)
    return;
  printRecord(p, op);
}

std::string cpp::pipeTypes(Printer &p, RecordOp op) {
  PipeCall call = *PipeCall::of(op);
  PipeInit init = *PipeInit::behind(call.handle);
  std::string text = pipeType(init);
  if (call.tile())
    text += ", " + tileType(storageOf(call.entry));
  else if (call.entry)
    text += ", " + viewType(*viewSource(call.entry, p.constants));
  if (init.epilogue && call.kind == PipeCall::Push && call.tile())
    return text + ", " + configName(init);
  return text + ", TileSplitAxis::" + splits[call.split].str();
}

std::string cpp::subblock(Printer &p, RecordOp op) {
  auto values = op.getRecordOperands(op.getOpInfo().operand("aiv_subblockid"));
  return values.empty() ? "" : ", " + cast("int32_t", p.valueOf(*values.begin())).text;
}
