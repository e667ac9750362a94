//===- Materialize.h - Inserted nodes back into the IR ----------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_MATERIALIZE_H
#define PTOAS_LIB_TRANSFORMS_MATERIALIZE_H

#include "ptoas/Analysis/SyncModel.h"

namespace pto {

/// Writes every node of `solved` with Node::inserted into the IR that `model` was built from.
/// `solved` is model.program plus inserted nodes. With `wrap`, an item outside of all sections goes
/// into a section of `core` of its own, because the other kind of core runs that code too. Returns
/// how often the IR was changed.
unsigned materialize(const SyncModel &model, const sync::Program &solved, CoreKind core, bool wrap);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_MATERIALIZE_H
