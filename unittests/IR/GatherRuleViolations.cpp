//===- GatherRuleViolations.cpp - Forms, gathers, sorts ---------------------===//

#include "RuleViolations.h"

using namespace pto;
using namespace pto::testing;

std::vector<RuleKind> testing::formKinds() {
  return {
      {rules::givenWith,
       "givenWith",
       {{"it is missing", "^needs [a-z]+ beside [a-zA-Z0-9]+: the library has no call without it$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }},
        {"the others are missing", "^takes [a-z]+ only together with [a-zA-Z0-9, ]+$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (uint8_t i : r.operands.drop_front())
             d.operands[i].reset();
         }}}},
      {rules::onlyWith,
       "onlyWith",
       {{"the others are missing", "^takes [a-z0-9]+ only together with [a-z0-9, ]+$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (uint8_t i : r.operands.drop_front())
             d.operands[i].reset();
         }}}},
      {rules::attributeWith,
       "attributeWith",
       {{"it stands alone", "^takes [a-zA-Z]+ only together with [a-zA-Z0-9_ ]+$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (uint8_t i : r.operands)
             d.operands[i].reset();
           for (int64_t i : r.numbers.drop_front())
             d.attributes[i].reset();
           d.attributes[r.numbers[0]] = 1;
         }}}},
      {rules::attributeIn,
       "attributeIn",
       {{"another value", "^needs [a-zA-Z_]+ of [a-z0-9_, ]+ or [a-z0-9_]+, but it is [a-z0-9_]+$",
         [](auto &, Draft &d, const RuleInfo &r) {
           const AttributeInfo &a = d.info->attributes[r.numbers[0]];
           auto isLegal = [&](int64_t value) {
             return llvm::is_contained(r.numbers.drop_front(), value);
           };
           int64_t other = a.cases.empty() ? 5 : 0;
           while (other < int64_t(a.cases.size()) && isLegal(a.cases[other].value))
             ++other;
           d.attributes[r.numbers[0]] = other;
         }}}},
  };
}

std::vector<RuleKind> testing::gatherKinds() {
  return {
      {rules::integersAsWide,
       "integersAsWide",
       {{"wider integers",
         "^needs [a-z]+ of integers of [0-9] bytes for elements of type [a-z0-9]+ of src, but it "
         "has ui64$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::U64); }},
        {"a float",
         "^needs [a-z]+ of integers of [0-9] bytes for elements of type [a-z0-9]+ of src, but it "
         "has f32$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::F32); }}}},
      {rules::fullCols,
       "fullCols",
       {{"fewer valid columns",
         "^needs all columns of [a-z]+ valid, but it has 32 of which 24 are$",
         [](auto &s, auto &, auto &) { s.back()->tile.validCols = 24; }}}},
      {rules::packs,
       "packs",
       {{"too few elements",
         "^keeps [0-9]+ elements in each of 32 rows = [0-9]+, but dst has 4x32 = 128$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 4; }},
        {"too few rows", "^keeps 16 rows of 32 elements, but dst has 4x32$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 4; }}}},
      {rules::spreads,
       "spreads",
       {{"fewer columns",
         "^spreads 32x32 elements to every [124](st|nd|th) (column|row), so dst needs "
         "[0-9]+x[0-9]+, "
         "but it has [0-9]+x24$",
         [](auto &s, auto &, auto &) { s[1]->tile.validCols = 24; }}}},
      {rules::blockOffsets,
       "blockOffsets",
       {{"too few offsets",
         "^takes one offset per 32 bytes of dst, so offsets needs 32x[1-4] valid elements, but it "
         "has 32x0$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 0; }}}},
      {rules::sortRecords,
       "sortRecords",
       {{"too narrow",
         "^leaves a record of [24] elements for each of 32 columns in whole groups of 32, so dst "
         "needs (64|128) columns, but it has 32$",
         [](auto &s, auto &, auto &) { s[1]->tile.cols = s[1]->tile.validCols = 32; }}}},
      {rules::sortIndices,
       "sortIndices",
       {{"too few rows",
         "^needs an index for each element, so idx needs 32x32 valid elements, or 1x32 for all "
         "rows, but it has 8x32$",
         [](auto &s, auto &, auto &) { s[1]->tile.validRows = 8; }}}},
      {rules::sortTail,
       "sortTail",
       {{"a broken group",
         "^leaves the last 24 of 24 columns of src unsorted without a scratch tile; give it tmp$",
         [](auto &s, Draft &d, auto &) {
           s[0]->tile.validCols = 24;
           d.operands[d.info->operand("idx")]->tile.validCols = 24;
         }}}},
      {rules::mergeLength,
       "mergeLength",
       {{"half a unit", "^needs blockLen that is a positive multiple of 64, but it is 32$",
         [](auto &s, auto &, auto &) { s[1]->constant = 32; }},
        {"no whole group",
         "^merges groups of 4 runs of 64 elements, 1 to 255 of them, but src has 128 valid "
         "columns$",
         [](auto &s, auto &, auto &) { s[0]->tile.validCols = 128; }}}},
      {rules::mergeRoom,
       "mergeRoom",
       {{"too narrow",
         "^needs scratch tmp of 128 columns \\(the sources have 128, dst has 32\\), but it has 96$",
         [](auto &s, auto &, auto &) { s[0]->tile.cols = s[0]->tile.validCols = 96; }}}},
  };
}
