//===- CollectiveFormsTest.cpp - Which form a collective takes -------------===//
//
// Chunks counted by hand: a rank's tensor has 4x8 elements.
//
//===----------------------------------------------------------------------===//

#include "ModelTesting.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::testing;

namespace {

/// The forms of the only collective in a function whose tiles have the valid extents `rows` x 8
/// ("?": known at run time).
std::string formsOf(llvm::StringRef op, unsigned ranks, bool twoTiles, llvm::StringRef rows) {
  std::string tile = ("!pto.tile_buf<vec, 4x8xf32, valid=" + rows + "x8>").str();
  std::string valid = rows == "?" ? "valid_row = %r " : "";
  std::string part = "!pto.partition_tensor_view<4x8xf32>",
              all = "!pto.partition_tensor_view<" + std::to_string(4 * ranks) + "x8xf32>";
  bool isBroadcast = op == "tbroadcast", isReduce = op == "treduce";
  std::string local = isBroadcast || isReduce ? part : all;
  llvm::SmallVector<std::string> group(ranks, "%g"), types(ranks, part);
  std::string tiles = twoTiles ? "%ping, %pong" : "%ping",
              tileTypes = twoTiles ? tile + ", " + tile : tile;
  std::string text =
      ("func.func @f(%l: " + local + ", %g: " + part + ", %r: index) {\n%ping = pto.alloc_tile " +
       valid + ": " + tile + "\n%pong = pto.alloc_tile " + valid + ": " + tile +
       "\n%acc = pto.alloc_tile " + valid + ": " + tile + "\npto.comm." + op + "(%l, " +
       (isReduce ? "%acc, " : "") + "recv(" + tiles + "), group(" + llvm::join(group, ", ") +
       ") : " + local + ", " + (isReduce ? tile + ", " : "") + tileTypes + ", " +
       llvm::join(types, ", ") + ") {root = 0 : i32" +
       (isReduce ? ", reduceOp = #pto<reduce_op sum>" : "") + "}\nreturn\n}")
          .str();
  Parsed model("module attributes {pto.target_arch = \"a5\"} {\n" + text + "\n}");
  std::string forms;
  model.module->walk([&](RecordOp call) {
    if (call.getOpInfo().family == "comm")
      for (llvm::StringRef form : possibleForms(call))
        forms += (forms.empty() ? "" : " | ") + form.str();
  });
  return forms;
}

TEST(CollectiveForms, GatherAndScatterKnowWhetherABlockFits) {
  for (llvm::StringRef op : {"tgather", "tscatter"}) {
    EXPECT_EQ(formsOf(op, 2, false, "4"), "one tile");
    EXPECT_EQ(formsOf(op, 2, false, "2"), "one tile");
    EXPECT_EQ(formsOf(op, 2, true, "4"), "one tile");
    EXPECT_EQ(formsOf(op, 3, true, "2"), "two tiles");
    EXPECT_EQ(formsOf(op, 3, true, "1"), "two tiles");
    EXPECT_EQ(formsOf(op, 3, true, "3"), "two tiles");
    EXPECT_EQ(formsOf(op, 2, true, "?"), "one tile | two tiles");
  }
}

TEST(CollectiveForms, BroadcastKnowsWhetherItFits) {
  EXPECT_EQ(formsOf("tbroadcast", 2, false, "4"), "fits");
  EXPECT_EQ(formsOf("tbroadcast", 2, false, "3"), "chunks");
  EXPECT_EQ(formsOf("tbroadcast", 2, false, "?"), "fits | chunks");
  EXPECT_EQ(formsOf("tbroadcast", 2, true, "4"), "fits");
  EXPECT_EQ(formsOf("tbroadcast", 2, true, "2"), "two tiles");
  EXPECT_EQ(formsOf("tbroadcast", 2, true, "1"), "two tiles");
  // A single rank is not cut for, whatever its size.
  EXPECT_EQ(formsOf("tbroadcast", 1, true, "1"), "fits");
}

TEST(CollectiveForms, ReductionsCountRanks) {
  EXPECT_EQ(formsOf("treduce", 1, true, "4"), "one rank");
  EXPECT_EQ(formsOf("treduce", 4, false, "4"), "one tile");
  EXPECT_EQ(formsOf("treduce", 2, true, "?"), "two tiles, one other rank");
  EXPECT_EQ(formsOf("treduce", 3, true, "2"), "two tiles, even number of other ranks");
  EXPECT_EQ(formsOf("treduce", 4, true, "2"), "two tiles, odd number of other ranks");
}

} // namespace
