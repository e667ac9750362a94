//===- TypeRuleViolations.cpp - Element types, layouts, extents ------------===//

#include "RuleViolations.h"

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
} // namespace

std::vector<RuleKind> testing::elementKinds() {
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

std::vector<RuleKind> testing::layoutKinds() {
  return {
      {rules::rowMajor,
       "rowMajor",
       {{"a column-major tile", "^needs [a-zA-Z0-9_]+ with blayout row_major, but it is col_major$",
         [](auto &s, auto &, auto &) { s.back()->tile.blayout = BLayout::ColMajor; }},
        {"boxes", "^needs [a-zA-Z0-9_]+ with slayout none_box, but it has boxes$",
         [](auto &s, auto &, auto &) { s.back()->tile.slayout = SLayout::RowMajor; }}}},
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
         "(none_box|row_major|col_major)$",
         [](auto &s, auto &, auto &) {
           TileShape &t = s[0]->tile;
           SLayout &l = t.slayout;
           // Scales without boxes would lie in another memory.
           if (t.space == Space::ScaleLeft || t.space == Space::ScaleRight)
             t.blayout = t.blayout == BLayout::RowMajor ? BLayout::ColMajor : BLayout::RowMajor;
           else
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

std::vector<RuleKind> testing::extentKinds() {
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

std::vector<RuleKind> testing::reduceKinds() {
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
         "^needs one source of 32x32 valid elements, row_major without boxes like dst, and a value "
         "per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x24 and src1 "
         "has 32x1$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 24; }},
        {"too few values",
         "^needs one source of 32x32 valid elements, row_major without boxes like dst, and a value "
         "per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x32 and src1 "
         "has 8x1$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }},
        {"half a block",
         "^needs one source of 32x32 valid elements, row_major without boxes like dst, and a value "
         "per row in "
         "the other \\(32x1 col_major or 32x(8|16|32) row_major\\), but src0 has 32x32 and src1 "
         "has 32x4$",
         [](auto &s, auto &, auto &) {
           s[1]->tile.blayout = BLayout::RowMajor;
           s[1]->tile.cols = 32;
           s[1]->tile.validCols = 4;
         }}}},
  };
}
