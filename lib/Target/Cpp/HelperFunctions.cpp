//===- HelperFunctions.cpp - Small functions in front of the printed code --===//

#include "Helpers.h"

using namespace pto::cpp;

namespace {
struct Definition {
  llvm::StringLiteral name, text;
};

// Indexed by Helper. Written for the scalar unit: no library calls, no types beyond 64 bits.
constexpr Definition definitions[numHelpers] = {
    {"ptoas_bitcast", R"(template <typename To, typename From>
static AICORE inline To ptoas_bitcast(From from) {
  static_assert(sizeof(To) == sizeof(From), "a bitcast keeps the size");
  return __builtin_bit_cast(To, from);
}
)"},
    {"ptoas_ceil_div", R"(template <typename T>
static AICORE inline T ptoas_ceil_div(T a, T b) {
  return a / b + (a % b != 0 && (a < 0) == (b < 0) ? 1 : 0);
}
)"},
    {"ptoas_floor_div", R"(template <typename T>
static AICORE inline T ptoas_floor_div(T a, T b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
)"},
    // Equal operands are told apart only when both are zeros, and there a sum has the sign that is
    // asked for.
    {"ptoas_maximum", R"(template <typename T>
static AICORE inline T ptoas_maximum(T a, T b) {
  if (a != a || b != b)
    return a + b;
  if (a == 0 && b == 0)
    return a + b;
  return a > b ? a : b;
}
)"},
    {"ptoas_minimum", R"(template <typename T>
static AICORE inline T ptoas_minimum(T a, T b) {
  if (a != a || b != b)
    return a + b;
  if (a == 0 && b == 0)
    return -(-a - b);
  return a < b ? a : b;
}
)"},
    {"ptoas_maxnum", R"(template <typename T>
static AICORE inline T ptoas_maxnum(T a, T b) {
  if (a != a)
    return b;
  return a < b ? b : a;
}
)"},
    {"ptoas_minnum", R"(template <typename T>
static AICORE inline T ptoas_minnum(T a, T b) {
  if (a != a)
    return b;
  return b < a ? b : a;
}
)"},
    // Every subtraction is exact: step <= rest < 2 * step.
    {"ptoas_remainder", R"(template <typename T>
static AICORE inline T ptoas_remainder(T a, T b) {
  T rest = a < 0 ? -a : a;
  T divisor = b < 0 ? -b : b;
  if (a != a || b != b || divisor == 0 || rest - rest != 0)
    return (a - a) / (b - b);
  while (rest >= divisor) {
    T step = divisor;
    while (step <= rest - step)
      step += step;
    rest -= step;
  }
  return a < 0 ? -rest : rest;
}
)"},
    {"ptoas_mul_high", R"(template <typename T>
static AICORE inline T ptoas_mul_high(T a, T b) {
  uint64_t x = (uint64_t)a;
  uint64_t y = (uint64_t)b;
  uint64_t low = (x & 0xffffffffu) * (y & 0xffffffffu);
  uint64_t cross = (x >> 32) * (y & 0xffffffffu) + (low >> 32);
  uint64_t other = (x & 0xffffffffu) * (y >> 32) + (cross & 0xffffffffu);
  uint64_t high = (x >> 32) * (y >> 32) + (cross >> 32) + (other >> 32);
  return (T)(high - (a < 0 ? y : 0) - (b < 0 ? x : 0));
}
)"},
    // The call wants its words by reference, in types of their own.
    {"ptoas_random", R"(template <uint16_t Rounds, typename Tile>
static AICORE inline void ptoas_random(Tile &dst, uint32_t key0, uint32_t key1, uint32_t counter0,
                                       uint32_t counter1, uint32_t counter2, uint32_t counter3) {
  TRandomKey key = {key0, key1};
  TRandomCounter counter = {counter0, counter1, counter2, counter3};
  TRANDOM<Rounds>(dst, key, counter);
}
)"}};
} // namespace

llvm::StringRef UsedHelpers::use(Helper helper) {
  used.set(unsigned(helper));
  return definitions[unsigned(helper)].name;
}

void UsedHelpers::print(llvm::raw_ostream &os) const {
  for (unsigned i = 0; i < numHelpers; ++i)
    if (used[i])
      os << '\n' << definitions[i].text;
}
