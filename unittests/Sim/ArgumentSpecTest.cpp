//===- ArgumentSpecTest.cpp - `--arg NAME=VALUE` ---------------------------===//

#include "ptoas/Sim/ArgumentSpec.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace pto;
using namespace pto::sim;
using testing::HasSubstr;
using Shape = std::vector<int64_t>;

static ArgumentSpec good(llvm::StringRef text) {
  auto spec = parseArgument(text);
  if (spec)
    return *spec;
  ADD_FAILURE() << text.str() << ": " << llvm::toString(spec.takeError());
  return {};
}

static std::string bad(llvm::StringRef text) {
  auto spec = parseArgument(text);
  return spec ? "no error" : llvm::toString(spec.takeError());
}

static int64_t integer(const ArgumentSpec &spec, ArgumentPlace place, Element element) {
  auto scalar = scalarArgument(spec, place, element);
  if (scalar)
    return scalar->asInteger();
  ADD_FAILURE() << llvm::toString(scalar.takeError());
  return 0;
}

static std::string scalarFailure(const ArgumentSpec &spec, Element element) {
  auto scalar = scalarArgument(spec, {}, element);
  return scalar ? "no error" : llvm::toString(scalar.takeError());
}

TEST(ArgumentSpec, Arrays) {
  ArgumentSpec spec = good("a=zeros:16x64:f32");
  EXPECT_EQ(spec.name, "a");
  EXPECT_EQ(spec.kind, ArgumentSpec::Zeros);
  EXPECT_EQ(spec.shape, (Shape{16, 64}));
  EXPECT_EQ(spec.element, Element::F32);
  spec = good("%b=random:2x3x4:bf16:77");
  EXPECT_EQ(spec.name, "b");
  EXPECT_EQ(spec.kind, ArgumentSpec::Random);
  EXPECT_EQ(spec.shape, (Shape{2, 3, 4}));
  EXPECT_EQ(spec.seed, 77u);
  spec = good("0=poison:8:ui8");
  EXPECT_EQ(spec.name, "0");
  EXPECT_EQ(spec.kind, ArgumentSpec::Poison);
  spec = good("w=window:0x100:1x64:f16");
  EXPECT_EQ(spec.kind, ArgumentSpec::Window);
  EXPECT_EQ(spec.offset, 256u);
  EXPECT_EQ(spec.shape, (Shape{1, 64}));
  spec = good("c=same:a");
  EXPECT_EQ(spec.kind, ArgumentSpec::Same);
  EXPECT_EQ(spec.other, "a");
}

TEST(ArgumentSpec, Files) {
  ArgumentSpec spec = good("a=dir/x_{rank}.npy");
  EXPECT_EQ(spec.kind, ArgumentSpec::File);
  EXPECT_EQ(spec.path, "dir/x_{rank}.npy");
  EXPECT_FALSE(spec.element);
  EXPECT_EQ(pathForRank(spec.path, 3), "dir/x_3.npy");
  EXPECT_EQ(pathForRank("{rank}/{rank}.npy", 12), "12/12.npy");
  spec = good("a=C:/x=1.npy:bf16");
  EXPECT_EQ(spec.path, "C:/x=1.npy");
  EXPECT_EQ(spec.element, Element::BF16);
}

TEST(ArgumentSpec, Scalars) {
  EXPECT_EQ(integer(good("n=-12"), {}, Element::I32), -12);
  EXPECT_EQ(integer(good("n=0x7f"), {}, Element::Index), 127);
  EXPECT_EQ(integer(good("n=010"), {}, Element::I32), 10);
  EXPECT_EQ(integer(good("n=true"), {}, Element::I1), 1);
  EXPECT_EQ(integer(good("n=18446744073709551615"), {}, Element::U64), -1);
  EXPECT_EQ(integer(good("n=255"), {}, Element::I8), -1); // signless: both readings
  EXPECT_EQ(scalarArgument(good("x=1.5"), {}, Element::F16)->asDouble(), 1.5);
  EXPECT_EQ(scalarArgument(good("x=-.5e1"), {}, Element::F32)->asDouble(), -5);
  EXPECT_EQ(scalarArgument(good("x=3"), {}, Element::F32)->asDouble(), 3);
  EXPECT_EQ(scalarArgument(good("x=-inf"), {}, Element::F32)->asDouble(), -INFINITY);
  EXPECT_TRUE(std::isnan(scalarArgument(good("x=nan"), {}, Element::F32)->asDouble()));
  EXPECT_THAT(scalarFailure(good("x=1.5"), Element::I32),
              HasSubstr("is a fraction, but the kernel takes i32"));
  EXPECT_THAT(scalarFailure(good("x=256"), Element::I8), HasSubstr("256 is no value of i8"));
  EXPECT_THAT(scalarFailure(good("x=-1"), Element::U8), HasSubstr("-1 is no value of ui8"));
  EXPECT_THAT(scalarFailure(good("x=zeros:1:f32"), Element::I8), HasSubstr("is an array"));
}

TEST(ArgumentSpec, Places) {
  ArgumentPlace last{3, 4, 7};
  EXPECT_EQ(integer(good("p=rank"), last, Element::I32), 3);
  EXPECT_EQ(integer(good("p=peer"), last, Element::I32), 0);
  EXPECT_EQ(integer(good("p=peer"), {0, 2, 0}, Element::I32), 1);
  EXPECT_EQ(integer(good("p=ranks"), last, Element::I32), 4);
  EXPECT_EQ(integer(good("p=block"), last, Element::I32), 7);
  EXPECT_EQ(good("p=ctx").kind, ArgumentSpec::Context);
  EXPECT_FALSE(good("p=ctx").isScalar());
  EXPECT_EQ(windowContext({0x1000, 0x9000}, 1), (Shape{0x9000, 0x1000, 0x9000}));
}

TEST(ArgumentSpec, Errors) {
  EXPECT_THAT(bad("a"), HasSubstr("'a' is not NAME=VALUE"));
  EXPECT_THAT(bad("%a"), HasSubstr("is not NAME=VALUE"));
  EXPECT_THAT(bad("=1"), HasSubstr("is not NAME=VALUE"));
  EXPECT_THAT(bad("a="), HasSubstr("the forms are FILE.npy[:ELEMENT], zeros:SHAPE:ELEMENT"));
  EXPECT_THAT(bad("a=one"), HasSubstr("argument 'a': 'one' is no argument value"));
  EXPECT_THAT(bad("a=infinite"), HasSubstr("no argument value"));
  EXPECT_THAT(bad("a=ranked"), HasSubstr("no argument value"));
  EXPECT_THAT(bad("a=file.txt"), HasSubstr("no argument value"));
  EXPECT_THAT(bad("a=zeros:16x64"), HasSubstr("lacks the element type"));
  EXPECT_THAT(bad("a=zeros:16xx64:f32"), HasSubstr("'16xx64' is not a shape"));
  EXPECT_THAT(bad("a=zeros:-1:f32"), HasSubstr("is not a shape"));
  EXPECT_THAT(bad("a=zeros::f32"), HasSubstr("is not a shape"));
  EXPECT_THAT(bad("a=zeros:4:float"), HasSubstr("'float' is not an element type"));
  EXPECT_THAT(bad("a=zeros:4:index"), HasSubstr("is not an element type"));
  EXPECT_THAT(bad("a=zeros:99999999999x99999999999:f32"), HasSubstr("larger than 1 TiB"));
  EXPECT_THAT(bad("a=random:16x64:f32"), HasSubstr("lacks a seed"));
  EXPECT_THAT(bad("a=random:16x64:f32:x"), HasSubstr("lacks a seed"));
  EXPECT_THAT(bad("a=window:16x64:f32"), HasSubstr("'16x64' is not a byte offset"));
  EXPECT_THAT(bad("a=same:"), HasSubstr("same: lacks the name of the other argument"));
  EXPECT_THAT(bad("a=x.npy:float"), HasSubstr("'float' is not an element type"));
}

TEST(ArgumentSpec, RandomIsSplitmix64) {
  // The generator's published first outputs for state 1234567.
  const uint64_t outputs[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u};
  auto reals = arrayArgument(good("r=random:3:f64:1234567"), 0);
  auto later = arrayArgument(good("r=random:3:f64:1234566"), 1);
  auto whole = arrayArgument(good("r=random:3:i32:1234567"), 0);
  auto natural = arrayArgument(good("r=random:3:ui8:1234567"), 0);
  ASSERT_TRUE(reals && later && whole && natural);
  EXPECT_EQ(reals->bytes, later->bytes); // rank r draws from SEED + r
  for (int i = 0; i < 3; ++i) {
    uint64_t u = outputs[i] >> 11;
    EXPECT_EQ(decodeFloat(Element::F64, &reals->bytes[8 * i]), double(u) / 4503599627370496.0 - 1);
    EXPECT_EQ(decodeInteger(Element::I32, &whole->bytes[4 * i]), int64_t(u % 200) - 100);
    EXPECT_EQ(natural->bytes[i], u % 100);
  }
}

TEST(ArgumentSpec, ArraysHaveTheirTypeAndSize) {
  auto zeros = arrayArgument(good("z=zeros:3x5:f16"), 0);
  ASSERT_TRUE(bool(zeros));
  EXPECT_EQ(zeros->bytes, std::vector<uint8_t>(30, 0));
  EXPECT_EQ(arrayArgument(good("z=poison:4:i64"), 0)->bytes.size(), 32u);
  auto number = arrayArgument(good("z=3"), 0);
  EXPECT_THAT(llvm::toString(number.takeError()), HasSubstr("not an array"));
}

/// Two numbers in a byte take two outputs of the generator: those of two floats.
TEST(ArgumentSpec, PackedPairsTakeTwoOutputsEach) {
  auto packed = arrayArgument(good("z=random:16:f4E2M1x2:1"), 0),
       plain = arrayArgument(good("z=random:32:f64:1"), 0);
  ASSERT_TRUE(packed && plain);
  EXPECT_EQ(packed->bytes.size(), 16u);
  for (size_t i = 0; i < 32; ++i) {
    double value = decodeFloat(Element::F64, &plain->bytes[8 * i]);
    double got = decodePair(Element::F4E2M1x2, packed->bytes[i / 2])[i % 2];
    EXPECT_LE(std::fabs(got - value), 0.25) << i; // steps of 1/2 up to 2
  }
}

TEST(ArgumentSpec, FilesAreTakenAsTheNamedType) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("argument", "npy", path));
  ASSERT_FALSE(bool(writeNpy(path, {Element::U16, {2}, {0x80, 0x3f, 0, 0xc0}})));
  std::string text = "a=" + path.str().str();
  auto bf16 = arrayArgument(good(text + ":bf16"), 0);
  ASSERT_TRUE(bool(bf16));
  EXPECT_EQ(bf16->element, Element::BF16);
  EXPECT_EQ(decodeFloat(Element::BF16, &bf16->bytes[2]), -2);
  EXPECT_EQ(arrayArgument(good(text), 0)->element, Element::U16);
  auto wrong = arrayArgument(good(text + ":f32"), 0);
  EXPECT_THAT(llvm::toString(wrong.takeError()),
              HasSubstr("holds ui16, which cannot be taken as f32"));
  llvm::sys::fs::remove(path);
}
