//===- RuleViolationTest.cpp - Every rule of every record, broken ----------===//
//
// For each kind of rule: the smallest changes that break it, and the message that must answer. The
// numbers in a message are part of it. Each change must show its effect on every record that has
// the rule, unless the record is waived.
//
//===----------------------------------------------------------------------===//

#include "../../lib/IR/Rules.h"
#include "Messages.h"
#include "RuleViolations.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/Support/Regex.h"
#include <gtest/gtest.h>
#include <map>

using namespace pto;
using namespace pto::testing;

namespace {

Element anotherElement(Element e) { return e == Element::F32 ? Element::I32 : Element::F32; }
Element outside(ElementMask mask) {
  for (unsigned e = 0; e < numElements; ++e)
    if (!(mask >> e & 1))
      return Element(e);
  return Element::I1;
}

std::vector<RuleKind> elementKinds() {
  return {
      {rules::tiles,
       "tiles",
       {{"a low-precision tile", "^does not take the low-precision type f8E4M3 of [a-z_0-9A-Z]+$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::F8E4M3); }}}},
      {rules::elements,
       "elements",
       {{"an element outside the table",
         "^does not take element type [a-z0-9]+ of [a-zA-Z0-9]+ on a[35]; it takes [a-zA-Z0-9, ]+$",
         [](auto &s, const Draft &d, auto &) {
           s[0]->setElement(outside(d.info->elements[unsigned(d.arch)]));
         }}}},
      {rules::elementIs,
       "elementIs",
       {{"another element", "^needs [a-zA-Z0-9_]+ of element type [a-zA-Z0-9, ]+, but it has i1$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::I1); }}}},
      {rules::sameElement,
       "sameElement",
       {{"the last differs",
         "^needs one element type, but [a-z_0-9A-Z]+ has [a-z0-9]+ and [a-z_0-9A-Z]+ has "
         "[a-z0-9]+$",
         [](auto &s, auto &, auto &) {
           s.back()->setElement(anotherElement(s.back()->elementType()));
         }}}},
      {rules::sameBytes,
       "sameBytes",
       {{"the first is narrower",
         "^needs elements of equal size, but src has [a-z0-9]+ \\([1248] bytes\\) and dst has "
         "[a-z0-9]+ \\([1248] bytes\\)$",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(bytesOf(s[0]->elementType()) == 2 ? Element::I8 : Element::F16);
         }}}},
      {rules::triples,
       "triples",
       {{"a triple outside the table",
         "^does not take element types \\([a-z]+; [a-z]+, [a-z]+\\) = \\(f32; f32, f16\\) on "
         "a[35]; it takes \\([a-z0-9]+; [a-zA-Z0-9]+, [a-zA-Z0-9]+\\), ",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(Element::F32);
           s[1]->setElement(Element::F32);
           s[2]->setElement(Element::F16);
         }}}},
  };
}

std::vector<RuleKind> layoutKinds() {
  return {
      {rules::rowMajor,
       "rowMajor",
       {{"a column-major tile", "^needs [a-zA-Z0-9_]+ with blayout row_major, but it is col_major$",
         [](auto &s, auto &, auto &) { s.back()->tile.blayout = BLayout::ColMajor; }}}},
      {rules::inSpace,
       "inSpace",
       {{"another memory", "^needs [a-zA-Z_0-9]+ in [a-z]+( or [a-z]+)*, but it is in [a-z]+$",
         [](auto &s, auto &, const RuleInfo &r) {
           bool taken = llvm::is_contained(r.numbers, int64_t(Space::Mat));
           s.back()->tile.space = taken ? Space::Scaling : Space::Mat;
         }}}},
      {rules::blockLayout,
       "blockLayout",
       {{"boxes where there are none, or none",
         "^needs [a-z_]+ with blayout [a-z_]+ and slayout [a-z_]+ on a[35], but it has [a-z_]+ and "
         "(none_box|row_major)$",
         [](auto &s, auto &, auto &) {
           SLayout &l = s[0]->tile.slayout;
           l = l == SLayout::NoneBox ? SLayout::RowMajor : SLayout::NoneBox;
         }},
        {"the other blayout",
         "^needs [a-z_]+ with blayout [a-z_]+ and slayout [a-z_]+ on a[35], but it has "
         "(row|col)_major "
         "and [a-z_]+$",
         [](auto &s, auto &, auto &) {
           BLayout &b = s[0]->tile.blayout;
           b = b == BLayout::RowMajor ? BLayout::ColMajor : BLayout::RowMajor;
         }}}},
      {rules::route,
       "route",
       {{"a pair without a route",
         "^cannot move from [a-z]+ to (gm|bias) on a[35]; it can move( [a-z_]+ > [a-z_]+,?)+$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.space = Space::Bias;
           s[1]->tile.space = Space::Bias;
         }}}},
      {rules::distinct,
       "distinct",
       {{"one tile twice", "^needs different tiles, but [a-z0-9]+ and [a-z0-9]+ are the same$",
         [](auto &s, const Draft &d, const RuleInfo &r) { s[1]->same = r.operands[0]; }}}},
      {rules::sameType,
       "sameType",
       {{"another size",
         "^needs one type, but [a-z0-9]+ has !pto.tile_buf<[^>]+> and [a-z_]+ has "
         "!pto.tile_buf<[^>]+>$",
         [](auto &s, auto &, auto &) { s.back()->tile.rows *= 2; }}}},
  };
}

std::vector<RuleKind> extentKinds() {
  return {
      {rules::sameValid,
       "sameValid",
       {{"fewer valid rows",
         "^needs equal valid shapes, but [a-zA-Z0-9]+ has 32x32 and [a-zA-Z0-9]+ has 8x32$",
         [](auto &s, auto &, auto &) { s.back()->tile.validRows = 8; }},
        {"fewer valid columns",
         "^needs equal valid shapes, but [a-zA-Z0-9]+ has 32x32 and [a-zA-Z0-9]+ has 32x24$",
         [](auto &s, auto &, auto &) { s.back()->tile.validCols = 24; }}}},
      {rules::sameShape,
       "sameShape",
       {{"more rows",
         "^needs equal shapes, but [a-z_0-9]+ has [0-9]+x[0-9]+ and dst(Idx)? has 64x[0-9]+$",
         [](auto &s, auto &, auto &) { s.back()->tile.rows = 64; }}}},
      {rules::validPositive,
       "validPositive",
       {{"an empty tile", "^needs positive valid extents, but [a-zA-Z0-9]+ has 0x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.validRows = 0; }}}},
      {rules::positiveDims,
       "positiveDims",
       {{"an empty view", "^needs positive extents, but [a-z]+ has 32x0$",
         [](auto &s, auto &, auto &) { s[0]->shape[1] = 0; }}}},
      {rules::staticExtents,
       "staticExtents",
       {{"an extent of run time", "^needs static positive extents, but [a-z]+ has \\?x32$",
         [](auto &s, auto &, auto &) { s[0]->shape[0] = mlir::ShapedType::kDynamic; }},
        {"an empty view", "^needs static positive extents, but [a-z]+ has 32x0$",
         [](auto &s, auto &, auto &) { s.back()->shape[1] = 0; }}}},
      {rules::sameExtents,
       "sameExtents",
       {{"another extent", "^needs equal extents, but [a-z]+ has 32x32 and [a-z]+ has 32x31$",
         [](auto &s, auto &, auto &) { s.back()->shape[1] = 31; }}}},
      {rules::viewRank,
       "viewRank",
       {{"six dimensions", "^needs [a-z]+ of 1 to 5 dimensions, but it has 6$",
         [](auto &s, auto &, auto &) {
           for (DraftValue *v : s)
             v->shape = {1, 1, 1, 1, 32, 32};
         }},
        {"no dimension", "^needs [a-z]+ of 1 to 5 dimensions, but it has 0$",
         [](auto &s, auto &, auto &) {
           for (DraftValue *v : s)
             v->shape = {};
         }}}},
      {rules::minValid,
       "minValid",
       {{"too few columns",
         "^needs scratch tmp of at least 1 rows and the columns of [a-z]+ \\(1x32\\), but it has "
         "32x31$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 31; }},
        {"no row",
         "^needs scratch tmp of at least 1 rows and the columns of [a-z]+ \\(1x32\\), but it has "
         "0x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.validRows = 0; }}}},
      {rules::validRows,
       "validRows",
       {{"two rows", "^needs [a-z]+ with 1 valid row\\(s\\), but it has 2$",
         [](auto &s, auto &, auto &) {
           for (DraftValue *v : s)
             v->tile.validRows = 2;
         }}}},
      {rules::physicalRows,
       "physicalRows",
       {{"two rows", "^needs [a-z0-9]+ of 1 row\\(s\\), but it has 2$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = 2; }}}},
      {rules::validColsCover,
       "validColsCover",
       {{"too narrow",
         "^needs (bias|fp) as wide as (dst|src), but it has 31 valid columns and (dst|src) has 32$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 31; }}}},
  };
}

std::vector<RuleKind> reduceKinds() {
  return {
      {rules::sameRows,
       "sameRows",
       {{"fewer rows",
         "^needs equally many valid rows, but (src[a-zA-Z0-9]*|mask|scale|fp|offset) has 32x32 and "
         "[a-z]+ has 8x[0-9]+$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }}}},
      {rules::sameCols,
       "sameCols",
       {{"fewer columns",
         "^needs equally many valid columns, but src1? has [0-9]+x32 and dst has [0-9]+x24$",
         [](auto &s, auto &, auto &) { s[1]->tile.validCols = 24; }}}},
      {rules::noBoxes,
       "noBoxes",
       {{"boxes", "^needs [a-z0-9]+ with slayout none_box, but it has boxes$",
         [](auto &s, auto &, auto &) { s[0]->tile.slayout = SLayout::RowMajor; }}}},
      {rules::rowResult,
       "rowResult",
       {{"boxes", "^needs dst with slayout none_box, but it has boxes$",
         [](auto &s, auto &, auto &) { s[1]->tile.slayout = SLayout::RowMajor; }},
        {"columns of several",
         "^needs dst row_major, or col_major with one column, but it is col_major with 32$",
         [](auto &s, auto &, auto &) { s[1]->tile.blayout = BLayout::ColMajor; }},
        {"two columns",
         "^leaves one value per row, so dst needs 32x1 valid elements, but it has 32x2$",
         [](auto &s, auto &, auto &) { s[1]->tile.validCols = 2; }},
        {"fewer rows",
         "^leaves one value per row, so dst needs 32x1 valid elements, but it has 8x1$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }}}},
      {rules::perRow,
       "perRow",
       {{"no source has the shape of the result",
         "^needs one source of 32x32 valid elements, row_major like dst, and a value per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x24 and src1 "
         "has 32x1$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 24; }},
        {"too few values",
         "^needs one source of 32x32 valid elements, row_major like dst, and a value per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x32 and src1 "
         "has 8x1$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }},
        {"half a block",
         "^needs one source of 32x32 valid elements, row_major like dst, and a value per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x32 and src1 "
         "has 32x4$",
         [](auto &s, auto &, auto &) {
           s[1]->tile.blayout = BLayout::RowMajor;
           s[1]->tile.cols = 32;
           s[1]->tile.validCols = 4;
         }}}},
  };
}

std::vector<RuleKind> productKinds() {
  auto widen = [](int64_t TileShape::*shape, int64_t TileShape::*valid, DraftValue *a,
                  int64_t TileShape::*shape2, int64_t TileShape::*valid2, DraftValue *b) {
    a->tile.*shape = b->tile.*shape2 = 4096;
    a->tile.*valid = b->tile.*valid2 = 4096;
  };
  return {
      {rules::matmulShape,
       "matmulShape",
       {{"M disagrees", "^needs one M, but dst has 3 and [a-z]+ has (1|32) \\(valid extents: ",
         [](auto &s, auto &, auto &) { s[0]->tile.validRows = 3; }},
        {"K disagrees", "^needs one K, but [a-z]+ has (32|64) and [a-z]+ has 16 \\(valid extents: ",
         [](auto &s, auto &, auto &) { s[2]->tile.validRows = 16; }},
        {"N disagrees", "^needs one N, but dst has 32 and [a-z]+ has 16 \\(valid extents: ",
         [](auto &s, auto &, auto &) { s[2]->tile.validCols = 16; }},
        {"K is too large", "^needs K in 1..4095, but it is 4096$",
         [=](auto &s, auto &, auto &) {
           widen(&TileShape::cols, &TileShape::validCols, s[1], &TileShape::rows,
                 &TileShape::validRows, s[2]);
         }},
        {"N is zero", "^needs N in 1..4095, but it is 0$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = s[2]->tile.validCols = 0; }}}},
      {rules::window,
       "window",
       {{"a negative row", "^needs window offsets that are not negative, but the row is -16$",
         [](auto &s, auto &, auto &) { s[1]->constant = -16; }},
        {"too far right",
         "^has a window of 32 columns at column 32 that leaves (src|dst), which has 32$",
         [](auto &s, auto &, auto &) { s[2]->constant = 32; }}}},
      {rules::wholeFractals,
       "wholeFractals",
       {{"half a fractal",
         "^moves whole fractals, so its row offset must be a multiple of (16|32|8), but it is 4$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.rows = s[0]->tile.cols = 64;
           s[0]->tile.slayout = SLayout::RowMajor;
           s[0]->tile.blayout = BLayout::ColMajor;
           s[1]->constant = 4;
         }},
        {"half a block",
         "^moves whole fractals, so its column offset must be a multiple of (16|32|8), but it is "
         "4$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.rows = s[0]->tile.cols = 64;
           s[0]->tile.slayout = SLayout::RowMajor;
           s[0]->tile.blayout = BLayout::ColMajor;
           s[2]->constant = 4;
         }}}},
  };
}

DraftValue aTile() {
  DraftValue value;
  value.tile.rows = value.tile.cols = value.tile.validRows = value.tile.validCols = 32;
  return value;
}

std::vector<RuleKind> moveKinds() {
  return {
      {rules::atMostOne,
       "atMostOne",
       {{"two of them", "^takes either fp or preQuantScalar, but it has both$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (unsigned i : {0, 1})
             if (auto &value = d.operands[r.operands[i]]; !value) {
               value = aTile();
               value->kind = i ? DraftValue::Scalar : DraftValue::Tile;
               value->element = Element::I64;
             }
         }}}},
      {rules::absent,
       "absent",
       {{"it is there", "^does not take tmp on a3$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]] = aTile(); }}}},
      {rules::attributeAbsent,
       "attributeAbsent",
       {{"it is there",
         "^does not take (accToVecMode|tinsertMode|padValue|grpAxis|quantScaleAlg|interleave) here "
         "on a[35]$",
         [](auto &, Draft &d, const RuleInfo &r) { d.attributes[r.attribute] = 0; }}}},
      {rules::attributeOneOf,
       "attributeOneOf",
       {{"the last case",
         "^does not take (accToVecMode DualModeSplitN here; it takes SingleModeVec0, "
         "SingleModeVec1|stPhase Final here; it takes "
         "Unspecified)$",
         [](auto &, Draft &d, const RuleInfo &r) {
           d.attributes[r.attribute] = d.info->attributes[r.attribute].cases.size() - 1;
         }}}},
      {rules::convertsPlain,
       "convertsPlain",
       {{"a conversion that needs a scale",
         "^does not take element types \\(src; dst\\) = \\(f32; i8\\) without a scale on a[35]; it "
         "takes \\(f32; f(16|32)\\), ",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(Element::F32);
           s[1]->setElement(Element::I8);
         }}}},
      {rules::convertsScaled,
       "convertsScaled",
       {{"a conversion that does not exist",
         "^does not take element types \\(src; dst\\) = \\(i32; f32\\) with a scale on a[35]; it "
         "takes \\(f32; i8\\), ",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(Element::I32);
           s[1]->setElement(Element::F32);
         }}}},
      {rules::fractalSize,
       "fractalSize",
       {{"larger boxes", "^does not take the fractal size 1024 of [a-z_]+$",
         [](auto &s, auto &, auto &) { s[0]->tile.fractal = 1024; }}}},
      {rules::matrixSource,
       "matrixSource",
       {{"no boxes",
         "^moves whole boxes, so it needs src as Nz \\(blayout col_major, slayout row_major\\), as "
         "Zn "
         "\\(row_major, col_major\\) or with one row$",
         [](auto &s, auto &, auto &) { s[0]->tile.slayout = SLayout::NoneBox; }}}},
      {rules::vecWindow,
       "vecWindow",
       {{"two layouts",
         "^copies between tiles of one layout, none_box row_major or Nz \\(col_major, "
         "row_major\\), "
         "but (src|dst) and (src|dst) have others$",
         [](auto &s, auto &, auto &) { s[0]->tile.blayout = BLayout::ColMajor; }}}},
      {rules::rowBytes,
       "rowBytes",
       {{"half a unit",
         "^needs rows of a multiple of (64|128) bytes, but those of src have (40|80|160|320)$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.cols = s[0]->tile.element == Element::F16    ? 20
                             : s[0]->tile.element == Element::BF16 ? 20
                                                                   : 40;
         }}}},
      {rules::maxCols,
       "maxCols",
       {{"one block more", "^takes at most 4095 columns, but src has 4096$",
         [](auto &s, auto &, auto &) { s[0]->tile.cols = 4096; }}}},
      {rules::shapeCovers,
       "shapeCovers",
       {{"fewer rows", "^needs dst at least as large as src, but it has 16x32 and src has 32x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 16; }}}},
      {rules::padGiven,
       "padGiven",
       {{"nothing to fill with",
         "^fills with the pad of dst, which is null; give its type pad=1 \\(zero\\), 2 \\(max\\) "
         "or 3 "
         "\\(min\\)$",
         [](auto &s, auto &, auto &) { s[0]->tile.pad = PadValue::Null; }}}},
      {rules::fitsTransposed,
       "fitsTransposed",
       {{"more columns than rows",
         "^turns the 32x64 valid elements of src into 64x32, but dst has 32x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.cols = s[0]->tile.validCols = 64; }}}},
      {rules::transposeScratch,
       "transposeScratch",
       {{"half the room",
         "^keeps the transposed elements in tmp in whole blocks, 32x32 = [0-9]+ bytes, but it has "
         "16x32 = [0-9]+$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 16; }}}},
      {rules::concatFits,
       "concatFits",
       {{"one block too many", "^puts 32 and 40 columns side by side, but dst has 64$",
         [](auto &s, auto &, auto &) { s[1]->tile.cols = s[1]->tile.validCols = 40; }}}},
  };
}

std::vector<RuleKind> scalarKinds() {
  return {
      {rules::scalarIsElement,
       "scalarIsElement",
       {{"a wider scalar",
         "^needs a scalar of the element type [a-z0-9]+ of [a-z]+, but [a-zA-Z]+ is i64$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::I64); }}}},
      {rules::scalarSuits,
       "scalarSuits",
       {{"another kind of number",
         "^needs (a float|an integer) for elements of type [a-z0-9]+, but scalar is [a-z0-9]+$",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(isFloat(s[1]->elementType()) ? Element::I32 : Element::F32);
         }},
        {"an index",
         "^needs (a float|an integer) for elements of type [a-z0-9]+, but scalar is index$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::Index); }}}},
      {rules::notNegative,
       "notNegative",
       {{"a negative constant", "^needs scalar that is not negative, but it is -1$",
         [](auto &s, auto &, auto &) { s[0]->constant = -1; }}}},
      {rules::elementInside,
       "elementInside",
       {{"behind the last element",
         "^needs offset inside the 1024 elements of (src|dst), but it is 1024$",
         [](auto &s, auto &, auto &) { s[0]->constant = 1024; }},
        {"a negative index", "^needs offset inside the 1024 elements of (src|dst), but it is -1$",
         [](auto &s, auto &, auto &) { s[0]->constant = -1; }}}},
      {rules::oneOf,
       "oneOf",
       {{"none",
         "^needs exactly one of [a-zA-Z0-9, ]+ and [a-zA-Z0-9]+, but it has (neither|none of "
         "them)$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (uint8_t i : r.operands)
             d.operands[i].reset();
           for (int64_t i : r.numbers)
             d.attributes[i].reset();
         }}}},
      {rules::given,
       "given",
       {{"it is missing", "^needs its operand tmp: the library has no call without it$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }}}},
  };
}

std::vector<RuleKind> allKinds() {
  std::vector<RuleKind> all;
  for (auto &&part : {elementKinds(), layoutKinds(), extentKinds(), reduceKinds(), productKinds(),
                      scalarKinds(), moveKinds(), maskKinds(), scratchKinds(), formKinds(),
                      gatherKinds(), generateKinds(), scaleKinds()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Changes that cannot show their effect on a record, and why.
const std::map<std::string, std::string> waived = {
    {"pto.tload pairsStay: the other axis", "only a make_tensor_view says how a view lies"},
    {"pto.tstore pairsStay: the other axis", "only a make_tensor_view says how a view lies"}};

class RuleViolations : public ::testing::Test {
protected:
  RuleViolations() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }

  enum class Outcome { NotShown, AmongOthers, Alone };

  /// Breaks `rule` in the draft; the answer of the whole verifier counts, not only that of the
  /// rule.
  Outcome attempt(Draft draft, const RuleInfo &rule, const Violation &violation) {
    Subjects subjects;
    for (uint8_t i : rule.operands)
      if (draft.operands[i])
        subjects.push_back(&*draft.operands[i]);
    bool isOfForms = rule.check == rules::oneOf || rule.check == rules::givenWith ||
                     rule.check == rules::onlyWith || rule.check == rules::attributeWith ||
                     rule.check == rules::gatherScratch || rule.check == rules::atMostOne ||
                     rule.check == rules::absent || rule.check == rules::noPadding;
    if (subjects.size() < rule.operands.size() && !isOfForms)
      return Outcome::NotShown;
    violation.apply(subjects, draft, rule);
    for (auto &v : draft.operands) // a type cannot hold more
      if (v) {
        v->tile.validRows = std::min(v->tile.validRows, v->tile.rows);
        v->tile.validCols = std::min(v->tile.validCols, v->tile.cols);
      }
    for (auto &v : draft.operands)
      if (v && !typeOf(&context, v->elementType()))
        return Outcome::NotShown;
    auto module = build(&context, draft);
    mlir::Operation *op = recordOf(*module);
    std::vector<std::string> own, all;
    {
      Messages messages(context);
      if (mlir::succeeded(rule.check(op, *draft.info, rule)))
        return Outcome::NotShown;
      own = messages.all();
    }
    {
      Messages messages(context);
      if (mlir::succeeded(verifyRecord(op)))
        return Outcome::NotShown;
      all = messages.all();
    }
    std::string prefix = "'" + draft.info->name.str() + "' op ";
    if (own.size() != 1 || !llvm::is_contained(all, own.front()) ||
        !llvm::StringRef(own.front()).starts_with(prefix) ||
        !llvm::Regex(violation.message)
             .match(llvm::StringRef(own.front()).drop_front(prefix.size()))) {
      last = own.empty() ? "no message" : own.front();
      return Outcome::NotShown;
    }
    return all.size() == 1 ? Outcome::Alone : Outcome::AmongOthers;
  }

  mlir::MLIRContext context;
  std::string last;
};

TEST_F(RuleViolations, EveryRuleOfEveryRecordIsRefusedInItsOwnWords) {
  std::map<RuleFunction, RuleKind> kinds;
  for (RuleKind &kind : allKinds())
    kinds.emplace(kind.check, std::move(kind));
  unsigned rules = 0, shown = 0, alone = 0;
  std::map<std::string, unsigned> used, waivedUsed;
  for (const OpInfo &info : allOpInfos()) {
    std::vector<std::pair<Form, Draft>> legal;
    for (const Form &form : info.rules.empty() ? std::vector<Form>() : formsOf(info)) {
      Draft draft = draftOf(info, form);
      if (llvm::any_of(draft.operands,
                       [&](auto &v) { return v && !typeOf(&context, v->elementType()); }))
        continue;
      Messages messages(context);
      if (mlir::succeeded(verifyAll(*build(&context, draft))))
        legal.push_back({form, std::move(draft)});
    }
    for (auto [number, rule] : llvm::enumerate(info.rules)) {
      ++rules;
      auto kind = kinds.find(rule.check);
      ASSERT_TRUE(kind != kinds.end())
          << info.name.str() << ": " << rule.text.str() << ": no violation is known";
      for (Arch arch : {Arch::A3, Arch::A5}) {
        if (!(rule.archs >> unsigned(arch) & 1) || !existsOn(info, arch))
          continue;
        for (const Violation &violation : kind->second.violations) {
          Outcome best = Outcome::NotShown;
          last = "the rule holds or another stands before it";
          for (auto &[form, draft] : legal)
            if (form.arch == arch && best != Outcome::Alone)
              best = std::max(best, attempt(draft, rule, violation));
          std::string what = kind->second.name.str() + ": " + violation.what.str();
          used[what] += best != Outcome::NotShown;
          shown += best != Outcome::NotShown;
          alone += best == Outcome::Alone;
          std::string key = info.name.str() + " " + what;
          if (waived.count(key))
            ++waivedUsed[key];
          EXPECT_EQ(best == Outcome::NotShown, waived.count(key) != 0)
              << key << " on " << name(arch).str() << " (rule " << number << ", " << rule.text.str()
              << "): " << last;
        }
      }
    }
  }
  for (auto &[check, kind] : kinds)
    for (const Violation &v : kind.violations)
      EXPECT_GT(used[kind.name.str() + ": " + v.what.str()], 0u)
          << kind.name.str() << ": " << v.what.str() << " shows nowhere";
  for (auto &[key, why] : waived)
    EXPECT_GT(waivedUsed[key], 0u) << "the waiver '" << key << "' (" << why << ") is not needed";
  std::printf("%zu kinds of rules, %u rules, %u violations refused in their own words, %u of them "
              "with no other message\n",
              kinds.size(), rules, shown, alone);
}

} // namespace
