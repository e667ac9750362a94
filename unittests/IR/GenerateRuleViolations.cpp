//===- GenerateRuleViolations.cpp - Generated tiles, tables in GM -----------===//

#include "RuleViolations.h"

using namespace pto;
using namespace pto::testing;

std::vector<RuleKind> testing::generateKinds() {
  return {
      {rules::minCols,
       "minCols",
       {{"too narrow", "^needs dst of at least 256 columns, but it has 32$",
         [](auto &s, auto &, auto &) { s[0]->tile.cols = s[0]->tile.validCols = 32; }}}},
      {rules::histogramIndex,
       "histogramIndex",
       {{"a byte beyond the element", "^counts byte 3 of elements that have 2$",
         [](auto &s, Draft &d, auto &) {
           s[0]->setElement(Element::U16);
           d.attributes[d.info->attribute("byte")] = 3;
         }},
        {"too few bytes",
         "^needs a byte per row in idx, so it needs 32x1 valid elements, col_major, but it has "
         "8x1$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }},
        {"too few rows",
         "^needs a row of 32 columns in idx for each of 2 higher bytes, row_major, but it has 1x32 "
         "of 32 columns$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 1; }}}},
      {rules::gatherScratch,
       "gatherScratch",
       {{"it is missing", "^needs scratch in global memory to gather elements into L1$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"rows need none", "^takes scratch only to gather elements into L1$",
         [](auto &s, Draft &d, auto &) {
           if (s.size() == 2)
             d.attributes[d.info->attribute("coalesce")] = 0;
         }}}},
      {rules::tableIndices,
       "tableIndices",
       {{"too few for rows",
         "^needs an index per row, so idx needs 1x32 valid elements row_major or 32x1 col_major, "
         "but it has 1x24 row_major$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 24; }},
        {"too few for elements",
         "^needs an index per element, but idx has 32x24 valid elements and (src|dst) has 32x32$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 24; }}}},
      {rules::atomicElements,
       "atomicElements",
       {{"an addition of i16", "^combines by add only i32, f16 and f32, but src has i16$",
         [](auto &s, Draft &d, auto &) {
           s[0]->setElement(Element::I16);
           d.operands[d.info->operand("dst")]->setElement(Element::I16);
           d.attributes[d.info->attribute("scatterAtomicOp")] = 1;
         }},
        {"the largest f16", "^combines by max only i32 and f32, but src has f16$",
         [](auto &s, Draft &d, auto &) {
           s[0]->setElement(Element::F16);
           d.operands[d.info->operand("dst")]->setElement(Element::F16);
           d.attributes[d.info->attribute("scatterAtomicOp")] = 2;
         }}}},
      {rules::fractalSize,
       "fractalSize",
       {{"larger boxes", "^does not take the fractal size 1024 of [a-z]+$",
         [](auto &s, auto &, auto &) { s[0]->tile.fractal = 1024; }}}},
  };
}
