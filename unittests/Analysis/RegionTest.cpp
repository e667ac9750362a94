//===- RegionTest.cpp - Which bytes an operand names -----------------------===//

#include "ModelTesting.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace pto;
using namespace pto::testing;
using Dims = std::vector<std::pair<int64_t, int64_t>>; // extent, stride in bytes

namespace {

std::string list(llvm::ArrayRef<int64_t> values, llvm::StringRef prefix) {
  return llvm::join(
      llvm::map_range(values, [&](int64_t v) { return (prefix + llvm::Twine(v)).str(); }), ", ");
}

/// A load of one partition; shape, strides, offsets and sizes are constants in elements.
std::string loadOf(llvm::StringRef element, llvm::ArrayRef<int64_t> shape,
                   llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> offsets,
                   llvm::ArrayRef<int64_t> sizes) {
  std::string text = "func.func @f(%p: !pto.ptr<" + element.str() +
                     ">, %t: !pto.tile_buf<vec, 16x64x" + element.str() + ", valid=?x?>) {\n";
  std::set<int64_t> constants;
  for (auto values : {shape, strides, offsets, sizes})
    constants.insert(values.begin(), values.end());
  for (int64_t c : constants)
    text += "  %c" + std::to_string(c) + " = arith.constant " + std::to_string(c) + " : index\n";
  std::string view = "!pto.tensor_view<", part = "!pto.partition_tensor_view<";
  for (int64_t s : sizes) {
    view += "?x";
    part += std::to_string(s) + "x";
  }
  view += element.str() + ">";
  part += element.str() + ">";
  text += "  %v = pto.make_tensor_view %p, shape = [" + list(shape, "%c") + "], strides = [" +
          list(strides, "%c") + "] : " + view + "\n";
  text += "  %part = pto.partition_view %v, offsets = [" + list(offsets, "%c") + "], sizes = [" +
          list(sizes, "%c") + "] : " + view + " -> " + part + "\n";
  text += "  pto.tload ins(%part : " + part + ") outs(%t : !pto.tile_buf<vec, 16x64x" +
          element.str() + ", valid=?x?>)\n  return\n}\n";
  return text;
}

TEST(Region, OfViews) {
  struct {
    const char *why;
    const char *element;
    llvm::SmallVector<int64_t> shape, strides, offsets, sizes;
    int64_t constant;
    uint64_t run;
    Dims dims;
  } table[] = {
      {"a whole matrix is one run", "f32", {16, 64}, {64, 1}, {0, 0}, {16, 64}, 0, 4096, {}},
      {"whole rows are one run", "f32", {16, 64}, {64, 1}, {4, 0}, {8, 64}, 1024, 2048, {}},
      {"half rows are strided", "f32", {16, 64}, {64, 1}, {0, 32}, {16, 32}, 128, 128, {{16, 256}}},
      {"elements of two bytes", "f16", {16, 64}, {64, 1}, {2, 8}, {14, 32}, 272, 64, {{14, 128}}},
      {"one column", "f32", {16, 64}, {64, 1}, {0, 3}, {16, 1}, 12, 4, {{16, 256}}},
      {"one element", "f32", {16, 64}, {64, 1}, {3, 3}, {1, 1}, 780, 4, {}},
      {"DN: columns first, whole", "f32", {16, 64}, {1, 16}, {0, 0}, {16, 64}, 0, 4096, {}},
      {"DN: half columns", "f32", {16, 64}, {1, 16}, {8, 0}, {8, 64}, 32, 32, {{64, 64}}},
      {"padded rows", "f32", {16, 64}, {100, 1}, {0, 0}, {16, 64}, 0, 256, {{16, 400}}},
      {"outer dimensions merge",
       "f32",
       {4, 16, 64},
       {1024, 64, 1},
       {0, 0, 0},
       {4, 16, 32},
       0,
       128,
       {{64, 256}}},
      {"inner dimensions merge",
       "f32",
       {4, 16, 64},
       {1024, 64, 1},
       {0, 0, 0},
       {4, 8, 64},
       0,
       2048,
       {{4, 4096}}},
      {"three levels",
       "f32",
       {4, 16, 64},
       {2048, 64, 1},
       {0, 0, 0},
       {4, 8, 32},
       0,
       128,
       {{4, 8192}, {8, 256}}},
      {"a dimension of one does not count",
       "f32",
       {1, 16, 64},
       {7, 64, 1},
       {0, 0, 0},
       {1, 16, 64},
       0,
       4096,
       {}},
      {"NZ: whole fractals are one run",
       "f16",
       {1, 4, 2, 16, 16},
       {2048, 512, 256, 16, 1},
       {0, 0, 0, 0, 0},
       {1, 4, 2, 16, 16},
       0,
       4096,
       {}},
      {"NZ: one row of fractals",
       "f16",
       {1, 4, 2, 16, 16},
       {2048, 512, 256, 16, 1},
       {0, 0, 1, 0, 0},
       {1, 4, 1, 16, 16},
       512,
       512,
       {{4, 1024}}},
      {"a stride of zero repeats the bytes", "f32", {16, 64}, {0, 1}, {0, 0}, {16, 64}, 0, 256, {}},
  };
  for (auto &row : table) {
    Parsed parsed(loadOf(row.element, row.shape, row.strides, row.offsets, row.sizes));
    sync::Region r = regionNamed(parsed.model(), "%part");
    Dims dims;
    for (auto &d : r.dims)
      dims.push_back({d.extent, d.stride});
    EXPECT_TRUE(r.offset.known) << row.why;
    EXPECT_EQ(r.space, Space::GM) << row.why;
    EXPECT_EQ(r.offset.constant, row.constant) << row.why;
    EXPECT_EQ(r.run, row.run) << row.why;
    EXPECT_EQ(dims, row.dims) << row.why;
  }
}

/// Bytes of a region at counter zero, one by one.
std::set<int64_t> bytesOfRegion(const sync::Region &r) {
  std::set<int64_t> bytes;
  auto visit = [&](auto &self, size_t dim, int64_t at) -> void {
    if (dim == r.dims.size()) {
      for (uint64_t i = 0; i < r.run; ++i)
        bytes.insert(at + int64_t(i));
      return;
    }
    for (int64_t i = 0; i < r.dims[dim].extent; ++i)
      self(self, dim + 1, at + i * r.dims[dim].stride);
  };
  visit(visit, 0, r.offset.constant);
  return bytes;
}

TEST(Region, HoldsTheBytesOfItsElementsOneByOne) {
  uint32_t state = 3;
  auto pick = [&](uint32_t n) {
    return (state = state * 1664525u + 1013904223u, (state >> 8) % n);
  };
  for (int round = 0; round < 120; ++round) {
    unsigned rank = 1 + pick(4);
    llvm::SmallVector<int64_t> shape, strides(rank), offsets, sizes;
    for (unsigned i = 0; i < rank; ++i) {
      shape.push_back(1 + pick(5));
      sizes.push_back(1 + pick(shape.back()));
      offsets.push_back(pick(shape.back() - sizes.back() + 1));
    }
    int64_t stride = 1;
    // A layout of its own: the axis order turns, some rows are padded. Elements of rows or of
    // columns are adjacent, which the library wants of a view.
    for (unsigned i = 0; i < rank; ++i) {
      unsigned axis = (i + rank - 1 - round % std::min(rank, 2u)) % rank;
      strides[axis] = stride;
      stride *= shape[axis] + (pick(3) == 0);
    }
    std::set<int64_t> expected;
    auto visit = [&](auto &self, unsigned axis, int64_t at) -> void {
      if (axis == rank)
        for (int b = 0; b < 2; ++b)
          expected.insert(at * 2 + b);
      else
        for (int64_t i = 0; i < sizes[axis]; ++i)
          self(self, axis + 1, at + (offsets[axis] + i) * strides[axis]);
    };
    visit(visit, 0, 0);
    std::string text = loadOf("f16", shape, strides, offsets, sizes);
    Parsed parsed(text);
    EXPECT_EQ(bytesOfRegion(regionNamed(parsed.model(), "%part")), expected) << text;
  }
}

TEST(Region, OfTilesNeedsAConstantAddress) {
  Parsed parsed(R"(func.func @f(%a: i64) {
    %c256 = arith.constant 256 : i64
    %x = pto.alloc_tile addr = %c256 : !pto.tile_buf<vec, 8x16xf16>
    %y = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 8x16xf16>
    %z = pto.alloc_tile : !pto.tile_buf<vec, 8x16xf16>
    pto.tadd ins(%x, %y : !pto.tile_buf<vec, 8x16xf16>, !pto.tile_buf<vec, 8x16xf16>) outs(%z : !pto.tile_buf<vec, 8x16xf16>)
    return
  })");
  SyncModel model = parsed.model();
  sync::Region x = regionNamed(model, "%x"), y = regionNamed(model, "%y"),
               z = regionNamed(model, "%z");
  EXPECT_EQ(x.offset.constant, 256);
  EXPECT_EQ(x.run, 256u);
  EXPECT_EQ(x.space, Space::Vec);
  // One value at run time, the same everywhere: a symbol. No address at all: anywhere.
  EXPECT_TRUE(y.offset.known);
  EXPECT_NE(y.offset.symbol, sync::none);
  EXPECT_FALSE(z.offset.known);
  EXPECT_EQ(z.run, capacity(Space::Vec, Arch::A3));
}

TEST(Region, WhatOnlyRunTimeKnowsIsTheWholeTensor) {
  for (const char *lists :
       {"shape = [%n, %n], strides = [%n, %c1]", "shape = [%c16, %c16], strides = [%c16, %n]"}) {
    Parsed parsed(
        std::string(
            R"(func.func @f(%p: !pto.ptr<f32>, %n: index, %t: !pto.tile_buf<vec, 16x16xf32>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c16 = arith.constant 16 : index
      %v = pto.make_tensor_view %p, )") +
        lists + R"( : !pto.tensor_view<?x?xf32>
      %part = pto.partition_view %v, offsets = [%c0, %c0], sizes = [%c16, %c16] : !pto.tensor_view<?x?xf32>
      pto.tload ins(%part : !pto.partition_tensor_view<16x16xf32>) outs(%t : !pto.tile_buf<vec, 16x16xf32>)
      return
    })");
    sync::Region r = regionNamed(parsed.model(), "%part");
    EXPECT_FALSE(r.offset.known) << lists;
    EXPECT_FALSE(r.isEmpty()) << "what is empty takes part in no hazard";
    EXPECT_EQ(r.root, 0u) << "but it stays behind its pointer";
  }
}

TEST(Region, APointerIntoAnOnChipMemoryMayTouchAllOfIt) {
  Parsed parsed(R"(func.func @f(%p: !pto.ptr<f32, ub>, %i: index) -> f32 {
    %x = pto.load_scalar %p[%i] : !pto.ptr<f32, ub> -> f32
    return %x : f32
  })");
  sync::Region r = regionNamed(parsed.model(), "%p");
  EXPECT_EQ(r.space, Space::Vec);
  EXPECT_FALSE(r.offset.known);
}

} // namespace
