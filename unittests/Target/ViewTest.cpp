//===- ViewTest.cpp - Tensor views, pointers, tiles ------------------------===//

#include "Emit.h"
#include "gmock/gmock.h"

using namespace pto::test;
using testing::HasSubstr;

namespace {
/// A kernel that loads one part of a view; `view` and `part` are the operations that make %v and
/// %w.
std::string load(llvm::StringRef view, llvm::StringRef part, llvm::StringRef partType,
                 llvm::StringRef arguments = "") {
  return bodyOf(
      emitOk(("func.func @k(%p: !pto.ptr<f32>, %n: index, %m: index, %i: index" + arguments +
              ") {\n" + "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n" +
              "%c2 = arith.constant 2 : index\n%c16 = arith.constant 16 : index\n" +
              "%c64 = arith.constant 64 : index\n%a = arith.constant 4096 : i64\n" +
              "%t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>\n%v = " + view +
              "\n%w = " + part + "\npto.tload ins(%w : " + partType +
              ") outs(%t : !pto.tile_buf<vec, 16x64xf32>)\nreturn }")
                 .str()));
}
constexpr llvm::StringLiteral dynamicView =
    "pto.make_tensor_view %p, shape = [%n, %m], strides = [%m, %c1] : !pto.tensor_view<?x?xf32>";
constexpr llvm::StringLiteral fixedPart = "!pto.partition_tensor_view<16x64xf32>";
} // namespace

TEST(View, StaticViewsNeedThePointerOnly) {
  EXPECT_THAT(
      load("pto.make_tensor_view %p, shape = [%c16, %c64], strides = [%c64, %c1] : "
           "!pto.tensor_view<16x64xf32>",
           "pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c16, %c64] : "
           "!pto.tensor_view<16x64xf32> -> "
           "!pto.partition_tensor_view<16x64xf32>",
           fixedPart),
      HasSubstr(
          "GlobalTensor<float, pto::Shape<1, 1, 1, 16, 64>, pto::Stride<1024, 1024, 1024, 64, 1>, "
          "pto::Layout::ND> w(p);\nTLOAD(t, w);\n"));
}

TEST(View, OffsetsAreSummedOntoThePointer) {
  EXPECT_THAT(load("pto.make_tensor_view %p, shape = [%n, %c64], strides = [%c64, %c1] {layout = "
                   "#pto.layout<nd>} : "
                   "!pto.tensor_view<?x64xf32>",
                   "pto.partition_view %v, offsets = [%c2, %i], sizes = [%c16, %c64] : "
                   "!pto.tensor_view<?x64xf32> -> "
                   "!pto.partition_tensor_view<16x64xf32>",
                   fixedPart),
              HasSubstr("pto::Layout::ND> w(p + i + 128);"));
}

TEST(View, OpenStridesAreArguments) {
  EXPECT_THAT(load(dynamicView,
                   "pto.partition_view %v, offsets = [%i, %c0], sizes = [%c16, %c64] : "
                   "!pto.tensor_view<?x?xf32> -> "
                   "!pto.partition_tensor_view<16x64xf32>",
                   fixedPart),
              HasSubstr("w(p + i * m, pto::Shape<1, 1, 1, 16, 64>(), pto::Stride<-1, -1, -1, -1, "
                        "1>(16 * m, 16 * m, "
                        "16 * m, m));"));
}

TEST(View, OpenExtentsAreArguments) {
  EXPECT_THAT(load(dynamicView,
                   "pto.partition_view %v, offsets = [%c0, %c0], sizes = [%i, %m] : "
                   "!pto.tensor_view<?x?xf32> -> "
                   "!pto.partition_tensor_view<?x?xf32>",
                   "!pto.partition_tensor_view<?x?xf32>"),
              HasSubstr("w(p, pto::Shape<1, 1, 1, -1, -1>(i, m), pto::Stride<-1, -1, -1, -1, 1>(i "
                        "* m, i * m, i * m, m));"));
}

// 3000000000 * 16 does not fit into 32 bits.
TEST(View, OffsetsAre64Bit) {
  EXPECT_THAT(load("pto.make_tensor_view %p, shape = [%n, %c64], strides = [%c16, %c1] : "
                   "!pto.tensor_view<?x64xf32>",
                   "pto.partition_view %v, offsets = [%big, %c0], sizes = [%c16, %c64] : "
                   "!pto.tensor_view<?x64xf32> -> "
                   "!pto.partition_tensor_view<16x64xf32>\n%big2 = arith.constant 1 : index",
                   "!pto.partition_tensor_view<16x64xf32>", ", %big: index"),
              HasSubstr("w(p + big * 16);"));
}

TEST(View, ExtentsFoldToWhatTheViewWasMadeOf) {
  std::string text = bodyOf(emitOk(R"(func.func @k(%p: !pto.ptr<f32>, %n: index, %d: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %v = pto.make_tensor_view %p, shape = [%n, %c64], strides = [%c64, %c1] : !pto.tensor_view<?x64xf32>
    %r = pto.get_tensor_view_dim %v, %c0 : !pto.tensor_view<?x64xf32> -> index
    %c = pto.get_tensor_view_dim %v, %c1 : !pto.tensor_view<?x64xf32> -> index
    %s = arith.addi %r, %c : index
    %x = pto.load_scalar %p[%s] : !pto.ptr<f32> -> f32
    return
  })"));
  EXPECT_EQ(text, "float x = p[n + 64];\n");
}

TEST(View, ExtentOfARuntimeDimensionAsksTheTensor) {
  std::string text = bodyOf(emitOk(R"(func.func @k(%p: !pto.ptr<f32>, %n: index, %d: index) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %v = pto.make_tensor_view %p, shape = [%n, %c64], strides = [%c64, %c1] : !pto.tensor_view<?x64xf32>
    %r = pto.get_tensor_view_dim %v, %d : !pto.tensor_view<?x64xf32> -> index
    %x = pto.load_scalar %p[%r] : !pto.ptr<f32> -> f32
    return
  })"));
  EXPECT_THAT(text, HasSubstr("v(p, pto::Shape<1, 1, 1, -1, 64>(n), "
                              "pto::Stride<-1, -1, -1, 64, 1>(n * 64, n * 64, n * 64));\nfloat x = "
                              "p[v.GetShape((int)(d + 3))];\n"));
}

TEST(View, TilesSpellAllElevenArguments) {
  std::string text = bodyOf(emitOk(R"(func.func @k(%a: i64, %r: index, %c: index) {
    %t = pto.alloc_tile addr = %a valid_row = %r valid_col = %c : !pto.tile_buf<vec, 16x64xf16, valid=?x?, pad=1, compact=1>
    %b = arith.constant 512 : i64
    %u = pto.alloc_tile addr = %b valid_col = %c : !pto.tile_buf<acc, 16x16xf32, valid=16x?, blayout=col_major, slayout=row_major, fractal=1024>
    return
  })"));
  EXPECT_EQ(
      text,
      "Tile<TileType::Vec, half, 16, 64, BLayout::RowMajor, -1, -1, SLayout::NoneBox, 512, "
      "PadValue::Zero, "
      "CompactMode::Normal> t(r, c);\nTASSIGN(t, (uint64_t)a);\n"
      "Tile<TileType::Acc, float, 16, 16, BLayout::ColMajor, 16, -1, SLayout::RowMajor, 1024, "
      "PadValue::Null, CompactMode::Null> u(c);\nTASSIGN(u, (uint64_t)512);\n");
}

TEST(View, PointersKeepTheirNames) {
  std::string text = bodyOf(emitOk(R"(func.func @k(%p: !pto.ptr<f32>, %i: index, %x: f32) {
    %q = pto.addptr %p, %i : !pto.ptr<f32> -> !pto.ptr<f32>
    pto.store_scalar %x, %q[%i] : !pto.ptr<f32>, f32
    return
  })"));
  EXPECT_EQ(text, "__gm__ float* q = p + i;\nq[i] = x;\n");
}

// The template lists of TSTORE (library 6.2): types are spelled only where a value behind them
// is wanted.
TEST(View, StoreTemplates) {
  auto store = [](llvm::StringRef attributes, bool quant) {
    std::string operand = quant ? ", %q : !pto.tile_buf<acc, 16x16xf32, blayout=col_major, "
                                  "slayout=row_major, fractal=1024>, i64"
                                : " : !pto.tile_buf<acc, 16x16xf32, blayout=col_major, "
                                  "slayout=row_major, fractal=1024>";
    std::string element = quant ? "i8" : "f32"; // what a scale leaves on a2/a3
    std::string text =
        bodyOf(emitOk(("func.func @k(%p: !pto.ptr<" + element +
                       ">, %q: i64) {\n%c1 = arith.constant 1 : "
                       "index\n%c0 = arith.constant 0 : index\n"
                       "%c16 = arith.constant 16 : index\n%a = arith.constant 0 : i64\n"
                       "%t = pto.alloc_tile addr = %a : !pto.tile_buf<acc, 16x16xf32, "
                       "blayout=col_major, slayout=row_major, fractal=1024>\n"
                       "%v = pto.make_tensor_view %p, shape = [%c16, %c16], strides = [%c16, %c1] "
                       ": !pto.tensor_view<16x16x" +
                       element +
                       ">\n"
                       "%w = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c16, %c16] : "
                       "!pto.tensor_view<16x16x" +
                       element + "> -> !pto.partition_tensor_view<16x16x" + element +
                       ">\n"
                       "pto.tstore ins(%t" +
                       operand + ") outs(%w : !pto.partition_tensor_view<16x16x" + element + ">) " +
                       attributes + "\nreturn }")
                          .str()));
    llvm::StringRef line = llvm::StringRef(text).rtrim().rsplit('\n').second;
    std::string shortened = line.str();
    for (auto [type, letter] :
         {std::pair<std::string, char>(
              "Tile<TileType::Acc, float, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor, "
              "1024, PadValue::Null, CompactMode::Null>",
              'S'),
          {"GlobalTensor<" + std::string(quant ? "int8_t" : "float") +
               ", pto::Shape<1, 1, 1, 16, 16>, pto::Stride<256, 256, 256, 16, 1>, "
               "pto::Layout::ND>",
           'G'}})
      if (size_t at = shortened.find(type); at != std::string::npos)
        shortened.replace(at, type.size(), 1, letter);
    return shortened;
  };
  EXPECT_EQ(store("", false), "TSTORE(w, t);");
  EXPECT_EQ(store("", true), "TSTORE(w, t, q);");
  EXPECT_EQ(store("{stPhase = #pto<st_phase final>}", false), "TSTORE<pto::STPhase::Final>(w, t);");
  EXPECT_EQ(store("{atomicType = #pto<atomic_type atomic_add>}", false),
            "TSTORE<S, G, pto::AtomicType::AtomicAdd>(w, t);");
  EXPECT_EQ(store("{atomicType = #pto<atomic_type atomic_add>}", true),
            "TSTORE<S, G, pto::AtomicType::AtomicAdd, pto::ReluPreMode::NoRelu>(w, t, q);");
  EXPECT_EQ(
      store("{reluPreMode = #pto<relu_pre_mode normal_relu>, stPhase = #pto<st_phase partial>}",
            false),
      "TSTORE<pto::STPhase::Partial, S, G, pto::AtomicType::AtomicNone, "
      "pto::ReluPreMode::NormalRelu>(w, t);");
}
