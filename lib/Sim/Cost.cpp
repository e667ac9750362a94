//===- Cost.cpp - How long an item keeps its pipe busy ---------------------===//

#include "ptoas/Sim/Cost.h"
#include <algorithm>
#include <cmath>

using namespace pto;
using namespace pto::sim;

CostTable CostTable::of(Arch arch) {
  CostTable table;
  if (arch == Arch::A5) { // library 7
    table.vectorHead = 23;
    table.vectorSlope = 1;
    table.vectorTail = 12;
  }
  return table;
}

static double vectorCycles(const CostTable &table, llvm::ArrayRef<Operand> operands) {
  uint64_t bytes = 0; // of the largest tile
  for (const Operand &operand : operands)
    if (operand.kind == Operand::Tile) {
      const TileShape &shape = operand.tile.shape;
      bytes = std::max(bytes, uint64_t(std::max<int64_t>(shape.validRows, 0)) *
                                  std::max<int64_t>(shape.validCols, 0) * bytesOf(shape.element));
    }
  constexpr uint64_t repeatBytes = 256;
  uint64_t repeats = (bytes + repeatBytes - 1) / repeatBytes;
  return table.vectorHead + table.vectorSlope * repeats + table.vectorTail;
}

static double cubeCycles(const CostTable &table, llvm::ArrayRef<Operand> operands) {
  int64_t m = 0, k = 0, n = 0, size = 2;
  for (const Operand &operand : operands) {
    if (operand.kind != Operand::Tile)
      continue;
    const TileShape &shape = operand.tile.shape;
    if (shape.space == Space::Left) {
      m = shape.validRows;
      k = shape.validCols;
      size = bytesOf(shape.element);
    } else if (shape.space == Space::Right) {
      n = shape.validCols;
    }
  }
  auto blocks = [](int64_t extent, int64_t by) { return double((extent + by - 1) / by); };
  double perStep = size == 4 ? 2 : 1;
  return table.cubeHead + perStep * blocks(m, 16) * blocks(n, 16) * blocks(k, 32 / size);
}

uint64_t CostTable::cycles(Pipe pipe, llvm::ArrayRef<Operand> operands,
                           const std::array<uint64_t, numSpaces> &readBytes,
                           const std::array<uint64_t, numSpaces> &writtenBytes) const {
  auto read = [&](Space space) { return readBytes[unsigned(space)]; };
  auto written = [&](Space space) { return writtenBytes[unsigned(space)]; };
  auto move = [&](uint64_t bytes, double bandwidth) {
    constexpr double gibi = 1024.0 * 1024.0 * 1024.0;
    return double(bytes) * clockGHz * 1e9 / (bandwidth * gibi);
  };
  double cycles = 1;
  switch (pipe) {
  case Pipe::V:
    cycles = vectorCycles(*this, operands);
    break;
  case Pipe::M:
    cycles = cubeCycles(*this, operands);
    break;
  case Pipe::MTE2:
    cycles = move(written(Space::Vec), gmToVec) +
             move(written(Space::Mat) + written(Space::Left) + written(Space::Right), gmToMat);
    break;
  case Pipe::MTE1:
    cycles = move(written(Space::Left), matToLeft) + move(written(Space::Right), matToRight) +
             move(written(Space::Bias) + written(Space::Scaling) + written(Space::ScaleLeft) +
                      written(Space::ScaleRight),
                  matToOther);
    break;
  case Pipe::MTE3:
    cycles = move(written(Space::GM), read(Space::Mat) ? matToGm : vecToGm) +
             move(written(Space::Mat), vecToMat);
    break;
  case Pipe::FIX:
    cycles = move(written(Space::GM), accToGm) + move(written(Space::Mat), accToMat) +
             move(written(Space::Vec), accToVec) + move(written(Space::Scaling), matToOther);
    break;
  case Pipe::S:
  case Pipe::ALL:
    cycles = double(scalar);
    break;
  }
  return std::max<uint64_t>(1, uint64_t(std::ceil(cycles)));
}
