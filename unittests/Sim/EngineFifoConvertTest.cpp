//===- EngineFifoConvertTest.cpp - What a push makes of an accumulator ------===//
//
// Scales, one-byte types and the layout of the slot (library 9.6), through global memory and (a5)
// in the consumer's own memory. The expected bytes are worked out per element.
//
//===----------------------------------------------------------------------===//

#include "EngineCluster.h"
#include <cmath>
#include <cstring>

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
constexpr int64_t rows = 16, cols = 32;
int64_t valueOf(int64_t row, int64_t col) { return row * 7 - col * 3; }
float scaleOf(int64_t col) { return 0.25f * float(col % 4 + 1); }

/// The values into an accumulator, element by element.
void patternKernel(KernelContext &context) {
  const TileOperand &tile = context.operands[0].tile;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t col = 0; col < cols; ++col) {
      auto value = float(valueOf(row, col));
      context.write(tile.shape.space,
                    tile.address + uint64_t(tile.shape.elementOffset(row, col)) * sizeof value,
                    &value, sizeof value);
    }
}
/// Parameters: the bits of a float in the low half of a word.
void scalesKernel(KernelContext &context) {
  for (int64_t col = 0; col < cols; ++col) {
    float scale = scaleOf(col);
    uint64_t word = 0;
    std::memcpy(&word, &scale, sizeof scale);
    context.write(Space::Scaling, uint64_t(col) * 8, &word, sizeof word);
  }
}
/// The bytes of a tile as they lie.
void dumpKernel(KernelContext &context) {
  const TileOperand &tile = context.operands[0].tile;
  std::vector<uint8_t> bytes(tile.shape.bytes());
  context.read(tile.shape.space, tile.address, bytes.data(), bytes.size());
  context.write(Space::GM, context.operands[1].scalar.bits, bytes.data(), bytes.size());
}

enum class Scale { None, One, PerColumn };
struct Mode {
  Arch arch;
  bool isLocal;
  Layout layout;
  Scale scale;
  Element pushed;
};

TileShape slotShape(const Mode &mode) {
  TileShape shape;
  shape.element = mode.pushed;
  shape.rows = shape.validRows = rows;
  shape.cols = shape.validCols = cols;
  if (mode.layout != Layout::ND)
    shape.blayout = BLayout::ColMajor;
  if (mode.layout == Layout::NZ)
    shape.slayout = SLayout::RowMajor;
  return shape;
}

/// Pushes one tile; what the vector core gets.
std::vector<uint8_t> received(const Mode &mode, Report &report, bool setsScale = true) {
  Cluster kernel({"ring", "y"}, mode.arch);
  FifoShape fifo;
  fifo.slotSize = rows * cols * sizeof(float);
  fifo.slots = 2;
  fifo.isLocal = mode.isLocal;
  fifo.isNoSplit = true;
  fifo.pushed = mode.pushed;
  fifo.isScaled = mode.scale != Scale::None;
  fifo.layout = mode.layout;
  uint32_t type = kernel.program.addFifo(fifo);

  Half &c = kernel.cube;
  Handle in = c.b.fifo(type, c.b.argument(0), c.b.constant(0), none);
  TileShape acc;
  acc.space = Space::Acc;
  acc.rows = acc.validRows = rows;
  acc.cols = acc.validCols = cols;
  acc.blayout = BLayout::ColMajor;
  acc.slayout = SLayout::RowMajor;
  acc.fractal = 1024;
  Handle tile = c.b.tile(kernel.program.addShape(acc), c.b.constant(0));
  c.issue("pto.pattern", patternKernel, Pipe::M, {Operand::Tile}, {tile});
  c.issue("pto.scales", scalesKernel, Pipe::FIX, {}, {});
  c.line("pto.barrier");
  c.b.barrier(Pipe::FIX);
  c.handoff(Pipe::M, Pipe::FIX);
  if (setsScale && mode.scale == Scale::One) {
    c.b.setQuant(c.b.constantFloat(0.5), mode.pushed);
  } else if (setsScale && mode.scale == Scale::PerColumn) {
    TileShape words;
    words.space = Space::Scaling;
    words.element = Element::U64;
    words.rows = words.validRows = 1;
    words.cols = words.validCols = cols;
    c.b.setQuant(c.b.tile(kernel.program.addShape(words), c.b.constant(0)));
  }
  c.push(in, tile, FifoSplit::None);
  c.finish({in});

  Half &h = kernel.vector;
  Label idle = h.b.newLabel();
  if (mode.arch == Arch::A5) // without a split vector core 0 alone
    h.b.jumpIf(h.b.special(SpecialValue::SubblockIndex), idle);
  Handle out = h.b.fifo(type, h.b.argument(0), h.b.constant(0), none);
  Handle got = h.b.tile(kernel.program.addShape(slotShape(mode)), h.b.constant(0));
  h.pop(out, got, FifoSplit::None);
  h.handoff(mode.isLocal ? Pipe::V : Pipe::MTE2, Pipe::MTE3);
  Register sub = h.b.special(SpecialValue::SubblockIndex);
  Register to = h.b.arith(ArithOp::AddI, Element::I64, h.b.argument(1),
                          h.b.arith(ArithOp::MulI, Element::I64, sub, h.b.constant(4096)));
  h.issue("pto.dump", dumpKernel, Pipe::MTE3, {Operand::Tile, Operand::Scalar}, {got, to});
  h.line("pto.tfree");
  h.b.free(out, FifoSplit::None, /*isEntry=*/false);
  h.b.place(idle);
  h.finish({out});

  GlobalMemory memory;
  uint64_t ring = memory.allocate(0, "ring", 8192), y = memory.allocate(0, "y", 8192);
  Options options;
  options.primedCredits = false;
  report = run(kernel.program, memory, kernel.launch({ring, y}), options);
  std::vector<uint8_t> bytes(rows * cols * bytesOf(mode.pushed));
  memory.load(y, bytes.data(), bytes.size());
  return bytes;
}

double expected(const Mode &mode, int64_t row, int64_t col) {
  float value = float(valueOf(row, col)) * (mode.scale == Scale::One         ? 0.5f
                                            : mode.scale == Scale::PerColumn ? scaleOf(col)
                                                                             : 1.0f);
  bool isSigned = mode.pushed == Element::I8;
  if (isSigned || mode.pushed == Element::U8)
    return std::clamp(std::nearbyint(value), isSigned ? -128.0f : 0.0f, isSigned ? 127.0f : 255.0f);
  return value; // halves of small numbers are exact
}
} // namespace

TEST(EngineFifoConvert, ScalesAndLayoutsOfEveryMode) {
  unsigned modes = 0;
  for (Arch arch : {Arch::A3, Arch::A5})
    for (bool isLocal : {false, true})
      for (Layout layout : {Layout::ND, Layout::DN, Layout::NZ})
        for (Scale scale : {Scale::None, Scale::One, Scale::PerColumn}) {
          if (arch == Arch::A3 && (isLocal || layout == Layout::DN))
            continue; // library 2.2: DN is a5's
          bool isNarrow = scale != Scale::None;
          for (Element pushed : isNarrow ? std::vector{Element::I8, Element::U8}
                                         : std::vector{Element::F16, Element::BF16}) {
            if (scale == Scale::PerColumn && pushed == Element::U8)
              continue; // nothing says that a byte has no sign
            Mode mode{arch, isLocal, layout, scale, pushed};
            Report report;
            std::vector<uint8_t> bytes = received(mode, report);
            std::string text = (name(arch) + (isLocal ? " local " : " gm ") + name(pushed)).str() +
                               " layout " + std::to_string(int(layout)) + " scale " +
                               std::to_string(int(scale));
            ASSERT_TRUE(report.clean()) << text << '\n' << textOf(report);
            TileShape shape = slotShape(mode);
            for (int64_t row = 0; row < rows; ++row)
              for (int64_t col = 0; col < cols; ++col) {
                const uint8_t *at =
                    bytes.data() + uint64_t(shape.elementOffset(row, col)) * bytesOf(pushed);
                double got =
                    isFloat(pushed) ? decodeFloat(pushed, at) : double(decodeInteger(pushed, at));
                ASSERT_EQ(got, expected(mode, row, col)) << text << " at " << row << ", " << col;
              }
            ++modes;
          }
        }
  EXPECT_EQ(modes, 40u);
}

TEST(EngineFifoConvert, AScaleThatNobodySet) {
  Report report;
  received({Arch::A3, false, Layout::ND, Scale::One, Element::I8}, report, /*setsScale=*/false);
  const Finding *finding = find(report, FindingKind::KernelFailure);
  ASSERT_NE(finding, nullptr) << textOf(report);
  EXPECT_NE(finding->what.find("scales by a parameter that nothing has set"), std::string::npos);
  EXPECT_TRUE(says(report, FindingKind::KernelFailure, 0,
                   "pto.set_quant_scalar or pto.set_quant_vector comes before the push"));
}
