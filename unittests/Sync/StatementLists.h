//===- StatementLists.h - The lists of statements of a program ----*- C++ -*-===//
//
// Test support, for what takes statements out of programs or puts some in.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SYNC_STATEMENTLISTS_H
#define PTOAS_UNITTESTS_SYNC_STATEMENTLISTS_H

#include "ptoas/Sync/Program.h"

namespace pto::sync::judge {

/// A statement list: the body, or an arm of a node.
struct List {
  NodeId owner = none;
  size_t arm = 0;
  std::vector<NodeId> &in(Program &program) const {
    return owner == none ? program.top : program[owner].arms[arm];
  }
  const std::vector<NodeId> &in(const Program &program) const {
    return owner == none ? program.top : program[owner].arms[arm];
  }
};

/// Appends `list` and all lists inside of it, outer ones first.
void collectLists(const Program &program, List list, bool intoMacros, std::vector<List> &result);

} // namespace pto::sync::judge

#endif // PTOAS_UNITTESTS_SYNC_STATEMENTLISTS_H
