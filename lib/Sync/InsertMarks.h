//===- InsertMarks.h - Places at the ends of arms -----------------*- C++ -*-===//
//
// Handoffs stand between the items of one list. One that only an arm of a branch needs can stand
// inside the arm, where it runs only when the arm does: its other end is then where the arm begins
// or ends, at a mark. Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTMARKS_H
#define PTOAS_LIB_SYNC_INSERTMARKS_H

#include "ptoas/Sync/Program.h"

namespace pto::sync::inserter {

/// A call that does nothing: no demand begins or ends there.
inline bool isMark(const Node &node) {
  return node.kind == NodeKind::Macro && node.arms[0].empty();
}

/// A program with marks at the beginning and the end of each arm that has items.
class Marks {
public:
  explicit Marks(const Program &source);

  const Program &program() const { return marked ? *marked : source; }
  /// The result without the marks; what was added has the ids behind those of the source.
  Program without(Program result) const;

private:
  const Program &source;
  std::optional<Program> marked;
  std::vector<NodeId> branches; ///< by mark: whose arm it is in

  void markArms(llvm::ArrayRef<NodeId> list);
  NodeId add(NodeId branch);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTMARKS_H
