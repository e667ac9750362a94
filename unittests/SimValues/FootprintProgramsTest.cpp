//===- FootprintProgramsTest.cpp - Library calls with phases, and views -------===//
//
// The same comparison as FootprintTest for what one operation alone does not show: transfers and
// collectives in all their forms, windows, reshaped tiles, slots of rings, boxes in GM with
// strides, the scalar unit.
//
//===----------------------------------------------------------------------===//

#include "Footprint.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::reference;
using llvm::formatv;

namespace {
/// A vector kernel on arrays of f32, a line per statement.
class Text {
public:
  /// rows x cols elements of array `name`, `pitch` apart, from element `first` on.
  Text &part(llvm::StringRef name, int64_t rows, int64_t cols, int64_t pitch = 0,
             int64_t firstRow = 0, int64_t firstCol = 0) {
    if (pitch == 0)
      pitch = cols;
    arrays.insert(name.str());
    std::string v = formatv("!pto.tensor_view<{0}x{1}xf32>", firstRow + rows, firstCol + cols);
    line(formatv(
        "%{0}_v = pto.make_tensor_view %{0}, shape = [{1}, {2}], strides = [{3}, {4}] : {5}", name,
        c(firstRow + rows), c(firstCol + cols), c(pitch), c(1), v));
    line(formatv("%{0}_p = pto.partition_view %{0}_v, offsets = [{1}, {2}], sizes = [{3}, {4}] : "
                 "{5} -> {6}",
                 name, c(firstRow), c(firstCol), c(rows), c(cols), v, partType(rows, cols)));
    return *this;
  }
  static std::string partType(int64_t rows, int64_t cols) {
    return formatv("!pto.partition_tensor_view<{0}x{1}xf32>", rows, cols);
  }
  static std::string tileType(int64_t rows, int64_t cols) {
    return formatv("!pto.tile_buf<vec, {0}x{1}xf32>", rows, cols);
  }
  Text &tile(llvm::StringRef name, int64_t rows, int64_t cols) {
    line(formatv("%{0}_at = arith.constant {1} : i64", name, next));
    line(formatv("%{0} = pto.alloc_tile addr = %{0}_at : {1}", name, tileType(rows, cols)));
    next += (rows * cols * 4 + 511) / 512 * 512;
    return *this;
  }
  Text &line(const std::string &text) {
    body += "  " + text + "\n";
    return *this;
  }
  /// A constant of type index.
  std::string c(int64_t n) {
    constants.insert(n);
    return "%c" + std::to_string(n);
  }
  std::string str(Arch arch) const {
    std::string out =
        formatv("module attributes {{pto.target_arch = \"{0}\"} {{\nfunc.func @f(", name(arch));
    out += llvm::join(llvm::map_range(arrays, [](auto &a) { return "%" + a + ": !pto.ptr<f32>"; }),
                      ", ");
    out += ") attributes {pto.kernel_kind = #pto.kernel_kind<vector>} {\n";
    for (int64_t n : constants)
      out += formatv("  %c{0} = arith.constant {0} : index\n", n);
    return out + body + "  pto.barrier <PIPE_ALL>\n  return\n}\n}\n";
  }
  std::set<std::string> arrays;

private:
  std::set<int64_t> constants;
  std::string body;
  int64_t next = 1024;
};

class Watcher : public sim::Observer {
public:
  void touched(const Touch &touch) override { touches.push_back(touch); }
  std::vector<uint8_t> initial(uint32_t, Space) override { return std::vector<uint8_t>(65536, 0); }
  std::vector<Touch> touches;
};

constexpr uint64_t arrayBytes = 1 << 16;

/// Messages of what is touched and not claimed; `ops` collects the operations that touched
/// anything.
std::vector<std::string> judge(const Text &text, Arch arch, std::set<std::string> &ops) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  std::string source = text.str(arch);
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(source, "f.pto"), {});
  auto module = parseProgram(sources, context);
  if (!module)
    return {"the text is wrong: " + source};
  auto kernels = sim::findKernels(*module);
  if (mlir::failed(kernels))
    return {"no kernel"};
  auto program = sim::lowerKernels(*module, *kernels);
  auto model = buildSyncModel(rootFunctions(*module).front(), CoreKind::Vector);
  if (mlir::failed(program) || mlir::failed(model))
    return {"not lowered: " + source};
  sim::GlobalMemory memory;
  sim::CoreLaunch core;
  core.function = kernels->front().cores.front().index;
  Arrays arrays;
  std::vector<uint8_t> zeros(arrayBytes, 0);
  for (const std::string &name : text.arrays) {
    uint64_t at = memory.allocate(0, name, arrayBytes);
    memory.store(at, zeros.data(), arrayBytes);
    arrays[name] = {at, at + arrayBytes};
    core.arguments.push_back(at);
  }
  sim::Launch launch;
  launch.ranks = {{core}};
  Watcher watcher;
  sim::Options options;
  options.observer = &watcher;
  std::string printed;
  llvm::raw_string_ostream log(printed);
  options.output = &log;
  sim::run(*program, memory, launch, options); // races are no matter here
  Footprint touched = footprintOf(watcher.touches, *program);
  for (auto &[access, bytes] : touched)
    ops.insert(access.op);
  return unclaimed(touched, claimsOf(*model, arch, arrays));
}

void expectInside(const Text &text, std::initializer_list<const char *> wanted,
                  std::initializer_list<Arch> archs = {Arch::A3, Arch::A5}) {
  for (Arch arch : archs) {
    std::set<std::string> ops;
    for (const std::string &message : judge(text, arch, ops))
      ADD_FAILURE() << name(arch).str() << ": " << message << "\n" << text.str(arch);
    for (const char *op : wanted)
      EXPECT_TRUE(ops.contains(op)) << op << " touches nothing in\n" << text.str(arch);
  }
}
} // namespace

TEST(FootprintPrograms, TransfersInEveryForm) {
  // Rows of the region and of the staging tile: fits, chunks, halves (8 to 16 chunks).
  const std::pair<int64_t, int64_t> sizes[] = {{4, 4}, {6, 4}, {32, 4}, {64, 4}, {3, 1}};
  for (const char *op : {"tput", "tget"})
    for (bool twoTiles : {false, true})
      for (auto [rows, staged] : sizes) {
        Text t;
        t.part("dst", rows, 64, 80).part("src", rows, 64, 72).tile("ping", staged, 64);
        if (twoTiles)
          t.tile("pong", staged, 64);
        std::string tile = Text::tileType(staged, 64), part = Text::partType(rows, 64);
        std::string attribute =
            op == std::string("tput") ? " {atomicType = #pto<atomic_type atomic_none>}" : "";
        t.line(formatv("pto.comm.{0}(%dst_p, %src_p, buf(%ping{1}) : {2}, {2}, {3}{4}){5}", op,
                       twoTiles ? ", %pong" : "", part, tile, twoTiles ? ", " + tile : "",
                       attribute));
        expectInside(t, {op == std::string("tput") ? "pto.comm.tput" : "pto.comm.tget"});
      }
}

TEST(FootprintPrograms, CollectivesInEveryForm) {
  for (int64_t ranks : {1, 2, 3})
    for (bool twoTiles : {false, true})
      for (int64_t staged : {4, 2}) {
        Text t;
        t.part("a", 4, 8, 16).part("b", 4, 8, 16).part("d", 4, 8).part("all", 4 * ranks, 8, 40);
        t.part("x", 4, 8).part("y", 4, 8).part("z", 4, 8,
                                               8); // a group has one type, strides included
        t.tile("ping", staged, 8).tile("acc", staged, 8);
        if (twoTiles)
          t.tile("pong", staged, 8);
        std::string part = Text::partType(4, 8), tile = Text::tileType(staged, 8);
        auto group = [&](const char *names) {
          llvm::SmallVector<llvm::StringRef> all;
          llvm::StringRef(names).split(all, ' ');
          all.resize(size_t(ranks));
          return llvm::join(all, ", ");
        };
        std::string types(part), tiles = twoTiles ? tile + ", " + tile : tile;
        for (int64_t i = 1; i < ranks; ++i)
          types += ", " + part;
        std::string recv = twoTiles ? "recv(%ping, %pong)" : "recv(%ping)";
        std::string whole = Text::partType(4 * ranks, 8);
        t.line(
            formatv("pto.comm.tbroadcast(%d_p, {0}, group({1}) : {2}, {3}, {4}) {{root = 0 : i32}",
                    recv, group("%x_p %y_p %z_p"), part, tiles, types));
        t.line(
            formatv("pto.comm.tgather(%all_p, {0}, group({1}) : {2}, {3}, {4}) {{root = 0 : i32}",
                    recv, group("%a_p %b_p %a_p"), whole, tiles, types));
        t.line(
            formatv("pto.comm.tscatter(%all_p, {0}, group({1}) : {2}, {3}, {4}) {{root = 0 : i32}",
                    recv, group("%x_p %y_p %z_p"), whole, tiles, types));
        expectInside(t, {"pto.comm.tbroadcast", "pto.comm.tgather", "pto.comm.tscatter"});
        t.line(formatv("pto.comm.treduce(%d_p, %acc, {0}, group({1}) : {2}, {3}, {4}, {5}) "
                       "{{reduceOp = #pto<reduce_op sum>, root = 0 : i32}",
                       recv, group("%a_p %b_p %a_p"), part, tile, tiles, types));
        // Two tiles would need a barrier of V between the sums on a3, which the library does not
        // have.
        if (twoTiles && ranks > 1)
          expectInside(t, {"pto.comm.treduce"}, {Arch::A5});
        else
          expectInside(t, {"pto.comm.treduce"});
      }
}

TEST(FootprintPrograms, WindowsReshapedTilesAndSlots) {
  Text t;
  t.part("in", 8, 32, 100, 3, 5).part("out", 8, 32, 33, 1, 0).tile("t", 32, 64);
  std::string tile = Text::tileType(32, 64), part = Text::partType(8, 32);
  std::string window = Text::tileType(8, 32);
  t.line(formatv("%w = pto.subview %t[{0}, {1}] sizes [8, 32] : {2}", t.c(4), t.c(16), tile));
  t.line(formatv("%u = pto.subview %t[{0}, {1}] sizes [8, 32] : {2}", t.c(12), t.c(32), tile));
  t.line(formatv("pto.tload ins(%in_p : {0}) outs(%w : {1})", part, window));
  t.line(formatv("pto.tadd ins(%w, %w : {0}, {0}) outs(%u : {0})", window));
  t.line(formatv("pto.tstore ins(%u : {0}) outs(%out_p : {1})", window, part));
  std::string tall = Text::tileType(64, 32);
  t.line(formatv("%tall = pto.treshape %t : {0} -> {1}", tile, tall));
  t.line(formatv("pto.texp ins(%tall : {0}) outs(%tall : {0})", tall));
  t.line(formatv("%bits = pto.bitcast %t : {0} -> !pto.tile_buf<vec, 32x64xi32>", tile));
  t.line("pto.tnot ins(%bits : !pto.tile_buf<vec, 32x64xi32>) outs(%bits : !pto.tile_buf<vec, "
         "32x64xi32>)");
  // tnot of i32 is there on a5 only.
  std::string text = t.str(Arch::A5);
  std::set<std::string> ops;
  for (const std::string &message : judge(t, Arch::A5, ops))
    ADD_FAILURE() << message << "\n" << text;
  for (const char *op : {"pto.tload", "pto.tadd", "pto.tstore", "pto.texp", "pto.tnot"})
    EXPECT_TRUE(ops.contains(op)) << op;
}

TEST(FootprintPrograms, SlotsOfRings) {
  Text t;
  t.part("in", 8, 32).part("out", 8, 32);
  std::string slot = Text::tileType(8, 32), part = Text::partType(8, 32);
  t.line("%ring_at = arith.constant 2048 : i64");
  std::string ring = "!pto.multi_tile_buf<" + slot + ", count=3>";
  t.line(formatv("%ring = pto.alloc_multi_tile addr = %ring_at : {0}", ring));
  t.line(formatv("scf.for %i = {0} to {1} step {2} {{", t.c(0), t.c(7), t.c(1)));
  t.line(formatv("%n = arith.remui %i, {0} : index", t.c(3)));
  t.line(formatv("%s = pto.multi_tile_get %ring[%n] : {0} -> {1}", ring, slot));
  t.line(formatv("pto.tload ins(%in_p : {0}) outs(%s : {1})", part, slot));
  t.line(formatv("pto.tstore ins(%s : {0}) outs(%out_p : {1})", slot, part));
  t.line("}");
  expectInside(t, {"pto.tload", "pto.tstore"});
}

TEST(FootprintPrograms, TheScalarUnit) {
  Text t;
  t.part("a", 4, 16, 20).tile("t", 4, 16);
  t.line("%x = pto.load_scalar %a[" + t.c(33) + "] : !pto.ptr<f32> -> f32");
  t.line("pto.store_scalar %x, %a[" + t.c(7) + "] : !pto.ptr<f32>, f32");
  std::string tile = Text::tileType(4, 16);
  t.line(formatv("pto.tsetval ins({0}, %x : index, f32) outs(%t : {1})", t.c(5), tile));
  t.line(formatv("%y = pto.tgetval ins(%t, {0} : {1}, index) outs : f32", t.c(6), tile));
  t.line(formatv("pto.tprint ins(%t : {0})", tile));
  t.line(formatv("pto.tprint ins(%a_p : {0})", Text::partType(4, 16)));
  expectInside(t,
               {"pto.load_scalar", "pto.store_scalar", "pto.tsetval", "pto.tgetval", "pto.tprint"});
}
