//===- InsertClauses.cpp - Clauses, with learning --------------------------===//

#include "InsertClauses.h"
#include "llvm/ADT/STLExtras.h"
#include <cassert>

using namespace pto::sync::inserter;

void Clauses::grow(uint32_t variables) {
  watching.resize(2 * variables);
  values.resize(variables, Open);
  levels.resize(variables);
  reasons.resize(variables, noClause);
  seen.resize(variables);
}

void Clauses::hold(Literal literal, uint32_t reason) {
  uint32_t variable = variableOf(literal);
  assert(values[variable] == Open);
  values[variable] = Value(literal & 1);
  levels[variable] = level();
  reasons[variable] = reason;
  held.push_back(literal);
}

void Clauses::decide(Literal literal) {
  levelStarts.push_back(held.size());
  hold(literal, noClause);
}

void Clauses::backTo(uint32_t target) {
  if (target >= level())
    return;
  while (held.size() > levelStarts[target]) {
    values[variableOf(held.back())] = Open;
    held.pop_back();
  }
  levelStarts.resize(target);
  drawn = std::min(drawn, held.size());
}

uint32_t Clauses::attach(Lits literals) {
  for (Literal watched : llvm::ArrayRef(literals).take_front(2))
    watching[watched].push_back(clauses.size());
  clauses.push_back(std::move(literals));
  return clauses.size() - 1;
}

void Clauses::add(llvm::ArrayRef<Literal> literals) {
  Lits lits(literals);
  // Those that fail last, or never, are watched.
  auto fallsAt = [&](Literal l) { return fails(l) ? levels[variableOf(l)] : level() + 1; };
  llvm::sort(lits, [&](Literal a, Literal b) {
    return std::pair(fallsAt(b), a) < std::pair(fallsAt(a), b);
  });
  lits.erase(llvm::unique(lits), lits.end());
  if (lits.empty()) {
    isHopeless = true;
    return;
  }
  if (lits.size() == 1) {
    backTo(0);
    if (fails(lits[0]))
      isHopeless = true;
    else if (!holds(lits[0]))
      hold(lits[0], noClause);
    return;
  }
  Literal first = lits[0], second = lits[1];
  uint32_t firstLevel = fallsAt(first), secondLevel = fallsAt(second);
  uint32_t added = attach(std::move(lits));
  if (!fails(second) || holds(first))
    return;
  // All but one fail from some level on: there it holds.
  backTo(secondLevel);
  if (firstLevel > secondLevel)
    hold(first, added);
  else
    conflict = added;
}

uint32_t Clauses::firstConflict() {
  while (drawn < held.size()) {
    Literal failed = negated(held[drawn++]);
    std::vector<uint32_t> &mine = watching[failed];
    size_t kept = 0;
    for (size_t i = 0; i < mine.size(); ++i) {
      ++steps;
      uint32_t index = mine[i];
      Lits &lits = clauses[index];
      if (lits[0] == failed)
        std::swap(lits[0], lits[1]);
      if (!holds(lits[0])) {
        auto *other =
            std::find_if(lits.begin() + 2, lits.end(), [&](Literal l) { return !fails(l); });
        if (other != lits.end()) {
          std::swap(lits[1], *other);
          watching[lits[1]].push_back(index);
          continue;
        }
      }
      mine[kept++] = index;
      if (holds(lits[0]))
        continue;
      if (!fails(lits[0])) {
        hold(lits[0], index);
        continue;
      }
      while (++i < mine.size())
        mine[kept++] = mine[i];
      mine.resize(kept);
      return index;
    }
    mine.resize(kept);
  }
  return noClause;
}

/// Do the other literals of a clause that is learned imply it?
bool Clauses::isImplied(Literal literal) const {
  uint32_t reason = reasons[variableOf(literal)];
  return reason != noClause && llvm::all_of(clauses[reason], [&](Literal l) {
           uint32_t v = variableOf(l);
           return v == variableOf(literal) || seen[v] || levels[v] == 0;
         });
}

/// Back to the first single point that all of it follows from.
void Clauses::learn(uint32_t conflict) {
  Lits learned = {0}; // the place of that point
  std::vector<uint32_t> touched;
  size_t at = held.size(), open = 0;
  uint32_t reason = conflict;
  Literal point = 0;
  bool isFirst = true;
  do {
    for (Literal l : clauses[reason]) {
      uint32_t variable = variableOf(l);
      if ((!isFirst && l == point) || seen[variable] || levels[variable] == 0)
        continue;
      seen[variable] = true;
      touched.push_back(variable);
      if (levels[variable] == level())
        ++open;
      else
        learned.push_back(l);
    }
    do
      point = held[--at];
    while (!seen[variableOf(point)]);
    reason = reasons[variableOf(point)];
    isFirst = false;
    steps += 4;
  } while (--open > 0);
  learned[0] = negated(point);
  auto rest =
      std::remove_if(learned.begin() + 1, learned.end(), [&](Literal l) { return isImplied(l); });
  learned.erase(rest, learned.end());
  for (uint32_t variable : touched)
    seen[variable] = false;
  if (learned.size() == 1) {
    backTo(0);
    hold(learned[0], noClause);
    return;
  }
  auto last = std::max_element(learned.begin() + 1, learned.end(), [&](Literal a, Literal b) {
    return levels[variableOf(a)] < levels[variableOf(b)];
  });
  std::swap(learned[1], *last);
  backTo(levels[variableOf(learned[1])]);
  Literal first = learned[0];
  hold(first, attach(std::move(learned)));
}

bool Clauses::propagate() {
  while (!isHopeless) {
    uint32_t failed = std::exchange(conflict, noClause);
    // What was added since may have taken it back.
    if (failed != noClause && !llvm::all_of(clauses[failed], [&](Literal l) { return fails(l); }))
      failed = noClause;
    if (failed == noClause)
      failed = firstConflict();
    if (failed == noClause)
      return true;
    isHopeless = level() == 0;
    if (!isHopeless)
      learn(failed);
  }
  return false;
}
