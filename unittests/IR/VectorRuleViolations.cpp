//===- VectorRuleViolations.cpp - Masks, pairs of types, scratch tiles -----===//

#include "RuleViolations.h"

using namespace pto;
using namespace pto::testing;

std::vector<RuleKind> testing::maskKinds() {
  return {
      {rules::equalityOnly,
       "equalityOnly",
       {{"less of i32",
         "^compares i32 by eq and ne only on a3: for lt the library gives the mask of eq; convert "
         "the tiles to f32 first, which is exact up to 2.24$",
         [](auto &s, Draft &d, auto &) {
           for (DraftValue *v : s)
             v->setElement(Element::I32);
           d.attributes[d.info->attribute("cmpMode")] = 2;
         }}}},
      {rules::maskRoom,
       "maskRoom",
       {{"a row that is too short",
         "^writes [0-9]+ bytes of mask for 2048 columns, but a row of dst has 32$",
         [](auto &s, auto &, auto &) { s[1]->tile.cols = s[1]->tile.validCols = 2048; }}}},
      {rules::maskHolds,
       "maskHolds",
       {{"a row that is too short",
         "^reads 256 bytes of mask for 2048 columns, but a row of mask has [0-9]+$",
         [](auto &s, auto &, auto &) { s[1]->tile.cols = s[1]->tile.validCols = 2048; }}}},
      {rules::partialValid,
       "partialValid",
       {{"a source that is larger",
         "^needs sources within the valid region of dst, 8x32, but src0 has 32x32$",
         [](auto &s, auto &, auto &) { s[2]->tile.validRows = 8; }},
        {"neither covers",
         "^needs a source that covers the valid region of dst, 32x32, but src0 has 8x32 and src1 "
         "has 32x24$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.validRows = 8;
           s[1]->tile.validCols = 24;
         }}}},
      {rules::pairs,
       "pairs",
       {{"a pair outside the table",
         "^does not take src0? of f32 with [a-zA-Z0-9]+ of i1 on a[35]; with src0? of f32 it takes "
         "[a-zA-Z0-9]+(, [a-zA-Z0-9]+)*$",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(Element::F32);
           s[1]->setElement(Element::I1);
         }},
        {"a first element outside the table",
         "^does not take src0? of i1 with [a-zA-Z0-9]+ of [a-zA-Z0-9]+ on a[35]; nothing goes with "
         "src0? of i1$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::I1); }}}},
  };
}

std::vector<RuleKind> testing::scratchKinds() {
  return {
      {rules::scratchRows,
       "scratchRows",
       {{"it is missing", "^needs its scratch tile tmp on a[35], of at least [0-9]+x32 [a-z0-9]+$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"it is too small",
         "^needs scratch tmp of at least [0-9]+ bytes \\([0-9]+x32 [a-z0-9]+\\), but it has "
         "[0-9]+$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.rows = s[0]->tile.validRows = 1;
           s[0]->tile.cols = s[0]->tile.validCols = 16;
         }}}},
      {rules::scratchBytes,
       "scratchBytes",
       {{"it is missing", "^needs its scratch tile tmp on a[35], of at least [0-9]+ bytes$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }}}},
      {rules::maskScratch,
       "maskScratch",
       {{"it is missing", "^needs its scratch tile tmp on a3, of at least 33x(8|16) ui8$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"it is missing where run time knows the extents",
         "^needs its scratch tile tmp on a3, of at least a row more than dst has, of a bit per "
         "element$",
         [](auto &s, Draft &d, const RuleInfo &r) {
           for (auto &v : d.operands)
             if (v && v->kind == DraftValue::Tile)
               v->tile.validRows = -1;
           d.operands[r.operands[0]].reset();
         }},
        {"as many rows as the result", // the rule of old grammars
         "^needs scratch tmp of at least 33x(8|16) ui8 \\(a bit per element of dst in whole "
         "repeats, and a row for the select\\), but it has 32x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 32; }}}},
      {rules::countScratch,
       "countScratch",
       {{"it is too small",
         "^needs scratch tmp of at least (1792|768) bytes to count in u?i(16|32), but it has 32$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.rows = s[0]->tile.validRows = 1;
           s[0]->tile.cols = s[0]->tile.validCols = 32 / bytesOf(s[0]->elementType());
         }}}},
      {rules::scratchForFloats,
       "scratchForFloats",
       {{"it is missing", "^needs its scratch tile tmp on a[35], of at least 32x32 b?f(16|32)$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"it is too small",
         "^needs scratch tmp of at least [0-9]+ bytes \\(32x32 b?f(16|32)\\), but it has [0-9]+$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 1; }}}},
      {rules::remainderScratch,
       "remainderScratch",
       {{"it is missing",
         "^needs its scratch tile tmp on a3, of at least (384|136) bytes \\(a row of dst and a "
         "mask "
         "of (256|8)\\)$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"two rows of 32", // the rule of old grammars
         "^needs scratch tmp of at least 384 bytes \\(a row of dst and a mask of 256\\), but it "
         "has "
         "256$",
         [](auto &s, auto &, auto &) { s[0]->tile.rows = s[0]->tile.validRows = 2; }}}},
      {rules::quantizedTo,
       "quantizedTo",
       {{"the other sign",
         "^makes INT8_A?SYM, so dst needs elements of type u?i8, but it has u?i8$",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(s[0]->elementType() == Element::I8 ? Element::U8 : Element::I8);
         }},
        {"no offset", "^makes INT8_ASYM, which needs an offset$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[1]].reset(); }},
        {"an offset too many", "^makes INT8_SYM, which takes no offset; INT8_ASYM does$",
         [](auto &, Draft &d, auto &) { d.attributes[d.info->attribute("quant_type")] = 0; }}}},
      {rules::valuePerRow,
       "valuePerRow",
       {{"fewer values", "^takes a value per row, so fp needs 32x1 valid elements, but it has 8x1$",
         [](auto &s, auto &, auto &) { s[0]->tile.validRows = 8; }}}},
      {rules::convertScratch,
       "convertScratch",
       {{"half of it",
         "^needs scratch tmp of at least [0-9]+ bytes to convert 32x32 f(16|32) to i(8|16) without "
         "saturation, but it has 64$",
         [](auto &s, auto &, auto &) {
           s[0]->tile.rows = s[0]->tile.validRows = 1;
           s[0]->tile.cols = s[0]->tile.validCols = 16;
           s[0]->setElement(Element::F32);
         }}}},
      {rules::disjoint,
       "disjoint",
       {{"one tile twice", "^writes dst before it reads src[12], but they are the same tile$",
         [](auto &s, const Draft &, const RuleInfo &r) { s[0]->same = r.operands[1]; }}}},
  };
}
