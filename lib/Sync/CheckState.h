//===- CheckState.h - What is known at a program point ----------*- C++ -*-===//
//
// The abstract domain of the checker. For every row (pipe, or the outside world), column and loop
// level one claim:
//  - level j speaks about the current execution of the j-th open loop (level 0: the function);
//  levels are independent;
//  - iterations before the first are empty, so claims about them hold: this lets a primed token
//  join with the one of the
//    back edge;
//  - transfer raises (max), joins lower (min), the back edge ages by one iteration.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SYNC_CHECKSTATE_H
#define PTOAS_LIB_SYNC_CHECKSTATE_H

#include "CheckDemand.h"
#include <map>

namespace pto::sync::checker {

/// claims[level * number of columns + column]
using Clock = std::vector<Claim>;
/// The better of both claims.
inline void raise(Clock &mine, const Clock &other) {
  for (size_t k = 0; k < mine.size(); ++k)
    mine[k] = std::max(mine[k], other[k]);
}

/// A flag with at most one token.
struct Token {
  bool pending = false;
  /// Pending: what the wait will learn (same layout as a row). Otherwise, by level and column of
  /// the waits on its pipe, the position of the last wait, which C3 asks the next set to know.
  Clock claims;
  /// Not pending, but pending on some of the paths that lead here, which has been reported: what a
  /// wait would learn on them. Empty: on none.
  Clock doubtful;
  bool wrong = false; ///< those paths are not for conditions to choose: each run has both
  NodeId by = none;   ///< the set (pending) or wait that made it so; only for messages
};

/// Tokens relative to the counter: element c is that of id base + (counter + c) mod count.
using RingTokens = std::vector<Token>;

class State {
public:
  explicit State(const Columns &columns);

  std::array<Clock, numRows> know;
  Clock top; ///< latest position per level and column on the paths so far
  std::map<StaticKey, Token> tokens;
  std::map<Ring, RingTokens> rings;

  unsigned depth() const { return unsigned(top.size() / columns->size()) - 1; }
  Claim claim(Row row, unsigned level, unsigned column) const {
    return know[row][level * columns->size() + column];
  }
  /// Of a flag on which `to` waits.
  Token emptyToken(Pipe to) const;

  /// An item of `column` is dispatched.
  void reach(unsigned column, uint32_t position) {
    top[depth() * columns->size() + column] = position;
  }
  /// Everything of `column` dispatched so far is complete: said on every level. `loopBegins` are
  /// those of the open loops.
  void claimAll(Clock &clock, llvm::ArrayRef<uint32_t> loopBegins, unsigned column) const;
  /// Claims that cover a whole column on this path become claims about `now`; needed before every
  /// join, else the path without items of a column would lose what the other one learned.
  void normalise(uint32_t now);

  /// Claims to come cover the arms of a branch that are known not to run.
  void skipArms(const Item &branch);

  void enterLoop(const Item &loop);
  /// The back edge. Claims older than `maxAge` iterations are given up.
  void nextIteration(const Item &loop, int64_t maxAge);
  /// Turns what holds at `now`, inside an iteration in which the innermost loop ends, into what
  /// leaveLoop takes.
  void stopInside(const Item &loop, uint32_t now);
  /// Leaves the innermost loop at its head. `ran`: at least one iteration is behind us.
  void leaveLoop(const Item &loop, bool ran, std::optional<int64_t> trip);
  /// Turns a ring into static flags; its tokens must be alike. (By value: it erases the map entry.)
  void dissolve(Ring ring);
  static bool isUniform(const RingTokens &tokens);

  /// Demands of C3 that hold here hold for good on this path: what is known stays known. After a
  /// join the claims of another path, which knows less and has no such token, would hide that.
  void dropMetDemands();

  /// A flag that is pending on one side only.
  struct Mismatch {
    FlagKey key;
    NodeId by = none;  ///< the set
    bool mine = false; ///< pending in the state that was joined into, else in the other
  };
  using Mismatches = std::vector<Mismatch>;
  /// `iterations`: the sides are two iterations of one loop, and a mismatch is wrong for certain.
  void join(State other, Mismatches &mismatches, bool iterations = false);
  /// Does every claim of this state follow from `stronger`?
  bool isImpliedBy(const State &stronger) const;
  /// Gives up every claim that is weaker than in `before`.
  void widenFrom(const State &before);
  bool hasSameTokensAs(const State &other) const;

  /// function(token, pipe of the set, pipe of the wait)
  template <typename Function> void forEachToken(Function &&function) {
    for (auto &[key, token] : tokens)
      function(token, key.from, key.to);
    for (auto &[ring, list] : rings)
      for (Token &token : list)
        function(token, ring.from, ring.to);
  }
  unsigned waitsOn(Pipe pipe) const {
    auto [first, end] = columns->ofWaits(pipe);
    return end - first;
  }
  /// All vectors that hold claims (not the demands of C3).
  template <typename Function> void forEachClock(Function &&function) {
    for (Clock &clock : know)
      function(clock);
    forEachToken([&](Token &token, Pipe, Pipe) {
      if (token.pending)
        function(token.claims);
      if (!token.doubtful.empty())
        function(token.doubtful);
    });
  }

private:
  const Columns *columns;

  void joinToken(Token &mine, const Token &other, const FlagKey &key, Mismatches &mismatches,
                 bool iterations) const;
  template <typename Function>
  static bool allTokenPairs(const State &a, const State &b, Function &&function);
};

} // namespace pto::sync::checker

#endif // PTOAS_LIB_SYNC_CHECKSTATE_H
