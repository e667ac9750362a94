//===- Overlap.cpp - May two regions share a byte? ------------------------===//

#include "AffineSum.h"
#include "ptoas/Sync/Program.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <numeric>
#include <set>

using namespace pto;
using namespace pto::sync;
using llvm::ArrayRef;

static constexpr int64_t unbounded = AffineSum::unbounded;

//===----------------------------------------------------------------------===//
// Which memory
//===----------------------------------------------------------------------===//

namespace {
enum class Place { Apart, Anywhere, Comparable };
}

static bool mayAlias(const Program &program, uint32_t root) {
  return root >= program.roots.size() || program.roots[root].mayAlias;
}

/// Are the offsets of two regions measured from one origin?
static Place placeOf(const Program &program, const Region &x, const Region &y) {
  if (x.space != y.space || x.isEmpty() || y.isEmpty())
    return Place::Apart;
  if (x.space == Space::GM) {
    if (x.root == none || y.root == none)
      return Place::Anywhere;
    if (x.root != y.root)
      return mayAlias(program, x.root) && mayAlias(program, y.root) ? Place::Anywhere
                                                                    : Place::Apart;
  }
  if (!x.offset.known || !y.offset.known || x.offset.symbol != y.offset.symbol)
    return Place::Anywhere;
  return Place::Comparable;
}

//===----------------------------------------------------------------------===//
// The difference of two addresses
//===----------------------------------------------------------------------===//

namespace {

/// Address of a byte of `y` minus address of a byte of `x`, as a sum over loop counters, slots,
/// rows and columns.
class Difference {
public:
  /// Counters of open[0 .. level-1] are equal; with `carried` that of open[level] is larger by d at
  /// `y`; all others are independent.
  Difference(const Program &program, const Region &x, const Region &y, ArrayRef<NodeId> open,
             unsigned level, bool carried)
      : program(program), x(x), y(y), open(open), level(level), carried(carried),
        sum(1 - int64_t(x.run), int64_t(y.run) - 1) {
    sum.addConstant(y.offset.constant - x.offset.constant);
    for (const Region::Dim &dim : y.dims)
      sum.add(dim.stride, 0, dim.extent - 1);
    for (const Region::Dim &dim : x.dims)
      sum.add(-dim.stride, 0, dim.extent - 1);
    addCounters();
    addSlots();
  }

  bool canVanish() const {
    return llvm::any_of(slotDifferences(0), [&](int64_t bytes) {
      AffineSum shifted = sum;
      shifted.addConstant(bytes);
      return shifted.canVanish();
    });
  }

  /// The least distance in [1, trip - 1] at which the difference can vanish.
  std::optional<int64_t> leastDistance() const {
    int64_t most = countOf(open[level]) - (countOf(open[level]) < unbounded);
    int64_t period = ringMoves() ? y.rotation.count : 1;
    std::optional<int64_t> best;
    // With d = period * m + r the slots differ by a constant for each r.
    for (int64_t r = 0; r < period && r <= most; ++r)
      for (int64_t bytes : slotDifferences(r)) {
        AffineSum shifted = sum;
        shifted.addConstant(bytes + step * r);
        int64_t last = most >= unbounded ? unbounded : (most - r) / period;
        if (auto m = shifted.least(step * period, r == 0, last))
          best = std::min(best.value_or(unbounded), period * *m + r);
      }
    return best;
  }

private:
  static constexpr int64_t maxPeriod = 64;

  const Program &program;
  const Region &x, &y;
  ArrayRef<NodeId> open;
  unsigned level;
  bool carried;
  AffineSum sum;
  int64_t step = 0; ///< bytes by which `y` moves per iteration of the carrying loop

  int64_t countOf(NodeId loop) const { return program[loop].trip.value_or(unbounded); }
  int64_t lastCounter(NodeId loop) const {
    int64_t count = countOf(loop);
    return count >= unbounded ? unbounded : count - 1;
  }
  /// Has the number one value for both? One that runs on has, as long as what carries them, or what
  /// they are in one iteration of, does not move it.
  bool isEqual(NodeId number) const {
    if (llvm::is_contained(open.take_front(level), number))
      return true;
    if (carried)
      return program.isSteady(number, open[level]) && !program.counts(open[level], number);
    return level > 0 && program.isSteady(number, open[level - 1]);
  }
  bool isCarrier(NodeId number) const {
    return carried && program.counts(open[level], number) &&
           (number == open[level] || program.isSteady(number, open[level]));
  }

  /// Does a number that runs on not begin anew between two iterations of what carries them?
  bool onlyGrows(NodeId number) const {
    const Counter *counter = program.counterOf(number);
    return carried && counter && llvm::is_contained(open.take_front(level + 1), counter->over);
  }

  void addCounters() {
    auto xt = x.offset.terms.begin(), yt = y.offset.terms.begin();
    while (xt != x.offset.terms.end() || yt != y.offset.terms.end()) {
      bool takeX =
          xt != x.offset.terms.end() && (yt == y.offset.terms.end() || xt->loop <= yt->loop);
      bool takeY =
          yt != y.offset.terms.end() && (xt == x.offset.terms.end() || yt->loop <= xt->loop);
      NodeId loop = takeX ? xt->loop : yt->loop;
      int64_t ofX = takeX ? (xt++)->coefficient : 0, ofY = takeY ? (yt++)->coefficient : 0;
      if (isEqual(loop) || isCarrier(loop)) {
        sum.add(ofY - ofX, 0, lastCounter(loop));
      } else if (ofX == ofY && onlyGrows(loop)) {
        sum.add(ofY, 1, unbounded); // the iteration of `x` that counts is over
      } else {
        sum.add(ofY, 0, lastCounter(loop));
        sum.add(-ofX, 0, lastCounter(loop));
      }
      if (isCarrier(loop))
        step = ofY;
    }
  }

  /// Two slots of one ring, counted by one loop: their difference is known.
  bool isOneRing() const {
    const Rotation &a = x.rotation, &b = y.rotation;
    return a.count > 1 && a.count == b.count && a.stride == b.stride && a.loop == b.loop &&
           a.loop != none && a.count <= maxPeriod && (isEqual(a.loop) || isCarrier(a.loop));
  }
  bool ringMoves() const { return isOneRing() && isCarrier(y.rotation.loop); }

  void addSlots() {
    if (isOneRing())
      return; // slotDifferences
    sum.add(y.rotation.stride, 0, int64_t(y.rotation.count) - 1);
    sum.add(-x.rotation.stride, 0, int64_t(x.rotation.count) - 1);
  }

  /// Bytes from the slot of `x` to that of `y` when the ring turns by `turn` in between.
  llvm::SmallVector<int64_t, 2> slotDifferences(int64_t turn) const {
    if (!isOneRing())
      return {0};
    int64_t count = y.rotation.count;
    int64_t apart = (turn + y.rotation.add - x.rotation.add) % count;
    apart += apart < 0 ? count : 0;
    if (apart == 0)
      return {0};
    return {apart * y.rotation.stride, (apart - count) * y.rotation.stride};
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

bool Overlap::sameIteration(RegionId x, RegionId y, ArrayRef<NodeId> open) const {
  const Region &a = program.regions[x], &b = program.regions[y];
  Place place = placeOf(program, a, b);
  if (place != Place::Comparable)
    return place == Place::Anywhere;
  return Difference(program, a, b, open, open.size(), false).canVanish();
}

std::optional<int64_t> Overlap::carried(RegionId x, RegionId y, ArrayRef<NodeId> open,
                                        unsigned level) const {
  const Region &a = program.regions[x], &b = program.regions[y];
  Place place = placeOf(program, a, b);
  if (place == Place::Apart)
    return std::nullopt;
  if (place == Place::Anywhere) {
    // Equal symbols may be missing, but the loop still has to come round.
    const std::optional<int64_t> &trip = program[open[level]].trip;
    return trip && *trip <= 1 ? std::nullopt : std::optional<int64_t>(1);
  }
  return Difference(program, a, b, open, level, true).leastDistance();
}

bool Overlap::ever(RegionId x, RegionId y) const { return sameIteration(x, y, {}); }

bool Overlap::sameTile(RegionId x, RegionId y, ArrayRef<NodeId> equal) const {
  const Region &a = program.regions[x], &b = program.regions[y];
  if (placeOf(program, a, b) != Place::Comparable || a.dims != b.dims || a.run != b.run)
    return false;
  // All addresses of both are congruent modulo `grid`: if a tile fits into one cell, two instances
  // are equal or disjoint.
  int64_t grid = 0;
  for (const Region *region : {&a, &b}) {
    const auto &others = (region == &a ? b : a).offset.terms;
    for (const Offset::Term &term : region->offset.terms)
      if (!llvm::is_contained(equal, term.loop) || !llvm::is_contained(others, term))
        grid = std::gcd(grid, term.coefficient); // else it moves both alike
    if (region->rotation.count > 1)
      grid = std::gcd(grid, region->rotation.stride);
  }
  int64_t apart = b.offset.constant - a.offset.constant;
  return grid == 0 ? apart == 0 : grid >= int64_t(a.span()) && apart % grid == 0;
}

bool pto::sync::bothRun(const Program &program, const Turns &x, const Turns &y,
                        ArrayRef<NodeId> open) {
  if (x.loop != y.loop || x.loop == none || x.period != y.period || x.residue == y.residue)
    return true;
  return !llvm::is_contained(open, x.loop) &&
         (open.empty() || !program.isSteady(x.loop, open.back()));
}

std::optional<int64_t> pto::sync::turnsApart(const Program &program, const Turns &x, const Turns &y,
                                             NodeId loop, ArrayRef<NodeId> outer,
                                             int64_t distance) {
  // (A number that runs on may be moved by `loop`: then iterations of the loops around say
  // nothing.)
  bool counts = x.loop == y.loop && x.period == y.period && x.loop != none &&
                program.counts(loop, x.loop) && (x.loop == loop || program.isSteady(x.loop, loop));
  bool isFixed = llvm::is_contained(outer, x.loop) ||
                 (program.isSteady(x.loop, loop) && !program.counts(loop, x.loop));
  if (isFixed && x.loop == y.loop && x.loop != none && x.period == y.period &&
      x.residue != y.residue)
    return std::nullopt;
  if (!counts)
    return distance;
  int64_t wait = (y.residue - x.residue - distance) % x.period;
  return distance + (wait < 0 ? wait + x.period : wait);
}

bool pto::sync::accumulatesInPlace(const Program &program, const Node &node) {
  auto isKnown = [](const Region &r) {
    return r.offset.known && (r.rotation.count <= 1 || r.rotation.loop != none);
  };
  return node.accumulates && llvm::all_of(node.reads, [&](RegionId id) {
           const Region &region = program.regions[id];
           return region.space != Space::Acc ||
                  (isKnown(region) && llvm::is_contained(node.writes, id));
         });
}

bool pto::sync::isExempt(const Program &program, const Overlap &overlap, const Node &earlier,
                         RegionId x, bool xWrites, const Node &later, RegionId y, bool yWrites,
                         ArrayRef<NodeId> equal) {
  // H7: a product and a store of one accumulator wait for one another by its unit flag.
  if (earlier.unitFlag && later.unitFlag && earlier.pipe != later.pipe)
    return program.regions[y].space == Space::Acc && overlap.sameTile(x, y, equal);
  if (earlier.pipe != later.pipe)
    return false;
  if (keepsOrder(later.pipe, program.arch) || earlier.signals || later.signals)
    return true;
  // H7: an accumulation chain on one Acc tile.
  auto inChain = [&](const Node &node, bool writes) {
    return writes ? node.accumulates : accumulatesInPlace(program, node);
  };
  if (later.pipe == Pipe::M)
    return program.regions[y].space == Space::Acc && inChain(earlier, xWrites) &&
           inChain(later, yWrites) && overlap.sameTile(x, y, equal);
  // sync 3: load after load into the same tile.
  return later.pipe == Pipe::MTE2 && xWrites && yWrites && overlap.sameTile(x, y, equal);
}

//===----------------------------------------------------------------------===//
// Neighbours
//===----------------------------------------------------------------------===//

namespace {

/// Finds candidate pairs by a sweep over sorted spans; `Overlap::ever` decides each.
class Sweep {
public:
  Sweep(const Program &program, const Overlap &overlap, std::vector<std::vector<RegionId>> &table)
      : program(program), overlap(overlap), table(table), written(program.regions.size()) {
    for (const Node &node : program.nodes)
      for (RegionId region : node.writes)
        written[region] = true;
  }

  /// All pairs within one memory or root (plus pointers of unknown origin).
  void group(ArrayRef<RegionId> regions) {
    // Regions that move with a loop of unknown trip count reach everywhere on the line, but keep
    // their place modulo their step. Classes of one step are swept on that circle.
    std::map<int64_t, std::vector<RegionId>> classes;
    for (RegionId id : regions)
      classes[circleOf(program.regions[id])].push_back(id);
    if (classes.size() > maxClasses) {
      sweep(regions, {}, 0);
      return;
    }
    for (auto a = classes.begin(); a != classes.end(); ++a) {
      sweep(a->second, {}, a->first);
      for (auto b = std::next(a); b != classes.end(); ++b)
        sweep(a->second, b->second, std::gcd(a->first, b->first));
    }
  }

private:
  static constexpr size_t maxClasses = 8;

  struct Span {
    int64_t low, high; ///< on the line, or on the circle that is swept
    int64_t lane,
        laneEnd; ///< columns of a matrix: bytes modulo the pitch; all of them when lane < 0
    RegionId region;
    bool second;
  };
  const Program &program;
  const Overlap &overlap;
  std::vector<std::vector<RegionId>> &table;
  std::vector<bool> written;

  /// 0: a bounded place on the line; otherwise the step of the counters that move it without a
  /// known end.
  int64_t circleOf(const Region &region) const {
    int64_t step = 0;
    for (const Offset::Term &term : region.offset.terms)
      if (!program[term.loop].trip)
        step = std::gcd(step, term.coefficient);
    return region.offset.known && region.offset.symbol == none ? step : 0;
  }

  /// The bytes that a region may touch: on the line (circle 0) or modulo `circle`, where steps by
  /// multiples of it vanish and the low end lies in [0, circle).
  std::pair<int64_t, int64_t> bounds(const Region &region, int64_t circle) const {
    std::pair<int64_t, int64_t> everywhere{circle == 0 ? -unbounded : 0,
                                           circle == 0 ? unbounded : circle};
    if (!region.offset.known || region.offset.symbol != none ||
        (region.space == Space::GM && mayAlias(program, region.root)))
      return everywhere;
    int64_t low = region.offset.constant, high = low + int64_t(region.run);
    bool open = false;
    auto extend = [&](int64_t step, std::optional<int64_t> count) {
      if (step == 0 || (circle != 0 && step % circle == 0))
        return;
      open |= !count;
      int64_t reach = count ? step * std::max<int64_t>(*count - 1, 0) : 0;
      (reach < 0 ? low : high) += reach;
    };
    for (const Region::Dim &dim : region.dims)
      extend(dim.stride, dim.extent);
    for (const Offset::Term &term : region.offset.terms)
      extend(term.coefficient, program[term.loop].trip);
    extend(region.rotation.stride, region.rotation.count);
    if (open || (circle != 0 && high - low >= circle))
      return everywhere;
    int64_t turns = circle == 0 ? 0 : llvm::divideFloorSigned(low, circle) * circle;
    return {low - turns, high - turns};
  }

  void collect(ArrayRef<RegionId> regions, bool second, int64_t circle, int64_t pitch,
               std::vector<Span> &spans) const {
    for (RegionId id : regions) {
      auto [low, high] = bounds(program.regions[id], circle);
      Span span{low, high, -1, -1, id, second};
      if (pitch != 0) {
        std::tie(span.lane, span.laneEnd) = bounds(program.regions[id], pitch);
        if (span.laneEnd - span.lane >= pitch)
          span.lane = -1;
      }
      if (circle != 0 && high > circle) { // passes the origin: two pieces
        span.high = circle;
        spans.push_back(span);
        span.low = 0;
        span.high = high - circle;
      }
      spans.push_back(span);
    }
  }

  /// The spans under the sweep line. Tiles side by side in one matrix are all live at once: their
  /// columns tell them apart.
  class Active {
  public:
    Active(ArrayRef<Span> spans, int64_t pitch) : spans(spans), pitch(pitch) {}

    void expire(int64_t now) {
      while (!ends.empty() && ends.begin()->first <= now) {
        const Span &span = spans[ends.begin()->second];
        (span.lane < 0 ? wide : lanes).erase({span.lane, ends.begin()->second});
        ends.erase(ends.begin());
      }
    }
    void insert(uint32_t at) {
      const Span &span = spans[at];
      (span.lane < 0 ? wide : lanes).insert({span.lane, at});
      ends.insert({span.high, at});
      if (span.lane >= 0)
        widest = std::max(widest, span.laneEnd - span.lane);
    }
    template <typename Function> void forEachBeside(const Span &span, Function &&function) const {
      for (const auto &[lane, at] : wide)
        function(spans[at]);
      if (span.lane < 0 || span.laneEnd - span.lane + widest >= pitch) {
        for (const auto &[lane, at] : lanes)
          function(spans[at]);
        return;
      }
      // Lanes are taken modulo the pitch, so look one turn to either side as well.
      for (int64_t turn : {-pitch, int64_t(0), pitch})
        for (auto it = lanes.lower_bound({span.lane - widest + 1 + turn, 0});
             it != lanes.end() && it->first < span.laneEnd + turn; ++it)
          function(spans[it->second]);
    }

  private:
    using Set = std::set<std::pair<int64_t, uint32_t>>;
    ArrayRef<Span> spans;
    int64_t pitch, widest = 0;
    Set wide, lanes, ends;
  };

  /// Pairs within `first`, or between `first` and `second` when there is a second.
  void sweep(ArrayRef<RegionId> first, ArrayRef<RegionId> second, int64_t circle) {
    int64_t pitch = 0;
    for (ArrayRef<RegionId> list : {first, second})
      for (RegionId id : list)
        for (const Region::Dim &dim : program.regions[id].dims)
          pitch = std::gcd(pitch, dim.extent > 1 ? dim.stride : 0);
    std::vector<Span> spans;
    collect(first, false, circle, pitch, spans);
    collect(second, true, circle, pitch, spans);
    llvm::sort(spans, [](const Span &a, const Span &b) {
      return std::tie(a.low, a.region, a.high) < std::tie(b.low, b.region, b.high);
    });
    Active active(spans, pitch);
    for (uint32_t at = 0; at < spans.size(); ++at) {
      const Span &span = spans[at];
      active.expire(span.low);
      active.forEachBeside(span, [&](const Span &other) {
        if (second.empty() || other.second != span.second)
          pair(other.region, span.region);
      });
      active.insert(at);
    }
  }

  void pair(RegionId x, RegionId y) {
    if (x == y || (!written[x] && !written[y]) || !overlap.ever(x, y))
      return;
    table[x].push_back(y);
    table[y].push_back(x);
  }
};

} // namespace

const std::vector<std::vector<RegionId>> &Overlap::neighbours() const {
  if (table.size() == program.regions.size())
    return table;
  table.assign(program.regions.size(), {});
  // Pointers that may alias share one group; those of unknown origin join every group.
  constexpr uint32_t aliasing = none - 1;
  std::map<std::pair<Space, uint32_t>, std::vector<RegionId>> groups;
  std::vector<RegionId> anywhere;
  for (RegionId id = 0; id < program.regions.size(); ++id) {
    const Region &region = program.regions[id];
    table[id].push_back(id);
    if (region.space != Space::GM)
      groups[{region.space, 0}].push_back(id);
    else if (region.root == none)
      anywhere.push_back(id);
    else
      groups[{region.space, mayAlias(program, region.root) ? aliasing : region.root}].push_back(id);
  }
  auto isGlobal = [](const auto &group) { return group.first.first == Space::GM; };
  if (!anywhere.empty() && llvm::none_of(groups, isGlobal))
    groups[{Space::GM, aliasing}]; // a program may know none of its pointers
  Sweep sweep(program, *this, table);
  for (auto &[key, members] : groups) {
    if (key.first == Space::GM)
      members.insert(members.end(), anywhere.begin(), anywhere.end());
    sweep.group(members);
  }
  for (std::vector<RegionId> &list : table) {
    llvm::sort(list);
    list.erase(llvm::unique(list), list.end());
  }
  return table;
}
