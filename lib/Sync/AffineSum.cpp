//===- AffineSum.cpp - Can an affine expression be zero? ------------------===//

#include "AffineSum.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace pto::sync;

static constexpr int64_t unbounded = AffineSum::unbounded;

static int64_t clamp(__int128 value) {
  return value > unbounded ? unbounded : value < -unbounded ? -unbounded : int64_t(value);
}
static int64_t plus(int64_t a, int64_t b) {
  // An open end stays open whatever is added to it.
  if (a >= unbounded || a <= -unbounded)
    return a;
  return clamp(__int128(a) + b);
}
static int64_t times(int64_t a, int64_t b) { return clamp(__int128(a) * b); }
static bool isOpen(int64_t end) { return end >= unbounded || end <= -unbounded; }

void AffineSum::add(int64_t coefficient, int64_t from, int64_t to) {
  if (from > to)
    solvable = false;
  if (coefficient == 0 || from > to)
    return;
  if (coefficient < 0) {
    coefficient = -coefficient;
    std::swap(from, to);
    from = -from;
    to = -to;
  }
  // The sums of two ranges with one coefficient are again a range: this is what makes column tiles
  // of one matrix exact.
  for (Term &term : terms)
    if (term.coefficient == coefficient) {
      term.from = plus(term.from, from);
      term.to = plus(term.to, to);
      return;
    }
  terms.push_back({coefficient, from, to, false});
}

void AffineSum::addConstant(int64_t value) {
  low = plus(low, value);
  high = plus(high, value);
}

/// Depth-first search over the terms, largest coefficient first; each variable only takes values
/// that the remaining terms can still cancel.
class AffineSum::Search {
public:
  Search(const AffineSum &sum, std::optional<Term> wanted) : low(sum.low), high(sum.high) {
    llvm::SmallVector<Term, 8> pending;
    foldOpenTerms(sum.terms, pending);
    absorb(pending);
    if (wanted)
      terms.push_back(*wanted);
    llvm::sort(terms, [](const Term &a, const Term &b) {
      // With an open wanted range nothing bounds the others: count it up from its least value
      // instead.
      bool aFirst = a.wanted && isOpen(a.to), bFirst = b.wanted && isOpen(b.to);
      if (aFirst != bFirst)
        return aFirst;
      return std::abs(a.coefficient) > std::abs(b.coefficient);
    });
    if (wanted)
      wantedAt = llvm::find_if(terms, [](const Term &term) { return term.wanted; }) - terms.begin();
    rest.resize(terms.size() + 1);
    rest.back() = {low, high};
    for (size_t i = terms.size(); i-- > 0;) {
      int64_t a = times(terms[i].coefficient, terms[i].from);
      int64_t b = times(terms[i].coefficient, terms[i].to);
      rest[i] = {plus(rest[i + 1].first, std::min(a, b)), plus(rest[i + 1].second, std::max(a, b))};
    }
  }

  void run() {
    if (rest[0].first <= 0 && rest[0].second >= 0)
      visit(0, 0);
  }

  bool found = false, gaveUp = false;
  int64_t best = unbounded; ///< least value of the wanted variable

private:
  static constexpr unsigned budget = 2048;
  int64_t low, high;
  llvm::SmallVector<Term, 8> terms;
  llvm::SmallVector<std::pair<int64_t, int64_t>, 8> rest; ///< range of terms[i..] and the free part
  unsigned visited = 0;
  size_t wantedAt = 0; ///< place of the wanted variable; 0 as well when there is none
  int64_t current = unbounded;

  /// Several variables without a known range can together make any multiple of their greatest
  /// common divisor (a superset of what they really make, hence safe).
  static void foldOpenTerms(llvm::ArrayRef<Term> from, llvm::SmallVectorImpl<Term> &into) {
    Term open{0, 0, 0, false};
    for (const Term &term : from) {
      if (!isOpen(term.from) && !isOpen(term.to)) {
        into.push_back(term);
        continue;
      }
      if (open.coefficient == 0) {
        open = term;
        continue;
      }
      open.coefficient = std::gcd(open.coefficient, term.coefficient);
      open.from = open.from >= 0 && term.from >= 0 ? 0 : -unbounded;
      open.to = open.to <= 0 && term.to <= 0 ? 0 : unbounded;
    }
    if (open.coefficient != 0)
      into.push_back(open);
  }

  /// A term whose step is no larger than the free part is wide leaves no gaps: it widens the free
  /// part, exactly.
  void absorb(llvm::SmallVectorImpl<Term> &pending) {
    llvm::sort(pending, [](const Term &a, const Term &b) { return a.coefficient < b.coefficient; });
    for (const Term &term : pending) {
      if (__int128(high) - low + 1 < term.coefficient) {
        terms.push_back(term);
        continue;
      }
      low = plus(low, times(term.coefficient, term.from));
      high = plus(high, times(term.coefficient, term.to));
    }
  }

  void visit(size_t at, int64_t sum) {
    if (at == terms.size()) {
      found = true;
      best = std::min(best, current);
      return;
    }
    const Term &term = terms[at];
    // coefficient * v must lie in [least, most] for the rest to cancel it.
    int64_t least = plus(-rest[at + 1].second, -sum), most = plus(-rest[at + 1].first, -sum);
    if (term.coefficient < 0)
      std::swap(least, most);
    int64_t from = term.from, to = term.to;
    if (!isOpen(least))
      from = std::max(from, llvm::divideCeilSigned(least, term.coefficient));
    if (!isOpen(most))
      to = std::min(to, llvm::divideFloorSigned(most, term.coefficient));
    for (int64_t v = from; v <= to; ++v) {
      if (++visited > budget) {
        gaveUp = true;
        return;
      }
      if (term.wanted) {
        if (v >= best)
          return;
        current = v;
      }
      bool before = found;
      int64_t oldBest = best;
      visit(at + 1, clamp(__int128(sum) + __int128(term.coefficient) * v));
      // Once the wanted variable has its value, any solution of the rest will do.
      if (gaveUp || (at >= wantedAt && found && (!before || best < oldBest)))
        return;
    }
  }
};

bool AffineSum::canVanish() const {
  if (!solvable)
    return false;
  Search search(*this, std::nullopt);
  search.run();
  return search.found || search.gaveUp;
}

std::optional<int64_t> AffineSum::least(int64_t coefficient, int64_t from, int64_t to) const {
  if (from > to || !solvable)
    return std::nullopt;
  if (coefficient == 0)
    return canVanish() ? std::optional(from) : std::nullopt;
  Search search(*this, Term{coefficient, from, to, true});
  search.run();
  if (search.gaveUp)
    return from;
  return search.found ? std::optional(search.best) : std::nullopt;
}
