//===- Dialect.cpp - Registration of the pto dialect -----------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/Matchers.h"
#include "ptoas/IR/Pto.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;

#include "ptoas/IR/Dialect.cpp.inc"
#include "ptoas/IR/Enums.cpp.inc"
#include "ptoas/IR/Interfaces.cpp.inc"

namespace {
/// `<case>` or ` case`, whichever family the attribute belongs to.
template <typename Kind> mlir::ParseResult parseCase(mlir::AsmParser &parser, Kind &kind) {
  bool isAngle = mlir::succeeded(parser.parseOptionalLess());
  mlir::FailureOr<Kind> read = mlir::FieldParser<Kind>::parse(parser);
  if (mlir::failed(read))
    return mlir::failure();
  kind = *read;
  return isAngle ? parser.parseGreater() : mlir::success();
}
template <typename Kind> mlir::ParseResult parseAngleCase(mlir::AsmParser &parser, Kind &kind) {
  return parseCase(parser, kind);
}
template <typename Kind> mlir::ParseResult parseSpacedCase(mlir::AsmParser &parser, Kind &kind) {
  return parseCase(parser, kind);
}
template <typename Kind> void printAngleCase(mlir::AsmPrinter &printer, Kind kind) {
  printer << '<' << kind << '>';
}
template <typename Kind> void printSpacedCase(mlir::AsmPrinter &printer, Kind kind) {
  printer << kind;
}
} // namespace
#define GET_ATTRDEF_CLASSES
#include "ptoas/IR/Attrs.cpp.inc"

void PtoDialect::initialize() {
  registerTypes();
  registerAttributes();
  registerPtoDialectOperations(this); // OpDefs.cpp.in
}

namespace {
/// The record that had this name once, or null.
const OpInfo *findByOldName(llvm::StringRef name) {
  for (const OpInfo &info : allOpInfos())
    if (llvm::is_contained(info.was, name))
      return &info;
  return nullptr;
}

mlir::ParseResult parseByOldName(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  const OpInfo *info = findByOldName(state.name.getStringRef());
  auto name = *mlir::RegisteredOperationName::lookup(info->name, parser.getContext());
  state.name = name;
  return name.getParseAssemblyFn()(parser, state);
}

mlir::OperationName scfName(mlir::OpAsmParser &parser, llvm::StringRef name) {
  parser.getContext()->getOrLoadDialect("scf");
  return mlir::OperationName(name, parser.getContext());
}

/// Operations that stay together (sync 13.5). What 0.48 calls a region of fused operations is what
/// scf calls a region that is not to be inlined.
mlir::ParseResult parseFusionRegion(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  state.name = scfName(parser, "scf.execute_region");
  llvm::SmallVector<mlir::Type> types;
  mlir::Region *body = state.addRegion();
  if (parser.parseOptionalArrowTypeList(types) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) || parser.parseRegion(*body) ||
      parser.parseOptionalAttrDict(state.attributes))
    return mlir::failure();
  if (types.empty() && mlir::succeeded(parser.parseOptionalColon()) && parser.parseTypeList(types))
    return mlir::failure();
  state.addTypes(types);
  state.addAttribute("no_inline", parser.getBuilder().getUnitAttr());
  if (body->empty())
    body->emplaceBlock();
  mlir::Block &last = body->back();
  if (last.empty() || !last.back().mightHaveTrait<mlir::OpTrait::IsTerminator>()) {
    mlir::OperationState yield(state.location, scfName(parser, "scf.yield"));
    last.push_back(mlir::Operation::create(yield)); // the region hangs on no operation yet
  }
  return mlir::success();
}

/// `pto.yield`, `pto.yield %a, %b : T, U`, `pto.yield(%a, %b) : (T, U) -> ()`
mlir::ParseResult parseYield(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  state.name = scfName(parser, "scf.yield");
  llvm::SmallVector<mlir::OpAsmParser::UnresolvedOperand> operands;
  llvm::SmallVector<mlir::Type> types;
  llvm::SMLoc at = parser.getCurrentLocation();
  bool inParens = mlir::succeeded(parser.parseOptionalLParen());
  if (parser.parseOperandList(operands) || (inParens && parser.parseRParen()))
    return mlir::failure();
  if (mlir::succeeded(parser.parseOptionalColon())) {
    bool isSignature = mlir::succeeded(parser.parseOptionalLParen());
    bool isEmpty = isSignature && mlir::succeeded(parser.parseOptionalRParen());
    if (!isEmpty && (parser.parseTypeList(types) || (isSignature && parser.parseRParen())))
      return mlir::failure();
    if (isSignature && mlir::succeeded(parser.parseOptionalArrow()) &&
        (parser.parseLParen() || parser.parseRParen()))
      return mlir::failure();
  }
  return parser.resolveOperands(operands, types, at, state.operands);
}
} // namespace

std::optional<mlir::Dialect::ParseOpHook>
PtoDialect::getParseOperationHook(llvm::StringRef name) const {
  if (findByOldName(name))
    return ParseOpHook(parseByOldName);
  if (name == "pto.fusion_region")
    return ParseOpHook(parseFusionRegion);
  if (name == "pto.yield")
    return ParseOpHook(parseYield);
  return Dialect::getParseOperationHook(name);
}

void PtoDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ptoas/IR/Attrs.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Attributes of the dialect on operations of other dialects (library 8.3)
//===----------------------------------------------------------------------===//

namespace {
/// The spellings that front-ends write, in any case.
bool isTailHint(llvm::StringRef text) {
  static constexpr llvm::StringLiteral known[] = {"barrier-all",
                                                  "barrier_all",
                                                  "default",
                                                  "mte3-to-s-event0",
                                                  "mte3_to_s_event0",
                                                  "setwait-mte3-to-s-event0",
                                                  "setwait_mte3_to_s_event0"};
  return llvm::is_contained(known, llvm::StringRef(text.lower()));
}
} // namespace

mlir::LogicalResult PtoDialect::verifyOperationAttribute(mlir::Operation *op,
                                                         mlir::NamedAttribute attr) {
  llvm::StringRef name = attr.getName();
  auto wrong = [&](const llvm::Twine &what) {
    return op->emitOpError() << "has '" << name << "' = " << attr.getValue() << "; " << what;
  };
  if (name == kernelKindAttr && !llvm::isa<KernelKindAttr>(attr.getValue()))
    return wrong("it is #pto.kernel_kind<cube> or #pto.kernel_kind<vector>");
  if (name == entryAttr && !llvm::isa<mlir::UnitAttr>(attr.getValue()))
    return wrong("it takes no value");
  if (name == mayAliasAttr)
    return wrong("it belongs on an argument of a function");
  if (name == tailHintAttr) {
    auto text = llvm::dyn_cast<mlir::StringAttr>(attr.getValue());
    if (!text || !isTailHint(text))
      return wrong("it is \"barrier_all\" or \"setwait_mte3_to_s_event0\"");
  }
  if (name == backendAttr) {
    auto text = llvm::dyn_cast<mlir::StringAttr>(attr.getValue());
    if (!text || text.getValue() != "emitc")
      return wrong("ptoas prints C++ only: \"emitc\", or leave it out");
  }
  if (name == targetArchAttr) {
    auto text = llvm::dyn_cast<mlir::StringAttr>(attr.getValue());
    if (!text || !parseArch(text))
      return wrong("it is \"a2\", \"a3\", \"a2a3\" or \"a5\"");
    // One arch per file: archOf would take the nearest, the command line only changes the module's.
    if (!llvm::isa<mlir::ModuleOp>(op))
      return wrong("it belongs on the module");
  }
  return mlir::success();
}

mlir::LogicalResult PtoDialect::verifyRegionArgAttribute(mlir::Operation *op, unsigned,
                                                         unsigned argument,
                                                         mlir::NamedAttribute attr) {
  if (attr.getName() == mayAliasAttr && !llvm::isa<mlir::UnitAttr>(attr.getValue()))
    return op->emitOpError() << "has '" << mayAliasAttr << "' = " << attr.getValue()
                             << " on argument " << argument << "; it takes no value";
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Attribute and constant values
//===----------------------------------------------------------------------===//

namespace {
template <typename... Attrs> std::optional<int64_t> firstNumber(mlir::Attribute attr) {
  std::optional<int64_t> number;
  auto visit = [&](auto *tag) {
    using A = std::remove_pointer_t<decltype(tag)>;
    if constexpr (requires(A a) { a.getValue(); }) // not the structs
      if (auto a = llvm::dyn_cast<A>(attr))
        number = int64_t(a.getValue());
  };
  (visit(static_cast<Attrs *>(nullptr)), ...);
  return number;
}
} // namespace

std::optional<int64_t> pto::enumNumber(mlir::Attribute attr) {
  return firstNumber<
#define GET_ATTRDEF_LIST
#include "ptoas/IR/Attrs.cpp.inc"
      >(attr);
}

/// What a cast makes of a constant; none for other operations. By name, so that the dialect library
/// need not link arith.
static std::optional<llvm::APInt> castOf(mlir::Operation *cast, const llvm::APInt &value) {
  mlir::Type type = cast->getResult(0).getType();
  if (!type.isIntOrIndex())
    return std::nullopt;
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  llvm::StringRef name = cast->getName().getStringRef();
  if (name == "arith.extui" || name == "arith.index_castui")
    return value.zextOrTrunc(width);
  if (name == "arith.index_cast" || name == "arith.extsi" || name == "arith.trunci")
    return value.sextOrTrunc(width);
  return std::nullopt;
}

std::optional<int64_t> pto::constantOf(mlir::Value value) {
  mlir::IntegerAttr attr;
  llvm::SmallVector<mlir::Operation *, 4> casts;
  mlir::Operation *op = value.getDefiningOp();
  for (; op && !mlir::matchPattern(op, mlir::m_Constant(&attr));
       op = op->getOperand(0).getDefiningOp()) {
    if (op->getNumOperands() != 1 || op->getNumResults() != 1 || !castOf(op, llvm::APInt(1, 0)))
      return std::nullopt;
    casts.push_back(op);
  }
  if (!op)
    return std::nullopt;
  llvm::APInt constant = attr.getValue();
  for (mlir::Operation *cast : llvm::reverse(casts))
    constant = *castOf(cast, constant);
  return constant.trySExtValue();
}

Pipe pto::toPipe(PipeKind kind) {
  switch (kind) {
  case PipeKind::PIPE_S:
    return Pipe::S;
  case PipeKind::PIPE_V:
    return Pipe::V;
  case PipeKind::PIPE_M:
    return Pipe::M;
  case PipeKind::PIPE_MTE1:
    return Pipe::MTE1;
  case PipeKind::PIPE_MTE2:
    return Pipe::MTE2;
  case PipeKind::PIPE_MTE3:
    return Pipe::MTE3;
  case PipeKind::PIPE_FIX:
    return Pipe::FIX;
  case PipeKind::PIPE_ALL:
    return Pipe::ALL;
  }
  return Pipe::ALL;
}

PipeKind pto::fromPipe(Pipe pipe) { return *symbolizePipeKind(("PIPE_" + name(pipe)).str()); }
