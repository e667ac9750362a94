//===- PrintFormatTest.cpp - Formats of pto.print --------------------------===//

#include "ptoas/Support/PrintFormat.h"
#include <gtest/gtest.h>

using namespace pto;

TEST(PrintFormat, FindsConversionsAndSkipsPercentSigns) {
  auto found = findConversions("a %% b %-8.3f c %lld%%");
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[0].begin, 7u);
  EXPECT_EQ((*found)[0].end, 13u);
  EXPECT_EQ((*found)[0].flags, "-8.3");
  EXPECT_TRUE((*found)[0].isFloat);
  EXPECT_EQ((*found)[1].length, PrintConversion::LongLong);
  EXPECT_EQ((*found)[1].letter, 'd');
  EXPECT_FALSE((*found)[1].isFloat);
  EXPECT_TRUE(findConversions("")->empty());
}

TEST(PrintFormat, RefusesWhatNoNumberCanBe) {
  for (const char *format : {"%", "%s", "%p", "%n", "%*d", "%hf", "%q", "100%"})
    EXPECT_FALSE(findConversions(format)) << format;
}

TEST(PrintFormat, PrintsAsPrintfDoes) {
  EXPECT_EQ(formatFloat("", 0.5), "0.500000");
  EXPECT_EQ(formatFloat("<%8.2f>", -1.005), "<   -1.00>");
  EXPECT_EQ(formatFloat("%lf", 2.0), "2.000000");
  EXPECT_EQ(formatInteger("", -7), "-7");
  EXPECT_EQ(formatInteger("%5d|", 42), "   42|");
  EXPECT_EQ(formatInteger("%c", 'x'), "x");
}

TEST(PrintFormat, NarrowsIntegersToTheirConversion) {
  EXPECT_EQ(formatInteger("%x", -1), "ffffffff");
  EXPECT_EQ(formatInteger("%lx", -1), "ffffffffffffffff");
  EXPECT_EQ(formatInteger("%hhx", -1), "ff");
  EXPECT_EQ(formatInteger("%hu", 65537), "1");
  EXPECT_EQ(formatInteger("%d", int64_t(1) << 32), "0");
  EXPECT_EQ(formatInteger("%d", 0x80000000), "-2147483648");
}
