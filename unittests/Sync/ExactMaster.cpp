//===- ExactMaster.cpp - Cheapest set that meets the known demands ---------===//

#include "ExactMaster.h"
#include "ptoas/Sync/Program.h"
#include "llvm/ADT/STLExtras.h"
#include <string>
#include <z3.h>

using namespace pto::sync::judge;

namespace {
/// At least one of `any`, if `condition` is taken.
struct Demand {
  std::vector<uint32_t> any;
  uint32_t condition;
};
/// These together, or others in their place, take `time`.
struct Core {
  Z3_ast clause;
  uint64_t time;
};
/// How much of what was found a Z3 solver has heard of.
struct Heard {
  size_t demands = 0, cores = 0, supersedes = 0;
};
} // namespace

struct Master::Z3 {
  std::vector<uint64_t> weights;
  Z3_context context = nullptr;
  Z3_solver solver = nullptr; ///< is there any?
  Z3_optimize optimize = nullptr;
  std::vector<Z3_ast> items;      ///< by item
  std::vector<Z3_ast> orStronger; ///< by item: it or one that takes as long in its place; lazily
  std::vector<Demand> demands;
  std::vector<Core> cores;
  std::vector<Z3_ast> supersedes; ///< what defines orStronger
  Heard solverHeard, optimizeHeard;

  Z3_ast boolean(int number) {
    return Z3_mk_const(context, Z3_mk_int_symbol(context, number), Z3_mk_bool_sort(context));
  }
  Z3_ast negation(Z3_ast ast) { return Z3_mk_not(context, ast); }
  Z3_ast clauseOf(llvm::ArrayRef<Z3_ast> literals) {
    return Z3_mk_or(context, literals.size(), literals.data());
  }
  template <typename Assert> void tell(Heard &heard, uint64_t limit, Assert add);
  std::optional<llvm::BitVector> read(Z3_model model);
  void dropSuperfluous(llvm::BitVector &chosen) const;
};

Master::Master(llvm::ArrayRef<uint64_t> weights) : z3(std::make_unique<Z3>()) {
  z3->weights = weights.vec();
  z3->orStronger.assign(weights.size(), nullptr);
  Z3_config config = Z3_mk_config();
  z3->context = Z3_mk_context(config);
  Z3_del_config(config);
  for (size_t i = 0; i < weights.size(); ++i)
    z3->items.push_back(z3->boolean(int(i)));
  z3->solver = Z3_mk_solver_for_logic(z3->context, Z3_mk_string_symbol(z3->context, "QF_FD"));
  Z3_solver_inc_ref(z3->context, z3->solver);
  z3->optimize = Z3_mk_optimize(z3->context);
  Z3_optimize_inc_ref(z3->context, z3->optimize);
}

Master::~Master() {
  Z3_solver_dec_ref(z3->context, z3->solver);
  Z3_optimize_dec_ref(z3->context, z3->optimize);
  Z3_del_context(z3->context);
}

void Master::require(llvm::ArrayRef<uint32_t> any, uint32_t condition) {
  z3->demands.push_back({any.vec(), condition});
}

void Master::exclude(llvm::ArrayRef<uint32_t> slow, uint64_t time,
                     llvm::function_ref<std::vector<uint32_t>(uint32_t)> noFaster) {
  std::vector<Z3_ast> literals;
  for (uint32_t item : slow) {
    Z3_ast &mine = z3->orStronger[item];
    if (!mine) {
      mine = z3->boolean(int(z3->weights.size() + item));
      for (uint32_t other : noFaster(item))
        z3->supersedes.push_back(z3->clauseOf({z3->negation(z3->items[other]), mine}));
    }
    literals.push_back(z3->negation(mine));
  }
  z3->cores.push_back({z3->clauseOf(literals), time});
}

/// Hands over what is new since the last time.
template <typename Assert> void Master::Z3::tell(Heard &heard, uint64_t limit, Assert add) {
  for (; heard.demands < demands.size(); ++heard.demands) {
    const Demand &demand = demands[heard.demands];
    std::vector<Z3_ast> literals;
    for (uint32_t index : demand.any)
      literals.push_back(items[index]);
    if (demand.condition != none)
      literals.push_back(negation(items[demand.condition]));
    add(clauseOf(literals));
  }
  for (; heard.supersedes < supersedes.size(); ++heard.supersedes)
    add(supersedes[heard.supersedes]);
  for (; heard.cores < cores.size(); ++heard.cores)
    if (cores[heard.cores].time > limit)
      add(cores[heard.cores].clause);
}

std::optional<llvm::BitVector> Master::Z3::read(Z3_model model) {
  Z3_model_inc_ref(context, model);
  llvm::BitVector chosen(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    Z3_ast value = nullptr;
    if (Z3_model_eval(context, model, items[i], false, &value) &&
        Z3_get_bool_value(context, value) == Z3_L_TRUE)
      chosen.set(i);
  }
  Z3_model_dec_ref(context, model);
  return chosen;
}

/// Dearest first: a model that only has to exist takes what it likes.
void Master::Z3::dropSuperfluous(llvm::BitVector &chosen) const {
  std::vector<uint32_t> order(chosen.set_bits_begin(), chosen.set_bits_end());
  llvm::sort(order, [&](uint32_t a, uint32_t b) {
    return std::pair(weights[b], a) < std::pair(weights[a], b);
  });
  auto isMet = [&](const Demand &demand) {
    return (demand.condition != none && !chosen[demand.condition]) ||
           llvm::any_of(demand.any, [&](uint32_t item) { return chosen[item]; });
  };
  for (uint32_t item : order) {
    chosen.reset(item);
    if (!llvm::all_of(demands, isMet))
      chosen.set(item);
  }
}

std::optional<llvm::BitVector> Master::any(uint64_t limit) {
  z3->tell(z3->solverHeard, limit,
           [&](Z3_ast clause) { Z3_solver_assert(z3->context, z3->solver, clause); });
  if (Z3_solver_check(z3->context, z3->solver) != Z3_L_TRUE)
    return std::nullopt;
  std::optional<llvm::BitVector> chosen = z3->read(Z3_solver_get_model(z3->context, z3->solver));
  z3->dropSuperfluous(*chosen);
  return chosen;
}

std::optional<llvm::BitVector> Master::cheapest(uint64_t limit) {
  if (z3->optimizeHeard.demands == 0)
    for (size_t i = 0; i < z3->items.size(); ++i)
      if (uint64_t weight = z3->weights[i])
        Z3_optimize_assert_soft(z3->context, z3->optimize, z3->negation(z3->items[i]),
                                std::to_string(weight).c_str(),
                                Z3_mk_string_symbol(z3->context, "price"));
  z3->tell(z3->optimizeHeard, limit,
           [&](Z3_ast clause) { Z3_optimize_assert(z3->context, z3->optimize, clause); });
  if (Z3_optimize_check(z3->context, z3->optimize, 0, nullptr) != Z3_L_TRUE)
    return std::nullopt;
  // What the measured paths never run costs nothing, and may be there for nothing.
  std::optional<llvm::BitVector> chosen =
      z3->read(Z3_optimize_get_model(z3->context, z3->optimize));
  z3->dropSuperfluous(*chosen);
  return chosen;
}
