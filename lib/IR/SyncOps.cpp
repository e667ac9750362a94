//===- SyncOps.cpp - Text and checks of flags, barriers, sections ----------===//

#include "Rules.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "ptoas/IR/CustomSyntax.h"

using namespace pto;
using mlir::LogicalResult;

std::optional<Pipe> pto::pipeOfClass(mlir::Attribute attr) {
  PipeEventKind kind;
  if (auto a = llvm::dyn_cast<PipeEventTypeAttr>(attr))
    kind = a.getValue();
  else if (auto b = llvm::dyn_cast<SyncOpTypeAttr>(attr))
    kind = b.getValue();
  else
    return std::nullopt;
  switch (kind) { // library 8.2
  case PipeEventKind::TLOAD:
    return Pipe::MTE2;
  case PipeEventKind::TSTORE_VEC:
    return Pipe::MTE3;
  case PipeEventKind::TSTORE_ACC:
  case PipeEventKind::TMOV_M2S:
  case PipeEventKind::TMOV_V2M:
    return Pipe::FIX;
  case PipeEventKind::TMOV_M2L:
  case PipeEventKind::TMOV_M2B:
    return Pipe::MTE1;
  case PipeEventKind::TMATMUL:
    return Pipe::M;
  case PipeEventKind::TMOV_M2V:
  case PipeEventKind::TVEC:
  case PipeEventKind::TVECWAIT_EVENT:
    return Pipe::V;
  }
  return std::nullopt;
}

std::optional<CoreKind> pto::coreKindOf(mlir::Operation *op) {
  for (; op; op = op->getParentOp()) {
    if (llvm::isa<SectionCubeOp>(op))
      return CoreKind::Cube;
    if (llvm::isa<SectionVectorOp>(op))
      return CoreKind::Vector;
    if (auto kind = op->getAttrOfType<KernelKindAttr>(kernelKindAttr))
      return kind.getValue() == KernelKind::Cube ? CoreKind::Cube : CoreKind::Vector;
  }
  return std::nullopt;
}

namespace {
/// C4, the part that needs no path: which pipes a flag may join.
LogicalResult verifyFlag(mlir::Operation *op, Pipe from, Pipe to) {
  if (from == Pipe::ALL || to == Pipe::ALL)
    return op->emitOpError()
           << "joins PIPE_ALL; a flag goes from one pipe to another, use pto.barrier <PIPE_ALL>";
  if (from == to)
    return op->emitOpError() << "joins PIPE_" << name(from)
                             << " with itself, which hangs; use pto.barrier <PIPE_" << name(from)
                             << ">";
  auto kind = coreKindOf(op);
  if (!kind)
    return mlir::success();
  for (Pipe p : {from, to})
    if (!coreHasPipe(*kind, p, archOf(op)))
      return op->emitOpError() << "names PIPE_" << name(p) << ", which a " << name(*kind)
                               << " core on " << name(archOf(op)) << " does not have";
  return mlir::success();
}
} // namespace

LogicalResult SetFlagOp::verify() {
  return verifyFlag(*this, toPipe(getSrcPipe()), toPipe(getDstPipe()));
}
LogicalResult WaitFlagOp::verify() {
  return verifyFlag(*this, toPipe(getSrcPipe()), toPipe(getDstPipe()));
}
LogicalResult SetFlagDynOp::verify() {
  return verifyFlag(*this, toPipe(getSrcPipe()), toPipe(getDstPipe()));
}
LogicalResult WaitFlagDynOp::verify() {
  return verifyFlag(*this, toPipe(getSrcPipe()), toPipe(getDstPipe()));
}

namespace {
LogicalResult verifyEvent(mlir::Operation *op, mlir::Attribute src, mlir::Attribute dst) {
  auto from = pipeOfClass(src), to = pipeOfClass(dst);
  if (!from || !to)
    return op->emitOpError()
           << "needs two classes of operations (#pto.pipe_event_type<...>), but got "
           << (from ? dst : src);
  return verifyFlag(op, *from, *to);
}
} // namespace

LogicalResult RecordEventOp::verify() { return verifyEvent(*this, getSrcOp(), getDstOp()); }
LogicalResult WaitEventOp::verify() { return verifyEvent(*this, getSrcOp(), getDstOp()); }

LogicalResult BarrierOp::verify() {
  Pipe pipe = toPipe(getPipeKind());
  Arch arch = archOf(*this);
  // A pipe that takes no barrier (PIPE_S, PIPE_V on a5) keeps its order; normalising drops it with
  // a remark.
  auto kind = coreKindOf(*this);
  if (kind && !coreHasPipe(*kind, pipe, arch))
    return emitOpError() << "names PIPE_" << name(pipe) << ", which a " << name(*kind)
                         << " core on " << name(arch) << " does not have";
  return mlir::success();
}

LogicalResult BarrierSyncOp::verify() {
  if (!pipeOfClass(getOpClass()))
    return emitOpError() << "needs a class of operations (#pto.pipe_event_type<...>), but got "
                         << getOpClass();
  return mlir::success();
}

namespace {
LogicalResult verifySection(mlir::Operation *op) {
  for (mlir::Operation *p = op->getParentOp(); p; p = p->getParentOp())
    if (llvm::isa<SectionCubeOp, SectionVectorOp>(p))
      return op->emitOpError("lies inside another section; sections do not nest")
                 .attachNote(p->getLoc())
             << "the outer section";
  return mlir::success();
}
} // namespace

LogicalResult SectionCubeOp::verify() { return verifySection(*this); }
LogicalResult SectionVectorOp::verify() { return verifySection(*this); }

//===----------------------------------------------------------------------===//
// The three spellings of a bracket item
//===----------------------------------------------------------------------===//

mlir::ParseResult pto::parseTokenText(mlir::OpAsmParser &parser, std::optional<std::string> &text) {
  llvm::StringRef word;
  std::string quoted;
  if (mlir::succeeded(parser.parseOptionalLess())) {
    if (parser.parseKeyword(&word) || parser.parseGreater())
      return mlir::failure();
    text = word.str();
  } else if (mlir::succeeded(parser.parseOptionalString(&quoted))) {
    text = std::move(quoted);
  }
  return mlir::success();
}

mlir::ParseResult pto::parseOpClass(mlir::OpAsmParser &parser, mlir::Attribute &attr) {
  auto at = parser.getCurrentLocation();
  std::optional<std::string> word;
  if (parseTokenText(parser, word))
    return mlir::failure();
  if (!word)
    return parser.parseAttribute(attr);
  auto kind = symbolizePipeEventKind(*word);
  if (!kind)
    return parser.emitError(at, "unknown class of operations '") << *word << "'";
  attr = PipeEventTypeAttr::get(parser.getContext(), *kind);
  return mlir::success();
}
void pto::printOpClass(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::Attribute attr) {
  printer << attr;
}

mlir::ParseResult pto::parseFlagId(mlir::OpAsmParser &parser, mlir::IntegerAttr &id,
                                   std::optional<mlir::OpAsmParser::UnresolvedOperand> &dynamicId) {
  int32_t number;
  mlir::OptionalParseResult isNumber = parser.parseOptionalInteger(number);
  if (isNumber.has_value()) {
    id = parser.getBuilder().getI32IntegerAttr(number);
    return *isNumber;
  }
  dynamicId.emplace();
  return parser.parseOperand(*dynamicId);
}
void pto::printFlagId(mlir::OpAsmPrinter &printer, mlir::Operation *, mlir::IntegerAttr id,
                      mlir::Value dynamicId) {
  if (id)
    printer << id.getInt();
  else
    printer << dynamicId;
}

mlir::ParseResult pto::parseFenceScope(mlir::OpAsmParser &parser, FenceScopeAttr &attr) {
  return parseToken(parser, attr);
}
void pto::printFenceScope(mlir::OpAsmPrinter &printer, mlir::Operation *op, FenceScopeAttr attr) {
  printToken(printer, op, attr);
}

mlir::ParseResult
pto::parseSyncAllOperands(mlir::OpAsmParser &parser,
                          std::optional<mlir::OpAsmParser::UnresolvedOperand> &workspace,
                          std::optional<mlir::OpAsmParser::UnresolvedOperand> &used,
                          mlir::Type &workspaceType, mlir::Type &usedType) {
  if (mlir::failed(parser.parseOptionalLParen()) || mlir::succeeded(parser.parseOptionalRParen()))
    return mlir::success();
  if (parser.parseOperand(workspace.emplace()))
    return mlir::failure();
  bool hasUsed = mlir::succeeded(parser.parseOptionalComma());
  if ((hasUsed && parser.parseOperand(used.emplace())) || parser.parseColonType(workspaceType))
    return mlir::failure();
  if (hasUsed && (parser.parseComma() || parser.parseType(usedType)))
    return mlir::failure();
  return parser.parseRParen();
}
void pto::printSyncAllOperands(mlir::OpAsmPrinter &printer, mlir::Operation *,
                               mlir::Value workspace, mlir::Value used, mlir::Type workspaceType,
                               mlir::Type usedType) {
  printer << '(';
  if (workspace)
    printer << workspace;
  if (used)
    printer << ", " << used;
  if (workspace)
    printer << " : " << workspaceType;
  if (used)
    printer << ", " << usedType;
  printer << ')';
}

mlir::ParseResult
pto::parseShapeAndStrides(mlir::OpAsmParser &parser,
                          llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &shape,
                          llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &strides) {
  auto square = mlir::OpAsmParser::Delimiter::Square;
  if (parser.parseKeyword("shape") || parser.parseEqual() || parser.parseOperandList(shape, square))
    return mlir::failure();
  (void)parser.parseOptionalComma();
  return mlir::failure(parser.parseKeyword("strides") || parser.parseEqual() ||
                       parser.parseOperandList(strides, square));
}
void pto::printShapeAndStrides(mlir::OpAsmPrinter &printer, mlir::Operation *,
                               mlir::OperandRange shape, mlir::OperandRange strides) {
  printer << "shape = [" << shape << "], strides = [" << strides << "]";
}
