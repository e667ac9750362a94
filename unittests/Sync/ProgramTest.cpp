//===- ProgramTest.cpp - Region table and listing -------------------------===//

#include "ptoas/Sync/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace pto;
using namespace pto::sync;

TEST(Program, InternSharesEqualRegions) {
  Program program;
  std::vector<RegionId> first;
  for (int64_t k = 0; k < 1000; ++k) {
    Region region;
    region.offset.constant = k;
    region.run = 32;
    first.push_back(program.intern(region));
  }
  EXPECT_EQ(program.regions.size(), 1000u);
  for (int64_t k = 0; k < 1000; ++k) {
    Region region;
    region.offset.constant = k;
    region.run = 32;
    region.name = "another name";
    EXPECT_EQ(program.intern(region), first[k]);
  }
  EXPECT_EQ(program.regions.size(), 1000u);
}

TEST(Program, SpanCountsRowsAndNegativeStrides) {
  Region region;
  region.run = 64;
  region.dims = {{2, 1024}, {4, 128}};
  EXPECT_EQ(region.span(), 1024u + 3 * 128 + 64);
  region.dims = {{4, -128}};
  int64_t low, high;
  region.bounds(low, high);
  EXPECT_EQ(low, -384);
  EXPECT_EQ(high, 64);
  region.dims = {{0, 128}};
  EXPECT_EQ(region.span(), 0u);
}

TEST(Program, ListingShowsStructure) {
  Program program;
  Region tile;
  tile.run = 256;
  tile.name = "t";
  RegionId t = program.intern(tile);
  Node loop;
  loop.kind = NodeKind::Loop;
  loop.label = "i";
  loop.minTrip = 1;
  NodeId i = program.add(loop);
  Node set;
  set.kind = NodeKind::Set;
  set.key = {Pipe::V, Pipe::MTE2, {0, 2, i, 1, true}};
  set.inserted = true;
  NodeId s = program.add(set);
  Node access;
  access.pipe = Pipe::V;
  access.label = "pto.tadd";
  access.reads = {t};
  access.writes = {t};
  NodeId a = program.add(access);
  program[i].arms = {{a, s}};
  program.top = {i};
  std::string text;
  llvm::raw_string_ostream os(text);
  print(program, os);
  EXPECT_EQ(os.str(), "loop i trip >= 1:\n"
                      "  V pto.tadd r(t) w(t)\n"
                      "  set(V>MTE2, 0+(i+1)%2)  // inserted\n");
}
