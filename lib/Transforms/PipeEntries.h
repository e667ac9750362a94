//===- PipeEntries.h - What goes in and comes out of a pipe -----*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_PIPEENTRIES_H
#define PTOAS_LIB_TRANSFORMS_PIPEENTRIES_H

#include "PipeGroups.h"

namespace pto {

/// Are entries received as what they were sent: element, extents, halves? Told at both ends.
bool entriesAgree(const PipeGroup &group);

/// Can the library of the arch do what the calls of a pipe ask of it?
bool formsExist(const PipeGroup &group);

/// Do products and stores agree on the unit flag of each accumulator (cross-core 5)?
bool unitFlagsMatch(mlir::ModuleOp module);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_PIPEENTRIES_H
