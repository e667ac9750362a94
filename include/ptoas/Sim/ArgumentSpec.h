//===- ArgumentSpec.h - `--arg NAME=VALUE` of pto-sim -----------*- C++ -*-===//
//
// What a kernel argument is bound to. Parsing knows no kernel: whether an argument wants an array
// or a number is checked where the kernel's signature is known.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_ARGUMENTSPEC_H
#define PTOAS_SIM_ARGUMENTSPEC_H

#include "ptoas/Sim/Kernel.h"
#include "ptoas/Sim/Npy.h"
#include <string>

namespace pto::sim {

struct ArgumentSpec {
  enum Kind : uint8_t {
    File,    ///< PATH.npy[:ELEMENT]; {rank} in the path stands for the rank's number
    Zeros,   ///< zeros:SHAPE:ELEMENT
    Random,  ///< random:SHAPE:ELEMENT:SEED
    Poison,  ///< poison:SHAPE:ELEMENT: never written, so reading it is a finding
    Integer, ///< 12, -3, 0x10, true
    Real,    ///< 0.5, 1e-3, inf, nan
    Rank,    ///< rank: this rank's number
    Peer,    ///< peer: (rank + 1) mod ranks
    Ranks,   ///< ranks: how many there are
    Block,   ///< block: this block's number
    Same,    ///< same:OTHER: the array of argument OTHER
    Window,  ///< window:OFFSET:SHAPE:ELEMENT: a place in the rank's window, OFFSET in bytes
    Context, ///< ctx: the table of window addresses
  };

  std::string name; ///< as in the kernel's text without %, or a position: "0"
  Kind kind = Integer;
  std::string path;               ///< File
  std::optional<Element> element; ///< arrays; for a File only when it is named
  std::vector<int64_t> shape;     ///< Zeros, Random, Poison, Window
  uint64_t seed = 0;              ///< Random
  uint64_t offset = 0;            ///< Window, bytes
  int64_t integer = 0;            ///< Integer
  double real = 0;                ///< Real
  std::string other;              ///< Same

  bool isScalar() const {
    return kind == Integer || kind == Real || (kind >= Rank && kind <= Block);
  }
};

/// Where in the machine an argument is looked at.
struct ArgumentPlace {
  int64_t rank = 0, ranks = 1, block = 0;
};

/// Parses NAME=VALUE. The error says what is wrong with the text and which forms there are.
llvm::Expected<ArgumentSpec> parseArgument(llvm::StringRef text);
/// Parses VALUE alone; `name` stays empty.
llvm::Expected<ArgumentSpec> parseArgumentValue(llvm::StringRef value);
/// Parses "16x64:f32", for options that name an array.
llvm::Error parseShapedType(llvm::StringRef text, std::vector<int64_t> &shape, Element &element);

/// The path of a File argument on one rank.
std::string pathForRank(llvm::StringRef path, int64_t rank);

/// The value of a scalar argument, in the element type of the kernel's parameter. An error for a
/// fraction where the kernel takes an integer, and for integers that do not fit.
llvm::Expected<ScalarOperand> scalarArgument(const ArgumentSpec &spec, ArgumentPlace place,
                                             Element element);

/// The array of a File, Zeros or Random argument on one rank; of a Poison or Window argument its
/// type with zeroed bytes.
///
/// Random is splitmix64, started at SEED + rank and advanced once per element in C order. With u
/// the upper 53 bits of an output: floats are u / 2^52 - 1, uniform in [-1, 1), rounded to nearest
/// even into the element (of packed pairs one output per number); signed integers are u mod 200 -
/// 100, unsigned ones u mod 100, i1 is u mod 2.
llvm::Expected<Array> arrayArgument(const ArgumentSpec &spec, int64_t rank);

/// The table of a ctx argument: the address of the rank's own window, then those of ranks 0, 1, ...
std::vector<int64_t> windowContext(llvm::ArrayRef<uint64_t> windows, int64_t rank);

} // namespace pto::sim

#endif // PTOAS_SIM_ARGUMENTSPEC_H
