//===- InsertParts.h - What flags of a program order in parts of it -*- C++ -*-===//
//
// Private to lib/Sync/Insert*.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_INSERTPARTS_H
#define PTOAS_LIB_SYNC_INSERTPARTS_H

#include "InsertIds.h"
#include "Part.h"

namespace pto::sync::inserter {

/// Tokens that stay set from one execution of a loop to the next tell about one slot, and nothing
/// when the loop does not run: no prefix of all that came before. Where the sweep over a program
/// with its flags misses an order, or does not know that a token is gone, both ends of which stand
/// in one loop, it looks again at parts of the program (Part.h).
class PartJudge {
public:
  explicit PartJudge(const InsertOptions &options) : options(options) {}

  struct Verdict {
    std::vector<uint32_t> served; ///< demands that hold in parts alone
    std::vector<NodeId> gone; ///< sets that know in parts alone that the last token is gone (C3)
    std::vector<uint32_t> missing; ///< demands that do not hold
    std::vector<Reason> untold;    ///< sets (`later`) that do not know of a wait (`earlier`)
    bool fenced = true;
    bool isRight() const { return missing.empty() && untold.empty() && fenced; }
  };
  /// The flags that stand in the program, nothing planned; `demands` are apart.
  Verdict judge(const Tree &tree, const Demands &demands);

  uint64_t visits = 0;

private:
  const InsertOptions &options;

  /// Orders and tokens about one loop, in iterations that differ by a multiple of `period`.
  struct Doubts {
    NodeId within;
    unsigned period;
    NodeId number; ///< none: the counter of the loop
    std::vector<uint32_t> demands;
    std::vector<Reason> sets;
    bool empty() const { return demands.empty() && sets.empty(); }
  };
  static Doubts &about(std::vector<Doubts> &all, NodeId within, unsigned period, NodeId number);
  void note(const Tree &tree, const Demands &demands, std::vector<Doubts> &doubts,
            Verdict &verdict);
  Doubts refuted(const Tree &tree, const Demands &demands, const Doubts &doubts, bool always);
};

} // namespace pto::sync::inserter

#endif // PTOAS_LIB_SYNC_INSERTPARTS_H
