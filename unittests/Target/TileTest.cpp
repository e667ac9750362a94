//===- TileTest.cpp - Rings, windows, reshapes, valid extents --------------===//

#include "Emit.h"
#include "gmock/gmock.h"

using namespace pto::test;
using testing::HasSubstr;

namespace {
/// The body of a kernel with a tile %t of 32x64 f32 at 2048; `text` stands behind it.
std::string body(llvm::StringRef text, llvm::StringRef arguments = "%i: index, %n: index") {
  return bodyOf(emitOk(("func.func @k(" + arguments + R"() {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %a = arith.constant 2048 : i64
    %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 32x64xf32>
    )" + text + "\nreturn }")
                           .str()));
}
constexpr llvm::StringLiteral use8x32 =
    "\npto.tmov ins(%s : !pto.tile_buf<vec, 16x32xf32>) outs(%s : !pto.tile_buf<vec, 16x32xf32>)";
} // namespace

TEST(Tile, AWindowOfPartOfEachRowKeepsItsSourcesRows) {
  EXPECT_THAT(body("%s = pto.subview %t[%c0, %c16] sizes [16, 32] : !pto.tile_buf<vec, 32x64xf32>" +
                   use8x32.str()),
              HasSubstr("Tile<TileType::Vec, float, 32, 64, BLayout::RowMajor, 16, 32, "
                        "SLayout::NoneBox, 512, PadValue::Null, CompactMode::Null> s;\n"
                        "TASSIGN(s, (uint64_t)2112);\nTMOV(s, s);\n"));
}

TEST(Tile, AWindowOfWholeRowsIsATile) {
  EXPECT_THAT(
      body("%s = pto.subview %t[%i, %c0] sizes [16, 64] valid [%n, %c16] : !pto.tile_buf<vec, "
           "32x64xf32>\npto.tmov ins(%s : !pto.tile_buf<vec, 16x64xf32, valid=?x16>) outs(%s : "
           "!pto.tile_buf<vec, 16x64xf32, valid=?x16>)"),
      HasSubstr("Tile<TileType::Vec, float, 16, 64, BLayout::RowMajor, -1, 16, SLayout::NoneBox, "
                "512, PadValue::Null, CompactMode::Null> s(n < 16 ? n : 16);\n"
                "TASSIGN(s, (uint64_t)t.data() + (uint64_t)i * 256);\n"));
}

TEST(Tile, AWindowOfAWindowCountsBothOffsets) {
  EXPECT_THAT(
      body("%w = pto.subview %t[%c16, %c16] sizes [16, 32] : !pto.tile_buf<vec, 32x64xf32>\n"
           "%s = pto.subview %w[%c0, %c16] sizes [16, 16] : !pto.tile_buf<vec, 16x32xf32>\n"
           "pto.tmov ins(%s : !pto.tile_buf<vec, 16x16xf32>) outs(%s : !pto.tile_buf<vec, "
           "16x16xf32>)"),
      // 2048 + (16 * 64 + 32) * 4
      HasSubstr("float, 32, 64, BLayout::RowMajor, 16, 16, SLayout::NoneBox, 512, PadValue::Null, "
                "CompactMode::Null> s;\nTASSIGN(s, (uint64_t)6272);\n"));
}

TEST(Tile, AWindowOfBoxesBeginsWithABox) {
  // Nz: a column of boxes is 64 rows of 32 bytes; column 32 begins the third of them.
  EXPECT_THAT(
      bodyOf(emitOk(R"(func.func @k() {
    %c0 = arith.constant 0 : index
    %c32 = arith.constant 32 : index
    %a = arith.constant 1024 : i64
    %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 64x64xf16, blayout=col_major, slayout=row_major>
    %s = pto.subview %t[%c0, %c32] sizes [64, 16] : !pto.tile_buf<vec, 64x64xf16, blayout=col_major, slayout=row_major>
    %r = pto.treshape %s : !pto.tile_buf<vec, 64x16xf16, blayout=col_major, slayout=row_major> -> !pto.tile_buf<vec, 32x32xf16, valid=?x?, blayout=col_major, slayout=row_major>
    pto.set_validshape %r, %c32, %c32 : !pto.tile_buf<vec, 32x32xf16, valid=?x?, blayout=col_major, slayout=row_major>
    return })")),
      HasSubstr("half, 64, 16, BLayout::ColMajor, 64, 16, SLayout::RowMajor, 512, PadValue::Null, "
                "CompactMode::Null> s;\nTASSIGN(s, (uint64_t)5120);\n"));
}

TEST(Tile, SlotsAreStridesBehindTheBase) {
  std::string text = body(R"(
    %m = pto.alloc_multi_tile addr = %a : !pto.multi_tile_buf<vec, 16x64xf32, count=3>
    %s = pto.multi_tile_get %m[%i] : !pto.multi_tile_buf<vec, 16x64xf32, count=3> -> !pto.tile_buf<vec, 16x64xf32>
    %r = pto.multi_tile_get %m[%c1] : !pto.multi_tile_buf<vec, 16x64xf32, count=3> -> !pto.tile_buf<vec, 16x64xf32>
    pto.tmov ins(%s : !pto.tile_buf<vec, 16x64xf32>) outs(%r : !pto.tile_buf<vec, 16x64xf32>))");
  EXPECT_THAT(text, HasSubstr("> s;\nTASSIGN(s, (uint64_t)i * 4096 + 2048);\n"));
  EXPECT_THAT(text, HasSubstr("> r;\nTASSIGN(r, (uint64_t)6144);\nTMOV(r, s);\n"));
}

TEST(Tile, SlotsBehindABaseThatOnlyRunTimeKnows) {
  EXPECT_THAT(body(R"(
    %m = pto.alloc_multi_tile addr = %b valid_row = %n : !pto.multi_tile_buf<vec, 16x64xf32, valid=?x64, count=3>
    %s = pto.multi_tile_get %m[%i] : !pto.multi_tile_buf<vec, 16x64xf32, valid=?x64, count=3> -> !pto.tile_buf<vec, 16x64xf32, valid=?x64>
    pto.tmov ins(%s : !pto.tile_buf<vec, 16x64xf32, valid=?x64>) outs(%s : !pto.tile_buf<vec, 16x64xf32, valid=?x64>))",
                   "%i: index, %n: index, %b: i64"),
              HasSubstr("> s(n);\nTASSIGN(s, (uint64_t)b + (uint64_t)i * 4096);\n"));
}

TEST(Tile, ReshapedAndReinterpreted) {
  std::string text = body(R"(
    %r = pto.treshape %t : !pto.tile_buf<vec, 32x64xf32> -> !pto.tile_buf<vec, 16x128xf32, valid=?x?>
    %b = pto.bitcast %t : !pto.tile_buf<vec, 32x64xf32> -> !pto.tile_buf<vec, 32x64xi32>
    %h = pto.bitcast %u : !pto.tile_buf<vec, 32x64xf32, valid=?x?> -> !pto.tile_buf<vec, 32x64xi32, valid=?x?>
    %o = pto.treshape %u : !pto.tile_buf<vec, 32x64xf32, valid=?x?> -> !pto.tile_buf<vec, 32x128xf16, valid=?x?>
    pto.tmov ins(%r : !pto.tile_buf<vec, 16x128xf32, valid=?x?>) outs(%r : !pto.tile_buf<vec, 16x128xf32, valid=?x?>)
    pto.tmov ins(%b : !pto.tile_buf<vec, 32x64xi32>) outs(%b : !pto.tile_buf<vec, 32x64xi32>)
    pto.tmov ins(%h : !pto.tile_buf<vec, 32x64xi32, valid=?x?>) outs(%h : !pto.tile_buf<vec, 32x64xi32, valid=?x?>)
    pto.tmov ins(%o : !pto.tile_buf<vec, 32x128xf16, valid=?x?>) outs(%o : !pto.tile_buf<vec, 32x128xf16, valid=?x?>))",
                          "%u: !pto.tile_buf<vec, 32x64xf32, valid=?x?>");
  EXPECT_THAT(text, HasSubstr("> r(16, 128);\nTRESHAPE(r, t);\n"));
  EXPECT_THAT(text,
              HasSubstr("int32_t, 32, 64, BLayout::RowMajor, 32, 64, SLayout::NoneBox, 512, "
                        "PadValue::Null, CompactMode::Null> b;\nTASSIGN(b, (uint64_t)2048);\n"));
  EXPECT_THAT(text, HasSubstr("> h(u.GetValidRow(), u.GetValidCol());\n"
                              "TASSIGN(h, (uint64_t)u.data());\n"));
  EXPECT_THAT(text, HasSubstr("> o(u.GetValidRow(), 128);\nTRESHAPE(o, u);\n"));
}

TEST(Tile, ValidExtentsAreAskedForWhereTheyAreOpen) {
  std::string text = body(R"(
    %u = pto.alloc_tile addr = %a valid_row = %i valid_col = %n : !pto.tile_buf<vec, 32x64xf32, valid=?x?>
    pto.set_validshape %u, %n, %c16 : !pto.tile_buf<vec, 32x64xf32, valid=?x?>
    %r, %c = pto.get_validshape %u : !pto.tile_buf<vec, 32x64xf32, valid=?x?>
    %x = pto.tile_valid_rows %t : !pto.tile_buf<vec, 32x64xf32> -> index
    %y = pto.tile_valid_cols %u : !pto.tile_buf<vec, 32x64xf32, valid=?x?> -> index
    %z = arith.addi %x, %y : index
    pto.set_validshape %u, %r, %z : !pto.tile_buf<vec, 32x64xf32, valid=?x?>)");
  EXPECT_THAT(text, HasSubstr("u.SetValidShape(n, 16);\nint64_t v = u.GetValidRow();\n"
                              "int64_t y = u.GetValidCol();\nu.SetValidShape(v, 32 + y);\n"));
}

TEST(Tile, AMovedTileIsAnotherHandle) {
  EXPECT_THAT(body(R"(
    %u = pto.tassign %t, %b : !pto.tile_buf<vec, 32x64xf32> -> !pto.tile_buf<vec, 32x64xf32>
    pto.tmov ins(%u : !pto.tile_buf<vec, 32x64xf32>) outs(%u : !pto.tile_buf<vec, 32x64xf32>))",
                   "%b: i64"),
              HasSubstr("> u = t;\nTASSIGN(u, (uint64_t)b);\n"));
}

TEST(Tile, StridesOfViewsAreThoseOfTheTensor) {
  std::string text =
      bodyOf(emitOk(R"(func.func @k(%p: !pto.ptr<f32>, %n: index, %m: index, %d: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %v = pto.make_tensor_view %p, shape = [%n, %m], strides = [%m, %c1] : !pto.tensor_view<?x?xf32>
    %w = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c8, %c8] : !pto.tensor_view<?x?xf32>
    %s = pto.get_tensor_view_stride %w, %c0 : !pto.partition_tensor_view<8x8xf32> -> index
    %t = pto.get_tensor_view_stride %v, %d : !pto.tensor_view<?x?xf32> -> index
    %u = pto.get_tensor_view_dim %w, %c1 : !pto.partition_tensor_view<8x8xf32> -> index
    %x = arith.addi %s, %t : index
    %y = arith.addi %x, %u : index
    %z = pto.load_scalar %p[%y] : !pto.ptr<f32> -> f32
    return
  })"));
  EXPECT_THAT(text, HasSubstr("int64_t y = m + v.GetStride((int)(d + 3)) + 8;"));
}
