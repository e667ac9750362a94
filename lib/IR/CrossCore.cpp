//===- CrossCore.cpp - Flags between cores, buffer ids ---------------------===//

#include "ptoas/IR/CrossCore.h"
#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "ptoas/IR/CustomSyntax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using mlir::LogicalResult;
using mlir::Operation;

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

/// The kind that the text says, or the only one that has the pipe.
static std::optional<CoreKind> kindOf(Operation *op, Pipe pipe) {
  if (auto kind = coreKindOf(op))
    return kind;
  bool cube = coreHasPipe(CoreKind::Cube, pipe, archOf(op)),
       vector = coreHasPipe(CoreKind::Vector, pipe, archOf(op));
  if (cube == vector)
    return std::nullopt;
  return cube ? CoreKind::Cube : CoreKind::Vector;
}

template <typename Op> static CrossCoreFlag describe(Op op, bool isSet, int64_t mode) {
  CrossCoreFlag flag;
  flag.isSet = isSet;
  flag.pipe = toPipe(op.getPipeKind());
  flag.mode = mode;
  if (auto id = op.getEventId())
    flag.id = int32_t(*id);
  else if (op.getEventIdDyn())
    flag.id = constantOf(op.getEventIdDyn());
  flag.dynamicId = op.getEventIdDyn();
  flag.kind = kindOf(op, flag.pipe);
  flag.intraBlock = mode == 2 && archOf(op) == Arch::A5;
  return flag;
}

std::optional<CrossCoreFlag> pto::crossCoreFlagOf(Operation *op) {
  auto general = [&](auto o, bool isSet) {
    CrossCoreFlag flag = describe(o, isSet, o.getFftsMode());
    flag.mirrored = flag.intraBlock && flag.kind != CoreKind::Vector;
    return std::optional(flag);
  };
  return llvm::TypeSwitch<Operation *, std::optional<CrossCoreFlag>>(op)
      .Case<SyncSetOp, SetCrossBlockOp>([&](auto o) { return general(o, true); })
      .Case<SyncWaitOp, WaitCrossBlockOp>([&](auto o) { return general(o, false); })
      .Case([&](SetIntraBlockOp o) { return describe(o, true, 2); })
      .Case([&](WaitIntraBlockOp o) { return describe(o, false, 2); })
      .Default([](Operation *) { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static LogicalResult verifyPipe(Operation *op, Pipe pipe) {
  if (pipe == Pipe::ALL)
    return op->emitOpError("names PIPE_ALL; it belongs to one pipe");
  auto kind = coreKindOf(op);
  if (kind && !coreHasPipe(*kind, pipe, archOf(op)))
    return op->emitOpError() << "names PIPE_" << name(pipe) << ", which a " << name(*kind)
                             << " core on " << name(archOf(op)) << " does not have";
  return mlir::success();
}

/// `named` says that an operation names its vector core itself, which doubles the ids of a5.
template <typename Op> static LogicalResult verifyFlag(Op op, bool namesCore) {
  if (op.getEventId().has_value() == bool(op.getEventIdDyn()))
    return op.emitOpError("needs one flag id, a number or a value");
  CrossCoreFlag flag = *crossCoreFlagOf(op);
  if (flag.mode < 0 || flag.mode > 2)
    return op.emitOpError() << "has ffts_mode " << flag.mode << "; it is 0, 1 or 2";
  Arch arch = archOf(op);
  int64_t last = namesCore && arch == Arch::A5 ? 2 * secondVectorIds - 1 : secondVectorIds - 1;
  if (flag.id && (*flag.id < 0 || *flag.id > last))
    return op.emitOpError() << "has flag id " << *flag.id << "; " << name(arch) << " has 0.."
                            << last;
  if (arch == Arch::A5 && flag.pipe == Pipe::M)
    return op.emitOpError("names PIPE_M; on a5 it takes S, V, MTE1, MTE2, MTE3 and FIX");
  return verifyPipe(op, flag.pipe);
}

/// set_cross_block and wait_cross_block are one mode of the general form.
template <typename Op> static LogicalResult verifyCrossBlock(Op op) {
  if (op.getFftsMode() != 0)
    return op.emitOpError() << "has ffts_mode " << op.getFftsMode()
                            << "; between blocks it is 0, use pto.sync.set and pto.sync.wait for "
                               "others";
  return verifyFlag(op, false);
}

LogicalResult SyncSetOp::verify() { return verifyFlag(*this, false); }
LogicalResult SyncWaitOp::verify() { return verifyFlag(*this, false); }
LogicalResult SetCrossBlockOp::verify() { return verifyCrossBlock(*this); }
LogicalResult WaitCrossBlockOp::verify() { return verifyCrossBlock(*this); }
LogicalResult SetIntraBlockOp::verify() { return verifyFlag(*this, true); }
LogicalResult WaitIntraBlockOp::verify() { return verifyFlag(*this, true); }

LogicalResult CacheInvalidOp::verify() {
  if (bool(getPtr()) == getSpace().has_value())
    return emitOpError("needs either all of a memory or a pointer or view to one line");
  auto pointer = getPtr() ? llvm::dyn_cast<PtrType>(getPtr().getType()) : PtrType();
  bool isGm = pointer    ? pointer.getSpace() == Space::GM
              : getPtr() ? true // views are of global memory
                         : *getSpace() == AddressSpaceKind::Gm;
  if (!isGm)
    return emitOpError("names on-chip memory, which the scalar cache does not hold; it is for gm");
  return mlir::success();
}

LogicalResult SyncAllOp::verify() {
  bool isSoft = getMode() == SyncAllModeKind::Soft;
  if (isSoft != bool(getWorkspace()) || (getUsed() && !isSoft))
    return emitOpError() << (isSoft ? "needs a counter in global memory in soft mode"
                                    : "takes no operands in hard mode");
  if (isSoft) {
    PartitionTensorViewType type = getWorkspace().getType();
    constexpr int64_t least = 16; // one cache line of i32
    if (!type.getElementType().isInteger(32))
      return emitOpError() << "needs a counter of i32, but it has " << type.getElementType();
    if (type.hasStaticShape() && mlir::ShapedType::getNumElements(type.getShape()) < least)
      return emitOpError() << "needs a counter of at least " << least << " elements, but it has "
                           << mlir::ShapedType::getNumElements(type.getShape());
  }
  auto kind = coreKindOf(*this);
  bool isOther = (kind == CoreKind::Cube && getCoreType() == SyncCoreTypeKind::AIVOnly) ||
                 (kind == CoreKind::Vector && getCoreType() == SyncCoreTypeKind::AICOnly);
  if (isOther)
    return emitOpError() << "lets cores of the other kind meet, on a " << name(*kind) << " core";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Buffer ids
//===----------------------------------------------------------------------===//

std::optional<Pipe> pto::bufferPipe(mlir::Attribute opType) {
  auto pipe = llvm::dyn_cast_if_present<PipeAttr>(opType);
  if (!pipe)
    return opType ? pipeOfClass(opType) : std::nullopt;
  return pipe.getValue() == PipeKind::PIPE_ALL ? std::nullopt
                                               : std::optional(toPipe(pipe.getValue()));
}

template <typename Op> static LogicalResult verifyBuffer(Op op, std::optional<int64_t> id) {
  constexpr int64_t buffers = 32;
  if (archOf(op) != Arch::A5)
    return op.emitOpError("exists on a5 only; use pto.set_flag and pto.wait_flag");
  auto pipe = bufferPipe(op.getOpType());
  if (!pipe)
    return op.emitOpError() << "needs one pipe or a class of operations, but got "
                            << op.getOpType();
  if (id && (*id < 0 || *id >= buffers))
    return op.emitOpError() << "has buffer id " << *id << "; there are 0.." << buffers - 1;
  if (int32_t(op.getMode()) < 0)
    return op.emitOpError() << "has mode " << int32_t(op.getMode()) << "; it is not negative";
  return verifyPipe(op, *pipe);
}

LogicalResult GetBufOp::verify() { return verifyBuffer(*this, int32_t(getBufId())); }
LogicalResult RlsBufOp::verify() { return verifyBuffer(*this, int32_t(getBufId())); }
LogicalResult GetBufDynOp::verify() { return verifyBuffer(*this, constantOf(getBufId())); }
LogicalResult RlsBufDynOp::verify() { return verifyBuffer(*this, constantOf(getBufId())); }

/// `"PIPE_V"`, `"TVEC"`, or an attribute.
static mlir::ParseResult parseBufferPipe(mlir::OpAsmParser &parser, mlir::Attribute &attr) {
  auto at = parser.getCurrentLocation();
  std::optional<std::string> word;
  if (parseTokenText(parser, word))
    return mlir::failure();
  if (!word)
    return parser.parseAttribute(attr);
  llvm::StringRef text = *word;
  if (auto pipe = symbolizePipeKind(text))
    attr = PipeAttr::get(parser.getContext(), *pipe);
  else if (auto kind = symbolizePipeEventKind(text))
    attr = PipeEventTypeAttr::get(parser.getContext(), *kind);
  else
    return parser.emitError(at, "unknown pipe or class of operations '") << text << "'";
  return mlir::success();
}

static mlir::ParseResult parseBuffer(mlir::OpAsmParser &parser, mlir::OperationState &result,
                                     bool isDynamic) {
  mlir::Builder &b = parser.getBuilder();
  bool hasBracket = mlir::succeeded(parser.parseOptionalLSquare());
  mlir::Attribute pipe;
  if (parseBufferPipe(parser, pipe) || parser.parseComma())
    return mlir::failure();
  int32_t id = 0, mode = 0;
  if (isDynamic) {
    mlir::OpAsmParser::UnresolvedOperand operand;
    if (parser.parseOperand(operand) ||
        parser.resolveOperand(operand, b.getIndexType(), result.operands))
      return mlir::failure();
  } else if (parser.parseInteger(id)) {
    return mlir::failure();
  }
  bool saysMode = mlir::succeeded(parser.parseOptionalComma());
  if ((saysMode && parser.parseInteger(mode)) || (hasBracket && parser.parseRSquare()) ||
      parser.parseOptionalAttrDict(result.attributes))
    return mlir::failure();
  result.attributes.set("op_type", pipe);
  if (!isDynamic)
    result.attributes.set("buf_id", b.getI32IntegerAttr(id));
  if (saysMode || !result.attributes.get("mode")) // 0.41 writes it into the dictionary
    result.attributes.set("mode", b.getI32IntegerAttr(mode));
  return mlir::success();
}

template <typename Op>
static void printBuffer(mlir::OpAsmPrinter &printer, Op op, llvm::function_ref<void()> printId) {
  printer << '[' << op.getOpType() << ", ";
  printId();
  printer << ", " << int32_t(op.getMode()) << ']';
  printer.printOptionalAttrDict(op->getAttrs(), {"op_type", "buf_id", "mode"});
}

mlir::ParseResult GetBufOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  return parseBuffer(parser, result, false);
}
mlir::ParseResult RlsBufOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  return parseBuffer(parser, result, false);
}
mlir::ParseResult GetBufDynOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  return parseBuffer(parser, result, true);
}
mlir::ParseResult RlsBufDynOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &result) {
  return parseBuffer(parser, result, true);
}
void GetBufOp::print(mlir::OpAsmPrinter &p) {
  printBuffer(p, *this, [&] { p << int32_t(getBufId()); });
}
void RlsBufOp::print(mlir::OpAsmPrinter &p) {
  printBuffer(p, *this, [&] { p << int32_t(getBufId()); });
}
void GetBufDynOp::print(mlir::OpAsmPrinter &p) {
  printBuffer(p, *this, [&] { p << getBufId(); });
}
void RlsBufDynOp::print(mlir::OpAsmPrinter &p) {
  printBuffer(p, *this, [&] { p << getBufId(); });
}
