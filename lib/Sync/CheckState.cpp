//===- CheckState.cpp - What is known at a program point ------------------===//

#include "CheckState.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

State::State(const Columns &columns) : top(columns.size(), 0), columns(&columns) { know.fill(top); }

Token State::emptyToken(Pipe to) const {
  return {false, Clock((depth() + 1) * waitsOn(to), unknown), {}, false, none};
}

void State::claimAll(Clock &clock, llvm::ArrayRef<uint32_t> loopBegins, unsigned column) const {
  for (unsigned level = 0; level < loopBegins.size(); ++level) {
    Claim &claim = clock[level * columns->size() + column];
    claim = std::max<Claim>(claim, loopBegins[level]);
  }
  // The latest item of the column, not "now": equal facts must have equal numbers.
  unsigned at = depth() * columns->size() + column;
  clock[at] = std::max(clock[at], top[at]);
}

void State::normalise(uint32_t now) {
  unsigned first = depth() * columns->size();
  forEachClock([&](Clock &clock) {
    for (unsigned c = first; c < first + columns->size(); ++c)
      if (clock[c] >= top[c])
        clock[c] = now;
  });
}

void State::skipArms(const Item &branch) {
  normalise(branch.end);
  for (unsigned c = 0; c < columns->size(); ++c) {
    Claim &latest = top[depth() * columns->size() + c];
    latest = std::max(latest, branch.last[c]);
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void State::enterLoop(const Item &loop) {
  normalise(loop.begin);
  auto extend = [&](Clock &clock) { clock.resize(clock.size() + columns->size(), loop.begin); };
  forEachClock(extend);
  extend(top);
  forEachToken([&](Token &token, Pipe, Pipe to) {
    if (!token.pending)
      token.claims.resize(token.claims.size() + waitsOn(to), unknown);
  });
  // At counter 0 the ids of a ring are base, base + 1, ...
  for (const Ring &ring : loop.rings) {
    RingTokens list;
    for (uint32_t k = 0; k < ring.count; ++k) {
      auto old = tokens.find({ring.from, ring.to, ring.base + int32_t(k)});
      list.push_back(old == tokens.end() ? emptyToken(ring.to) : std::move(old->second));
      if (old != tokens.end())
        tokens.erase(old);
    }
    rings[ring] = std::move(list);
  }
}

void State::nextIteration(const Item &loop, int64_t maxAge) {
  unsigned level = depth(), first = level * columns->size();
  forEachClock([&](Clock &clock) {
    for (unsigned c = 0; c < columns->size(); ++c) {
      Claim &claim = clock[first + c];
      Claim aged = claim - iteration;
      if (loop.last[c] < 0)
        aged = loop.begin; // nothing of this column in the body: all of it is complete
      else if (Claim(positionOf(aged)) >= loop.last[c])
        aged += iteration - positionOf(aged) +
                loop.begin; // a whole iteration = the start of the next one
      claim = aged >= -maxAge * iteration ? aged : unknown;
    }
  });
  forEachToken([&](Token &token, Pipe, Pipe to) {
    if (token.pending)
      return;
    // A demand of C3 gets weaker with age; beyond the horizon keep the stronger one.
    for (Claim &demand : llvm::MutableArrayRef(token.claims).take_back(waitsOn(to)))
      if (demand > unknown)
        demand = std::max(demand - iteration, Claim(positionOf(demand)) - maxAge * iteration);
  });
  std::fill(top.begin() + first, top.end(), loop.begin);
  for (const Ring &ring : loop.turning)
    if (auto entry = rings.find(ring); entry != rings.end())
      std::rotate(entry->second.begin(), entry->second.begin() + 1, entry->second.end());
}

void State::stopInside(const Item &loop, uint32_t now) {
  normalise(now);
  unsigned first = depth() * columns->size();
  forEachClock([&](Clock &clock) {
    for (unsigned c = first; c < first + columns->size(); ++c)
      // All of it, or up to a place of this, the last iteration.
      clock[c] = clock[c] == Claim(now) ? Claim(loop.begin) : clock[c] - iteration;
  });
}

/// What a claim about the iterations of a loop says once the loop is over, as a position in the
/// enclosing level.
static Claim outside(Claim inner, const Item &loop) {
  if (inner >= 0)
    return loop.end; // complete up to the iteration that did not run
  if (inner >= -iteration)
    return inner + iteration; // the last iteration up to there
  return loop.begin;
}

void State::leaveLoop(const Item &loop, bool ran, std::optional<int64_t> trip) {
  dropMetDemands();
  unsigned inner = depth() * columns->size(), outer = inner - columns->size();
  forEachClock([&](Clock &clock) {
    for (unsigned c = 0; c < columns->size(); ++c)
      // Facts from inside can only extend a prefix that is complete up to the loop.
      if (clock[outer + c] >= top[outer + c])
        clock[outer + c] = outside(clock[inner + c], loop);
    clock.resize(inner);
  });
  forEachToken([&](Token &token, Pipe, Pipe to) {
    if (token.pending)
      return;
    size_t width = waitsOn(to), size = token.claims.size() - width;
    for (size_t k = size - width; k < size; ++k)
      if (Claim demand = token.claims[k + width]; demand > unknown)
        token.claims[k] = std::max(token.claims[k], Claim(positionOf(demand)));
    token.claims.resize(size);
  });
  top.resize(inner);
  for (unsigned c = 0; ran && c < columns->size(); ++c)
    top[outer + c] = std::max(top[outer + c], loop.last[c]);
  for (const Ring &ring : loop.rings) {
    auto entry = rings.find(ring);
    if (entry == rings.end())
      continue;
    // With an unknown counter the ring stays, for a drain that names its ids by the trip count.
    if (!trip || !loop.isOwn(ring))
      continue;
    for (uint32_t k = 0; k < ring.count; ++k)
      tokens[{ring.from, ring.to, ring.base + int32_t((*trip + k) % ring.count)}] =
          std::move(entry->second[k]);
    rings.erase(entry);
  }
}

bool State::isUniform(const RingTokens &tokens) {
  return llvm::all_of(tokens, [&](const Token &t) { return t.pending == tokens[0].pending; });
}

static void lower(Clock &mine, const Clock &other) {
  for (size_t k = 0; k < mine.size(); ++k)
    mine[k] = std::min(mine[k], other[k]);
}

/// What a wait would learn on those of both sides' paths on which the token is there.
static Clock learnedByDoubt(const Clock &mine, const Clock &other) {
  Clock both = mine.empty() ? other : mine;
  if (!mine.empty() && !other.empty())
    lower(both, other);
  return both;
}

static void weaken(Token &mine, const Token &other) {
  mine.doubtful = learnedByDoubt(mine.doubtful, other.doubtful);
  mine.wrong |= other.wrong;
  for (size_t k = 0; k < mine.claims.size(); ++k)
    mine.claims[k] = mine.pending ? std::min(mine.claims[k], other.claims[k])
                                  : std::max(mine.claims[k], other.claims[k]);
  mine.by = std::min(mine.by, other.by);
}

void State::dissolve(Ring ring) {
  auto entry = rings.find(ring);
  if (entry == rings.end())
    return;
  // Which of them is which id depends on the trip count: each gets the weakest knowledge.
  Token worst = entry->second[0];
  for (const Token &token : entry->second)
    weaken(worst, token);
  for (uint32_t k = 0; k < ring.count; ++k)
    tokens[{ring.from, ring.to, ring.base + int32_t(k)}] = worst;
  rings.erase(entry);
}

//===----------------------------------------------------------------------===//
// Joins and order
//===----------------------------------------------------------------------===//

static FlagKey flagOf(const StaticKey &key) { return {key.from, key.to, {key.id}}; }
static FlagKey flagOf(const Ring &ring, size_t at) {
  return {ring.from, ring.to, {ring.base, ring.count, ring.number, int64_t(at)}};
}

void State::joinToken(Token &mine, const Token &other, const FlagKey &key, Mismatches &mismatches,
                      bool iterations) const {
  if (mine.pending == other.pending)
    return weaken(mine, other);
  const NodeId by = mine.pending ? mine.by : other.by;
  mismatches.push_back({key, by, mine.pending});
  bool wrong = iterations || mine.wrong || other.wrong;
  Clock doubtful = mine.pending ? learnedByDoubt(mine.claims, other.doubtful)
                                : learnedByDoubt(other.claims, mine.doubtful);
  mine = emptyToken(key.to);
  mine.doubtful = std::move(doubtful);
  mine.wrong = wrong;
  mine.by = by;
}

/// Static flags and a ring over the same ids would not meet in a join.
static void dissolveWhereMissing(State &state, const State &other) {
  for (auto next = state.rings.begin(); next != state.rings.end();) {
    const auto &[ring, list] = *next++;
    if (!other.rings.contains(ring) && State::isUniform(list))
      state.dissolve(ring);
  }
}

void State::dropMetDemands() {
  forEachToken([&](Token &token, Pipe from, Pipe to) {
    auto [first, end] = columns->ofWaits(to);
    size_t width = end - first;
    for (size_t k = 0; !token.pending && k < token.claims.size(); ++k)
      if (claim(unsigned(from), k / width, first + k % width) >= token.claims[k])
        token.claims[k] = unknown;
  });
}

void State::join(State other, Mismatches &mismatches, bool iterations) {
  dropMetDemands();
  other.dropMetDemands();
  dissolveWhereMissing(*this, other);
  dissolveWhereMissing(other, *this);
  for (Row row = 0; row < numRows; ++row)
    for (size_t k = 0; k < top.size(); ++k)
      know[row][k] = std::min(know[row][k], other.know[row][k]);
  for (size_t k = 0; k < top.size(); ++k)
    top[k] = std::max(top[k], other.top[k]);
  for (const auto &[key, token] : other.tokens)
    tokens.try_emplace(key, emptyToken(key.to));
  for (const auto &[ring, list] : other.rings)
    rings.try_emplace(ring, RingTokens(ring.count, emptyToken(ring.to)));
  for (auto &[key, token] : tokens) {
    auto theirs = other.tokens.find(key);
    joinToken(token, theirs == other.tokens.end() ? emptyToken(key.to) : theirs->second,
              flagOf(key), mismatches, iterations);
  }
  for (auto &[ring, list] : rings) {
    auto theirs = other.rings.find(ring);
    for (size_t k = 0; k < list.size(); ++k)
      joinToken(list[k], theirs == other.rings.end() ? emptyToken(ring.to) : theirs->second[k],
                flagOf(ring, k), mismatches, iterations);
  }
}

template <typename Function>
bool State::allTokenPairs(const State &a, const State &b, Function &&function) {
  auto sameKey = [](const auto &x, const auto &y) { return x.first == y.first; };
  if (!std::equal(a.tokens.begin(), a.tokens.end(), b.tokens.begin(), b.tokens.end(), sameKey) ||
      !std::equal(a.rings.begin(), a.rings.end(), b.rings.begin(), b.rings.end(), sameKey))
    return false;
  for (auto x = a.tokens.begin(), y = b.tokens.begin(); x != a.tokens.end(); ++x, ++y)
    if (!function(x->second, y->second))
      return false;
  for (auto x = a.rings.begin(), y = b.rings.begin(); x != a.rings.end(); ++x, ++y)
    for (size_t k = 0; k < x->second.size(); ++k)
      if (!function(x->second[k], y->second[k]))
        return false;
  return true;
}

static bool allAtMost(const Clock &a, const Clock &b) {
  for (size_t k = 0; k < a.size(); ++k)
    if (a[k] > b[k])
      return false;
  return true;
}

bool State::hasSameTokensAs(const State &other) const {
  return allTokenPairs(*this, other, [](const Token &mine, const Token &theirs) {
    return mine.pending == theirs.pending && mine.doubtful.empty() == theirs.doubtful.empty();
  });
}

bool State::isImpliedBy(const State &stronger) const {
  for (Row row = 0; row < numRows; ++row)
    if (!allAtMost(know[row], stronger.know[row]))
      return false;
  return allTokenPairs(*this, stronger, [](const Token &mine, const Token &theirs) {
    // Demands of C3 are ordered the other way round: ours must ask for at least as much.
    return mine.pending == theirs.pending && mine.doubtful.empty() == theirs.doubtful.empty() &&
           allAtMost(mine.doubtful, theirs.doubtful) &&
           (mine.pending ? allAtMost(mine.claims, theirs.claims)
                         : allAtMost(theirs.claims, mine.claims));
  });
}

void State::widenFrom(const State &before) {
  auto widen = [](Clock &mine, const Clock &old) {
    for (size_t k = 0; k < mine.size() && k < old.size(); ++k)
      if (mine[k] < old[k])
        mine[k] = unknown;
  };
  for (Row row = 0; row < numRows; ++row)
    widen(know[row], before.know[row]);
  if (!hasSameTokensAs(before))
    return;
  auto widenToken = [&](Token &mine, const Token &old) {
    if (mine.pending)
      widen(mine.claims, old.claims);
    widen(mine.doubtful, old.doubtful);
  };
  for (auto &[key, token] : tokens)
    widenToken(token, before.tokens.at(key));
  for (auto &[ring, list] : rings)
    for (size_t k = 0; k < list.size(); ++k)
      widenToken(list[k], before.rings.at(ring)[k]);
}
