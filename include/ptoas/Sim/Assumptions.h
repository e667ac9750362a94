//===- Assumptions.h - What nobody knows about the chip, by name -*- C++ -*-===//
//
// Every open question about the hardware (sync 12) is a switch of the simulator. Here each has a
// name, as on the command line (`--chip NAME=VALUE`); docs/sim-switches.md is the table.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_SIM_ASSUMPTIONS_H
#define PTOAS_SIM_ASSUMPTIONS_H

#include "ptoas/Sim/Engine.h"
#include "llvm/Support/Error.h"

namespace pto::sim {

struct Assumption {
  llvm::StringRef name;     ///< "pairs"
  llvm::StringRef question; ///< "HQ2", or "" when it is none of them
  llvm::StringRef values;   ///< "allow|warn|refuse", "NUMBER"
  llvm::StringRef fallback; ///< the default
};

/// All of them, in the order of the questions.
llvm::ArrayRef<Assumption> assumptions();

/// Reads "NAME=VALUE" into the options. The error names what there is instead. `keepsFlags` is set
/// by leftover=, which needs a list that outlives the launches (Options::leftFlags).
llvm::Error assume(llvm::StringRef text, Options &options, bool &keepsFlags);

} // namespace pto::sim

#endif // PTOAS_SIM_ASSUMPTIONS_H
