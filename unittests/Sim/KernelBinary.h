//===- KernelBinary.h - Calls of two-input vector operations ---------------===//
#ifndef PTOAS_UNITTESTS_SIM_KERNELBINARY_H
#define PTOAS_UNITTESTS_SIM_KERNELBINARY_H

#include "KernelTesting.h"
#include <cmath>
#include <random>

namespace pto::sim {

/// A value of an element type, as the models see it.
using Whole = __int128;

inline Whole readWhole(Element element, const uint8_t *bytes) {
  int64_t value = decodeInteger(element, bytes);
  return element == Element::U64 ? Whole(uint64_t(value)) : Whole(value);
}

/// A binary call on tiles of random bits and of the values that break naive code.
struct Binary {
  static constexpr int64_t rows = 6, cols = 64, validRows = 5, validCols = 50;
  TestMachine machine;
  TileOperand a, b, scratch, result;
  std::vector<uint8_t> before[2]; ///< the inputs' memory as it was
  Element element;

  Binary(Element element, Arch arch = Arch::A5) : machine(arch), element(element) {
    a = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x0);
    b = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x2000);
    scratch = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x4000);
    result = tile(Space::Vec, element, Form::ND, rows, cols, validRows, validCols, 0x6000);
    std::mt19937_64 random(42);
    for (const TileOperand *input : {&a, &b})
      for (int64_t i = 0; i < validRows * validCols; ++i) {
        uint8_t *cell = at(*input, i);
        uint64_t bits = random();
        std::memcpy(cell, &bits, bytesOf(element));
        if (i % 3 ==
            0) // small values, so that quotients and shifts are interesting; zeros among them
          machine.put(Space::Vec, machine.address(*input, i / validCols, i % validCols), element,
                      isUnsigned(element) ? double(bits % 9) : double(bits % 19) - 9);
      }
    setSpecials();
  }

  void setSpecials() {
    double infinity = INFINITY, nan = NAN;
    const double reals[][2] = {{0.0, -0.0}, {infinity, 1}, {-infinity, infinity},
                               {nan, 1},    {1, nan},      {1, 0},
                               {-1, 0},     {0, 0},        {1e4, 1e4},
                               {-7.5, 2}};
    for (int i = 0; i < 10; ++i) {
      if (isFloat(element)) {
        setPair(i, reals[i][0], reals[i][1]);
        continue;
      }
      int64_t least = isUnsigned(element) ? 0 : int64_t(-1) << (bytesOf(element) * 8 - 1);
      const int64_t wholes[][2] = {{least, -1}, {least, least}, {-1, -1},   {5, 0},  {0, 5},
                                   {-7, 2},     {7, -2},        {least, 1}, {-1, 1}, {100, 100}};
      encodeInteger(element, wholes[i][0], at(a, i));
      encodeInteger(element, wholes[i][1], at(b, i));
    }
  }

  void setPair(int64_t i, double first, double second) {
    machine.put(Space::Vec, machine.address(a, 0, i), element, first);
    machine.put(Space::Vec, machine.address(b, 0, i), element, second);
  }

  uint8_t *at(const TileOperand &tile, int64_t i) {
    return machine.at(Space::Vec, machine.address(tile, i / validCols, i % validCols));
  }

  void run(KernelFunction kernel, std::vector<Operand> operands,
           std::vector<Attribute> attributes = {}) {
    before[0].assign(machine.at(Space::Vec, 0), machine.at(Space::Vec, 0x2000));
    before[1].assign(machine.at(Space::Vec, 0x2000), machine.at(Space::Vec, 0x4000));
    machine.run(kernel, std::move(operands), std::move(attributes));
  }
  void runMap(llvm::StringRef mnemonic) {
    run(findMapKernel(mnemonic), {operand(a), operand(b), operand(result)});
  }
  void runScratch(llvm::StringRef name, std::vector<Attribute> attributes = {}) {
    run(findKernel(name), {operand(a), operand(b), operand(scratch), operand(result)}, attributes);
  }

  /// Input `which` of element i as it was before the call.
  const uint8_t *input(int which, int64_t i) const {
    uint64_t address = machine.address(a, i / validCols, i % validCols);
    return before[which].data() + address;
  }

  void expectFootprint() {
    EXPECT_THAT(machine.failures, testing::IsEmpty());
    ByteSet inputs = machine.bytesOfTile(a, validRows, validCols);
    inputs.merge(machine.bytesOfTile(b, validRows, validCols));
    EXPECT_EQ(machine.reads(Space::Vec), inputs);
    EXPECT_EQ(machine.writes(Space::Vec), machine.bytesOfTile(result, validRows, validCols));
  }

  void expectWholes(Whole (*model)(Whole, Whole)) {
    for (int64_t i = 0; i < validRows * validCols; ++i) {
      uint64_t expected = 0, got = 0;
      Whole x = readWhole(element, input(0, i)), y = readWhole(element, input(1, i));
      encodeInteger(element, int64_t(model(x, y)), &expected);
      std::memcpy(&got, at(result, i), bytesOf(element));
      ASSERT_EQ(got, expected) << name(element).str() << " " << int64_t(x) << " " << int64_t(y);
    }
  }
  void expectReals(double (*model)(double, double)) {
    for (int64_t i = 0; i < validRows * validCols; ++i) {
      double x = decodeFloat(element, input(0, i)), y = decodeFloat(element, input(1, i));
      uint64_t expected = 0, got = 0;
      encodeFloat(element, model(x, y), &expected);
      std::memcpy(&got, at(result, i), bytesOf(element));
      if (std::isnan(decodeFloat(element, &expected)))
        ASSERT_TRUE(std::isnan(decodeFloat(element, &got)))
            << name(element).str() << " " << x << " " << y;
      else
        ASSERT_EQ(got, expected) << name(element).str() << " " << x << " " << y;
    }
  }
};

} // namespace pto::sim

#endif // PTOAS_UNITTESTS_SIM_KERNELBINARY_H
