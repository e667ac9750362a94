//===- ScaleRuleViolations.cpp - Transfers, pairs, scales ------------------===//

#include "RuleViolations.h"

using namespace pto;
using namespace pto::testing;

static std::vector<RuleKind> loadStoreKinds() {
  return {
      {rules::sameMatrix,
       "sameMatrix",
       {{"one row more",
         "^needs equal extents on both sides, but (src|dst) is a 33x32 matrix and the valid region "
         "of (src|dst) is 32x32$",
         [](auto &s, auto &, auto &) { s[0]->shape = {33, 32}; }},
        {"fewer valid columns",
         "^needs equal extents on both sides, but (src|dst) is a 32x32 matrix and the valid region "
         "of (src|dst) is 32x24$",
         [](auto &s, auto &, auto &) { s[1]->tile.validCols = 24; }},
        {"an element more in a view whose layout is open",
         "^needs as many elements on both sides, but (src|dst) has 3x11x32 = 1056 and the valid "
         "region of (src|dst) has 32x32 = 1024$",
         [](auto &s, auto &, auto &) { s[0]->shape = {3, 11, 32}; }}}},
      {rules::noPadding,
       "noPadding",
       {{"a value to fill in",
         "^has pad_value, but the library's load takes no padding; give the type of dst pad=1",
         [](auto &, Draft &d, const RuleInfo &r) {
           DraftValue value;
           value.kind = DraftValue::Scalar;
           value.element = Element::F32;
           d.operands[r.operands[0]] = value;
         }},
        {"a mode", "^has pad_mode, but the library's load takes no padding; give the type of dst ",
         [](auto &, Draft &d, const RuleInfo &r) { d.attributes[r.numbers[0]] = 1; }}}},
      {rules::pairsStay,
       "pairsStay",
       {{"the other axis",
         "^moves pairs of 4-bit numbers as they are, but they stand in (rows|columns) of "
         "[a-z]+ and in (rows|columns) of [a-z]+$",
         [](auto &s, auto &, auto &) {
           // Between tiles the layouts tell; a view made here is row-major.
           for (DraftValue *v : s)
             v->setElement(Element::F4E2M1x2);
           TileShape &to = s[1]->kind == DraftValue::Tile ? s[1]->tile : s[0]->tile;
           to.slayout = to.isByColumns() ? SLayout::RowMajor : SLayout::ColMajor;
         }}}},
  };
}

std::vector<RuleKind> testing::scaleKinds() {
  std::vector<RuleKind> all = loadStoreKinds();
  std::vector<RuleKind> more = {
      {rules::scaleTile,
       "scaleTile",
       {{"parameters of the FIX pipe",
         "^needs [a-z_]+ as the scales of a (left|right) tile, in scaling with fractal=32, "
         "blayout=(row|col)_major and slayout=(row|col)_major, but it is '!pto.tile_buf<scaling, ",
         [](auto &s, auto &, auto &) {
           s[0]->tile.space = Space::Scaling;
           s[0]->tile.fractal = 512;
         }},
        {"those of the other side",
         "^needs [a-z_]+ as the scales of a (left|right) tile, in scaling with fractal=32, "
         "blayout=(row|col)_major and slayout=(row|col)_major, but it is '!pto.tile_buf<scaling, ",
         [](auto &s, auto &, auto &) {
           TileShape &t = s[0]->tile;
           bool left = t.space == Space::ScaleLeft;
           t.space = left ? Space::ScaleRight : Space::ScaleLeft;
           t.slayout = left ? SLayout::ColMajor : SLayout::RowMajor;
         }}}},
      {rules::scaleExtents,
       "scaleExtents",
       {{"a group less",
         "^keeps a scale for every 32 numbers along k, so [a-z_]+ needs [0-9]+x[0-9]+ valid "
         "elements for the [0-9]+x[0-9]+ numbers of [a-z]+, but it has [0-9]+x[0-9]+$",
         [](auto &s, auto &, auto &) {
           bool left = s[1]->tile.space == Space::Left;
           (left ? s[0]->tile.validCols : s[0]->tile.validRows) -= 1;
         }},
        {"a row or column less",
         "^keeps a scale for every 32 numbers along k, so [a-z_]+ needs [0-9]+x[0-9]+ valid "
         "elements for the [0-9]+x[0-9]+ numbers of [a-z]+, but it has [0-9]+x[0-9]+$",
         [](auto &s, auto &, auto &) {
           bool left = s[1]->tile.space == Space::Left;
           (left ? s[0]->tile.validRows : s[0]->tile.validCols) -= 1;
         }}}},
      {rules::wholeGroups,
       "wholeGroups",
       {{"half of two groups",
         "^works on a multiple of 64 numbers along k, but [ab] holds (96|160)$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.cols += 32 / s[0]->tile.numbersPerElement()[1];
         }},
        {"of the right operand",
         "^works on a multiple of 64 numbers along k, but b holds (96|160)$",
         [](auto &s, auto &, auto &) {
           s[1]->tile.rows += 32 / s[1]->tile.numbersPerElement()[0];
         }}}},
      {rules::mxResult,
       "mxResult",
       {{"a wide result",
         "^makes MXFP[48](_E2M1)?, so dst needs elements of (f4E2M1x2|i8 or ui8), but it has i16$",
         [](auto &s, auto &, auto &) { s[1]->setElement(Element::I16); }},
        {"four bits of a wide source", "^makes MXFP4_E2M1 of f16 and bf16 only, but src has f32$",
         [](auto &s, Draft &d, auto &) {
           d.attributes[d.info->attribute("quant_type")] = 3;
           s[0]->setElement(Element::F32);
           s[1]->setElement(Element::F4E2M1x2);
         }},
        {"boxes where there are none, or none",
         "^leaves (boxes|plain rows), so dst needs blayout (col|row)_major and slayout "
         "(row_major|none_box)$",
         [](auto &s, auto &, auto &) {
           SLayout &l = s[1]->tile.slayout;
           l = l == SLayout::NoneBox ? SLayout::RowMajor : SLayout::NoneBox;
         }}}},
      {rules::groupCount,
       "groupCount",
       {{"a broken group",
         "^makes groups of 32 numbers along (rows|columns), but src has ([0-9]+)x([0-9]+) valid "
         "elements$",
         [](auto &s, Draft &d, auto &) {
           bool alongRows = d.attributes[d.info->attribute("grpAxis")].value_or(1) == 1;
           (alongRows ? s[0]->tile.validCols : s[0]->tile.validRows) -= 8;
         }},
        {"an element too few",
         "^makes (32|64) groups of the 32x(32|64) valid elements of src, but exp has 1x(31|63) = "
         "(31|63)$",
         [](auto &s, auto &, auto &) { s[1]->tile.validCols -= 1; }}}},
  };
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
