//===- InsertSweepTokens.cpp - Hand-written flags in the clock sweep -------===//
//
// The inserter uses what hand-written flags order, and trusts that they alternate (C2): the checker
// judges that. A flag that no item of the run has touched yet is Absent: its set, if any, came
// before the run, where everything counts as complete, so waiting on it tells nothing.
//
//===----------------------------------------------------------------------===//

#include "InsertSweep.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::inserter;

using Slot = SweepState::Slot;

Slot &Sweep::staticSlot(State &s, Pipe from, Pipe to, int32_t base) {
  for (State::Token &token : s.tokens)
    if (token.loop == none && token.from == from && token.to == to && token.base == base)
      return token.slots[0];
  s.tokens.push_back({from, to, base, none, {Slot()}});
  return s.tokens.back().slots[0];
}

/// The token that the key names at this place; null when that is not known.
Slot *Sweep::slotOf(const FlagKey &key, State &s) const {
  if (!key.id.known)
    return nullptr;
  for (size_t i = 0; i < s.tokens.size(); ++i) {
    State::Token &ring = s.tokens[i];
    if (ring.loop == none || ring.from != key.from || ring.to != key.to)
      continue;
    if (key.id.count > 1) {
      if (ring.loop == key.id.loop && ring.base == key.id.base && ring.slots.size() == key.id.count)
        return &ring.slots[llvm::mod(key.id.add, key.id.count)];
      continue;
    }
    if (key.id.base < ring.base || key.id.base >= ring.base + int64_t(ring.slots.size()))
      continue;
    if (llvm::is_contained(open, tree.program.startOf(ring.loop)))
      return nullptr;
    dissolve(s, i); // after its loop: which id holds which token depends on the trip count
    break;
  }
  return key.id.count > 1 ? nullptr : &staticSlot(s, key.from, key.to, key.id.base);
}

Slot Sweep::meet(const Slot &a, const Slot &b) const {
  if (a.presence == State::Absent)
    return b;
  if (b.presence == State::Absent)
    return a;
  if (a.presence != State::Pending || b.presence != State::Pending)
    return {State::Empty, {}};
  Slot result = a;
  lowerClock(result.snapshot, b.snapshot);
  return result;
}

/// Turns a ring whose loop is over into static flags. Unless the trip count says which token each
/// id holds, any of them knows what all know.
void Sweep::dissolve(State &s, size_t index) const {
  State::Token ring = std::move(s.tokens[index]);
  s.tokens.erase(s.tokens.begin() + index);
  uint32_t count = ring.slots.size();
  std::optional<int64_t> trip = tree.program[ring.loop].trip;
  Slot all = ring.slots[0];
  for (const Slot &slot : llvm::drop_begin(ring.slots))
    all = meet(all, slot);
  for (uint32_t i = 0; i < count; ++i)
    staticSlot(s, ring.from, ring.to, ring.base + int32_t(trip ? llvm::mod(*trip + i, count) : i)) =
        trip ? ring.slots[i] : all;
}

/// On entry to a loop the ids that rotate with it become rings; counter 0 makes slot c the token of
/// id base + c.
void Sweep::startRotation(NodeId loop, State &s) const {
  auto isOld = [&](const State::Token &token) {
    return token.loop != none && tree.program.startOf(token.loop) == loop;
  };
  for (auto it = llvm::find_if(s.tokens, isOld); it != s.tokens.end();
       it = llvm::find_if(s.tokens, isOld))
    dissolve(s, it - s.tokens.begin());
  for (const FlagKey &key : tree.rotations[loop]) {
    if (llvm::any_of(s.tokens, [&](const State::Token &token) {
          return token.loop == key.id.loop && token.from == key.from && token.to == key.to &&
                 token.base == key.id.base && token.slots.size() == key.id.count;
        }))
      continue;
    // Of a loop that is over, and not used since: its ids are what this one starts with.
    for (size_t i = s.tokens.size(); i-- > 0;) {
      const State::Token &other = s.tokens[i];
      bool meets = other.from == key.from && other.to == key.to &&
                   other.base < key.id.base + int64_t(key.id.count) &&
                   key.id.base < other.base + int64_t(other.slots.size());
      if (other.loop != none && other.loop != key.id.loop && meets &&
          !llvm::is_contained(open, tree.program.startOf(other.loop)))
        dissolve(s, i);
    }
    State::Token ring{key.from, key.to, key.id.base, key.id.loop, {}};
    for (uint32_t i = 0; i < key.id.count; ++i) {
      Slot &slot = staticSlot(s, key.from, key.to, key.id.base + int32_t(i));
      ring.slots.push_back(std::exchange(slot, Slot()));
    }
    s.tokens.push_back(std::move(ring));
  }
}

void Sweep::joinTokens(State &s, State other) const {
  auto twin = [](State &state, const State::Token &token) {
    return llvm::find_if(state.tokens, [&](const State::Token &t) {
      return t.loop == token.loop && t.from == token.from && t.to == token.to &&
             t.base == token.base && t.slots.size() == token.slots.size();
    });
  };
  auto settle = [&](State &state, State &against) {
    for (size_t i = state.tokens.size(); i-- > 0;)
      if (state.tokens[i].loop != none && twin(against, state.tokens[i]) == against.tokens.end())
        dissolve(state, i);
  };
  settle(s, other);
  settle(other, s);
  for (const State::Token &token : other.tokens) {
    auto mine = twin(s, token);
    if (mine == s.tokens.end()) {
      s.tokens.push_back(token);
      continue;
    }
    for (auto [a, b] : llvm::zip(mine->slots, token.slots))
      a = meet(a, b);
  }
}
