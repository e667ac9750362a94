//===- TileRegionTest.cpp - Which bytes a tile value names -----------------===//

#include "ModelTesting.h"
#include <set>

using namespace pto;
using namespace pto::testing;

namespace {

/// A loop over %i from 0 in a function with a ring of three tiles of 4096 bytes from 8192 on, whose
/// slot `used` is used; `slot` are the operations that make it.
sync::Region slotRegion(llvm::StringRef slot, llvm::StringRef used = "%s",
                        llvm::StringRef loop = "iter_args(%k = %c0)") {
  std::string text =
      (R"(func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %at = arith.constant 8192 : i64
    %m = pto.alloc_multi_tile addr = %at : !pto.multi_tile_buf<vec, 16x64xf32, count=3>
    %r = scf.for %i = %c0 to %n step %c1 )" +
       loop + R"( -> (index) {
      %after = arith.addi %k, %c1 : index
      %next = arith.remui %after, %c3 : index
      )" +
       slot + R"(
      %t = pto.multi_tile_get %m[)" +
       used + R"(] : !pto.multi_tile_buf<vec, 16x64xf32, count=3> -> !pto.tile_buf<vec, 16x64xf32>
      pto.tadd ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
      scf.yield %next : index
    }
    return
  })")
          .str();
  Parsed parsed(text);
  return regionNamed(parsed.model(), "%t");
}

TEST(TileRegion, SlotsThatTurnWithALoop) {
  struct {
    const char *why, *slot;
    int64_t add;
  } table[] = {
      {"counter mod count", "%s = arith.remui %i, %c3 : index", 0},
      {"signed remainder", "%s = arith.remsi %i, %c3 : index", 0},
      {"ahead of the counter", "%a = arith.addi %i, %c2 : index %s = arith.remui %a, %c3 : index",
       2},
      {"further ahead than the ring is long",
       "%a = arith.addi %i, %c8 : index %s = arith.remui %a, %c3 : index", 2},
      {"four steps are one", "%a = arith.muli %i, %c4 : index %s = arith.remui %a, %c3 : index", 0},
  };
  for (auto &row : table) {
    SCOPED_TRACE(row.why);
    sync::Region r = slotRegion(row.slot);
    EXPECT_EQ(r.offset.constant, 8192);
    EXPECT_EQ(r.run, 4096u);
    EXPECT_EQ(r.rotation.count, 3u);
    EXPECT_EQ(r.rotation.stride, 4096);
    EXPECT_NE(r.rotation.loop, sync::none);
    EXPECT_EQ(r.rotation.add, row.add);
  }
}

TEST(TileRegion, SlotNumberThatTheLoopCarries) {
  sync::Region r = slotRegion("", "%k", "iter_args(%k = %c2)");
  EXPECT_EQ(r.rotation.count, 3u);
  EXPECT_NE(r.rotation.loop, sync::none);
  EXPECT_EQ(r.rotation.add, 2);
  // A beginning that only run time knows.
  EXPECT_EQ(slotRegion("", "%k", "iter_args(%k = %n)").rotation.loop, sync::none);
}

TEST(TileRegion, ConstantSlotsAreBytesOfTheRing) {
  EXPECT_EQ(slotRegion("%s = arith.constant 2 : index").offset.constant, 8192 + 2 * 4096);
  EXPECT_EQ(slotRegion("%s = arith.constant 2 : index").rotation.count, 1u);
  // Multiples of the count do not move the slot.
  sync::Region r = slotRegion("%a = arith.muli %i, %c3 : index %b = arith.addi %a, %c1 : index "
                              "%s = arith.remui %b, %c3 : index");
  EXPECT_EQ(r.offset.constant, 8192 + 4096);
  EXPECT_EQ(r.rotation.count, 1u);
}

TEST(TileRegion, OtherSlotsCouldBeAny) {
  for (const char *slot :
       {"%s = arith.remui %n, %c3 : index",                                   // not the counter
        "%a = arith.muli %i, %c2 : index %s = arith.remui %a, %c3 : index",   // two at a time
        "%a = arith.subi %i, %c1 : index %s = arith.remui %a, %c3 : index",   // -1 wraps
        "%a = arith.subi %n, %i : index %s = arith.remui %a, %c3 : index"}) { // backwards
    sync::Region r = slotRegion(slot);
    EXPECT_TRUE(r.offset.known) << slot;
    EXPECT_EQ(r.rotation.count, 3u) << slot;
    EXPECT_EQ(r.rotation.loop, sync::none) << slot;
  }
}

/// A loop over %i with a tile %t of 4096 bytes that `text` makes.
sync::Region turningRegion(llvm::StringRef text) {
  Parsed parsed((R"(func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c8 = arith.constant 8 : index
    %size = arith.constant 4096 : i64
    %base = arith.constant 16384 : i64
    %big = pto.alloc_tile addr = %base : !pto.tile_buf<vec, 32x64xf32>
    scf.for %i = %c0 to %n step %c1 {
      %half = arith.remui %i, %c2 : index
      %third = arith.remui %i, %c3 : index
      %number = arith.index_cast %half : index to i64
      %other = arith.index_cast %third : index to i64
      )" + text + R"(
      pto.tadd ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
    }
    return
  })")
                    .str());
  return regionNamed(parsed.model(), "%t");
}

TEST(TileRegion, AddressesThatTurn) {
  sync::Region r =
      turningRegion("%x = arith.muli %number, %size : i64 %a = arith.addi %x, %base : i64 "
                    "%t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>");
  EXPECT_TRUE(r.offset.known);
  EXPECT_EQ(r.offset.constant, 16384);
  EXPECT_EQ(r.rotation.count, 2u);
  EXPECT_EQ(r.rotation.stride, 4096);
  EXPECT_NE(r.rotation.loop, sync::none);
  // The halves of a tile, by turns.
  sync::Region half = turningRegion(
      "%c16 = arith.constant 16 : index %row = arith.muli %half, %c16 : index "
      "%t = pto.subview %big[%row, %c0] sizes [16, 64] : !pto.tile_buf<vec, 32x64xf32>");
  EXPECT_EQ(half.offset.constant, 16384);
  EXPECT_EQ(half.rotation.count, 2u);
  EXPECT_EQ(half.rotation.stride, 4096);
  EXPECT_EQ(half.run, 4096u);
}

TEST(TileRegion, TwoThatTurnInOneAddressAreUnreadable) {
  sync::Region r =
      turningRegion("%x = arith.muli %number, %size : i64 %y = arith.muli %other, %base : i64 "
                    "%a = arith.addi %x, %y : i64 "
                    "%t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>");
  EXPECT_FALSE(r.offset.known);
  EXPECT_EQ(r.rotation.count, 1u);
  // A ring on a ring, and one that turns backwards.
  EXPECT_FALSE(turningRegion("%x = arith.muli %number, %size : i64 "
                             "%m = pto.alloc_multi_tile addr = %x : "
                             "!pto.multi_tile_buf<vec, 16x64xf32, count=3> "
                             "%t = pto.multi_tile_get %m[%third] : "
                             "!pto.multi_tile_buf<vec, 16x64xf32, count=3> -> "
                             "!pto.tile_buf<vec, 16x64xf32>")
                   .offset.known);
  EXPECT_FALSE(turningRegion("%x = arith.muli %number, %size : i64 "
                             "%a = arith.subi %base, %x : i64 "
                             "%t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>")
                   .offset.known);
}

/// The bytes that a region without counters names.
std::set<int64_t> bytesOf(const sync::Region &r) {
  std::set<int64_t> bytes;
  auto visit = [&](auto &self, unsigned dim, int64_t at) -> void {
    if (dim < r.dims.size()) {
      for (int64_t i = 0; i < r.dims[dim].extent; ++i)
        self(self, dim + 1, at + i * r.dims[dim].stride);
      return;
    }
    for (uint64_t b = 0; b < r.run; ++b)
      bytes.insert(at + int64_t(b));
  };
  visit(visit, 0, r.offset.constant);
  return bytes;
}

/// Whatever the layout, a window names exactly the bytes of its elements (where 32-byte blocks are
/// not cut).
TEST(TileRegion, WindowsNameTheBytesOfTheirElements) {
  struct {
    const char *why, *type;
    TileShape shape;
    int64_t row, col, rows, cols;
  } table[] = {
      {"half of each row", "vec, 16x64xf32", {}, 0, 32, 16, 32},
      {"whole rows", "vec, 16x64xf32", {}, 4, 0, 8, 64},
      {"an inner window", "vec, 16x64xf16", {}, 2, 16, 3, 32},
      {"columns", "vec, 16x64xf16, blayout=col_major", {}, 0, 3, 16, 5},
      {"part of columns", "vec, 64x8xf32, blayout=col_major", {}, 8, 2, 16, 4},
      {"Nz", "mat, 64x64xf16, blayout=col_major, slayout=row_major", {}, 16, 32, 32, 16},
      {"Zz", "mat, 64x64xf16, slayout=row_major", {}, 16, 32, 32, 16},
      {"Zn", "mat, 64x64xf32, slayout=col_major", {}, 16, 32, 32, 16},
      {"Nn", "mat, 64x64xf32, blayout=col_major, slayout=col_major", {}, 16, 32, 32, 16},
  };
  for (auto &row : table) {
    SCOPED_TRACE(row.why);
    auto number = [](int64_t n) { return std::to_string(n); };
    std::string tile = std::string("!pto.tile_buf<") + row.type + ">";
    std::string view = "!pto.partition_tensor_view<" + number(row.rows) + "x" + number(row.cols) +
                       (llvm::StringRef(row.type).contains("f16") ? "xf16>" : "xf32>");
    std::string text =
        "func.func @f(%p: " + view + ") {\n %a = arith.constant 4096 : i64\n %r = arith.constant " +
        number(row.row) + " : index\n %c = arith.constant " + number(row.col) +
        " : index\n %t = pto.alloc_tile addr = %a : " + tile +
        "\n %w = pto.subview %t[%r, %c] sizes [" + number(row.rows) + ", " + number(row.cols) +
        "] : " + tile + "\n pto.tload ins(%p : " + view + ") outs(%w : ";
    // The window has the layout of its tile.
    std::string ofWindow = tile;
    ofWindow.replace(ofWindow.find(", ") + 2, ofWindow.find("xf") - ofWindow.find(", ") - 2,
                     number(row.rows) + "x" + number(row.cols));
    Parsed parsed(text + ofWindow + ")\n return\n}");
    auto window = parsed.first<SubviewOp>();
    ASSERT_TRUE(window);
    TileShape shape = window.getSource().getType().getTileShape();
    std::set<int64_t> expected;
    for (int64_t i = 0; i < row.rows; ++i)
      for (int64_t j = 0; j < row.cols; ++j)
        for (unsigned b = 0; b < pto::bytesOf(shape.element); ++b)
          expected.insert(4096 +
                          shape.elementOffset(row.row + i, row.col + j) *
                              int64_t(pto::bytesOf(shape.element)) +
                          b);
    EXPECT_EQ(bytesOf(regionNamed(parsed.model(), "%w")), expected);
  }
}

/// Where the bytes that the `number`th pto.tadd writes may lie, in the order of the model.
std::set<int64_t> placesOf(const SyncModel &model, unsigned number) {
  std::set<int64_t> places;
  for (const sync::Node &node : model.program.nodes)
    if (node.label == "pto.tadd" && number-- == 0)
      for (sync::RegionId id : node.writes)
        places.insert(model.program.regions[id].offset.constant);
  return places;
}

TEST(TileRegion, OfAWindowThatMovesByItself) {
  Parsed parsed(R"(func.func @f(%n: index) {
    %a = arith.constant 4096 : i64
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>
    scf.for %i = %c0 to %c4 step %c1 {
      %row = arith.muli %i, %c4 : index
      %w = pto.subview %t[%row, %c0] sizes [4, 64] : !pto.tile_buf<vec, 16x64xf32>
      %u = pto.subview %t[%n, %c0] sizes [4, 64] : !pto.tile_buf<vec, 16x64xf32>
      pto.tadd ins(%w, %w : !pto.tile_buf<vec, 4x64xf32>, !pto.tile_buf<vec, 4x64xf32>) outs(%u : !pto.tile_buf<vec, 4x64xf32>)
    }
    return
  })");
  SyncModel model = parsed.model();
  sync::Region w = regionNamed(model, "%w"), u = regionNamed(model, "%u");
  ASSERT_EQ(w.offset.terms.size(), 1u);
  EXPECT_EQ(w.offset.terms[0].coefficient, 4 * 256);
  EXPECT_EQ(w.run, 1024u);
  // Where only run time knows: somewhere in its tile.
  EXPECT_EQ(u.offset.constant, 4096);
  EXPECT_EQ(u.run, 4096u);
}

TEST(TileRegion, OfPartsOfAWindowThatIsSomewhere) {
  Parsed parsed(R"(func.func @f(%n: index) {
    %a = arith.constant 4096 : i64
    %c0 = arith.constant 0 : index
    %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>
    %w = pto.subview %t[%n, %c0] sizes [4, 64] : !pto.tile_buf<vec, 16x64xf32>
    %u = pto.subview %w[%c0, %c0] sizes [4, 32] : !pto.tile_buf<vec, 4x64xf32>
    %r = pto.treshape %w : !pto.tile_buf<vec, 4x64xf32> -> !pto.tile_buf<vec, 8x32xf32>
    pto.tadd ins(%u, %u : !pto.tile_buf<vec, 4x32xf32>, !pto.tile_buf<vec, 4x32xf32>) outs(%u : !pto.tile_buf<vec, 4x32xf32>)
    pto.tadd ins(%r, %r : !pto.tile_buf<vec, 8x32xf32>, !pto.tile_buf<vec, 8x32xf32>) outs(%r : !pto.tile_buf<vec, 8x32xf32>)
    return
  })");
  SyncModel model = parsed.model();
  unsigned accesses = 0;
  for (const sync::Node &node : model.program.nodes)
    for (sync::RegionId id : node.writes) {
      const sync::Region &r = model.program.regions[id];
      ++accesses;
      EXPECT_EQ(r.offset.constant, 4096);
      EXPECT_EQ(r.run, 4096u) << "the whole tile: the window may lie anywhere in it";
    }
  EXPECT_EQ(accesses, 2u);
}

TEST(TileRegion, OfViewsOfTheWholeTile) {
  Parsed parsed(R"(func.func @f() {
    %a = arith.constant 4096 : i64
    %t = pto.alloc_tile addr = %a : !pto.tile_buf<vec, 16x64xf32>
    %r = pto.treshape %t : !pto.tile_buf<vec, 16x64xf32> -> !pto.tile_buf<vec, 64x16xf32>
    %b = pto.bitcast %t : !pto.tile_buf<vec, 16x64xf32> -> !pto.tile_buf<vec, 16x64xf16>
    pto.tadd ins(%r, %r : !pto.tile_buf<vec, 64x16xf32>, !pto.tile_buf<vec, 64x16xf32>) outs(%r : !pto.tile_buf<vec, 64x16xf32>)
    pto.tadd ins(%b, %b : !pto.tile_buf<vec, 16x64xf16>, !pto.tile_buf<vec, 16x64xf16>) outs(%b : !pto.tile_buf<vec, 16x64xf16>)
    return
  })");
  SyncModel model = parsed.model();
  EXPECT_EQ(regionNamed(model, "%r").run, 4096u);
  // An element of half the size: the first half of the bytes.
  EXPECT_EQ(regionNamed(model, "%b").run, 2048u);
  EXPECT_EQ(regionNamed(model, "%b").offset.constant, 4096);
}

TEST(TileRegion, OfTilesThatControlFlowChooses) {
  Parsed parsed(R"(
  func.func private @pick(%x: !pto.tile_buf<vec, 16x64xf32>, %y: !pto.tile_buf<vec, 16x64xf32>, %c: i1) -> !pto.tile_buf<vec, 16x64xf32> {
    %s = arith.select %c, %x, %y : !pto.tile_buf<vec, 16x64xf32>
    return %s : !pto.tile_buf<vec, 16x64xf32>
  }
  func.func @f(%c: i1, %n: index) {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %a0 = arith.constant 0 : i64
    %a1 = arith.constant 4096 : i64
    %a2 = arith.constant 8192 : i64
    %t0 = pto.alloc_tile addr = %a0 : !pto.tile_buf<vec, 16x64xf32>
    %t1 = pto.alloc_tile addr = %a1 : !pto.tile_buf<vec, 16x64xf32>
    %t2 = pto.alloc_tile addr = %a2 : !pto.tile_buf<vec, 16x64xf32>
    %if = scf.if %c -> !pto.tile_buf<vec, 16x64xf32> {
      scf.yield %t0 : !pto.tile_buf<vec, 16x64xf32>
    } else {
      scf.yield %t2 : !pto.tile_buf<vec, 16x64xf32>
    }
    pto.tadd ins(%if, %if : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%if : !pto.tile_buf<vec, 16x64xf32>)
    %call = func.call @pick(%t0, %t1, %c) : (!pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>, i1) -> !pto.tile_buf<vec, 16x64xf32>
    pto.tadd ins(%call, %call : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%call : !pto.tile_buf<vec, 16x64xf32>)
    %x, %y = scf.for %i = %zero to %n step %one iter_args(%now = %t0, %next = %t1) -> (!pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) {
      pto.tadd ins(%now, %now : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%now : !pto.tile_buf<vec, 16x64xf32>)
      %pick = arith.select %c, %now, %next : !pto.tile_buf<vec, 16x64xf32>
      scf.yield %pick, %now : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>
    }
    %w = scf.while (%k = %t1) : (!pto.tile_buf<vec, 16x64xf32>) -> !pto.tile_buf<vec, 16x64xf32> {
      scf.condition(%c) %k : !pto.tile_buf<vec, 16x64xf32>
    } do {
    ^bb0(%inside: !pto.tile_buf<vec, 16x64xf32>):
      scf.yield %t2 : !pto.tile_buf<vec, 16x64xf32>
    }
    pto.tadd ins(%w, %w : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%w : !pto.tile_buf<vec, 16x64xf32>)
    return
  })");
  SyncModel model = parsed.model();
  using Places = std::set<int64_t>;
  EXPECT_EQ(placesOf(model, 0), (Places{0, 8192}));
  EXPECT_EQ(placesOf(model, 1), (Places{0, 4096}));
  EXPECT_EQ(placesOf(model, 2), (Places{0, 4096}));
  EXPECT_EQ(placesOf(model, 3), (Places{4096, 8192}));
}

TEST(TileRegion, OfTilesThatChangePlaces) {
  // The text yields, per variable, the variable of the next iteration.
  auto regionsOf = [](llvm::StringRef addresses, llvm::StringRef yields) {
    llvm::SmallVector<llvm::StringRef> list;
    addresses.split(list, ' ');
    std::string text = "!t = !pto.tile_buf<vec, 16x64xf32>\nfunc.func @f(%n: index) {\n"
                       "  %c0 = arith.constant 0 : index\n  %c1 = arith.constant 1 : index\n";
    for (auto [i, address] : llvm::enumerate(list)) {
      std::string n = std::to_string(i);
      text += "  %a" + n + " = arith.constant " + address.str() + " : i64\n  %t" + n +
              " = pto.alloc_tile addr = %a" + n + " : !t\n";
    }
    text += "  %r:3 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %t0, %y = %t1, %z = %t2) -> "
            "(!t, !t, !t) {\n"
            "    pto.tadd ins(%x, %x : !t, !t) outs(%x : !t)\n"
            "    pto.tadd ins(%y, %y : !t, !t) outs(%y : !t)\n"
            "    scf.yield " +
            yields.str() + " : !t, !t, !t\n  }\n  return\n}";
    Parsed parsed(text);
    SyncModel model = parsed.model();
    std::vector<sync::Region> written;
    for (const sync::Node &node : model.program.nodes)
      for (sync::RegionId id : node.writes)
        written.push_back(model.program.regions[id]);
    return written;
  };
  auto ring = regionsOf("8192 12288 16384", "%y, %z, %x");
  ASSERT_EQ(ring.size(), 2u);
  for (int64_t k : {0, 1}) {
    EXPECT_EQ(ring[k].offset.constant, 8192);
    EXPECT_EQ(ring[k].rotation.count, 3u);
    EXPECT_EQ(ring[k].rotation.stride, 4096);
    EXPECT_NE(ring[k].rotation.loop, sync::none);
    EXPECT_EQ(ring[k].rotation.add, k);
  }
  // Two change places, wherever they lie; the lower address is slot 0.
  auto two = regionsOf("65536 8192 0", "%y, %x, %z");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].offset.constant, 8192);
  EXPECT_EQ(two[0].rotation.stride, 57344);
  EXPECT_EQ(two[0].rotation.add, 1);
  EXPECT_EQ(two[1].rotation.add, 0);
  // One that stays where it is.
  auto still = regionsOf("8192 12288 16384", "%x, %z, %y");
  ASSERT_EQ(still.size(), 2u);
  EXPECT_EQ(still[0].offset.constant, 8192);
  EXPECT_EQ(still[0].rotation.count, 1u);
  // Unequal distances, a ring that turns backwards, no permutation: each of them.
  EXPECT_EQ(regionsOf("0 4096 16384", "%y, %z, %x").size(), 6u);
  EXPECT_EQ(regionsOf("8192 12288 16384", "%z, %x, %y").size(), 6u);
  EXPECT_EQ(regionsOf("8192 12288 16384", "%y, %y, %z").size(), 3u);
}

/// The slot that the loop hands to its next iteration is that of an earlier counter: it must not be
/// taken for the slot of this iteration.
TEST(TileRegion, OfASlotThatALoopCarries) {
  Parsed parsed(R"(func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %at = arith.constant 8192 : i64
    %m = pto.alloc_multi_tile addr = %at : !pto.multi_tile_buf<vec, 16x64xf32, count=2>
    %first = pto.multi_tile_get %m[%c0] : !pto.multi_tile_buf<vec, 16x64xf32, count=2> -> !pto.tile_buf<vec, 16x64xf32>
    %last = scf.for %i = %c0 to %n step %c1 iter_args(%t = %first) -> (!pto.tile_buf<vec, 16x64xf32>) {
      pto.tadd ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
      %j = arith.addi %i, %c1 : index
      %s = arith.remui %j, %c2 : index
      %next = pto.multi_tile_get %m[%s] : !pto.multi_tile_buf<vec, 16x64xf32, count=2> -> !pto.tile_buf<vec, 16x64xf32>
      scf.yield %next : !pto.tile_buf<vec, 16x64xf32>
    }
    return
  })");
  SyncModel model = parsed.model();
  unsigned turning = 0;
  for (const sync::Region &r : model.program.regions)
    if (r.name == "%t" && r.rotation.count == 2) {
      ++turning;
      EXPECT_EQ(r.rotation.loop, sync::none);
    }
  EXPECT_EQ(turning, 1u);
}

} // namespace
