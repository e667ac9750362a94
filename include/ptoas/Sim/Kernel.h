//===- Kernel.h - What an operation computes, on bytes ----------*- C++ -*-===//
//
// The contract between the engine (which owns memory, time and order) and the kernels (which own
// the arithmetic and the layouts). A kernel reads and writes bytes only through its context; what
// it touches IS its footprint: nothing else tells the race check (issue law: footprints never come
// from the access model of the sync pass).
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_KERNEL_H
#define PTOAS_SIM_KERNEL_H

#include "ptoas/Support/Element.h"
#include "llvm/ADT/ArrayRef.h"
#include <array>
#include <string>
#include <vector>

namespace pto::sim {

/// A tile as captured when the call was dispatched: later TASSIGNs and SetValidShapes do not change
/// it.
struct TileOperand {
  TileShape shape;      ///< shape.validRows / validCols hold the run-time extents, never -1
  uint64_t address = 0; ///< byte offset in its memory
  bool isOpen = false;  ///< an extent is no part of its type: the library cannot specialise on it
  uint32_t place = 0;   ///< where it was made or got its address, for messages
  enum Origin : uint8_t {
    View,  ///< of another tile
    Own,   ///< memory that the program gave it
    Popped ///< what a FIFO received
  } origin = View;
};

/// A global tensor: five dims, outermost first, as in the library (library 1.1).
struct ViewOperand {
  Element element = Element::F32;
  Layout layout = Layout::ND;
  uint64_t address = 0; ///< GM byte address of element 0
  std::array<int64_t, 5> shape{1, 1, 1, 1, 1};
  std::array<int64_t, 5> stride{0, 0, 0, 0, 1}; ///< elements
  uint32_t place = 0;                           ///< where it was made, for messages
};

struct ScalarOperand {
  Element element = Element::I32;
  uint64_t bits = 0; ///< integers sign- or zero-extended to 64 bits; floats as the bits of a double
  double asDouble() const;
  int64_t asInteger() const { return int64_t(bits); }
};

/// One operand of a call in the order of the op record (an absent optional operand is None).
struct Operand {
  enum Kind : uint8_t { None, Tile, View, Scalar } kind = None;
  TileOperand tile;
  ViewOperand view;
  ScalarOperand scalar;
};

/// An attribute of the op as a number (enum cases by value, bools 0/1), by its name in the record.
struct Attribute {
  std::string name;
  int64_t value;
};

/// The value of the attribute of that name, or `otherwise`.
int64_t attributeOf(llvm::ArrayRef<Attribute> attributes, llvm::StringRef name, int64_t otherwise);

/// The bytes that a kernel may ask for. Implemented by the engine (with checks) and by tests (plain
/// arrays).
class KernelContext {
public:
  virtual ~KernelContext() = default;

  llvm::ArrayRef<Operand> operands;
  llvm::ArrayRef<Attribute> attributes;
  Arch arch = Arch::A3;
  int64_t part = 0; ///< a5: the vector core that a move from the accumulator writes to

  int64_t attribute(llvm::StringRef name, int64_t otherwise) const {
    return attributeOf(attributes, name, otherwise);
  }

  /// Copies `bytes` bytes from memory. Bytes outside an allocation, or never written, become
  /// findings of the run; the copy then holds poison.
  virtual void read(Space space, uint64_t address, void *into, uint64_t bytes) = 0;
  /// Like read, for the padding that travels with whole fractals (library 2.5): part of the
  /// footprint, so races and bounds are judged, but bytes that were never written are no finding,
  /// since nobody has used them yet.
  virtual void readResidue(Space space, uint64_t address, void *into, uint64_t bytes) {
    read(space, address, into, bytes);
  }
  /// Writes take effect when the instruction completes, not when the kernel runs.
  virtual void write(Space space, uint64_t address, const void *from, uint64_t bytes) = 0;
  /// Reads-modifies-writes GM element by element (atomic add); commutes with other atomics of the
  /// same element.
  virtual void atomicAdd(uint64_t address, Element element, const void *from,
                         uint64_t elements) = 0;
  /// The library would misbehave on these operands (extents disagree, shape out of range ...): a
  /// finding.
  virtual void fail(const std::string &what) = 0;
  /// Output of the kernel, lines of text.
  virtual void print(const std::string &text) = 0;
};

using KernelFunction = void (*)(KernelContext &);

/// A kernel by the name in the op record (`Kernel<"load">`), or null.
KernelFunction findKernel(llvm::StringRef name);
/// The kernel of an op whose record says `Map<"...">`, by mnemonic ("pto.tadd"), or null. Generated
/// from the records.
KernelFunction findMapKernel(llvm::StringRef mnemonic);

/// A step of a library call that is not one instruction of one pipe.
struct LibraryStep {
  enum Kind : uint8_t { Run, Set, Wait, BarrierAll } kind = Run;
  Pipe pipe = Pipe::S; ///< that runs; of a flag, from which it goes
  Pipe to = Pipe::S;   ///< Set, Wait
  unsigned id = 0;
  KernelFunction kernel = nullptr; ///< Run, with the operands of the call; null: its own kernel
};
/// What the library does for one call, by the extents, types and attributes at that time; empty:
/// one instruction. The steps live as long as the program.
using StepsFunction = llvm::ArrayRef<LibraryStep> (*)(Arch arch, llvm::ArrayRef<Operand> operands,
                                                      llvm::ArrayRef<Attribute> attributes);
/// The steps of calls whose record names `kernel`, null when they are always one instruction. Known
/// here and not taken from the records, so that a run finds a wrong record.
StepsFunction findSteps(llvm::StringRef kernel);

/// Number formats: exact conversion between an element's bits in memory and double / int64
/// (Sim/Number.cpp).
double decodeFloat(Element element, const void *bytes);
void encodeFloat(
    Element element, double value,
    void *bytes); ///< round to nearest even; f16 overflows to inf; hif8 rounds half away
/// The two numbers of a packed pair, the first one in the low half; encoding rounds to nearest even
/// and saturates.
std::array<double, 2> decodePair(Element element, uint8_t byte);
uint8_t encodePair(Element element, double first, double second);
int64_t decodeInteger(Element element, const void *bytes);
void encodeInteger(Element element, int64_t value, void *bytes); ///< wraps

} // namespace pto::sim

#endif // PTOAS_SIM_KERNEL_H
