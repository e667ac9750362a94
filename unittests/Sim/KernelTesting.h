//===- KernelTesting.h - A context that records every byte a kernel touches ===//
#ifndef PTOAS_UNITTESTS_SIM_KERNELTESTING_H
#define PTOAS_UNITTESTS_SIM_KERNELTESTING_H

#include "ptoas/Sim/Kernel.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <cstring>
#include <functional>
#include <map>
#include <set>

namespace pto::sim {

/// Addresses of bytes in one memory.
using ByteSet = std::set<uint64_t>;

/// Memories that are plain arrays; writes take effect when the kernel has returned, as in the
/// engine.
class TestMachine : public KernelContext {
public:
  static constexpr uint64_t memoryBytes = 1 << 17;

  explicit TestMachine(Arch arch = Arch::A3) {
    this->arch = arch;
    for (unsigned space = 0; space < numSpaces; ++space)
      memory[space].assign(memoryBytes, 0xee);
  }

  std::vector<uint8_t> memory[numSpaces];
  ByteSet readBytes[numSpaces], residueBytes[numSpaces], writtenBytes[numSpaces],
      addedBytes[numSpaces];
  std::vector<std::string> failures;
  std::string printed;

  uint8_t *at(Space space, uint64_t address) { return memory[unsigned(space)].data() + address; }

  void read(Space space, uint64_t address, void *into, uint64_t bytes) override {
    touch(readBytes[unsigned(space)], address, bytes);
    std::memcpy(into, at(space, address), bytes);
  }
  void readResidue(Space space, uint64_t address, void *into, uint64_t bytes) override {
    touch(residueBytes[unsigned(space)], address, bytes);
    std::memcpy(into, at(space, address), bytes);
  }
  void write(Space space, uint64_t address, const void *from, uint64_t bytes) override {
    touch(writtenBytes[unsigned(space)], address, bytes);
    const auto *source = static_cast<const uint8_t *>(from);
    pending.push_back([this, space, address, copy = std::vector<uint8_t>(source, source + bytes)] {
      std::memcpy(at(space, address), copy.data(), copy.size());
    });
  }
  void atomicAdd(uint64_t address, Element element, const void *from, uint64_t elements) override {
    unsigned size = bytesOf(element);
    touch(addedBytes[unsigned(Space::GM)], address, elements * size);
    for (uint64_t i = 0; i < elements; ++i) {
      uint8_t *cell = at(Space::GM, address + i * size);
      const auto *addend = static_cast<const uint8_t *>(from) + i * size;
      if (isFloat(element))
        encodeFloat(element, decodeFloat(element, cell) + decodeFloat(element, addend), cell);
      else
        encodeInteger(element, decodeInteger(element, cell) + decodeInteger(element, addend), cell);
    }
  }
  void fail(const std::string &what) override { failures.push_back(what); }
  void print(const std::string &text) override { printed += text; }

  void run(KernelFunction kernel, std::vector<Operand> callOperands,
           std::vector<Attribute> callAttributes = {}) {
    ASSERT_NE(kernel, nullptr);
    operands = callOperands;
    attributes = callAttributes;
    for (unsigned space = 0; space < numSpaces; ++space)
      for (auto *bytes : {readBytes, residueBytes, writtenBytes, addedBytes})
        bytes[space].clear();
    failures.clear();
    kernel(*this);
    for (auto &write : pending)
      write();
    pending.clear();
  }

  /// Element access through the layout formulas of the shape, one at a time.
  uint64_t address(const TileOperand &tile, int64_t row, int64_t col) const {
    return tile.address + tile.shape.elementOffset(row, col) * bytesOf(tile.shape.element);
  }
  void set(const TileOperand &tile, int64_t row, int64_t col, double value) {
    put(tile.shape.space, address(tile, row, col), tile.shape.element, value);
  }
  double get(const TileOperand &tile, int64_t row, int64_t col) {
    return take(tile.shape.space, address(tile, row, col), tile.shape.element);
  }
  void put(Space space, uint64_t address, Element element, double value) {
    if (isFloat(element))
      encodeFloat(element, value, at(space, address));
    else
      encodeInteger(element, int64_t(value), at(space, address));
  }
  double take(Space space, uint64_t address, Element element) {
    return isFloat(element) ? decodeFloat(element, at(space, address))
                            : double(decodeInteger(element, at(space, address)));
  }

  /// The bytes of the elements (0 .. rows, 0 .. cols) of a tile.
  ByteSet bytesOfTile(const TileOperand &tile, int64_t rows, int64_t cols, int64_t row = 0,
                      int64_t col = 0) const {
    ByteSet bytes;
    for (int64_t r = row; r < row + rows; ++r)
      for (int64_t c = col; c < col + cols; ++c)
        touch(bytes, address(tile, r, c), bytesOf(tile.shape.element));
    return bytes;
  }
  const ByteSet &reads(Space space) const { return readBytes[unsigned(space)]; }
  const ByteSet &residues(Space space) const { return residueBytes[unsigned(space)]; }
  const ByteSet &writes(Space space) const { return writtenBytes[unsigned(space)]; }
  const ByteSet &additions() const { return addedBytes[unsigned(Space::GM)]; }

  static void touch(ByteSet &bytes, uint64_t address, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
      bytes.insert(bytes.end(), address + i);
  }

private:
  std::vector<std::function<void()>> pending;
};

inline Operand operand(const TileOperand &tile) {
  Operand result;
  result.kind = Operand::Tile;
  result.tile = tile;
  return result;
}
inline Operand operand(const ViewOperand &view) {
  Operand result;
  result.kind = Operand::View;
  result.view = view;
  return result;
}
inline Operand integerOperand(int64_t value, Element element = Element::I64) {
  Operand result;
  result.kind = Operand::Scalar;
  result.scalar = {element, uint64_t(value)};
  return result;
}
inline Operand realOperand(double value, Element element) {
  Operand result;
  result.kind = Operand::Scalar;
  result.scalar.element = element;
  std::memcpy(&result.scalar.bits, &value, 8);
  return result;
}

/// The layouts by the names of library 1.3.
enum class Form { ND, DN, Nz, Zz, Zn, Nn };

inline TileOperand tile(Space space, Element element, Form form, int64_t rows, int64_t cols,
                        int64_t validRows, int64_t validCols, uint64_t address = 0) {
  TileShape shape;
  shape.space = space;
  shape.element = element;
  shape.rows = rows;
  shape.cols = cols;
  shape.validRows = validRows;
  shape.validCols = validCols;
  bool byColumns = form == Form::DN || form == Form::Nz || form == Form::Nn;
  shape.blayout = byColumns ? BLayout::ColMajor : BLayout::RowMajor;
  shape.slayout = form == Form::ND || form == Form::DN   ? SLayout::NoneBox
                  : form == Form::Nz || form == Form::Zz ? SLayout::RowMajor
                                                         : SLayout::ColMajor;
  shape.fractal = space == Space::Acc ? 1024 : 512;
  return {shape, address};
}
inline TileOperand tile(Space space, Element element, Form form, int64_t rows, int64_t cols,
                        uint64_t address = 0) {
  return tile(space, element, form, rows, cols, rows, cols, address);
}

/// The GM address of element (row, col) of a view's matrix, from the index formulas of
/// library 1.1.
inline uint64_t viewAddress(const ViewOperand &view, int64_t row, int64_t col) {
  const auto &s = view.shape;
  std::array<int64_t, 5> i{};
  switch (view.layout) {
  case Layout::ND: // row = ((i0 * s1 + i1) * s2 + i2) * s3 + i3
    i = {row / (s[3] * s[2] * s[1]), row / (s[3] * s[2]) % s[1], row / s[3] % s[2], row % s[3],
         col};
    break;
  case Layout::DN: // col = ((i0 * s1 + i1) * s2 + i2) * s4 + i4
    i = {col / (s[4] * s[2] * s[1]), col / (s[4] * s[2]) % s[1], col / s[4] % s[2], row,
         col % s[4]};
    break;
  case Layout::NZ: // row = i2 * s3 + i3, col = (i0 * s1 + i1) * s4 + i4
    i = {col / (s[4] * s[1]), col / s[4] % s[1], row / s[3], row % s[3], col % s[4]};
    break;
  case Layout::MxAZz: // row = (i0 * s1 + i1) * s3 + i3, col = i2 * s4 + i4
    i = {row / (s[3] * s[1]), row / s[3] % s[1], col / s[4], row % s[3], col % s[4]};
    break;
  case Layout::MxBNn: // col = (i0 * s1 + i1) * s3 + i3, row = i2 * s4 + i4
    i = {col / (s[3] * s[1]), col / s[3] % s[1], row / s[4], col % s[3], row % s[4]};
    break;
  }
  int64_t offset = 0;
  for (int d = 0; d < 5; ++d)
    offset += i[d] * view.stride[d];
  return view.address + offset * bytesOf(view.element);
}

} // namespace pto::sim

#endif // PTOAS_UNITTESTS_SIM_KERNELTESTING_H
