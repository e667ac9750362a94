//===- SyncCost.h - How long the accesses of a model take -------*- C++ -*-===//
#ifndef PTOAS_LIB_TRANSFORMS_SYNCCOST_H
#define PTOAS_LIB_TRANSFORMS_SYNCCOST_H

#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Sync/Timeline.h"
#include <functional>

namespace pto {

/// Cycles of one access of the model's program, by the simulator's figures. Lives as long as the
/// model.
std::function<uint64_t(sync::NodeId)> accessCycles(const SyncModel &model,
                                                   const sync::Program &program);

/// The modelled times of a solved program, with the simulator's figures for each operation.
std::optional<sync::Timeline> timelineOf(const SyncModel &model, const sync::Program &solved);

} // namespace pto

#endif // PTOAS_LIB_TRANSFORMS_SYNCCOST_H
