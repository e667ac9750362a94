//===- WrongCallsTest.cpp - The stand-in refuses what the library refuses --===//
//
// Each row is a right call and the same call with one mistake. The right ones compile together;
// each wrong one is refused, with the words that say why.
//
//===----------------------------------------------------------------------===//

#include "HostCompiler.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace pto;
using namespace pto::test;

namespace {

constexpr const char *prelude = R"(#include "pto/pto-inst.hpp"
#include "pto/comm/pto_comm_inst.hpp"
using namespace pto;
template <typename T, int R, int C, int VR = R, int VC = C>
using Ub = Tile<TileType::Vec, T, R, C, BLayout::RowMajor, VR, VC>;
template <typename T, int R>
using Column = Tile<TileType::Vec, T, R, 1, BLayout::ColMajor>;
template <typename T, int R, int C>
using L1 = Tile<TileType::Mat, T, R, C, BLayout::ColMajor, R, C, SLayout::RowMajor>;
template <typename T, int R, int C, Layout L = Layout::ND>
using Gm = GlobalTensor<T, Shape<1, 1, 1, R, C>, Stride<R * C, R * C, R * C, C, 1>, L>;
using Pipe = TPipe<0, Direction::DIR_C2V, 16384, 4, 4>;
template <typename T> T &make();
)";
// Names in the rows: tiles of 16 x 64 in UB by element type, and what stands beside them.
constexpr const char *names = R"(
  auto &a = make<Ub<float, 16, 64>>(), &b = make<Ub<float, 16, 64>>(), &c = make<Ub<float, 16, 64>>();
  auto &h = make<Ub<half, 16, 64>>();
  auto &w = make<Ub<bfloat16_t, 16, 64>>();
  auto &i = make<Ub<int32_t, 16, 64>>();
  auto &u = make<Ub<uint32_t, 16, 64>>();
  auto &m = make<Ub<uint8_t, 16, 64>>();
  auto &narrow = make<Ub<float, 16, 64, 16, 32>>();
  auto &column = make<Column<float, 16>>();
  auto &row = make<Ub<float, 1, 64>>();
  auto &l1 = make<L1<half, 64, 64>>();
  auto &l0a = make<TileLeft<half, 64, 64>>();
  auto &l0b = make<TileRight<half, 64, 64>>();
  auto &l0c = make<TileAcc<float, 64, 64>>();
  auto &g = make<Gm<float, 16, 64>>();
  auto &gh = make<Gm<half, 64, 64>>();
  auto &gf = make<Gm<float, 64, 64>>();
  auto &sig = make<comm::Signal>();
  auto &pipe = make<Pipe>();
  __gm__ float *p = nullptr;
)";

struct Row {
  Arch arch;
  const char *right, *wrong, *says;
};
constexpr Arch a3 = Arch::A3, a5 = Arch::A5;

const Row rows[] = {
    // Operands and their order.
    {a3, "TADD(c, a, b);", "TADD(c, a);", "no matching function"},
    {a3, "TADDS(c, a, 1.0f);", "TADDS(c, 1.0f, a);", "no matching function"},
    {a3, "TSTORE(g, a);", "TSTORE(a, g);", "a global tensor (pto::GlobalTensor) is expected here"},
    {a3, "TLOAD(a, g);", "TLOAD(g, a);", "a tile (pto::Tile) is expected here"},
    {a3, "TSEL(c, m, a, b, a);", "TSEL(c, a, b, m, a);", "no matching function"},
    {a3, "TROWSUM(column, a, b);", "TROWSUM(a, column, b);", "row-major without boxes"},
    {a3, "TROWSUM(column, a, b);", "TROWSUM(column, a);", "no matching function"},
    {a5, "TXOR(i, i, i, i);", "TXOR(i, i, i);", "no matching function"},
    {a3, "TMATMUL(l0c, l0a, l0b);", "TMATMUL(l0c, l0b, l0a);", "lies in L0A (TileType::Left)"},
    {a3, "TCMP(m, a, b, CmpMode::LT);", "TCMP(m, a, b, RoundMode::CAST_RINT);",
     "no matching function"},
    {a3, "TCOLSUM(row, a, b, true);", "TCOLSUM(row, a, b);", "no matching function"},
    // Template lists.
    {a3, "TSTORE<TileAcc<float, 64, 64>, Gm<float, 64, 64>, AtomicType::AtomicAdd>(gf, l0c);",
     "TSTORE<AtomicType::AtomicAdd>(gf, l0c);", "no matching function"},
    {a3, "TSTORE<STPhase::Final>(gf, l0c);", "TSTORE<AccPhase::Final>(gf, l0c);",
     "no matching function"},
    {a3, "TMATMUL<AccPhase::Final>(l0c, l0a, l0b);", "TMATMUL<STPhase::Final>(l0c, l0a, l0b);",
     "no matching function"},
    {a3, "TDIV<DivAlgorithm::HIGH_PRECISION>(c, a, b);", "TDIV<ExpAlgorithm::DEFAULT>(c, a, b);",
     "no matching function"},
    // Element types and their sign.
    {a3, "TADD(i, i, i);", "TADD(u, u, u);", "does not exist for this element type on this chip"},
    {a5, "TADD(w, w, w);", "TADD(c, a, w);", "tiles of one element type"},
    {a3, "TEXP(h, h);", "TEXP(w, w);", "does not exist for this element type on this chip"},
    {a3, "TCVT(w, a, RoundMode::CAST_RINT, SaturationMode::OFF);",
     "TCVT(h, w, RoundMode::CAST_RINT, SaturationMode::OFF);",
     "does not know this pair of element types"},
    {a3, "TLOAD(a, g);", "auto &x = make<Ub<half, 16, 64>>(); TLOAD(x, g);",
     "elements of one size"},
    {a3, "TSTORE(gh, l0c);", "auto &x = make<Gm<int16_t, 64, 64>>(); TSTORE(x, l0c);",
     "becomes float, half or bfloat16_t"},
    {a3, "TADD(c, a, b);", "TADDC(c, a, b, a);", "not there on any chip"},
    {a5, "TCI<Ub<int32_t, 16, 64>, int32_t, 0>(i, 0);",
     "TCI<Ub<int32_t, 16, 64>, int64_t, 0>(i, 0);", "start has the element type"},
    // Shapes.
    {a3, "TADD(c, a, b);", "TADD(c, a, narrow);", "equally many valid columns"},
    {a3, "make<Ub<float, 16, 8>>();", "make<Ub<float, 16, 5>>().GetValidRow();",
     "rows of a multiple of 32 bytes"},
    {a3, "make<L1<half, 16, 16>>();", "make<L1<half, 16, 24>>().GetValidRow();",
     "columns of a boxed tile are a multiple of its box"},
    {a3, "make<L1<half, 16, 16>>();", "make<L1<half, 24, 16>>().GetValidRow();",
     "rows of a boxed tile are a multiple of its box"},
    {a3, "make<Ub<float, 8, 8, 8, 4>>();", "make<Ub<float, 8, 8, 9, 8>>().GetValidRow();",
     "valid extents lie within the tile"},
    {a3, "Ub<float, 8, 8, -1, 8> x(4);", "Ub<float, 8, 8, -1, 8> x(4, 4);",
     "one value per open valid extent"},
    {a3, "Ub<float, 8, 8, -1, -1> x(4, 4);", "Ub<float, 8, 8, -1, -1> x;", "need a value each"},
    {a3, "Shape<1, 1, 1, -1, 8> x(4);", "Shape<1, 1, 1, -1, 8> x(4, 8);",
     "one value per open dimension"},
    {a3, "TLOAD(a, g);", "auto &x = make<Gm<float, 8, 64>>(); TLOAD(a, x);",
     "valid rows of the tile"},
    {a3, "TROWEXPANDSUB(c, a, column);", "TROWEXPANDSUB(c, a, row);", "holds a value per row"},
    // Layouts and memories.
    {a3, "TADD(c, a, b);",
     "auto &x = make<Tile<TileType::Vec, float, 16, 64, BLayout::ColMajor>>(); TADD(x, x, x);",
     "row-major tiles without boxes"},
    {a3, "TMATMUL(l0c, l0a, l0b);",
     "auto &x = make<Tile<TileType::Left, half, 64, 64, BLayout::ColMajor, 64, 64, "
     "SLayout::RowMajor>>(); TMATMUL(l0c, x, l0b);",
     "L0A is Zz on a2/a3"},
    {a3, "TADDS(c, a, 1.0f);", "TADDS(l1, l1, half(1));", "tiles in UB (TileType::Vec)"},
    {a3, "TMOV(l0a, l1);", "TMOV(l1, l0a);", "no way between these two memories"},
    {a5, "auto &x = make<Ub<float, 64, 64>>(); TMOV(x, l0c);", "TMOV_FP(l0c, l0c, l1);",
     "TileType::Scaling"},
    {a3, "TLOAD(l1, gh);", "TLOAD(l0a, gh);", "TLOAD fills UB or L1"},
    {a3, "auto &x = make<L1<float, 64, 64>>(); (void)x;",
     "auto &x = make<Ub<float, 64, 64>>(); TMOV(x, l0c);", "L0C goes to L1"},
    {a5, "TLOAD(l1, gh);",
     "auto &x = make<GlobalTensor<half, Shape<2, 1, 1, 32, 64>, Stride<2048, 2048, 2048, 64, "
     "1>>>(); "
     "TLOAD(l1, x);",
     "takes one matrix"},
    {a3, "TLOAD(a, g);", "auto &x = make<Gm<float, 16, 64, Layout::DN>>(); TLOAD(a, x);",
     "layouts of one family"},
    // Chips.
    {a5, "TRandomKey k; TRandomCounter n; TRANDOM<10>(u, k, n);",
     "TRandomKey k; TRandomCounter n; TRANDOM<10>(u, n, k);", "no matching function"},
    {a5, "TINTERLEAVE(c, c, a, b);", "TSUBVIEW(c, a, 0, 0);", "undeclared identifier 'TSUBVIEW'"},
    {a3, "TSUBVIEW(c, a, 0, 0);", "TINTERLEAVE(c, c, a, b);", "exists on a5 only"},
    {a3, "wait_flag_dev(3);", "set_intra_block(PIPE_FIX, 3);", "undeclared identifier"},
    // Layouts of moves, windows, parameters.
    {a3, "TMOV(l0a, l1);",
     "auto &x = make<L1<half, 16, 16>>(); auto &y = make<TileRight<half, 16, "
     "16>>(); auto &z = make<TileRight<int8_t, 64, 48>>(); auto &q = make<L1<int8_t, 64, 64>>(); "
     "TMOV(y, x); TEXTRACT(z, q, 0, 0);",
     "a transposing move into L0"},
    {a3,
     "auto &v = make<Tile<TileType::Mat, half, 1, 256>>(); auto &y = make<TileLeft<half, 1, "
     "256>>(); "
     "TMOV(y, v);",
     "auto &v = make<Tile<TileType::Mat, half, 1, 64>>(); auto &y = make<Tile<TileType::Left, "
     "half, "
     "1, 64, BLayout::RowMajor, 1, 64, SLayout::RowMajor>>(); TMOV(y, v);",
     "in pieces of 512 bytes"},
    {a3, "TMOV(a, b);",
     "auto &x = make<Tile<TileType::Vec, float, 16, 64, BLayout::ColMajor>>(); TMOV(a, x);",
     "UB to UB keeps the layout"},
    {a3, "TEXTRACT(a, b, 0, 0);",
     "auto &x = make<Tile<TileType::Vec, float, 16, 64, BLayout::ColMajor>>(); TEXTRACT(x, x, 0, "
     "0);",
     "a window of UB: ND to ND"},
    {a3, "TEXTRACT(row, a, 3, 0);", "TEXTRACT(a, row, 0, 0);", "fits into the larger tile"},
    {a3, "TMOV(a, b);", "auto &x = make<Ub<float8_e4m3_t, 16, 64>>(); TMOV(x, x);",
     "exist on a5 only"},
    {a5, "TSYNC<Op::TLOAD>();", "TSYNC<Op::VECTOR>();", "on MTE2 or MTE3"},
    {a3, "TSYNC<Op::VECTOR>();", "SETFMATRIX(a);", "a feature map"},
    {a3,
     "auto &fp = make<Tile<TileType::Scaling, uint64_t, 1, 64>>(); auto &d = make<L1<int8_t, 64, "
     "64>>(); TMOV_FP<L1<int8_t, 64, 64>, TileAcc<float, 64, 64>, Tile<TileType::Scaling, "
     "uint64_t, "
     "1, 64>>(d, l0c, fp);",
     "auto &fp = make<Tile<TileType::Scaling, float, 1, 64>>(); auto &d = make<L1<int8_t, 64, "
     "64>>(); TMOV_FP<L1<int8_t, 64, 64>, TileAcc<float, 64, 64>, Tile<TileType::Scaling, float, "
     "1, 64>>(d, l0c, fp);",
     "a word of 64 bits"},
    // Addresses, flags, pipes, ranks.
    {a3, "TASSIGN(a, (uint64_t)4096);", "TASSIGN(a, p);", "a number of bytes"},
    {a3, "TASSIGN<4096>(a);", "TASSIGN<4100>(a);", "multiple of 32 bytes"},
    {a3, "TASSIGN<4096>(a);", "TASSIGN<196544>(a);", "ends inside its memory"},
    {a3, "TASSIGN(a, 0);", "auto &x = make<Ub<float, 1024, 64>>(); TASSIGN(x, 0);",
     "fits into its memory"},
    {a3, "g.setPointer(p);", "g.setPointer(a.data());", "cannot initialize a parameter"},
    {a3, "set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);", "set_flag(PIPE_V, EVENT_ID0, PIPE_MTE3);",
     "no matching function"},
    {a3, "TPUSH<Pipe, TileAcc<float, 64, 64>, TileSplitAxis::TILE_NO_SPLIT>(pipe, l0c);",
     "TPUSH<Pipe, Ub<float, 16, 64>, TileSplitAxis::TILE_NO_SPLIT>(pipe, a);",
     "is not fed from UB"},
    {a3, "TPOP<Pipe, Ub<float, 16, 64>, TileSplitAxis::TILE_NO_SPLIT>(pipe, a);",
     "TPOP<Pipe, Ub<float, 16, 64>, TileSplitAxis::TILE_NO_SPLIT>(a, pipe);",
     "no matching function"},
    {a3, "TPipe<14, Direction::DIR_C2V, 1024, 8> x(nullptr, 0, 0);",
     "TPipe<14, Direction::DIR_BOTH, 1024, 8> x(nullptr, 0, 0);", "out of 16"},
    {a3, "comm::TPUT(g, g, a);", "comm::TPUT(g, g, h);", "one element type"},
    {a3, "comm::TPUT(g, g, a, b);", "comm::TPUT(g, g, a, narrow);", "both staging tiles"},
    {a3, "comm::TNOTIFY(sig, 1, comm::NotifyOp::Set);", "comm::TNOTIFY(g, 1, comm::NotifyOp::Set);",
     "a signal is an int32_t"},
    {a3, "comm::TWAIT(sig, 1, comm::WaitCmp::GE);", "comm::TWAIT(sig, 1, comm::NotifyOp::Set);",
     "no matching function"},
};

std::string fileOf(llvm::StringRef functions) { return prelude + functions.str(); }
std::string function(size_t number, llvm::StringRef statement) {
  return "void f" + std::to_string(number) + "() {" + names + statement.str() + "\n}\n";
}
} // namespace

TEST(WrongCalls, RightOnesCompile) {
  for (Arch arch : {a3, a5}) {
    std::string functions;
    for (auto [i, row] : llvm::enumerate(rows))
      if (row.arch == arch)
        functions += function(i, row.right);
    EXPECT_EQ(compileOnHost(fileOf(functions), arch, Core::Vector), "");
  }
}

TEST(WrongCalls, AreRefusedWithTheReason) {
  unsigned refused = 0;
  for (const Row &row : rows) {
    std::string said = compileOnHost(fileOf(function(0, row.wrong)), row.arch, Core::Vector);
    EXPECT_NE(said.find(row.says), std::string::npos)
        << row.wrong << " should be refused with '" << row.says << "', got:\n"
        << said;
    ++refused;
  }
  std::printf("%u wrong calls refused\n", refused);
}
