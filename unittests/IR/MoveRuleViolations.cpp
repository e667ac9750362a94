//===- MoveRuleViolations.cpp - Moves, transfers, products -----------------===//

#include "RuleViolations.h"

using namespace pto;
using namespace pto::testing;

namespace {
DraftValue aTile() {
  DraftValue value;
  value.tile.rows = value.tile.cols = value.tile.validRows = value.tile.validCols = 32;
  return value;
}
} // namespace

std::vector<RuleKind> testing::moveKinds() {
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
         [](auto &s, auto &, auto &) { s[0]->tile.slayout = SLayout::NoneBox; }},
        {"a vector of half a piece",
         "^moves a vector in pieces of 512 bytes, but src has (256|128|64|32)$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.blayout = BLayout::RowMajor;
           s[0]->tile.rows = s[0]->tile.validRows = 1;
           s[0]->tile.cols = s[0]->tile.validCols = s[1]->tile.cols = s[1]->tile.validCols = 32;
         }},
        {"a transposed half square",
         "^transposes squares of (16x16|32x32), but dst has (48|40|24)x(48|40|24)$",
         [](auto &s, auto &, auto &) {
           bool toLeft = s[1]->tile.space == Space::Left;
           s[0]->tile.blayout = toLeft ? BLayout::RowMajor : BLayout::ColMajor;
           s[0]->tile.slayout = toLeft ? SLayout::ColMajor : SLayout::RowMajor;
           for (DraftValue *v : s)
             v->tile.rows = v->tile.cols = v->tile.validRows = v->tile.validCols =
                 bytesOf(v->elementType()) == 1   ? 48
                 : bytesOf(v->elementType()) == 2 ? 24
                                                  : 40;
         }}}},
      {rules::sameLayout,
       "sameLayout",
       {{"other boxes",
         "^(keeps the layout inside vec, but src and dst have others|makes Nz in mat of row_major "
         "none_box or of Nz \\(col_major, row_major\\), but src is another)$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.space = Space::Vec;
           s[0]->tile.blayout = BLayout::ColMajor;
           s[0]->tile.slayout = SLayout::ColMajor;
         }}}},
      {rules::scaleWords,
       "scaleWords",
       {{"elements of the data",
         "^needs scales of f8E8M0, ui8 or 64-bit words in dst, but it has f32$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::F32); }},
        {"several rows",
         "^moves one row of a multiple of 16 words into scaling, but dst has 32x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 32; }}}},
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

std::vector<RuleKind> testing::productKinds() {
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

namespace {
/// A view of 32x32 in a layout that has a say; in NZ the tile has boxes.
void lay(DraftValue *view, DraftValue *tile, Layout layout) {
  view->layout = layout;
  tile->tile.slayout = layout == Layout::NZ ? SLayout::RowMajor : SLayout::NoneBox;
  tile->tile.blayout = layout == Layout::ND ? BLayout::RowMajor : BLayout::ColMajor;
}
/// The same of a row-major view and boxes in mat.
void layBoxes(DraftValue *view, DraftValue *tile) {
  lay(view, tile, Layout::NZ);
  view->layout = Layout::ND;
  tile->tile.space = Space::Mat;
}
} // namespace

std::vector<RuleKind> testing::transferKinds() {
  return {
      {rules::loadLayout,
       "loadLayout",
       {{"two families",
         "^cannot load a view in DN into dst, which is row_major none_box in (vec|mat); it takes "
         "ND "
         "to row_major none_box, DN to col_major none_box, NZ to Nz \\(col_major, boxes by rows\\)",
         [](auto &s, auto &, auto &) {
           lay(s[0], s[1], Layout::ND);
           s[0]->layout = Layout::DN;
         }},
        {"half a box",
         "^takes a view in NZ by boxes, so its last two extents must be the constants 16 and "
         "(8|16|32), but they are 32x32$",
         [](auto &s, auto &, auto &) { lay(s[0], s[1], Layout::NZ); }},
        {"boxes of two matrices",
         "^makes boxes of one matrix, so all dimensions of the view but the last two must have the "
         "constant extent 1, but it is 1x1x2x16x32$",
         [](auto &s, auto &, auto &) {
           layBoxes(s[0], s[1]);
           s[0]->shape = {2, 16, 32};
         }},
        {"boxes of another size", "^makes boxes of 512 bytes, but dst has the fractal size 1024$",
         [](auto &s, auto &, auto &) {
           layBoxes(s[0], s[1]);
           s[1]->tile.fractal = 1024;
         }},
        {"lines that are too long",
         "^makes boxes of at most 16384 lines of at most 65535 elements that are at most 65535 "
         "apart, but the view has 16x65536, 65536 apart$",
         [](auto &s, auto &, auto &) {
           layBoxes(s[0], s[1]);
           s[0]->shape = {16, 65536};
           s[1]->tile.rows = s[1]->tile.validRows = 16;
           s[1]->tile.cols = s[1]->tile.validCols = 65536;
         }},
        {"rows of half a block",
         "^loads rows of a multiple of 32 bytes into mat, but those of the view have [0-9]+$",
         [](auto &s, auto &, auto &) {
           lay(s[0], s[1], Layout::ND);
           s[1]->tile.space = Space::Mat;
           s[0]->shape = {32, 31};
           s[1]->tile.validCols = 31;
         }},
        {"too many rows",
         "^loads fewer than 4096 rows at a time, but the view has 4096 and dst has 4096$",
         [](auto &s, auto &, auto &) {
           lay(s[0], s[1], Layout::ND);
           s[1]->tile.space = Space::Vec;
           s[0]->shape = {4096, 32};
           s[1]->tile.rows = s[1]->tile.validRows = 4096;
         }}}},
      {rules::storeLayout,
       "storeLayout",
       {{"two families",
         "^cannot store src, which is row_major none_box, into a view in DN; it takes row_major "
         "none_box to ND, col_major none_box to DN, Nz \\(col_major, boxes by rows\\) to NZ, and "
         "one "
         "row or column to any$",
         [](auto &s, auto &, auto &) {
           lay(s[1], s[0], Layout::ND);
           s[1]->layout = Layout::DN;
         }},
        {"half a box",
         "^takes a view in NZ by boxes, so its last two extents must be the constants 16 and "
         "(8|16|32), but they are 32x32$",
         [](auto &s, auto &, auto &) { lay(s[1], s[0], Layout::NZ); }}}},
      {rules::addedElements,
       "addedElements",
       {{"an addition of ui32", "^adds to f32, f16, bf16, i32, i16 and i8 only, but dst has ui32$",
         [](auto &s, Draft &d, auto &) {
           s[0]->setElement(Element::U32);
           d.operands[d.info->operand("src")]->setElement(Element::U32);
           d.attributes[d.info->attribute("atomicType")] = 1;
         }}}},
  };
}
