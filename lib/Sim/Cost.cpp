//===- Cost.cpp - How long an item keeps its pipe busy ---------------------===//

#include "ptoas/Sim/Cost.h"
#include <algorithm>
#include <cmath>

using namespace pto;
using namespace pto::sim;

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/// Instructions of 256 bytes that a tile takes. They run on across rows that lie one behind the
/// other, else every row begins a new one.
static uint64_t repeatsOf(const TileShape &shape) {
  constexpr uint64_t repeatBytes = 256;
  uint64_t rows = std::max<int64_t>(shape.validRows, 0),
           cols = std::max<int64_t>(shape.validCols, 0);
  if (!shape.isBoxed() && shape.blayout == BLayout::ColMajor)
    std::swap(rows, cols);
  uint64_t lineLength = shape.blayout == BLayout::ColMajor ? shape.rows : shape.cols;
  uint64_t size = bytesOf(shape.element);
  if (shape.isBoxed() || cols == lineLength)
    return ceilDiv(rows * cols * size, repeatBytes);
  return rows * ceilDiv(cols * size, repeatBytes);
}

double CostTable::vectorCycles(llvm::StringRef op, llvm::ArrayRef<Operand> operands) const {
  uint64_t repeats = 0; // of the largest tile
  for (const Operand &operand : operands)
    if (operand.kind == Operand::Tile)
      repeats = std::max(repeats, repeatsOf(operand.tile.shape));
  auto known = vectorByOp.find(op);
  const Vector &cost = known == vectorByOp.end() ? vector : known->second;
  return cost.head + cost.slope * double(repeats) + cost.tail;
}

double CostTable::cubeCycles(llvm::ArrayRef<Operand> operands) const {
  uint64_t m = 0, k = 0, n = 0, size = 2;
  for (const Operand &operand : operands) {
    if (operand.kind != Operand::Tile)
      continue;
    const TileShape &shape = operand.tile.shape;
    if (shape.space == Space::Left) {
      m = std::max<int64_t>(shape.validRows, 0);
      k = std::max<int64_t>(shape.validCols, 0);
      size = bytesOf(shape.element);
    } else if (shape.space == Space::Right) {
      n = std::max<int64_t>(shape.validCols, 0);
    }
  }
  uint64_t steps = ceilDiv(m, 16) * ceilDiv(n, 16) * ceilDiv(k * size, 32);
  return cubeHead + (size == 4 ? cubeStepWide : cubeStep) * double(steps);
}

/// All bytes come from the memory that most of them were read from: parameters of a conversion are
/// read on the way.
double CostTable::moveCycles(const std::array<uint64_t, numSpaces> &readBytes,
                             const std::array<uint64_t, numSpaces> &writtenBytes) const {
  constexpr double gibi = 1024.0 * 1024.0 * 1024.0;
  auto source = std::max_element(readBytes.begin(), readBytes.end());
  double cycles = 0;
  for (unsigned to = 0; to < numSpaces; ++to) {
    if (!writtenBytes[to])
      continue;
    // A fill reads nothing: it costs what a copy inside the memory does.
    unsigned from = *source ? unsigned(source - readBytes.begin()) : to;
    const Route &route = routes[from][to];
    cycles += route.head + double(writtenBytes[to]) * clock * 1e9 / (route.bandwidth * gibi);
  }
  return cycles;
}

uint64_t CostTable::cycles(llvm::StringRef op, Pipe pipe, llvm::ArrayRef<Operand> operands,
                           const std::array<uint64_t, numSpaces> &readBytes,
                           const std::array<uint64_t, numSpaces> &writtenBytes) const {
  double cycles = 1;
  switch (pipe) {
  case Pipe::V:
    cycles = vectorCycles(op, operands);
    break;
  case Pipe::M:
    cycles = cubeCycles(operands);
    break;
  case Pipe::MTE1:
  case Pipe::MTE2:
  case Pipe::MTE3:
  case Pipe::FIX:
    cycles = moveCycles(readBytes, writtenBytes);
    break;
  case Pipe::S:
  case Pipe::ALL:
    cycles = double(scalar);
    break;
  }
  return std::max<uint64_t>(1, uint64_t(std::ceil(cycles)));
}
