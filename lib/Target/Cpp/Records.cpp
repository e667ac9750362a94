//===- Records.cpp - Operations of the table, from their records -----------===//

#include "Printer.h"
#include "TemplateHelpers.h"
#include "llvm/ADT/StringSwitch.h"

using namespace pto;
using namespace pto::cpp;
using llvm::StringRef;

namespace {
/// The binary operators that stand in records, between operands.
Precedence operatorPrecedence(StringRef text) {
  return llvm::StringSwitch<Precedence>(text.trim())
      .Cases({"+", "-"}, Precedence::Additive)
      .Cases({"*", "/", "%"}, Precedence::Multiplicative)
      .Default(Precedence::Ternary); // a comma, a bracket, an assignment, the end
}

/// How tightly an operand must bind between the text before and after it.
Precedence requiredPrecedence(StringRef before, StringRef after) {
  if (after.starts_with("[") || after.starts_with("."))
    return Precedence::Postfix;
  // `(event_t)$event_id`; a call's parenthesis is an opening one.
  if (before.ends_with(")"))
    return Precedence::Unary;
  Precedence left = operatorPrecedence(before);
  if (left != Precedence::Ternary)
    left = Precedence(unsigned(left) + 1);
  return std::max(left, operatorPrecedence(after));
}

Precedence resultPrecedence(const OpInfo &info) {
  if (!info.cpp.empty() && info.cpp.front().text.starts_with("(")) // a cast
    return Precedence::Unary;
  for (const CppPiece &piece : info.cpp)
    if (piece.kind == CppPiece::Text && operatorPrecedence(piece.text) != Precedence::Ternary)
      return operatorPrecedence(piece.text);
  return Precedence::Postfix;
}

std::string attributeText(RecordOp op, const AttributeInfo &attribute) {
  int64_t value = attributeValue(op, attribute.name);
  for (const AttributeCase &c : attribute.cases)
    if (c.value == value)
      return c.cpp.str();
  return std::to_string(value);
}

class RecordText {
public:
  RecordText(Printer &p, RecordOp op) : p(p), op(op), info(op.getOpInfo()) {}

  Expr print() {
    for (size_t i = 0; i < info.cpp.size(); ++i)
      piece(i);
    text.precedence = resultPrecedence(info);
    text.operators = std::max(text.operators, 1u);
    return text;
  }

private:
  StringRef textAt(size_t i) const {
    return i < info.cpp.size() && info.cpp[i].kind == CppPiece::Text ? StringRef(info.cpp[i].text)
                                                                     : StringRef();
  }
  void operands(size_t i, StringRef lead) {
    for (mlir::Value value : op.getRecordOperands(info.cpp[i].index)) {
      Expr e = p.valueOf(value);
      text.text += lead.str() + atLeast(e, requiredPrecedence(textAt(i - 1), textAt(i + 1)));
      text.operators += e.operators;
      lead = ", ";
    }
  }
  void piece(size_t i) {
    const CppPiece &piece = info.cpp[i];
    switch (piece.kind) {
    case CppPiece::Text:
      text.text += piece.text;
      return;
    case CppPiece::Operand:
      return operands(i, "");
    case CppPiece::OptionalOperand:
      return operands(i, ", ");
    case CppPiece::Attribute:
      text.text += attributeText(op, info.attributes[piece.index]);
      return;
    case CppPiece::TemplateArgument: {
      const AttributeInfo &attribute = info.attributes[piece.index];
      if (attributeValue(op, attribute.name) != attribute.defaultValue)
        text.text += "<" + attributeText(op, attribute) + ">";
      return;
    }
    case CppPiece::Helper:
      text.text += findTemplateHelper(piece.text)(p, op);
      return;
    }
  }

  Printer &p;
  RecordOp op;
  const OpInfo &info;
  Expr text;
};
} // namespace

void cpp::printRecord(Printer &p, RecordOp op) {
  Expr text = RecordText(p, op).print();
  if (op->getNumResults() == 0)
    p.line(text.text + ";");
  else if (mlir::isMemoryEffectFree(op))
    p.define(op->getResult(0), text);
  else
    p.defineVariable(op->getResult(0), text);
}
