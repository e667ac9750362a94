//===- NumberTest.cpp - Number formats against values worked out by hand ---===//

#include "../../lib/Sim/Kernels/Half.h"
#include "ptoas/Sim/Kernel.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

using namespace pto;
using namespace pto::sim;

static uint64_t encoded(Element element, double value) {
  uint64_t bits = 0;
  encodeFloat(element, value, &bits);
  return bits;
}
static double decoded(Element element, uint64_t bits) { return decodeFloat(element, &bits); }

static constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Number, EncodesKnownValues) {
  struct Row {
    Element element;
    double value;
    uint64_t bits;
  };
  const Row rows[] = {
      {Element::F16, 1.0, 0x3c00},
      {Element::F16, -2.0, 0xc000},
      {Element::F16, 65504, 0x7bff},
      {Element::F16, 65519.99, 0x7bff},
      {Element::F16, 65520, 0x7c00}, // halfway to 2^16 goes to the even side, which is infinity
      {Element::F16, infinity, 0x7c00},
      {Element::F16, 0x1p-24, 0x0001},
      {Element::F16, 0x1p-25, 0x0000}, // half of the least subnormal: tie to even
      {Element::F16, 0x1.8p-25, 0x0001},
      {Element::F16, 1 + 0x1p-11, 0x3c00}, // tie, even below
      {Element::F16, 1 + 0x3p-11, 0x3c02}, // tie, even above
      {Element::F16, 0x1.ff8p-15, 0x03ff}, // the largest subnormal
      {Element::F16, 0x1.ffcp-15, 0x0400}, // a tie that goes up into the normals
      {Element::F16, -0.0, 0x8000},
      {Element::BF16, 1.0, 0x3f80},
      {Element::BF16, 3.140625, 0x4049},
      {Element::BF16, 1 + 0x1p-8, 0x3f80},
      {Element::BF16, 1 + 0x3p-8, 0x3f82},
      {Element::BF16, 3.4e38, 0x7f80},
      {Element::BF16, 0x1p-133, 0x0001},
      {Element::F32, 0.1, 0x3dcccccd},
      {Element::F64, 0.1, 0x3fb999999999999a},
      {Element::F8E4M3, 448, 0x7e},
      {Element::F8E4M3, 464, 0x7e},   // tie, even below
      {Element::F8E4M3, 464.1, 0x7f}, // no infinity in this format
      {Element::F8E4M3, infinity, 0x7f},
      {Element::F8E4M3, 0x1p-9, 0x01},
      {Element::F8E4M3, 0x1p-6, 0x08},
      {Element::F8E5M2, 57344, 0x7b},
      {Element::F8E5M2, 61440, 0x7c},
      {Element::F8E5M2, 0x1p-16, 0x01},
      {Element::F8E5M2, -1.25, 0xbd},
      {Element::F8E8M0, 1.0, 127},
      {Element::F8E8M0, 1.4, 127},
      {Element::F8E8M0, 1.5, 128}, // tie, 128 is even
      {Element::F8E8M0, 3.0, 128}, // tie, 128 is even
      {Element::F8E8M0, 0.0, 0},
      {Element::F8E8M0, -1.0, 0xff},
      {Element::F8E8M0, infinity, 0xff},
      // sign, prefix of the exponent, its sign and bits, mantissa: 0 0001 000 and so on.
      {Element::HIF8, 1.0, 0x08},
      {Element::HIF8, 1.125, 0x09},
      {Element::HIF8, 2, 0x10},
      {Element::HIF8, 0.5, 0x18},
      {Element::HIF8, 4, 0x20},
      {Element::HIF8, 8, 0x28},
      {Element::HIF8, 0.25, 0x30},
      {Element::HIF8, 16, 0x40},
      {Element::HIF8, -20, 0xc1},
      {Element::HIF8, 256, 0x60},
      {Element::HIF8, 384, 0x61},
      {Element::HIF8, 320, 0x61}, // a tie, away from zero
      {Element::HIF8, 32768, 0x6e},
      {Element::HIF8, 40959, 0x6e},
      {Element::HIF8, 40960, 0x6f},
      {Element::HIF8, infinity, 0x6f},
      {Element::HIF8, -infinity, 0xef},
      {Element::HIF8, 0x1p-22, 0x01},
      {Element::HIF8, 0x1p-16, 0x07},
      {Element::HIF8, 0x1p-23, 0x01}, // a tie
      {Element::HIF8, 0x1p-24, 0x00},
      {Element::HIF8, -0.0, 0x00}, // 0x80 is NaN
      {Element::HIF8, 0x1p-15, 0x7e},
  };
  for (const Row &row : rows)
    EXPECT_EQ(encoded(row.element, row.value), row.bits)
        << name(row.element).str() << " " << row.value;
}

TEST(Number, DecodesKnownValues) {
  EXPECT_EQ(decoded(Element::F16, 0x3555), 0.333251953125);
  EXPECT_EQ(decoded(Element::F16, 0x03ff), 0x1.ff8p-15);
  EXPECT_EQ(decoded(Element::F16, 0xfc00), -infinity);
  EXPECT_EQ(decoded(Element::BF16, 0xc2f7), -123.5);
  EXPECT_EQ(decoded(Element::F8E4M3, 0x07), 0x7p-9);
  EXPECT_EQ(decoded(Element::F8E4M3, 0x78), 256);
  EXPECT_EQ(decoded(Element::F8E5M2, 0x7c), infinity);
  EXPECT_EQ(decoded(Element::F8E8M0, 0), 0x1p-127);
  EXPECT_EQ(decoded(Element::F8E8M0, 254), 0x1p127);
  for (auto [element, bits] : {std::pair(Element::F16, 0x7e01),
                               {Element::F8E4M3, 0xff},
                               {Element::F8E5M2, 0x7d},
                               {Element::HIF8, 0x80},
                               {Element::F8E8M0, 0xff}})
    EXPECT_TRUE(std::isnan(decoded(element, bits)));
}

TEST(Number, EveryCodeOfTheNarrowFormatsComesBack) {
  for (Element element : {Element::F16, Element::BF16, Element::F8E4M3, Element::F8E5M2,
                          Element::F8E8M0, Element::HIF8})
    for (uint64_t bits = 0, end = uint64_t(1) << (bytesOf(element) * 8); bits < end; ++bits)
      ASSERT_EQ(encoded(element, decoded(element, bits)), bits) << name(element).str();
}

/// hif8 has no codes in a row: neighbours are found among all values, and ties go away from zero.
TEST(Number, Hif8RoundsHalfAwayBetweenAllNeighbours) {
  std::map<double, uint64_t> codes;
  for (uint64_t bits = 0; bits < 0x6f; ++bits)
    codes[decoded(Element::HIF8, bits)] = bits;
  for (uint64_t bits = 0x70; bits < 0x80; ++bits)
    codes[decoded(Element::HIF8, bits)] = bits;
  ASSERT_EQ(codes.size(), 127u); // no value twice
  for (auto low = codes.begin(), high = std::next(low); high != codes.end(); ++low, ++high) {
    double middle = (low->first + high->first) / 2;
    EXPECT_EQ(encoded(Element::HIF8, middle), high->second) << middle;
    EXPECT_EQ(encoded(Element::HIF8, std::nextafter(middle, 0)), low->second) << middle;
    EXPECT_EQ(encoded(Element::HIF8, -middle), high->second | 0x80) << middle;
  }
}

TEST(Number, PackedPairs) {
  const std::vector<double> e2m1{0, 0.5, 1, 1.5, 2, 3, 4, 6},
      e1m2{0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75};
  for (auto &[element, values] :
       {std::pair(Element::F4E2M1x2, &e2m1), std::pair(Element::F4E1M2x2, &e1m2)})
    for (unsigned byte = 0; byte < 256; ++byte) {
      auto number = [&](unsigned code) {
        return code & 8 ? -(*values)[code & 7] : (*values)[code & 7];
      };
      auto pair = decodePair(element, uint8_t(byte));
      EXPECT_EQ(pair[0], number(byte & 15));
      EXPECT_EQ(pair[1], number(byte >> 4));
      EXPECT_EQ(encodePair(element, pair[0], pair[1]), byte);
    }
  // Ties go to the even code, and nothing lies beyond the largest number.
  EXPECT_EQ(encodePair(Element::F4E2M1x2, 2.5, 5), 0x64);
  EXPECT_EQ(encodePair(Element::F4E2M1x2, 1e9, -infinity), 0xf7);
  EXPECT_EQ(encodePair(Element::F4E1M2x2, 0.125, 0.375), 0x20);
  EXPECT_EQ(encodePair(Element::F4E1M2x2, NAN, -0.9), 0xc0);
}

/// Between two neighbours: below, at and above the middle.
TEST(Number, RoundsToNearestEvenBetweenAllNeighbours) {
  for (Element element : {Element::F16, Element::BF16, Element::F8E4M3, Element::F8E5M2}) {
    uint64_t last = encoded(element, 1e300) - 1; // the largest finite code
    for (uint64_t bits = 0; bits < last; ++bits) {
      double low = decoded(element, bits), high = decoded(element, bits + 1),
             middle = (low + high) / 2;
      ASSERT_EQ(encoded(element, middle), bits + (bits & 1)) << name(element).str() << " " << bits;
      ASSERT_EQ(encoded(element, std::nextafter(middle, 0)), bits);
      ASSERT_EQ(encoded(element, std::nextafter(middle, 1e300)), bits + 1);
    }
  }
}

TEST(Number, VectorConversionsAgreeWithTheExactOnes) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    float f16 = widenF16(uint16_t(bits)), bf16 = widenBF16(uint16_t(bits));
    double exact = decoded(Element::F16, bits);
    if (std::isnan(exact)) {
      ASSERT_TRUE(std::isnan(f16));
    } else {
      ASSERT_EQ(f16, exact);
      ASSERT_EQ(narrowF16(f16), bits);
      // Neighbours in f32, on both sides of the value and of the midpoint to the next.
      for (float value : {std::nextafter(f16, 0.0f), std::nextafter(f16, 2 * f16 + 1e-9f),
                          float((exact + decoded(Element::F16, (bits + 1) & 0xffff)) / 2)})
        if (std::isfinite(value))
          ASSERT_EQ(narrowF16(value), encoded(Element::F16, value)) << value;
    }
    if (!std::isnan(bf16)) {
      ASSERT_EQ(bf16, decoded(Element::BF16, bits));
      ASSERT_EQ(narrowBF16(bf16), bits);
    }
  }
  for (uint64_t i = 0; i < 400000; ++i) { // a walk over all of float
    uint32_t bits = uint32_t(i * 10737 + 1);
    float value;
    std::memcpy(&value, &bits, 4);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(widenF16(narrowF16(value))) &&
                  std::isnan(widenBF16(narrowBF16(value))));
      continue;
    }
    ASSERT_EQ(narrowF16(value), encoded(Element::F16, value)) << value;
    ASSERT_EQ(narrowBF16(value), encoded(Element::BF16, value)) << value;
  }
}

TEST(Number, IntegersExtendAndWrap) {
  uint64_t bits = 0xffffffffffffff80;
  EXPECT_EQ(decodeInteger(Element::I8, &bits), -128);
  EXPECT_EQ(decodeInteger(Element::U8, &bits), 128);
  EXPECT_EQ(decodeInteger(Element::I16, &bits), -128);
  EXPECT_EQ(decodeInteger(Element::U16, &bits), 0xff80);
  EXPECT_EQ(decodeInteger(Element::U32, &bits), 0xffffff80);
  EXPECT_EQ(decodeInteger(Element::I64, &bits), -128);
  EXPECT_EQ(decodeInteger(Element::I1, &bits), 0);
  struct Row {
    Element element;
    int64_t value, back;
  };
  for (const Row &row :
       {Row{Element::I8, 200, -56}, Row{Element::U8, -1, 255}, Row{Element::I16, 40000, -25536},
        Row{Element::I32, int64_t(1) << 31, -(int64_t(1) << 31)}, Row{Element::U32, -1, 0xffffffff},
        Row{Element::I1, 3, 1}, Row{Element::U64, -1, -1}}) {
    uint64_t bytes = 0;
    encodeInteger(row.element, row.value, &bytes);
    EXPECT_EQ(decodeInteger(row.element, &bytes), row.back) << name(row.element).str();
  }
}

TEST(Number, ScalarOperandReadsIntegersAndFloats) {
  EXPECT_EQ((ScalarOperand{Element::I32, uint64_t(-3)}).asDouble(), -3.0);
  EXPECT_EQ((ScalarOperand{Element::U64, ~uint64_t(0)}).asDouble(), 0x1p64);
  EXPECT_EQ((ScalarOperand{Element::F16, 0x3ff8000000000000}).asDouble(), 1.5);
}
