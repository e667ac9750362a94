//===- Model.cpp - What memory holds after an operation ---------------------===//

#include "Model.h"
#include "Contents.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace pto;
using namespace pto::reference;
using llvm::formatv;

static constexpr size_t mostMessages = 4;

Model::Model(const Case &c) : c(c), arch(c.arch), op(c.info->name) {
  op.consume_front("pto.");
  for (unsigned space = 0; space < numSpaces; ++space) {
    after[space] = c.memory[space];
    open[space].assign(after[space].size(), 0);
  }
}

const Argument &Model::at(llvm::StringRef name) const {
  if (const Argument *a = c.find(name))
    return *a;
  llvm::report_fatal_error(c.info->name + " has no operand " + name);
}

uint64_t Model::bitsAt(Space space, uint64_t address, unsigned size) const {
  return readBits(c.memory[unsigned(space)], address, size);
}
static Space spaceOf(const Argument &a) { return a.isTile() ? a.shape.space : Space::GM; }
static Element typeOf(const Argument &a) { return a.isTile() ? a.shape.element : a.element; }
static uint64_t addressOf(const Argument &a, int64_t row, int64_t col) {
  return a.isTile() ? placeOf(a, row, col) : placeOfView(a, row, col);
}

uint64_t Model::bits(const Argument &a, int64_t row, int64_t col) const {
  if (a.kind == Argument::Scalar)
    return isReal(a.element) ? fromReal(a.element, a.real) : fromWhole(a.element, a.whole);
  return bitsAt(spaceOf(a), addressOf(a, row, col), sizeOf(typeOf(a)));
}
double Model::real(const Argument &a, int64_t row, int64_t col) const {
  return toReal(typeOf(a), bits(a, row, col));
}
Int Model::whole(const Argument &a, int64_t row, int64_t col) const {
  return toWhole(typeOf(a), bits(a, row, col));
}

void Model::putBitsAt(Space space, uint64_t address, unsigned size, uint64_t bits) {
  numbers.erase({space, address});
  writeBits(after[unsigned(space)], address, size, bits);
  writeBits(open[unsigned(space)], address, size, 0);
}
void Model::putRealAt(Space space, uint64_t address, Element element, double value, double slack) {
  putBitsAt(space, address, sizeOf(element), fromReal(element, value));
  if (slack == 0 && !std::isnan(value))
    return;
  anyBytes(space, address, sizeOf(element));
  numbers[{space, address}] = {space, address, element, value, slack};
}
void Model::putBits(const Argument &a, int64_t row, int64_t col, uint64_t bits) {
  putBitsAt(spaceOf(a), addressOf(a, row, col), sizeOf(typeOf(a)), bits);
}
void Model::putReal(const Argument &a, int64_t row, int64_t col, double value, double slack) {
  putRealAt(spaceOf(a), addressOf(a, row, col), typeOf(a), value, slack);
}
void Model::putWhole(const Argument &a, int64_t row, int64_t col, Int value) {
  putBits(a, row, col, fromWhole(typeOf(a), value));
}

void Model::anyBytes(Space space, uint64_t begin, uint64_t count) {
  std::vector<uint8_t> &bytes = open[unsigned(space)];
  for (uint64_t i = begin; i < begin + count && i < bytes.size(); ++i)
    bytes[i] = 0xff;
}
void Model::anyBits(Space space, uint64_t address, uint8_t mask) {
  open[unsigned(space)][address] |= mask;
}
void Model::anyTile(const Argument &a) {
  anyBytes(a.shape.space, a.address,
           uint64_t(a.shape.rows * a.shape.cols) * sizeOf(a.shape.element));
}
void Model::any(const Argument &a, int64_t row, int64_t col) {
  numbers.erase({spaceOf(a), addressOf(a, row, col)});
  anyBytes(spaceOf(a), addressOf(a, row, col), sizeOf(typeOf(a)));
}
void Model::lost(const Argument &a, uint64_t offset, uint64_t count) {
  anyBytes(a.shape.space, a.address + offset, count);
  if (count)
    scratch.push_back({a.shape.space, a.address + offset, a.address + offset + count});
}

//===----------------------------------------------------------------------===//
// Judging
//===----------------------------------------------------------------------===//

/// "dst[3, 4]", or the plain address.
std::string Model::describe(Space space, uint64_t address) const {
  for (const Argument &a : llvm::reverse(c.arguments)) {
    if ((!a.isTile() && a.kind != Argument::View) || spaceOf(a) != space)
      continue;
    int64_t rows = a.isTile() ? a.shape.rows : rowsOfView(a);
    int64_t cols = a.isTile() ? a.shape.cols : colsOfView(a);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t col = 0; col < cols; ++col) {
        uint64_t begin = addressOf(a, row, col);
        if (begin <= address && address < begin + sizeOf(typeOf(a)))
          return formatv("{0}[{1}, {2}]", a.name, row, col);
      }
  }
  return formatv("byte {0} of {1}", address, name(space));
}

void Model::checkNear(const Outcome &outcome, std::vector<std::string> &out) const {
  for (auto &[key, n] : numbers) {
    double got = toReal(n.element,
                        readBits(outcome.memory[unsigned(n.space)], n.address, sizeOf(n.element)));
    double want = rounded(n.element, n.value);
    bool same = std::isnan(want) ? std::isnan(got) : got == want;
    // One rounding beyond the slack: the model's own last step.
    double most = n.slack + spacing(n.element, std::isfinite(want) ? want : n.value) / 2;
    bool edge = std::isinf(want) != std::isinf(got) &&
                std::fabs(n.value) + n.slack >= largestReal(n.element);
    if (same || edge || std::fabs(got - n.value) <= most)
      continue;
    if (out.size() < mostMessages)
      out.push_back(formatv("{0} is {1}, should be {2} within {3}", describe(n.space, n.address),
                            got, n.value, most));
    else
      return;
  }
}

void Model::checkExact(const Outcome &outcome, std::vector<std::string> &out) const {
  for (unsigned space = 0; space < numSpaces; ++space) {
    const std::vector<uint8_t> &got = outcome.memory[space], &want = after[space];
    for (size_t i = 0; i < want.size(); ++i) {
      if (((got[i] ^ want[i]) & ~open[space][i]) == 0)
        continue;
      if (out.size() >= mostMessages)
        return;
      out.push_back(formatv("{0}: byte {1:x} instead of {2:x} (before: {3:x})",
                            describe(Space(space), i), got[i], want[i], c.memory[space][i]));
      i |= 7; // one message per element is enough
    }
  }
}

void Model::checkLost(const Outcome &outcome, std::vector<std::string> &out) const {
  for (const Stretch &stretch : scratch) {
    std::vector<bool> written(stretch.end - stretch.begin);
    for (const auto &touch : outcome.touches)
      if (touch.isWrite && touch.space == stretch.space)
        for (uint64_t i = std::max(touch.begin, stretch.begin);
             i < std::min(touch.end, stretch.end); ++i)
          written[i - stretch.begin] = true;
    auto missing = llvm::find(written, false);
    if (missing != written.end() && out.size() < mostMessages)
      out.push_back(describe(stretch.space, stretch.begin + (missing - written.begin())) +
                    " is scratch that the library overwrites, but the simulator left it");
  }
}

std::vector<std::string> Model::check(const Outcome &outcome) const {
  std::vector<std::string> out;
  checkExact(outcome, out);
  checkNear(outcome, out);
  checkLost(outcome, out);
  return out;
}

const Reference *reference::findReference(llvm::StringRef op) {
  static const std::map<std::string, Reference> all = [] {
    std::map<std::string, Reference> result;
    for (auto list : {elementwiseReferences(), arithmeticReferences(), reduceReferences(),
                      expandReferences(), convertReferences(), compareReferences(),
                      moveReferences(), layoutReferences(), matmulReferences(), scaledReferences(),
                      gatherReferences(), sortReferences(), generateReferences()})
      for (NamedReference &r : list)
        result[r.op] = std::move(r.reference);
    return result;
  }();
  op.consume_front("pto.");
  auto found = all.find(op.str());
  return found == all.end() ? nullptr : &found->second;
}
