//===- Records.h - The op records, read and refused -------------*- C++ -*-===//
//
// Loads every `PtoOp` record into plain data and checks it: a bad record is an error at the
// record's line and stops the build. The backends only print what this gives them.
//
//===----------------------------------------------------------------------===//
#ifndef PTO_TBLGEN_RECORDS_H
#define PTO_TBLGEN_RECORDS_H

#include "mlir/TableGen/Operator.h"
#include "llvm/TableGen/Record.h"
#include <string>
#include <vector>

namespace pto::tblgen {

struct Operand {
  std::string name, role, type;
  bool optional, variadic;
  bool isWhole = false;
  bool isTile() const {
    return role == "In" || role == "Out" || role == "InOut" || role == "Scratch";
  }
};
struct AttributeCase {
  int64_t value;
  std::string keyword, cpp;
};
struct Attribute {
  std::string name;
  bool optional;
  int64_t defaultValue = -1;
  std::vector<AttributeCase> cases; ///< empty: not an enum
};
struct CppPiece {
  std::string kind, text; ///< kind: an enumerator of CppPiece::Kind
  unsigned index = 0;
};
struct Condition {
  std::string kind = "Always";
  unsigned index = 0;
  std::vector<std::string> spaces;
  std::string text; ///< for the page
};
struct Rule {
  std::string check, text;
  std::vector<unsigned> operands;
  std::vector<std::string> numbers; ///< C++ constant expressions
  unsigned archs;
  Condition when;
  int attribute = -1; ///< index of the attribute that the rule is about
};
struct Step {
  std::string kind, pipe = "S", to = "S";
  unsigned id = 0;
  std::vector<unsigned> reads, writes;
  std::string part = "Whole"; ///< MicroStep::Part
};
struct Form {
  std::string name;
  std::vector<Step> steps;
};
struct Route {
  std::string from, to, pipe;
  unsigned archs;
};

struct Op {
  const llvm::Record *def;
  std::string name, id, summary, description, family, pipe, since, until, modelled, example;
  std::vector<Operand> operands;
  std::vector<Attribute> attributes;
  std::vector<Route> routes;
  std::vector<std::string> elements[2]; ///< per arch: A3, A5
  std::vector<Rule> rules;
  std::vector<CppPiece> cpp;
  std::string cppText;
  std::vector<Form> micro;
  std::string map, kernel, engine;
  std::vector<std::string> was;
  std::vector<std::string> results; ///< "name: type" for the page
};

/// What is wrong with the flags of a form, or nothing: a call leaves no token behind and never sets
/// one twice, so a form that does is a typing error.
std::string tokenProblem(const Form &form);

/// All records sorted by name. Exits with errors at the lines of all bad records.
std::vector<Op> loadRecords(const llvm::RecordKeeper &records);

/// An enumerator of Element as the dialect spells it: "U8" is ui8.
std::string dialectElement(llvm::StringRef name);
/// An enumerator as the dialect's text spells it: Space::Vec is vec, BLayout::ColMajor col_major.
std::string spellingOf(llvm::StringRef enumeration, llvm::StringRef word);
/// The words of a rule as its page lists them: of two or three element types what belongs together.
std::string listWords(llvm::StringRef check, llvm::ArrayRef<std::string> words);

/// Writes `{"a", "b"}`-like lists without a trailing comma.
template <typename Range, typename Print>
void list(llvm::raw_ostream &os, const Range &range, Print print) {
  bool first = true;
  for (const auto &item : range) {
    if (!first)
      os << ", ";
    first = false;
    print(item);
  }
}

} // namespace pto::tblgen

#endif // PTO_TBLGEN_RECORDS_H
