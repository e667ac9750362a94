//===- ClausesTest.cpp - Clauses with learning, against brute force --------===//

#include "../../lib/Sync/InsertClauses.h"
#include "Random.h"
#include "llvm/ADT/STLExtras.h"
#include <gtest/gtest.h>

using namespace pto::sync::inserter;
using pto::sync::judge::Random;

using Lits = std::vector<Literal>;

static bool isMet(const Lits &clause, uint32_t values) {
  return llvm::any_of(clause, [&](Literal l) { return (values >> variableOf(l) & 1) != (l & 1); });
}

/// Some values that meet all clauses, one bit per variable.
static std::optional<uint32_t> byBruteForce(llvm::ArrayRef<Lits> clauses, uint32_t variables) {
  for (uint32_t values = 0; values < 1u << variables; ++values)
    if (llvm::all_of(clauses, [&](const Lits &clause) { return isMet(clause, values); }))
      return values;
  return std::nullopt;
}

static Lits randomClause(Random &random, uint32_t variables) {
  Lits clause;
  for (unsigned size = 1 + random.below(4); clause.size() < size;)
    clause.push_back(2 * random.below(variables) + random.below(2));
  return clause;
}

/// Decides at random until every variable has a value; then a clause more, until there is none.
static bool solve(Random &random, Clauses &clauses, llvm::ArrayRef<Lits> all, uint32_t variables) {
  size_t told = 0;
  for (;;) {
    // Clauses come in the middle of it, several at once.
    while (told < all.size() && random.chance(40))
      clauses.add(all[told++]);
    if (random.chance(3))
      clauses.takeAllBack();
    if (!clauses.propagate())
      return false;
    std::vector<uint32_t> open;
    for (uint32_t v = 0; v < variables; ++v)
      if (clauses.isOpen(v))
        open.push_back(v);
    if (!open.empty())
      clauses.decide(2 * open[random.below(open.size())] + random.below(2));
    else if (told == all.size())
      return true;
    else
      clauses.add(all[told++]);
  }
}

TEST(SyncClauses, FindsASolutionExactlyWhereThereIsOne) {
  constexpr uint32_t variables = 9;
  unsigned solved = 0, hopeless = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed);
    std::vector<Lits> all;
    for (unsigned count = 10 + random.below(40); all.size() < count;)
      all.push_back(randomClause(random, variables));
    Clauses clauses(variables - 1);
    EXPECT_EQ(clauses.addVariable(), variables - 1);
    bool isSolved = solve(random, clauses, all, variables);
    EXPECT_EQ(isSolved, byBruteForce(all, variables).has_value()) << seed;
    ++(isSolved ? solved : hopeless);
    if (!isSolved)
      continue;
    uint32_t values = 0;
    for (uint32_t v = 0; v < variables; ++v)
      values |= uint32_t(clauses.holds(isTrue(v))) << v;
    for (const Lits &clause : all)
      EXPECT_TRUE(isMet(clause, values)) << seed;
    EXPECT_EQ(clauses.trail().size(), variables);
  }
  EXPECT_GE(solved, 300u);
  EXPECT_GE(hopeless, 300u);
}

// What holds holds in every solution, as long as nothing was decided.
TEST(SyncClauses, ConcludesOnlyWhatFollows) {
  constexpr uint32_t variables = 8;
  unsigned concluded = 0;
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Random random(seed);
    std::vector<Lits> all;
    for (unsigned count = 6 + random.below(16); all.size() < count;)
      all.push_back(randomClause(random, variables));
    Clauses clauses(variables);
    if (!solve(random, clauses, all, variables))
      continue;
    clauses.takeAllBack();
    ASSERT_TRUE(clauses.propagate());
    for (Literal literal : clauses.trail()) {
      std::vector<Lits> contrary = all;
      contrary.push_back({negated(literal)});
      EXPECT_FALSE(byBruteForce(contrary, variables)) << seed;
      ++concluded;
    }
  }
  EXPECT_GE(concluded, 200u);
}
