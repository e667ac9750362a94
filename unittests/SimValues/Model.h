//===- Model.h - What memory holds after an operation, by the specification ===//
//
// A reference reads elements as they were before the call and says what is in memory after it.
// Bytes that it does not name keep their values; bytes that the specification leaves open may hold
// anything.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIMVALUES_MODEL_H
#define PTOAS_UNITTESTS_SIMVALUES_MODEL_H

#include "Case.h"
#include <functional>
#include <map>

namespace pto::reference {

class Model {
public:
  explicit Model(const Case &c);

  const Case &c;
  Arch arch;
  llvm::StringRef op; ///< "tadd": without the dialect's prefix

  bool has(llvm::StringRef name) const { return c.find(name); }
  const Argument &at(llvm::StringRef name) const;
  int64_t attribute(llvm::StringRef name) const { return c.attribute(name); }

  // Before
  uint64_t bits(const Argument &a, int64_t row, int64_t col) const;
  double real(const Argument &a, int64_t row, int64_t col) const;
  Int whole(const Argument &a, int64_t row, int64_t col) const;
  uint64_t bitsAt(Space space, uint64_t address, unsigned size) const;

  // After
  void putBits(const Argument &a, int64_t row, int64_t col, uint64_t bits);
  /// `slack`: how far the result may lie from `value`, beyond one rounding to nearest.
  void putReal(const Argument &a, int64_t row, int64_t col, double value, double slack = 0);
  void putWhole(const Argument &a, int64_t row, int64_t col, Int value);
  /// Whatever the type: the value of a scalar operand, or of an element.
  void putBitsAt(Space space, uint64_t address, unsigned size, uint64_t bits);
  void putRealAt(Space space, uint64_t address, Element element, double value, double slack = 0);
  void any(const Argument &a, int64_t row, int64_t col);
  void anyBytes(Space space, uint64_t begin, uint64_t count);
  void anyBits(Space space, uint64_t address, uint8_t mask);
  /// All of a tile's storage.
  void anyTile(const Argument &a);
  /// Scratch: these bytes are lost; the call writes them.
  void lost(const Argument &a, uint64_t offset, uint64_t count);

  /// The specification gives the call no meaning: the case says nothing.
  void skip(std::string why) { skipped = std::move(why); }
  std::string skipped;

  /// Every difference between memory and the model, the first few in words.
  std::vector<std::string> check(const Outcome &outcome) const;

private:
  struct Near {
    Space space;
    uint64_t address;
    Element element;
    double value, slack;
  };
  std::string describe(Space space, uint64_t address) const;
  void checkNear(const Outcome &outcome, std::vector<std::string> &out) const;
  void checkExact(const Outcome &outcome, std::vector<std::string> &out) const;
  void checkLost(const Outcome &outcome, std::vector<std::string> &out) const;

  std::vector<uint8_t> after[numSpaces];
  std::vector<uint8_t> open[numSpaces]; ///< bits that may hold anything, or are judged as a number
  std::map<std::pair<Space, uint64_t>, Near> numbers;
  struct Stretch {
    Space space;
    uint64_t begin, end;
  };
  std::vector<Stretch> scratch;
};

/// Calls `visit` for the elements of the valid region, row by row.
template <typename Visit> void forEachValid(const Argument &a, Visit visit) {
  for (int64_t row = 0; row < a.shape.validRows; ++row)
    for (int64_t col = 0; col < a.shape.validCols; ++col)
      visit(row, col);
}

using Reference = std::function<void(Model &)>;
struct NamedReference {
  std::string op; ///< "tadd"
  Reference reference;
};

/// Of the record, by its mnemonic; null when nobody has written one.
const Reference *findReference(llvm::StringRef op);

// One list per family.
std::vector<NamedReference> elementwiseReferences();
std::vector<NamedReference> arithmeticReferences();
std::vector<NamedReference> reduceReferences();
std::vector<NamedReference> expandReferences();
std::vector<NamedReference> convertReferences();
std::vector<NamedReference> compareReferences();
std::vector<NamedReference> moveReferences();
std::vector<NamedReference> layoutReferences();
std::vector<NamedReference> matmulReferences();
std::vector<NamedReference> scaledReferences();
std::vector<NamedReference> gatherReferences();
std::vector<NamedReference> sortReferences();
std::vector<NamedReference> generateReferences();

} // namespace pto::reference

#endif // PTOAS_UNITTESTS_SIMVALUES_MODEL_H
