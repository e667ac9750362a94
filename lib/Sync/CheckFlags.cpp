//===- CheckFlags.cpp - Sets and waits in the checker ---------------------===//

#include "Checker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

/// Is it being counted?
bool Checker::isOpen(NodeId number) const {
  return llvm::is_contained(openLoops, program.startOf(number));
}

Token *Checker::resolveStatic(NodeId id, const StaticKey &key, State &state) {
  for (auto next = state.rings.begin(); next != state.rings.end();) {
    const auto &[ring, list] = *next++;
    if (!ring.holds(key))
      continue;
    // After its loop a ring whose ids are all in one state is as good as static ids.
    if (!isOpen(ring.number) && State::isUniform(list))
      state.dissolve(ring);
    else
      reportToken(TokenFault::Rotation, id, none, program[id].key,
                  "this id belongs to ids that rotate with a loop, so whose token it is cannot be "
                  "told");
  }
  return &state.tokens.try_emplace(key, state.emptyToken(key.to)).first->second;
}

Token *Checker::resolve(NodeId id, State &state) {
  const Node &node = program[id];
  const FlagKey &key = node.key;
  if (!isReadable(key.id)) {
    reportToken(TokenFault::Unreadable, id, none, key,
                "the event id is not known, so nothing can be proven about it")
        .unproven = true;
    return nullptr;
  }
  if (!rotates(key.id))
    return resolveStatic(id, {key.from, key.to, key.id.base}, state);
  const std::optional<int64_t> &trip = program[key.id.loop].trip;
  if (!isOpen(key.id.loop) && trip) {
    int64_t slot = llvm::mod(std::max<int64_t>(*trip, 0) + key.id.add, key.id.count);
    return resolveStatic(id, {key.from, key.to, key.id.base + int32_t(slot)}, state);
  }
  Ring wanted{key.from, key.to, key.id.base, key.id.count, key.id.loop};
  auto entry = state.rings.find(wanted);
  if (entry == state.rings.end()) {
    if (node.kind == NodeKind::Wait)
      reportMissing(id, {}, state);
    else
      reportToken(TokenFault::Rotation, id, none, key,
                  "outside its loop the rotating id cannot be told");
    return nullptr;
  }
  return &entry->second[llvm::mod(key.id.add, key.id.count)];
}

/// C3: of each level the latest wait that the set does not know of.
void Checker::checkReuse(NodeId id, const Token &token, const State &state) {
  const FlagKey &key = program[id].key;
  auto [first, end] = layout.columns().ofWaits(key.to);
  for (unsigned level = 0; level <= state.depth(); ++level) {
    Claim latest = unknown;
    for (unsigned column = first; column < end; ++column)
      if (Claim needed = token.claims[level * (end - first) + column - first];
          state.claim(unsigned(key.from), level, column) < needed)
        latest = std::max(latest, needed);
    if (latest == unknown)
      continue;
    report(Rule::C3, id, layout.nodeAt(positionOf(latest)), key,
           (llvm::Twine(name(key.from)) + " does not know that " + name(key.to) +
            " has taken the token before")
               .str());
    Finding &finding = doubts.back().finding;
    finding.distance = (positionOf(latest) - latest) / iteration;
    if (level > 0 && finding.distance > 0)
      finding.loop = openLoops[level - 1];
  }
}

void Checker::set(NodeId id, State &state) {
  const Node &node = program[id];
  Token *token = resolve(id, state);
  if (!token)
    return;
  if (token->pending) {
    reportToken(TokenFault::Again, id, token->by, node.key,
                "the flag is set again before its token was taken");
  } else if (!token->doubtful.empty()) {
    reportToken(TokenFault::Again, id, token->by, node.key,
                "the flag is set again, and on some paths its token was not taken")
        .unproven = !token->wrong;
  } else if (options.strongFlags) {
    checkReuse(id, *token, state);
  }
  *token = {true, told(node.key.from, state), {}, false, id};
}

/// H3 and the relay property: all that the pipe knows, plus all of the pipe itself.
Clock Checker::told(Pipe from, const State &state) const {
  Clock snapshot = state.know[unsigned(from)];
  claimAll(snapshot, layout.columns().ofAccesses(from), state);
  claimAll(snapshot, layout.columns().ofWaits(from), state);
  return snapshot;
}

/// No set can have raised the flag. Which token was meant is a guess: one of another id, perhaps.
void Checker::reportMissing(NodeId wait, const Token &token, const State &state) {
  const FlagKey &key = program[wait].key;
  NodeId hint = token.by;
  for (const auto &[other, there] : state.tokens)
    if (hint == none && there.pending && other.from == key.from && other.to == key.to)
      hint = there.by;
  reportToken(TokenFault::Missing, wait, hint, key,
              "waits for a flag that no earlier set can have raised");
}

void Checker::wait(NodeId id, State &state) {
  const Node &node = program[id];
  unsigned to = unsigned(node.key.to);
  state.reach(layout.columns().of(id), layout[id].begin);
  Token *token = resolve(id, state);
  if (!token && (isReadable(node.key.id) || !options.trustDoubtfulWaits))
    return;
  if (!token) {
    raise(state.know[to], told(node.key.from, state));
  } else if (token->pending) {
    raise(state.know[to], token->claims); // H4
  } else if (token->doubtful.empty()) {
    reportMissing(id, *token, state);
  } else {
    reportToken(TokenFault::SomePaths, id, token->by, node.key,
                "waits for a flag that is set on some paths only")
        .unproven = !token->wrong;
    if (options.trustDoubtfulWaits)
      raise(state.know[to], token->doubtful);
  }
  if (token) {
    bool taken = token->pending || !token->doubtful.empty();
    *token = state.emptyToken(node.key.to);
    auto [first, end] = layout.columns().ofWaits(node.key.to);
    if (taken) // else there is nothing that the next set could lose
      token->claims[token->claims.size() - end + layout.columns().of(id)] = layout[id].begin;
    token->by = id;
  }
  if (node.key.to == Pipe::S) // H6: holds dispatch, so its knowledge is everyone's
    for (unsigned row = 0; row < numPipes; ++row) {
      raise(state.know[row], state.know[to]);
      claimAll(state.know[row], layout.columns().ofWaits(Pipe::S), state);
    }
}
