//===- SyncModelTest.cpp - Structure of the model --------------------------===//

#include "ModelTesting.h"

using namespace pto;
using namespace pto::testing;

namespace {

unsigned accessesLabelled(const SyncModel &model, llvm::StringRef label) {
  return llvm::count_if(model.program.nodes, [&](const sync::Node &n) {
    return n.kind == sync::NodeKind::Access && n.label == label;
  });
}

constexpr llvm::StringLiteral sections = R"(func.func @f() {
  %c0 = arith.constant 0 : i64
  pto.section.vector {
    %t = pto.alloc_tile addr = %c0 : !pto.tile_buf<vec, 16x64xf32>
    pto.tadd ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
    pto.tmul ins(%t, %t : !pto.tile_buf<vec, 16x64xf32>, !pto.tile_buf<vec, 16x64xf32>) outs(%t : !pto.tile_buf<vec, 16x64xf32>)
  }
  pto.section.cube {
    pto.barrier <PIPE_M>
  }
  return
})";

TEST(SyncModel, HoldsEveryOperationOfItsCoreOnce) {
  Parsed parsed(sections);
  SyncModel vector = parsed.model(CoreKind::Vector);
  EXPECT_EQ(accessesLabelled(vector, "pto.tadd"), 1u);
  EXPECT_EQ(accessesLabelled(vector, "pto.tmul"), 1u)
      << "the last one of a block without terminator";
  EXPECT_EQ(vector.program.top.size(), 2u);
  SyncModel cube = parsed.model(CoreKind::Cube);
  EXPECT_EQ(cube.program.top.size(), 1u);
  EXPECT_FALSE(cube.hasAccess);
  auto cores = coresOf(rootFunctions(*parsed.module).front());
  EXPECT_EQ(cores.size(), 2u);
}

TEST(SyncModel, HalvesOfAStagingTileAreDifferentBytes) {
  Parsed parsed(R"(func.func @f(%d: !pto.ptr<f32>, %s: !pto.ptr<f32>) {
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %rows = arith.constant 16 : index
    %cols = arith.constant 64 : index
    %at = arith.constant 1024 : i64
    %dv = pto.make_tensor_view %d, shape = [%rows, %cols], strides = [%cols, %one] : !pto.tensor_view<?x?xf32>
    %sv = pto.make_tensor_view %s, shape = [%rows, %cols], strides = [%cols, %one] : !pto.tensor_view<?x?xf32>
    %dp = pto.partition_view %dv, offsets = [%zero, %zero], sizes = [%rows, %cols] : !pto.tensor_view<?x?xf32>
    %sp = pto.partition_view %sv, offsets = [%zero, %zero], sizes = [%rows, %cols] : !pto.tensor_view<?x?xf32>
    %ping = pto.alloc_tile addr = %at : !pto.tile_buf<vec, 2x64xf32>
    pto.comm.tput(%dp, %sp, buf(%ping) : !pto.partition_tensor_view<16x64xf32>, !pto.partition_tensor_view<16x64xf32>, !pto.tile_buf<vec, 2x64xf32>)
    return
  })");
  SyncModel model = parsed.model();
  std::vector<std::pair<int64_t, uint64_t>> halves;
  for (const sync::Region &r : model.program.regions)
    if (r.name == "%ping" && r.run == 256)
      halves.push_back({r.offset.constant, r.run});
  llvm::sort(halves);
  EXPECT_EQ(halves, (std::vector<std::pair<int64_t, uint64_t>>{{1024, 256}, {1280, 256}}));
}

TEST(SyncModel, RootsAreFunctionsThatNobodyCalls) {
  Parsed parsed(R"(
    func.func private @helper() { return }
    func.func @a() { func.call @helper() : () -> () return }
    func.func @b() { return }
    func.func private @elsewhere())");
  auto roots = rootFunctions(*parsed.module);
  ASSERT_EQ(roots.size(), 2u);
  EXPECT_EQ(roots[0].getName(), "a");
  EXPECT_EQ(roots[1].getName(), "b");
}

TEST(SyncModel, CoresFollowTheKindTheSectionsOrTheWork) {
  auto coresOfText = [](llvm::StringRef text) {
    Parsed parsed(text);
    auto cores = coresOf(rootFunctions(*parsed.module).front());
    return std::vector<CoreKind>(cores.begin(), cores.end());
  };
  using Cores = std::vector<CoreKind>;
  EXPECT_EQ(coresOfText(
                "func.func @f() attributes {pto.kernel_kind = #pto.kernel_kind<cube>} { return }"),
            Cores{CoreKind::Cube});
  EXPECT_EQ(coresOfText("func.func @f() { return }"), Cores{CoreKind::Vector});
  EXPECT_EQ(coresOfText("func.func @f(%t: !pto.tile_buf<vec, 16x64xf32>) { pto.tmov ins(%t : "
                        "!pto.tile_buf<vec, 16x64xf32>) outs(%t : "
                        "!pto.tile_buf<vec, 16x64xf32>) return }"),
            Cores{CoreKind::Vector});
  EXPECT_EQ(
      coresOfText(
          "func.func @f(%m: !pto.tile_buf<mat, 1x16xf32>, %b: !pto.tile_buf<bias, 1x16xf32>) { "
          "pto.tmov ins(%m : "
          "!pto.tile_buf<mat, 1x16xf32>) outs(%b : !pto.tile_buf<bias, 1x16xf32>) return }"),
      Cores{CoreKind::Cube});
}

} // namespace
