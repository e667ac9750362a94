//===- KernelConvertTest.cpp - TCVT against numbers written out ------------===//

#include "KernelTesting.h"
#include <algorithm>
#include <cmath>
#include <optional>

using namespace pto;
using namespace pto::sim;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

enum Mode : int64_t { NONE, RINT, ROUND, FLOOR, CEIL, TRUNC, ODD, CAST_RINT };
constexpr int64_t on = 0, off = 1;

/// One row of values through TCVT.
struct Convert {
  TestMachine machine;
  TileOperand src, dst, tmp;
  int64_t count;

  Convert(Arch arch, Element from, Element to, const std::vector<double> &values)
      : machine(arch), count(int64_t(values.size())) {
    src = tile(Space::Vec, from, Form::ND, 2, 64, 1, count);
    dst = tile(Space::Vec, to, Form::ND, 2, 64, 1, count, 0x1000);
    tmp = tile(Space::Vec, Element::I32, Form::ND, 1, 64, 0x2000);
    for (int64_t i = 0; i < count; ++i)
      machine.set(src, 0, i, values[i]);
  }
  std::vector<double> operator()(Mode mode, int64_t saturation, bool scratch = false) {
    machine.run(findKernel("convert"),
                {operand(src), scratch ? operand(tmp) : Operand(), operand(dst)},
                {{"rmode", mode}, {"satmode", saturation}});
    EXPECT_THAT(machine.failures, IsEmpty());
    std::vector<double> result;
    for (int64_t i = 0; i < count; ++i)
      result.push_back(machine.get(dst, 0, i));
    return result;
  }
};

using Values = std::vector<double>;
const double infinity = INFINITY;

} // namespace

TEST(KernelConvert, FloatsToWholesInEveryMode) {
  const Values halves{-2.5, -1.5, -0.75, 0.5, 1.5, 2.5, 3.25};
  struct {
    Mode mode;
    Values expected;
  } rows[] = {
      {RINT, {-2, -2, -1, 0, 2, 2, 3}},  {CAST_RINT, {-2, -2, -1, 0, 2, 2, 3}},
      {ROUND, {-3, -2, -1, 1, 2, 3, 3}}, {FLOOR, {-3, -2, -1, 0, 1, 2, 3}},
      {CEIL, {-2, -1, 0, 1, 2, 3, 4}},   {TRUNC, {-2, -1, 0, 0, 1, 2, 3}},
      {NONE, {-2, -1, 0, 0, 1, 2, 3}},   {ODD, {-2, -1, 0, 0, 1, 2, 3}}, // both as TRUNC
  };
  const std::pair<Element, Element> pairs[] = {
      {Element::F32, Element::I16}, {Element::F32, Element::I32}, {Element::F32, Element::I64},
      {Element::F16, Element::I16}, {Element::F16, Element::I32}, {Element::F16, Element::I8},
      {Element::BF16, Element::I32}};
  for (Arch arch : {Arch::A3, Arch::A5})
    for (auto [from, to] : pairs)
      for (auto &row : rows)
        for (int64_t saturation : {on, off})
          EXPECT_EQ(Convert(arch, from, to, halves)(row.mode, saturation), row.expected)
              << name(from).str() << " " << name(to).str() << " mode " << row.mode;
}

TEST(KernelConvert, F32ToF32RoundsToWholeNumbers) {
  Convert call(Arch::A3, Element::F32, Element::F32, {-2.5, 0.5, 1e30, -0.25});
  EXPECT_EQ(call(RINT, off), (Values{-2, 0, double(1e30f), -0.0}));
  EXPECT_EQ(call(NONE, off), (Values{-2, 0, double(1e30f), 0})); // RINT here, not TRUNC
  EXPECT_EQ(call(ROUND, off), (Values{-3, 1, double(1e30f), 0}));
  EXPECT_EQ(call(CEIL, on), (Values{-2, 1, double(1e30f), 0}));
}

// The spacing of f16 is 2 in [2048, 4096), 32 in [32768, 65536), and 2^-24 below 2^-14.
TEST(KernelConvert, F32ToF16InEveryMode) {
  const Values values{2049, 2051, -2049, 0x1.8p-24, -0x1.8p-25, 2050};
  struct {
    Mode mode;
    Values expected;
  } rows[] = {
      {RINT, {2048, 2052, -2048, 0x1p-23, -0x1p-24, 2050}},
      {ROUND, {2050, 2052, -2050, 0x1p-23, -0x1p-24, 2050}},
      {FLOOR, {2048, 2050, -2050, 0x1p-24, -0x1p-24, 2050}},
      {CEIL, {2050, 2052, -2048, 0x1p-23, -0.0, 2050}},
      {TRUNC, {2048, 2050, -2048, 0x1p-24, -0.0, 2050}},
      {ODD, {2050, 2050, -2050, 0x1p-24, -0x1p-24, 2050}}, // the neighbour with an odd last bit
      {NONE, {2048, 2052, -2048, 0x1p-23, -0x1p-24, 2050}},
  };
  for (Arch arch : {Arch::A3, Arch::A5})
    for (auto &row : rows)
      EXPECT_EQ(Convert(arch, Element::F32, Element::F16, values)(row.mode, off), row.expected)
          << "mode " << row.mode;
}

TEST(KernelConvert, FloatsBeyondTheRange) {
  const Values values{1e6, -1e6, 65519, 65520, infinity, -infinity};
  // a3 saturates this pair whatever is asked for, unless there is a scratch tile.
  Convert onA3(Arch::A3, Element::F32, Element::F16, values);
  for (int64_t saturation : {on, off})
    EXPECT_EQ(onA3(RINT, saturation), (Values{65504, -65504, 65504, 65504, 65504, -65504}));
  EXPECT_EQ(onA3(RINT, off, true),
            (Values{infinity, -infinity, 65504, infinity, infinity, -infinity}));
  Convert onA5(Arch::A5, Element::F32, Element::F16, values);
  EXPECT_EQ(onA5(RINT, on), (Values{65504, -65504, 65504, 65504, 65504, -65504}));
  EXPECT_EQ(onA5(RINT, off), (Values{infinity, -infinity, 65504, infinity, infinity, -infinity}));
  // Rounding inwards never leaves the range.
  EXPECT_EQ(onA5(TRUNC, off), (Values{65504, -65504, 65504, 65504, infinity, -infinity}));
  EXPECT_EQ(onA5(FLOOR, off), (Values{65504, -infinity, 65504, 65504, infinity, -infinity}));
  EXPECT_EQ(onA5(CEIL, off), (Values{infinity, -65504, infinity, infinity, infinity, -infinity}));
  Convert brain(Arch::A5, Element::F32, Element::BF16, {0x1.ffp127, 1.00390625, 1.01171875});
  EXPECT_EQ(brain(RINT, on), (Values{0x1.fep127, 1, 1.015625}));
  EXPECT_EQ(brain(RINT, off), (Values{infinity, 1, 1.015625}));
  EXPECT_EQ(brain(CEIL, on), (Values{0x1.fep127, 1.0078125, 1.015625}));
  Convert nan(Arch::A3, Element::F32, Element::F16, {NAN});
  EXPECT_TRUE(std::isnan(nan(RINT, on)[0]));
}

TEST(KernelConvert, WholesWithAndWithoutSaturation) {
  struct {
    Arch arch;
    Element from, to;
    bool scratch;
    Values values, saturated, wrapped;
  } rows[] = {
      // 70000 = 65536 + 4464; -40000 + 65536 = 25536; 3e9 is clamped to 2^31 - 1 by i32 first.
      {Arch::A3,
       Element::F32,
       Element::I16,
       false,
       {70000, -40000, 3e9},
       {32767, -32768, 32767},
       {4464, 25536, 24064}}, // 3e9 mod 2^16 = 24064
      {Arch::A3,
       Element::F32,
       Element::I16,
       true,
       {70000, -40000, 3e9, -3e9, infinity, -infinity},
       {32767, -32768, 32767, -32768, 32767, -32768},
       {4464, 25536, -1, 0, -1, 0}},
      {Arch::A5,
       Element::F32,
       Element::I16,
       false,
       {70000, 3e9, infinity},
       {32767, 32767, 32767},
       {4464, -1, -1}},
      {Arch::A3, Element::F16, Element::I8, false, {300, -200}, {127, -128}, {44, 56}},
      {Arch::A3,
       Element::F16,
       Element::I8,
       true,
       {300, infinity, -infinity},
       {127, 127, -128},
       {44, -1, 0}},
      {Arch::A5, Element::F16, Element::I8, false, {300, 65504}, {127, 127}, {44, -1}},
      {Arch::A3, Element::F16, Element::U8, false, {300, -1}, {255, 0}, {44, 255}},
      // Other pairs of a3 saturate always without a scratch tile.
      {Arch::A3,
       Element::F32,
       Element::I32,
       false,
       {3e9, -3e9, NAN},
       {2147483647, -2147483648.0, 0},
       {2147483647, -2147483648.0, 0}},
      {Arch::A5, Element::F32, Element::I32, false, {3e9}, {2147483647}, {3e9 - 0x1p32}},
      {Arch::A3,
       Element::I32,
       Element::I16,
       false,
       {70000, -40000},
       {32767, -32768},
       {4464, 25536}},
      {Arch::A3,
       Element::I64,
       Element::I32,
       false,
       {5e9, -5e9},
       {2147483647, -2147483648.0},
       {5e9 - 0x1p32, 0x1p32 - 5e9}},
      {Arch::A5, Element::I16, Element::U8, false, {300, -1}, {255, 0}, {44, 255}},
      {Arch::A5, Element::I32, Element::U16, false, {-1, 70000}, {0, 65535}, {65535, 4464}},
      {Arch::A5, Element::U32, Element::I16, false, {4e9, 5}, {32767, 5}, {10240, 5}},
      {Arch::A5, Element::I16, Element::U32, false, {-1}, {0}, {4294967295.0}},
      {Arch::A5, Element::U8, Element::U16, false, {200}, {200}, {200}},
      {Arch::A5, Element::I8, Element::I32, false, {-5}, {-5}, {-5}},
      {Arch::A3, Element::I32, Element::I64, false, {-5}, {-5}, {-5}},
  };
  for (auto &row : rows) {
    std::string what =
        name(row.from).str() + " to " + name(row.to).str() + " on " + name(row.arch).str();
    EXPECT_EQ(Convert(row.arch, row.from, row.to, row.values)(RINT, on, row.scratch), row.saturated)
        << what;
    EXPECT_EQ(Convert(row.arch, row.from, row.to, row.values)(RINT, off, row.scratch), row.wrapped)
        << what;
  }
}

TEST(KernelConvert, WholesToFloats) {
  // 2^24 + 1 lies halfway between two floats, 2049 between two halves.
  Convert wide(Arch::A3, Element::I32, Element::F32, {16777217, -16777219});
  EXPECT_EQ(wide(RINT, off), (Values{16777216, -16777220}));
  EXPECT_EQ(wide(NONE, off), (Values{16777216, -16777220}));
  EXPECT_EQ(wide(CEIL, off), (Values{16777218, -16777218}));
  EXPECT_EQ(wide(FLOOR, off), (Values{16777216, -16777220}));
  Convert narrow(Arch::A3, Element::I16, Element::F16, {2049, -2051});
  EXPECT_EQ(narrow(RINT, off), (Values{2048, -2052}));
  EXPECT_EQ(narrow(TRUNC, off), (Values{2048, -2050}));
  // A dequantising move on a3: the mode is ignored, the result saturates.
  Convert moved(Arch::A3, Element::I32, Element::F16, {2051, 1000000});
  EXPECT_EQ(moved(TRUNC, off), (Values{2052, 65504}));
  for (Element from : {Element::I8, Element::U8})
    EXPECT_EQ(Convert(Arch::A3, from, Element::F16, {100, 3})(CEIL, off), (Values{100, 3}));
  EXPECT_EQ(Convert(Arch::A3, Element::I16, Element::F32, {-32768})(CEIL, off), (Values{-32768}));
}

TEST(KernelConvert, A64BitIntegerIsRoundedOnce) {
  // Just above halfway between two floats: rounding to double first would lose the last one.
  Convert call(Arch::A3, Element::I64, Element::F32, {0});
  int64_t value = (int64_t(1) << 62) + (int64_t(1) << 38) + 1;
  encodeInteger(Element::I64, value, call.machine.at(Space::Vec, call.src.address));
  EXPECT_EQ(call(RINT, off), (Values{0x1p62 + 0x1p39}));
  EXPECT_EQ(call(TRUNC, off), (Values{0x1p62}));
  encodeInteger(Element::I64, -value, call.machine.at(Space::Vec, call.src.address));
  EXPECT_EQ(call(RINT, off), (Values{-0x1p62 - 0x1p39}));
}

TEST(KernelConvert, FloatsWiden) {
  for (Element from : {Element::F16, Element::BF16})
    for (Mode mode : {RINT, CEIL, TRUNC})
      EXPECT_EQ(Convert(Arch::A3, from, Element::F32, {1.5, -infinity, 0x1p-14})(mode, off),
                (Values{1.5, -infinity, 0x1p-14}));
  EXPECT_EQ(Convert(Arch::A5, Element::F8E4M3, Element::F32, {448, -0.5})(RINT, on),
            (Values{448, -0.5}));
  EXPECT_EQ(Convert(Arch::A5, Element::BF16, Element::F16, {1.0078125, 1e6})(RINT, off),
            (Values{1.0078125, infinity}));
}

TEST(KernelConvert, EightBitFloatsRoundInOneWay) {
  // e4m3 has steps of 32 above 256; 272 is halfway between 256 and 288. Both clamp.
  for (Mode mode : {RINT, CEIL, TRUNC, ROUND}) {
    EXPECT_EQ(Convert(Arch::A5, Element::F32, Element::F8E4M3, {272, 273, 1e6})(mode, off),
              (Values{256, 288, 448}));
    EXPECT_EQ(Convert(Arch::A5, Element::F32, Element::F8E5M2, {9, 11, -1e6})(mode, off),
              (Values{8, 12, -57344}));
  }
}

TEST(KernelConvert, TouchesItsTilesAndScratch) {
  Convert plain(Arch::A3, Element::F32, Element::I16, {1, 2, 3});
  plain(RINT, off);
  EXPECT_EQ(plain.machine.reads(Space::Vec), plain.machine.bytesOfTile(plain.src, 1, 3));
  EXPECT_EQ(plain.machine.writes(Space::Vec), plain.machine.bytesOfTile(plain.dst, 1, 3));
  plain(RINT, off, true);
  ByteSet written = plain.machine.bytesOfTile(plain.dst, 1, 3);
  TestMachine::touch(written, 0x2000, 32); // one block of 8 intermediate values
  EXPECT_EQ(plain.machine.writes(Space::Vec), written);
  Convert half(Arch::A3, Element::F16, Element::I8, Values(48, 1.0));
  half(RINT, off, true);
  written = half.machine.bytesOfTile(half.dst, 1, 48);
  TestMachine::touch(written, 0x2000, 128 + 3 * 32); // values of 32 bits, then of 16 behind them
  EXPECT_EQ(half.machine.writes(Space::Vec), written);
  half(RINT, on, true);
  EXPECT_EQ(half.machine.writes(Space::Vec), half.machine.bytesOfTile(half.dst, 1, 48));
}

TEST(KernelConvert, EightBitFloats) {
  const Values some{1.0, 1.0625, -2.125, 500, -1e6, infinity, 0x1p-20, 0.3};
  // e4m3 has steps of 1/8 from 1 on and ends at 448, e5m2 steps of 1/4 and 57344.
  Convert e4m3(Arch::A5, Element::F32, Element::F8E4M3, some);
  EXPECT_EQ(e4m3(FLOOR, off), (Values{1, 1, -2, 448, -448, 448, 0, 0.3125}));
  Convert e5m2(Arch::A5, Element::F32, Element::F8E5M2, some);
  EXPECT_EQ(e5m2(CEIL, off), (Values{1, 1, -2, 512, -57344, 57344, 0, 0.3125}));
  // hif8: steps of 1/8 up to 4, then coarser; ties away from zero whatever the mode says.
  Convert hif8(Arch::A5, Element::F32, Element::HIF8, some);
  EXPECT_EQ(hif8(TRUNC, off), (Values{1, 1.125, -2.25, 512, -32768, 32768, 0x1p-20, 0.3125}));
  Convert fromHalf(Arch::A5, Element::F16, Element::HIF8, {1.0625, -6.25, 65504});
  EXPECT_EQ(fromHalf(RINT, off), (Values{1.125, -6.5, 32768}));
  for (Element from : {Element::F8E4M3, Element::F8E5M2, Element::HIF8})
    EXPECT_EQ(Convert(Arch::A5, from, Element::F32, {1.5, -0.25, 256})(RINT, off),
              (Values{1.5, -0.25, 256}));
}

/// Every mode between bf16 and packed pairs against the nearest codes, found by looking at all.
TEST(KernelConvert, PackedPairs) {
  for (Element to : {Element::F4E2M1x2, Element::F4E1M2x2})
    for (Mode mode : {RINT, ROUND, FLOOR, CEIL, TRUNC, NONE}) {
      Values numbers;
      for (int64_t i = -32; i < 32; ++i)
        numbers.push_back(double(i) * 0.1875);
      TestMachine machine(Arch::A5);
      TileOperand src = tile(Space::Vec, Element::BF16, Form::ND, 2, 32),
                  dst = tile(Space::Vec, to, Form::ND, 2, 32, 2, 16, 0x1000),
                  back = tile(Space::Vec, Element::BF16, Form::ND, 2, 32, 0x2000);
      for (int64_t i = 0; i < 64; ++i)
        machine.set(src, i / 32, i % 32, numbers[i]);
      machine.run(findKernel("convert"), {operand(src), Operand(), operand(dst)},
                  {{"rmode", mode}, {"satmode", off}});
      EXPECT_THAT(machine.failures, IsEmpty());
      EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(dst, 2, 16));
      machine.run(findKernel("convert"), {operand(dst), Operand(), operand(back)});
      Values codes;
      for (unsigned code = 0; code < 16; ++code)
        codes.push_back(decodePair(to, uint8_t(code))[0]);
      double largest = to == Element::F4E2M1x2 ? 6 : 1.75;
      for (int64_t i = 0; i < 64; ++i) {
        double x = std::clamp(numbers[i], -largest, largest), best = NAN;
        for (double code : codes) {
          bool fits = mode == FLOOR   ? code <= x
                      : mode == CEIL  ? code >= x
                      : mode == TRUNC ? std::fabs(code) <= std::fabs(x)
                                      : true;
          double far = std::fabs(code - x), least = std::fabs(best - x);
          // Of two at one distance: half away takes the larger magnitude, to even the even code.
          bool wins = std::isnan(best) || far < least ||
                      (far == least && mode == ROUND && std::fabs(code) > std::fabs(best));
          if (fits && wins)
            best = code;
        }
        double got = machine.get(back, i / 32, i % 32);
        bool isTie = (mode == RINT || mode == NONE) && std::fabs(got - x) == std::fabs(best - x);
        EXPECT_TRUE(got == best || isTie)
            << name(to).str() << " mode " << mode << ": " << x << " became " << got;
      }
    }
}

TEST(KernelConvert, RefusesWhatItCannot) {
  TestMachine machine(Arch::A5);
  TileOperand f = tile(Space::Vec, Element::F32, Form::ND, 2, 64),
              b = tile(Space::Vec, Element::BF16, Form::ND, 2, 64),
              h = tile(Space::Vec, Element::F4E2M1x2, Form::ND, 2, 64, 0x1000),
              s = tile(Space::Vec, Element::F16, Form::ND, 2, 64, 1, 64, 0x1000);
  machine.run(findKernel("convert"), {operand(b), Operand(), operand(h)});
  EXPECT_THAT(machine.failures,
              testing::ElementsAre("the source has 2x64 valid numbers, the result 2x128"));
  machine.run(findKernel("convert"), {operand(f), Operand(), operand(s)});
  EXPECT_THAT(machine.failures,
              testing::ElementsAre("the source has 2x64 valid elements, the result 1x64"));
}
