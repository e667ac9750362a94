//===- Helpers.cpp - Template lists that a record asks for -----------------===//
//
// Some overloads of the library take their tile types before a value (library 6.2): who
// wants the value must spell the types, and who does not want it must not. A flag that only one
// overload has is printed with that overload.
//
//===----------------------------------------------------------------------===//

#include "Printer.h"
#include "TemplateHelpers.h"
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
  return source ? viewType(*source) : cppType(value.getType());
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

/// TSTORE: [phase,] [source, view, atomic [, relu]] (library 6.2).
std::string storeTemplates(Printer &p, RecordOp op) {
  llvm::SmallVector<std::string> arguments;
  std::string phase = enumerator(op, "stPhase"), atomic = enumerator(op, "atomicType"),
              relu = enumerator(op, "reluPreMode");
  if (!phase.empty())
    arguments.push_back(phase);
  bool spellsRelu = !relu.empty() || (isPresent(op, "preQuantScalar") && !atomic.empty());
  if (!atomic.empty() || spellsRelu) {
    arguments.push_back(operandType(p, operandNamed(op, "src")));
    arguments.push_back(operandType(p, operandNamed(op, "dst")));
    arguments.push_back(enumerator(op, "atomicType", /*evenDefault=*/true));
  }
  if (spellsRelu)
    arguments.push_back(enumerator(op, "reluPreMode", /*evenDefault=*/true));
  return templateList(arguments);
}

/// TMOV: [destination, source, relu] (library 6.2).
std::string moveTemplates(Printer &p, RecordOp op) {
  std::string relu = enumerator(op, "reluPreMode");
  if (relu.empty())
    return "";
  return templateList(
      {operandType(p, operandNamed(op, "dst")), operandType(p, operandNamed(op, "src")), relu});
}

/// TCOLSUM: the flag belongs to the overload with a scratch tile.
std::string binaryFlag(Printer &, RecordOp op) {
  if (!isPresent(op, "tmp"))
    return "";
  return attributeValue(op, "isBinary") ? ", true" : ", false";
}
} // namespace

TemplateHelper cpp::findTemplateHelper(llvm::StringRef name) {
  return llvm::StringSwitch<TemplateHelper>(name)
      .Case("storeTemplates", storeTemplates)
      .Case("moveTemplates", moveTemplates)
      .Case("binaryFlag", binaryFlag)
      .Default(nullptr);
}
