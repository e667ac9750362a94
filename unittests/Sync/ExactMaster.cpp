//===- ExactMaster.cpp - Cheapest set that meets the known demands ---------===//

#include "ExactMaster.h"
#include "ptoas/Sync/Program.h"
#include <string>
#include <z3.h>

using namespace pto::sync::judge;

struct Master::Z3 {
  std::vector<uint64_t> weights;
  Z3_context context = nullptr;
  Z3_optimize optimize = nullptr;
  std::vector<Z3_ast> items; ///< made when a clause first names them

  Z3_ast item(uint32_t index) {
    if (items[index])
      return items[index];
    Z3_symbol symbol = Z3_mk_int_symbol(context, int(index));
    items[index] = Z3_mk_const(context, symbol, Z3_mk_bool_sort(context));
    std::string weight = std::to_string(weights[index]);
    // A weight of 0 would leave it open whether an item is taken that the measured paths never run.
    Z3_optimize_assert_soft(context, optimize, Z3_mk_not(context, items[index]),
                            weights[index] ? weight.c_str() : "1",
                            Z3_mk_string_symbol(context, "price"));
    return items[index];
  }
  void assertClause(llvm::ArrayRef<Z3_ast> literals) {
    Z3_optimize_assert(context, optimize, Z3_mk_or(context, literals.size(), literals.data()));
  }
};

Master::Master(llvm::ArrayRef<uint64_t> weights) : z3(std::make_unique<Z3>()) {
  z3->weights = weights.vec();
  z3->items.assign(weights.size(), nullptr);
  Z3_config config = Z3_mk_config();
  z3->context = Z3_mk_context(config);
  Z3_del_config(config);
  z3->optimize = Z3_mk_optimize(z3->context);
  Z3_optimize_inc_ref(z3->context, z3->optimize);
}

Master::~Master() {
  Z3_optimize_dec_ref(z3->context, z3->optimize);
  Z3_del_context(z3->context);
}

void Master::require(llvm::ArrayRef<uint32_t> any, uint32_t condition) {
  std::vector<Z3_ast> literals;
  for (uint32_t index : any)
    literals.push_back(z3->item(index));
  if (condition != none)
    literals.push_back(Z3_mk_not(z3->context, z3->item(condition)));
  z3->assertClause(literals);
}

void Master::exclude(llvm::ArrayRef<uint32_t> all) {
  std::vector<Z3_ast> literals;
  for (uint32_t index : all)
    literals.push_back(Z3_mk_not(z3->context, z3->item(index)));
  z3->assertClause(literals);
}

std::optional<llvm::BitVector> Master::cheapest() {
  if (Z3_optimize_check(z3->context, z3->optimize, 0, nullptr) != Z3_L_TRUE)
    return std::nullopt;
  Z3_model model = Z3_optimize_get_model(z3->context, z3->optimize);
  Z3_model_inc_ref(z3->context, model);
  llvm::BitVector chosen(z3->items.size());
  for (size_t i = 0; i < z3->items.size(); ++i) {
    Z3_ast value = nullptr;
    if (z3->items[i] && Z3_model_eval(z3->context, model, z3->items[i], true, &value) &&
        Z3_get_bool_value(z3->context, value) == Z3_L_TRUE)
      chosen.set(i);
  }
  Z3_model_dec_ref(z3->context, model);
  return chosen;
}
