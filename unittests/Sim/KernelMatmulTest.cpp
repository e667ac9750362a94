//===- KernelMatmulTest.cpp - The matrix unit against a triple loop --------===//

#include "KernelTesting.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
struct Shape {
  int64_t m, k, n;
};

struct Tiles {
  TileOperand left, right, result, bias;

  /// The forms of the operands per arch: library 1.4.
  Tiles(Arch arch, Element operandElement, Element resultElement, Shape size, Shape valid) {
    Form leftForm = arch == Arch::A3 ? Form::Zz : Form::Nz;
    left = tile(Space::Left, operandElement, leftForm, size.m, size.k, valid.m, valid.k, 0x200);
    right = tile(Space::Right, operandElement, Form::Zn, size.k, size.n, valid.k, valid.n, 0x400);
    result = tile(Space::Acc, resultElement, Form::Nz, size.m, size.n, valid.m, valid.n, 0x800);
    bias = tile(Space::Bias, resultElement, Form::ND, 1, size.n, 1, valid.n);
  }

  /// Small whole numbers and quarters: every partial sum is exact, so the order of summation does
  /// not show.
  void fill(TestMachine &machine) const {
    double unit = isFloat(left.shape.element) ? 0.25 : 1;
    for (int64_t i = 0; i < left.shape.validRows; ++i)
      for (int64_t j = 0; j < left.shape.validCols; ++j)
        machine.set(left, i, j, unit * ((i * 7 + j * 3) % 13 - 6));
    for (int64_t i = 0; i < right.shape.validRows; ++i)
      for (int64_t j = 0; j < right.shape.validCols; ++j)
        machine.set(right, i, j, unit * ((i * 5 + j * 11) % 15 - 7));
    for (int64_t i = 0; i < result.shape.validRows; ++i)
      for (int64_t j = 0; j < result.shape.validCols; ++j)
        machine.set(result, i, j, double(i - j));
    for (int64_t j = 0; j < bias.shape.validCols; ++j)
      machine.set(bias, 0, j, double(100 + j));
  }

  double product(TestMachine &machine, int64_t i, int64_t j) const {
    double sum = 0;
    for (int64_t l = 0; l < left.shape.validCols; ++l)
      sum += machine.get(left, i, l) * machine.get(right, l, j);
    return sum;
  }
};
} // namespace

TEST(KernelMatmul, AllTypesFormsAndShapes) {
  struct Types {
    Element operand, result;
    Arch arch;
  };
  for (const Types &types :
       {Types{Element::F16, Element::F32, Arch::A3}, Types{Element::BF16, Element::F32, Arch::A3},
        Types{Element::F32, Element::F32, Arch::A3}, Types{Element::I8, Element::I32, Arch::A3},
        Types{Element::F16, Element::F32, Arch::A5}, Types{Element::F8E4M3, Element::F32, Arch::A5},
        Types{Element::F8E5M2, Element::F32, Arch::A5}})
    for (Shape valid : {Shape{32, 64, 48}, Shape{17, 33, 31}, Shape{2, 1, 1}})
      for (int form : {0, 1, 2}) {
        TestMachine machine(types.arch);
        Tiles setup(types.arch, types.operand, types.result, {32, 64, 48}, valid);
        setup.fill(machine);
        Operand left = operand(setup.left), right = operand(setup.right),
                result = operand(setup.result);
        double start[32][48];
        for (int64_t i = 0; i < valid.m; ++i)
          for (int64_t j = 0; j < valid.n; ++j)
            start[i][j] = form == 0 ? 0 : form == 1 ? double(i - j) : double(100 + j);
        if (form == 0)
          machine.run(findKernel("matmul"), {left, right, result});
        else if (form == 1)
          machine.run(findKernel("matmul_acc"), {result, left, right, result});
        else
          machine.run(findKernel("matmul_bias"), {left, right, operand(setup.bias), result});
        EXPECT_THAT(machine.failures, IsEmpty());
        EXPECT_EQ(machine.reads(Space::Left), machine.bytesOfTile(setup.left, valid.m, valid.k));
        EXPECT_EQ(machine.reads(Space::Right), machine.bytesOfTile(setup.right, valid.k, valid.n));
        EXPECT_EQ(machine.writes(Space::Acc), machine.bytesOfTile(setup.result, valid.m, valid.n));
        EXPECT_EQ(machine.reads(Space::Acc), form == 1 ? machine.writes(Space::Acc) : ByteSet());
        EXPECT_EQ(machine.reads(Space::Bias),
                  form == 2 ? machine.bytesOfTile(setup.bias, 1, valid.n) : ByteSet());
        for (int64_t i = 0; i < valid.m; ++i)
          for (int64_t j = 0; j < valid.n; ++j)
            ASSERT_EQ(machine.get(setup.result, i, j), setup.product(machine, i, j) + start[i][j])
                << name(types.operand).str() << " " << i << " " << j;
      }
}

TEST(KernelMatmul, RoundsLikeFloat) {
  // Sums that are not exact stay within the error bound of float summation.
  TestMachine machine;
  Tiles setup(Arch::A3, Element::F32, Element::F32, {16, 128, 16}, {16, 128, 16});
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t l = 0; l < 128; ++l) {
      machine.set(setup.left, i, l, std::sin(double(i * 128 + l)));
      machine.set(setup.right, l, i, std::cos(double(i * 77 + l)));
    }
  machine.run(findKernel("matmul"),
              {operand(setup.left), operand(setup.right), operand(setup.result)});
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t j = 0; j < 16; ++j)
      EXPECT_NEAR(machine.get(setup.result, i, j), setup.product(machine, i, j),
                  128 * 0x1p-24 * 128);
}

TEST(KernelMatmul, IntegerSumsWrap) {
  TestMachine machine;
  Tiles setup(Arch::A3, Element::I8, Element::I32, {16, 32, 16}, {16, 32, 16});
  setup.fill(machine);
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t j = 0; j < 16; ++j)
      machine.set(setup.result, i, j, 2147483647.0);
  for (int64_t l = 0; l < 32; ++l) {
    machine.set(setup.left, 3, l, -128);
    machine.set(setup.right, l, 5, -128);
  }
  machine.run(findKernel("matmul_acc"), {operand(setup.result), operand(setup.left),
                                         operand(setup.right), operand(setup.result)});
  EXPECT_EQ(machine.get(setup.result, 3, 5), 2147483647.0 + 32 * 16384 - 4294967296.0);
}

TEST(KernelMatmul, OneRowBecomesSixteenOnA3) {
  Shape valid{1, 32, 32};
  for (Arch arch : {Arch::A3, Arch::A5})
    for (bool gemv : {false, true}) {
      TestMachine machine(arch);
      Tiles setup(arch, Element::F16, Element::F32, {16, 32, 32}, valid);
      setup.fill(machine);
      machine.run(findKernel(gemv ? "gemv" : "matmul"),
                  {operand(setup.left), operand(setup.right), operand(setup.result)});
      EXPECT_THAT(machine.failures, IsEmpty());
      int64_t rows = arch == Arch::A3 && !gemv ? 16 : 1;
      EXPECT_EQ(machine.writes(Space::Acc), machine.bytesOfTile(setup.result, rows, 32));
      EXPECT_EQ(machine.reads(Space::Left), machine.bytesOfTile(setup.left, 1, 32));
      EXPECT_EQ(machine.residues(Space::Left), machine.bytesOfTile(setup.left, rows - 1, 32, 1, 0));
      for (int64_t j = 0; j < 32; ++j)
        EXPECT_EQ(machine.get(setup.result, 0, j), setup.product(machine, 0, j));
    }
}

TEST(KernelMatmul, GemvOfAVectorTile) {
  TestMachine machine;
  Tiles setup(Arch::A3, Element::F16, Element::F32, {16, 64, 32}, {1, 64, 32});
  setup.fill(machine);
  TileOperand vector = tile(Space::Left, Element::F16, Form::Zz, 1, 64);
  for (int64_t l = 0; l < 64; ++l)
    machine.put(Space::Left, 2 * l, Element::F16, l % 5);
  for (const char *kernel : {"gemv", "gemv_acc", "gemv_bias"}) {
    setup.fill(machine);
    std::vector<Operand> operands = {operand(vector), operand(setup.right), operand(setup.result)};
    bool accumulates = llvm::StringRef(kernel) == "gemv_acc",
         biased = llvm::StringRef(kernel) == "gemv_bias";
    if (accumulates)
      operands.insert(operands.begin(), operand(setup.result));
    if (biased)
      operands.insert(operands.begin() + 2, operand(setup.bias));
    machine.run(findKernel(kernel), operands);
    EXPECT_THAT(machine.failures, IsEmpty());
    for (int64_t j = 0; j < 32; ++j) {
      double sum = accumulates ? -double(j) : biased ? 100.0 + j : 0;
      for (int64_t l = 0; l < 64; ++l)
        sum += (l % 5) * machine.get(setup.right, l, j);
      EXPECT_EQ(machine.get(setup.result, 0, j), sum) << kernel;
    }
  }
}

TEST(KernelMatmul, GemvTakesItsDepthFromTheRightTile) {
  TestMachine machine;
  Tiles setup(Arch::A3, Element::F16, Element::F32, {16, 64, 32}, {1, 64, 32});
  setup.fill(machine);
  setup.right.shape.validRows = 48;
  machine.run(findKernel("gemv"),
              {operand(setup.left), operand(setup.right), operand(setup.result)});
  EXPECT_THAT(machine.failures, ElementsAre("A has 64 columns, B has 48 rows"));
  EXPECT_EQ(machine.reads(Space::Left), machine.bytesOfTile(setup.left, 1, 48));
}

TEST(KernelMatmul, AccumulatorInputMustBeTheResultOnA3) {
  for (Arch arch : {Arch::A3, Arch::A5}) {
    TestMachine machine(arch);
    Tiles setup(arch, Element::F16, Element::F32, {16, 16, 16}, {16, 16, 16});
    setup.fill(machine);
    TileOperand other = setup.result;
    other.address = 0x4000;
    for (int64_t i = 0; i < 16; ++i)
      for (int64_t j = 0; j < 16; ++j)
        machine.set(other, i, j, 1000);
    machine.run(findKernel("matmul_acc"),
                {operand(other), operand(setup.left), operand(setup.right), operand(setup.result)});
    if (arch == Arch::A3)
      EXPECT_THAT(machine.failures, ElementsAre(HasSubstr("a2/a3 adds to the result")));
    else
      EXPECT_THAT(machine.failures, IsEmpty());
    EXPECT_EQ(machine.get(setup.result, 2, 5),
              setup.product(machine, 2, 5) + (arch == Arch::A3 ? -3 : 1000));
  }
}

TEST(KernelMatmul, ReportsMisuse) {
  KernelFunction matmul = findKernel("matmul");
  TestMachine machine;
  auto run = [&](Element operands, Element result, Shape size, Shape valid, auto change) {
    Tiles setup(Arch::A3, operands, result, size, valid);
    change(setup);
    machine.run(matmul, {operand(setup.left), operand(setup.right), operand(setup.result)});
    return machine.failures;
  };
  auto nothing = [](Tiles &) {};
  Shape full{16, 32, 32};
  EXPECT_THAT(run(Element::F16, Element::I32, full, full, nothing),
              ElementsAre(HasSubstr("does not multiply f16 by f16 into i32")));
  EXPECT_THAT(run(Element::F8E4M3, Element::F32, full, full, nothing),
              ElementsAre(HasSubstr("does not multiply f8E4M3")));
  EXPECT_THAT(
      run(Element::F16, Element::F32, full, full, [](Tiles &s) { s.right.shape.validRows = 16; }),
      ElementsAre("A has 32 columns, B has 16 rows"));
  EXPECT_THAT(
      run(Element::F16, Element::F32, full, full, [](Tiles &s) { s.result.shape.validCols = 16; }),
      ElementsAre("the product is 16x32, the result tile holds 16x16"));
  EXPECT_THAT(run(Element::F16, Element::F32, full, {0, 32, 32}, nothing), IsEmpty());
  EXPECT_THAT(machine.writes(Space::Acc), IsEmpty());
  EXPECT_THAT(
      run(Element::F16, Element::F32, {1, 32, 32}, {1, 32, 32}, nothing),
      ElementsAre("TMATMUL of one row works on 16 rows, but its tiles have fewer: use TGEMV"));
}
