//===- Draft.h - Operations made from their records -------------*- C++ -*-===//
//
// A Draft is an operation of a record with plain data for its operands: it can be bent until it
// obeys the record's rules, or until it breaks exactly one. Private to the IR unit tests.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_IR_DRAFT_H
#define PTOAS_UNITTESTS_IR_DRAFT_H

#include "mlir/IR/OwningOpRef.h"
#include "ptoas/IR/Pto.h"
#include <string>
#include <vector>

namespace pto::testing {

struct DraftValue {
  enum Kind : uint8_t { Tile, Part, View, Pointer, Scalar, Counts } kind = Tile;
  TileShape tile;                   ///< Tile
  llvm::SmallVector<int64_t> shape; ///< Part, View
  Element element = Element::F32;   ///< all but Tile
  std::optional<int64_t> constant;  ///< Scalar: arith.constant instead of an argument
  std::optional<unsigned> same;     ///< shares the value of this operand
  bool pinned = false;              ///< a rule has decided the element type
  std::optional<Layout> layout;     ///< Part: made in the function from a pointer, with a layout

  Element elementType() const { return kind == Tile ? tile.element : element; }
  void setElement(Element e) { (kind == Tile ? tile.element : element) = e; }
};

struct Draft {
  const OpInfo *info = nullptr;
  Arch arch = Arch::A3;
  std::vector<std::optional<DraftValue>> operands; ///< by record operand; none: optional and absent
  std::vector<std::optional<int64_t>> attributes;  ///< by record attribute; none: absent
};

/// False for a record that lists element types of the other arch only.
inline bool existsOn(const OpInfo &info, Arch arch) {
  return info.elements[unsigned(arch)] || (!info.elements[0] && !info.elements[1]);
}

/// The type of an element.
mlir::Type typeOf(mlir::MLIRContext *context, Element element);

/// A module with `pto.target_arch` and one function that holds the operation; nothing is verified.
mlir::OwningOpRef<mlir::ModuleOp> build(mlir::MLIRContext *context, const Draft &draft);
/// The only operation of the dialect in a module made by build().
mlir::Operation *recordOf(mlir::ModuleOp module);

/// One way to instantiate a record.
struct Form {
  Arch arch = Arch::A3;
  std::optional<RouteInfo> route;
  std::optional<Element> element; ///< of the operands that an `elements` rule names
  unsigned choice = 0;            ///< of spaces, element triples and lists of elements
  bool optionals = false;         ///< optional operands are present
  /// Index of an attribute and of its case; of one without cases, the number that it is set to.
  std::optional<std::pair<unsigned, unsigned>> attribute;
  std::string text; ///< "a3, mat > left, f16"
};
/// What an attribute may be set to on an arch, as Form::attribute counts, with a text: the cases of
/// an enumeration, the numbers that a rule lists, the other value of a flag.
std::vector<std::pair<unsigned, std::string>> settingsOf(const OpInfo &info, unsigned index,
                                                         unsigned arch);
/// All forms worth trying: every route, element type, attribute case and optional operand of the
/// record, one at a time. A form that the rules contradict (relu on a store from vec) is among
/// them; the verifier refuses it.
std::vector<Form> formsOf(const OpInfo &info);
/// The draft of a form, with every rule obeyed that the form does not contradict.
Draft draftOf(const OpInfo &info, const Form &form);

/// A record without rules has its texts written out (PlainRecordTest.cpp).
struct PlainText {
  std::string record, text; ///< "pto.barrier", "pto.barrier <PIPE_ALL>"
  std::string module;       ///< the text in a function of a module
};
std::vector<PlainText> plainTexts(Arch arch);

} // namespace pto::testing

#endif // PTOAS_UNITTESTS_IR_DRAFT_H
