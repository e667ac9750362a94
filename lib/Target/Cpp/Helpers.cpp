//===- Helpers.cpp - Template lists that a record asks for -----------------===//
//
// Some overloads of the library take their tile types before a value (library 6.2): who
// wants the value must spell the types, and who does not want it must not. A flag that only one
// overload has is printed with that overload.
//
//===----------------------------------------------------------------------===//

#include "Pipes.h"
#include "Printer.h"
#include "TemplateHelpers.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/Support/PrintFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace pto;
using namespace pto::cpp;

namespace {
mlir::Value operandNamed(RecordOp op, llvm::StringRef name) {
  return *op.getRecordOperands(op.getOpInfo().operand(name)).begin();
}
bool isPresent(RecordOp op, llvm::StringRef name) {
  return !op.getRecordOperands(op.getOpInfo().operand(name)).empty();
}

std::string operandType(Printer &p, mlir::Value value) {
  auto source = viewSource(value, p.constants);
  if (source)
    return viewType(*source);
  // A window may be declared with the shape of what it is a part of.
  return llvm::isa<TileBufType>(value.getType()) ? tileType(storageOf(value))
                                                 : cppType(value.getType());
}

/// The enumerator of an attribute, empty when it has its default value.
std::string enumerator(RecordOp op, llvm::StringRef name, bool evenDefault = false) {
  const OpInfo &info = op.getOpInfo();
  const AttributeInfo &attribute = info.attributes[info.attribute(name)];
  int64_t value = attributeValue(op, name);
  if (value == attribute.defaultValue && !evenDefault)
    return "";
  return llvm::find_if(attribute.cases, [&](const AttributeCase &c) { return c.value == value; })
      ->cpp.str();
}

std::string templateList(llvm::ArrayRef<std::string> arguments) {
  return arguments.empty() ? "" : "<" + llvm::join(arguments, ", ") + ">";
}

/// TSTORE: [phase,] [source, view, atomic [, relu]]; with parameters per column another function
/// with a full list (library 6.2).
std::string storeTemplates(Printer &p, RecordOp op) {
  llvm::SmallVector<std::string> arguments;
  std::string phase = enumerator(op, "stPhase"), atomic = enumerator(op, "atomicType"),
              relu = enumerator(op, "reluPreMode");
  std::string source = operandType(p, operandNamed(op, "src")),
              view = operandType(p, operandNamed(op, "dst"));
  if (isPresent(op, "fp")) {
    arguments = {source, view, operandType(p, operandNamed(op, "fp")),
                 enumerator(op, "atomicType", /*evenDefault=*/true),
                 enumerator(op, "reluPreMode", /*evenDefault=*/true)};
    return "_FP" + templateList(arguments);
  }
  if (!phase.empty())
    arguments.push_back(phase);
  bool spellsRelu = !relu.empty() || (isPresent(op, "preQuantScalar") && !atomic.empty());
  if (!atomic.empty() || spellsRelu) {
    arguments.push_back(source);
    arguments.push_back(view);
    arguments.push_back(enumerator(op, "atomicType", /*evenDefault=*/true));
  }
  if (spellsRelu)
    arguments.push_back(enumerator(op, "reluPreMode", /*evenDefault=*/true));
  return templateList(arguments);
}

bool hasAttribute(RecordOp op, llvm::StringRef name) {
  return llvm::any_of(op.getOpInfo().attributes,
                      [&](const AttributeInfo &a) { return a.name == name; }) &&
         op->hasAttr(name);
}

/// TMOV, TEXTRACT, TINSERT: [destination, source [, parameters] [, mode], relu]; parameters per
/// column without a mode are another function (library 6.2).
std::string fixpipeTemplates(Printer &p, RecordOp op) {
  if (hasAttribute(op, "tinsertMode"))
    return templateList({enumerator(op, "tinsertMode")});
  if (hasAttribute(op, "grpAxis") && !enumerator(op, "grpAxis").empty())
    return "<0>";
  std::string mode =
      op->hasAttr("accToVecMode") ? enumerator(op, "accToVecMode", /*evenDefault=*/true) : "";
  bool byColumn = isPresent(op, "fp");
  if (mode.empty() && !byColumn && !isPresent(op, "preQuantScalar") &&
      enumerator(op, "reluPreMode").empty())
    return "";
  llvm::SmallVector<std::string> arguments = {operandType(p, operandNamed(op, "dst")),
                                              operandType(p, operandNamed(op, "src"))};
  if (byColumn)
    arguments.push_back(operandType(p, operandNamed(op, "fp")));
  if (!mode.empty())
    arguments.push_back(mode);
  arguments.push_back(enumerator(op, "reluPreMode", /*evenDefault=*/true));
  return (byColumn && mode.empty() ? "_FP" : "") + templateList(arguments);
}

/// Do two tiles begin at one address, as far as the text tells?
bool startTogether(mlir::Value a, mlir::Value b) {
  auto first = a.getDefiningOp<AllocTileOp>(), second = b.getDefiningOp<AllocTileOp>();
  if (a == b || !first || !second || !first.getAddr() || !second.getAddr())
    return a == b;
  auto x = constantOf(first.getAddr()), y = constantOf(second.getAddr());
  return first.getAddr() == second.getAddr() || (x && x == y);
}

std::string quantizedType(Printer &, RecordOp op) {
  return templateList({cppType(op->getAttrOfType<mlir::TypeAttr>("type").getValue())});
}

/// TFILLPAD: in L1 with type and pad; in UB other functions for one address and for more room.
std::string fillPadMode(Printer &p, RecordOp op) {
  mlir::Value src = operandNamed(op, "src"), dst = operandNamed(op, "dst");
  auto from = llvm::cast<TileBufType>(src.getType()), to = llvm::cast<TileBufType>(dst.getType());
  if (to.getSpace() == Space::Mat)
    return templateList({operandType(p, dst), op->hasAttr("padValue") ? enumerator(op, "padValue")
                                                                      : "pto::PadValue::Zero"});
  if (from.getRows() != to.getRows() || from.getCols() != to.getCols())
    return "_EXPAND";
  if (startTogether(src, dst))
    return "_INPLACE";
  // Two tiles of one type would be a call of the form for L1, which deduces one type (library 6.2).
  return operandType(p, src) == operandType(p, dst) ? "<pto::TFillPadMode::Normal>" : "";
}

/// TCOLSUM: the flag belongs to the overload with a scratch tile.
std::string binaryFlag(Printer &, RecordOp op) {
  if (!isPresent(op, "tmp"))
    return "";
  return attributeValue(op, "isBinary") ? ", true" : ", false";
}
/// `[i][j]`
std::string subscripts(Printer &p, RecordOp op) {
  std::string text;
  for (mlir::Value index : op.getRecordOperands(op.getOpInfo().operand("indices")))
    text += "[" + p.valueOf(index).text + "]";
  return text;
}

/// `.f0.f1`
std::string fields(Printer &, RecordOp op) {
  std::string text;
  for (int64_t field : op->getAttrOfType<mlir::DenseI64ArrayAttr>("path").asArrayRef())
    text += ".f" + std::to_string(field);
  return text;
}

std::string resultType(Printer &, RecordOp op) { return cppType(op->getResult(0).getType()); }

/// A format that is empty prints the number as it is.
std::string effectiveFormat(PrintOp op) {
  if (!op.getFormat().empty())
    return op.getFormat().str();
  return llvm::isa<mlir::FloatType>(op.getScalar().getType()) ? "%f" : "%lld";
}

/// A string literal. Octal escapes take three digits at most, so that none runs into what follows;
/// a question mark is escaped because two of them may begin a trigraph.
std::string formatText(Printer &, RecordOp op) {
  std::string text = "\"";
  for (unsigned char c : effectiveFormat(llvm::cast<PrintOp>(op.getOperation()))) {
    if (c == '\\' || c == '"' || c == '?')
      text += {'\\', char(c)};
    else if (c == '\n')
      text += "\\n";
    else if (c >= 0x20 && c < 0x7f)
      text += char(c);
    else
      text += {'\\', char('0' + (c >> 6)), char('0' + (c >> 3 & 7)), char('0' + (c & 7))};
  }
  return text + "\"";
}

/// The number in the type that its conversion reads.
std::string formatValue(Printer &p, RecordOp op) {
  auto print = llvm::cast<PrintOp>(op.getOperation());
  mlir::Type type = print.getScalar().getType();
  Expr value = p.valueOf(print.getScalar());
  if (auto floating = llvm::dyn_cast<mlir::FloatType>(type)) // half has no place among varargs
    return floating.getWidth() < 32 ? cast("float", value).text : value.text;
  std::string format = effectiveFormat(print);
  switch (findConversions(format)->front().length) {
  case PrintConversion::Long:
    return cast("long", value).text;
  case PrintConversion::LongLong:
    return cast("long long", value).text;
  case PrintConversion::Size:
    return cast("size_t", value).text;
  default:
    bool isWide = type.isIndex() || type.getIntOrFloatBitWidth() == 64;
    return isWide ? cast("int32_t", value).text : value.text;
  }
}

/// The call takes a scratch tile on a5 too and leaves it alone, so that any tile may stand there.
std::string standIn(Printer &p, RecordOp op) {
  return isPresent(op, "tmp") ? "" : ", " + p.valueOf(operandNamed(op, "dst")).text;
}

/// The same for calls whose scratch tile has the shape of the source.
std::string sourceStandIn(Printer &p, RecordOp op) {
  return isPresent(op, "tmp") ? "" : ", " + p.valueOf(operandNamed(op, "src")).text;
}

/// `row, col` of a tile in the numbers that the library counts (library 1.8).
std::string validExtents(Printer &p, RecordOp op) {
  auto type = llvm::cast<TileBufType>(operandNamed(op, "source").getType());
  auto per = type.getTileShape().numbersPerElement();
  llvm::SmallVector<std::string> extents;
  for (auto [name, factor] : {std::pair("row", per[0]), {"col", per[1]}}) {
    Expr extent = p.valueOf(operandNamed(op, name));
    if (factor > 1)
      extent = binary(extent, "*", literal(factor), Precedence::Multiplicative);
    extents.push_back(extent.text);
  }
  return llvm::join(extents, ", ");
}

/// TQUANT with scales of groups: kind and order of storing, or axis, algorithm and format.
std::string mxTemplates(Printer &, RecordOp op) {
  if (isPresent(op, "exp_zz")) {
    std::string mode = enumerator(op, "storeMode");
    return templateList({enumerator(op, "quant_type", /*evenDefault=*/true),
                         mode.empty() ? "pto::VecStoreMode::ND" : mode});
  }
  bool nv = attributeValue(op, "quantScaleAlg") == int64_t(QuantScaleAlgKind::NV);
  bool four = attributeValue(op, "quant_type") == int64_t(QuantKind::MXFP4_E2M1);
  llvm::SmallVector<std::string> arguments = {
      std::to_string(attributeValue(op, "grpAxis")),
      std::string("pto::MxQuantAlg::") + (nv ? "NvMx" : "OcpMx") + (four ? "Fp4E2M1" : "Fp8E4M3")};
  if (attributeValue(op, "interleave"))
    arguments.push_back("true");
  return templateList(arguments);
}

/// TQUANT: kind, destination, source, parameters[, scratch].
std::string quantTemplates(Printer &p, RecordOp op) {
  llvm::SmallVector<std::string> arguments{enumerator(op, "quant_type", /*evenDefault=*/true)};
  for (llvm::StringRef operand : {"dst", "src", "fp", "tmp"})
    if (isPresent(op, operand))
      arguments.push_back(operandType(p, operandNamed(op, operand)));
  return templateList(arguments);
}

/// TDEQUANT: destination, source, parameters.
std::string dequantTemplates(Printer &p, RecordOp op) {
  llvm::SmallVector<std::string> arguments;
  for (llvm::StringRef operand : {"dst", "src", "scale"})
    arguments.push_back(operandType(p, operandNamed(op, operand)));
  return templateList(arguments);
}

/// Between two calls on V of which the second reads what the first wrote; a5 keeps the order.
std::string barrier(Printer &, RecordOp op) {
  return archOf(op) == Arch::A3 ? "pipe_barrier(PIPE_V);\n" : "";
}

std::string typeOfOperand(Printer &p, RecordOp op, llvm::StringRef name) {
  return operandType(p, operandNamed(op, name));
}

/// TGATHER: a pattern spells result and source; a comparison spells all tiles in the order of the
/// call.
std::string gatherTemplates(Printer &p, RecordOp op) {
  if (isPresent(op, "indices"))
    return "";
  llvm::SmallVector<std::string> arguments = {typeOfOperand(p, op, "dst"),
                                              typeOfOperand(p, op, "src")};
  if (!isPresent(op, "cdst")) {
    arguments.push_back(enumerator(op, "maskPattern"));
    if (std::string axis = enumerator(op, "axis"); !axis.empty())
      arguments.push_back(axis);
    return templateList(arguments);
  }
  for (llvm::StringRef name : {"thresholds", "cdst", "tmp"})
    arguments.push_back(typeOfOperand(p, op, name));
  arguments.push_back(enumerator(op, "cmpMode", /*evenDefault=*/true));
  return templateList(arguments);
}
std::string gatherTail(Printer &p, RecordOp op) {
  if (isPresent(op, "thresholds"))
    return ", " + std::to_string(attributeValue(op, "offset"));
  // a5 leaves the scratch tile of the indexed form alone.
  if (isPresent(op, "indices") && !isPresent(op, "tmp"))
    return ", " + p.valueOf(operandNamed(op, "indices")).text;
  return "";
}

/// TSCATTER: nothing, or the pattern and, for whole rows, the axis.
std::string scatterTemplates(Printer &, RecordOp op) {
  if (isPresent(op, "indexes"))
    return "";
  llvm::SmallVector<std::string> arguments = {enumerator(op, "maskPattern")};
  if (std::string axis = enumerator(op, "axis"); !axis.empty())
    arguments.push_back(axis);
  return templateList(arguments);
}

/// TMRGSORT of lists: result, scratch, lists, and whether it stops when one ends.
std::string mergeTemplates(Printer &p, RecordOp op) {
  if (isPresent(op, "blockLen"))
    return "";
  llvm::SmallVector<std::string> arguments;
  for (llvm::StringRef name : {"dst", "tmp", "src", "src1", "src2", "src3"})
    if (isPresent(op, name))
      arguments.push_back(typeOfOperand(p, op, name));
  arguments.push_back(attributeValue(op, "exhausted") ? "true" : "false");
  return templateList(arguments);
}

/// TCI: [scratch,] and the type in which it counts, that of the tile.
std::string countTemplates(Printer &p, RecordOp op) {
  auto dst = llvm::cast<TileBufType>(operandNamed(op, "dst").getType());
  llvm::SmallVector<std::string> arguments = {typeOfOperand(p, op, "dst")};
  if (isPresent(op, "tmp"))
    arguments.push_back(typeOfOperand(p, op, "tmp"));
  arguments.append(
      {cppType(dst.getElementType()), std::to_string(attributeValue(op, "descending"))});
  return templateList(arguments);
}
std::string triangleTemplates(Printer &p, RecordOp op) {
  return templateList(
      {typeOfOperand(p, op, "dst"), std::to_string(attributeValue(op, "upperOrLower"))});
}
std::string randomFunction(Printer &p, RecordOp op) {
  return p.helpers.use(Helper::Random).str() +
         templateList({std::to_string(attributeValue(op, "rounds"))});
}
std::string histogramByte(Printer &, RecordOp op) {
  return "<HistByte::BYTE_" + std::to_string(attributeValue(op, "byte")) + ">";
}

/// Modes up to the last one that is not the default.
std::string modes(RecordOp op, llvm::ArrayRef<llvm::StringRef> names) {
  while (names.size() > 1 && enumerator(op, names.back()).empty())
    names = names.drop_back();
  llvm::SmallVector<std::string> arguments;
  for (llvm::StringRef name : names)
    arguments.push_back(enumerator(op, name, /*evenDefault=*/true));
  return templateList(arguments);
}
std::string gatherModes(Printer &, RecordOp op) { return modes(op, {"coalesce", "gatherOob"}); }
std::string scatterModes(Printer &, RecordOp op) {
  return modes(op, {"coalesce", "scatterAtomicOp", "scatterOob", "scatterConflict"});
}
} // namespace

TemplateHelper cpp::findTemplateHelper(llvm::StringRef name) {
  return llvm::StringSwitch<TemplateHelper>(name)
      .Case("storeTemplates", storeTemplates)
      .Case("fixpipeTemplates", fixpipeTemplates)
      .Case("fillPadMode", fillPadMode)
      .Case("quantizedType", quantizedType)
      .Case("binaryFlag", binaryFlag)
      .Case("subscripts", subscripts)
      .Case("fields", fields)
      .Case("resultType", resultType)
      .Case("formatText", formatText)
      .Case("formatValue", formatValue)
      .Case("pipeTypes", pipeTypes)
      .Case("subblock", subblock)
      .Case("standIn", standIn)
      .Case("sourceStandIn", sourceStandIn)
      .Case("validExtents", validExtents)
      .Case("mxTemplates", mxTemplates)
      .Case("quantTemplates", quantTemplates)
      .Case("dequantTemplates", dequantTemplates)
      .Case("barrier", barrier)
      .Case("gatherTemplates", gatherTemplates)
      .Case("gatherTail", gatherTail)
      .Case("scatterTemplates", scatterTemplates)
      .Case("mergeTemplates", mergeTemplates)
      .Case("countTemplates", countTemplates)
      .Case("triangleTemplates", triangleTemplates)
      .Case("randomFunction", randomFunction)
      .Case("histogramByte", histogramByte)
      .Case("gatherModes", gatherModes)
      .Case("scatterModes", scatterModes)
      .Default(nullptr);
}
