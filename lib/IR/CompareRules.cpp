//===- CompareRules.cpp - Rules on masks, and on what they are made of -----===//

#include "Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::rules;
using mlir::LogicalResult;
using mlir::Operation;
using mlir::success;

namespace {
TileBufType tile(const Subject &s) { return llvm::cast<TileBufType>(s.value.getType()); }

/// Bytes from one row to the next of a row-major tile, 0 when its element has no size.
int64_t bytesOfRow(const Subject &s) {
  auto element = elementOf(tile(s).getElementType());
  return element ? tile(s).getCols() * int64_t(bytesOf(*element)) : 0;
}
} // namespace

PTO_RULE(equalityOnly) {
  auto list = subjects(op, info, rule);
  auto element = elementOf(elementTypeOf(list[0].value.getType()));
  auto mode = CmpKind(attributeValue(op, "cmpMode"));
  if (!element || !llvm::is_contained(rule.numbers, int64_t(*element)) || mode == CmpKind::EQ ||
      mode == CmpKind::NE)
    return success();
  return op->emitOpError() << "compares " << name(*element) << " by eq and ne only on "
                           << name(archOf(op)) << ": for " << stringifyCmpKind(mode)
                           << " the library gives the mask of eq; convert the tiles to f32 first, "
                              "which is exact up to 2^24";
}

PTO_RULE(maskRoom) {
  auto list = subjects(op, info, rule);
  int64_t cols = validShape(list[1].value)[1];
  auto element = elementOf(elementTypeOf(list[1].value.getType()));
  if (cols < 0 || !element)
    return success();
  constexpr int64_t repeatBytes = 256, bitsPerByte = 8; // of the vector unit
  int64_t perRepeat = repeatBytes / bytesOf(*element);
  int64_t granule = perRepeat / bitsPerByte;
  if (archOf(op) == Arch::A5 && bytesOf(*element) == 4)
    granule *= 2, perRepeat *= 2; // library 3.7
  int64_t needed = llvm::divideCeil(cols, perRepeat) * granule;
  if (bytesOfRow(list[0]) >= needed)
    return success();
  return op->emitOpError() << "writes " << needed << " bytes of mask for " << cols
                           << " columns, but a row of " << list[0].name << " has "
                           << bytesOfRow(list[0]);
}

PTO_RULE(maskHolds) {
  auto list = subjects(op, info, rule);
  int64_t cols = validShape(list[1].value)[1];
  int64_t needed = cols < 0 ? 0 : llvm::divideCeil(cols, 8);
  if (bytesOfRow(list[0]) >= needed)
    return success();
  return op->emitOpError() << "reads " << needed << " bytes of mask for " << cols
                           << " columns, but a row of " << list[0].name << " has "
                           << bytesOfRow(list[0]);
}
