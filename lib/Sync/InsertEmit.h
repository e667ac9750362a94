//===- InsertEmit.h - Writes a plan into a program ----------------*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTEMIT_H
#define PTOAS_LIB_SYNC_INSERTEMIT_H

#include "InsertPlan.h"
#include "ptoas/Sync/Insert.h"

namespace pto::sync::inserter {

/// The program with the planned items as nodes, counted in `stats`.
Program withPlan(const Tree &tree, const Plan &plan, InsertStats &stats);

/// The last rung: bar(ALL) before every item that touches memory or sets a flag.
Program withFullBarriers(const Tree &tree, InsertStats &stats);

/// C7: everything is complete at the end. Nothing is added after a bar(ALL).
void addExitBarrier(Program &program, InsertStats &stats);

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTEMIT_H
