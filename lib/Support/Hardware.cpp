//===- Hardware.cpp - The table of hardware facts --------------------------===//

#include "ptoas/Support/Hardware.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace pto;
using llvm::StringRef;

StringRef pto::name(Arch arch) { return arch == Arch::A3 ? "a3" : "a5"; }

StringRef pto::name(Pipe pipe) {
  static constexpr StringRef names[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"};
  return names[unsigned(pipe)];
}

StringRef pto::name(Space space) {
  static constexpr StringRef names[] = {"gm",  "mat",  "left",    "right",      "acc",
                                        "vec", "bias", "scaling", "scale_left", "scale_right"};
  return names[unsigned(space)];
}

StringRef pto::name(CoreKind kind) { return kind == CoreKind::Cube ? "cube" : "vector"; }

std::optional<Arch> pto::parseArch(StringRef text) {
  return llvm::StringSwitch<std::optional<Arch>>(text.lower())
      .Cases({"a3", "a2", "a2a3"}, Arch::A3)
      .Case("a5", Arch::A5)
      .Default(std::nullopt);
}

std::optional<Pipe> pto::parsePipe(StringRef text) {
  text.consume_front("PIPE_");
  for (unsigned i = 0; i <= numPipes; ++i)
    if (name(Pipe(i)) == text)
      return Pipe(i);
  return std::nullopt;
}

uint64_t pto::capacity(Space space, Arch arch) {
  constexpr uint64_t kib = 1024;
  bool a5 = arch == Arch::A5;
  switch (space) {
  case Space::GM:
    return 0;
  case Space::Vec:
    return a5 ? 248 * kib : 192 * kib; // a5: the toolchain keeps 8 of 256 KiB (sync 2)
  case Space::Mat:
    return 512 * kib;
  case Space::Left:
  case Space::Right:
    return 64 * kib;
  case Space::Acc:
    return a5 ? 256 * kib : 128 * kib;
  case Space::Bias:
    return a5 ? 4 * kib : 1 * kib;
  case Space::Scaling:
    return a5 ? 4 * kib : 2 * kib;
  case Space::ScaleLeft:
  case Space::ScaleRight:
    return a5 ? 4 * kib : 0;
  }
  return 0;
}

uint64_t pto::alignment(Space space) {
  switch (space) {
  case Space::Left:
  case Space::Right:
  case Space::Acc:
    return 512;
  case Space::Bias:
  case Space::Scaling:
    return 64;
  case Space::GM:
  case Space::Vec:
  case Space::Mat:
  case Space::ScaleLeft:
  case Space::ScaleRight:
    return 32;
  }
  return 32;
}

bool pto::keepsOrder(Pipe pipe, Arch arch) {
  return pipe == Pipe::S || (pipe == Pipe::V && arch == Arch::A5);
}

bool pto::barrierIsLegal(Pipe pipe, Arch arch) {
  return pipe != Pipe::S && !(pipe == Pipe::V && arch == Arch::A5);
}

bool pto::coreHasPipe(CoreKind kind, Pipe pipe, Arch arch) {
  switch (pipe) {
  case Pipe::S:
  case Pipe::MTE2:
  case Pipe::ALL:
    return true;
  case Pipe::V:
    return kind == CoreKind::Vector;
  case Pipe::M:
  case Pipe::MTE1:
  case Pipe::FIX:
    return kind == CoreKind::Cube;
  case Pipe::MTE3:
    return kind == CoreKind::Vector || arch == Arch::A3; // a5 has no L1 -> GM copy
  }
  return false;
}

bool pto::coreReaches(CoreKind kind, Space space, Arch arch) {
  if (space == Space::GM)
    return true;
  if (arch == Arch::A5 && (space == Space::Vec || space == Space::Mat))
    return true;
  return (space == Space::Vec) == (kind == CoreKind::Vector);
}

bool pto::flagPairIsListed(Pipe from, Pipe to) {
  // The table of sync 4, as one row of allowed destinations per source.
  auto in = [&](std::initializer_list<Pipe> list) -> bool { return llvm::is_contained(list, to); };
  switch (from) {
  case Pipe::MTE2:
    return in({Pipe::MTE1, Pipe::V, Pipe::M, Pipe::MTE3, Pipe::S, Pipe::FIX});
  case Pipe::MTE1:
    return in({Pipe::MTE2, Pipe::M, Pipe::MTE3, Pipe::V});
  case Pipe::M:
    return in({Pipe::MTE1, Pipe::V, Pipe::MTE2, Pipe::S, Pipe::FIX});
  case Pipe::V:
    return in({Pipe::MTE2, Pipe::MTE3, Pipe::M, Pipe::S, Pipe::MTE1});
  case Pipe::MTE3:
    return in({Pipe::V, Pipe::MTE1, Pipe::MTE2, Pipe::S});
  case Pipe::S:
    return in({Pipe::V, Pipe::MTE2, Pipe::MTE3});
  case Pipe::FIX:
    return in({Pipe::M, Pipe::MTE2, Pipe::S, Pipe::MTE3});
  case Pipe::ALL:
    return false;
  }
  return false;
}
