//===- Elementwise.h - Kernels that apply one expression per element ------===//
//
// The driver behind `Map<"...">` records. A row of the generated table
//     PTO_SIM_MAP("pto.tadd", 2, (auto src0, auto src1), src0 + src1)
// names the mnemonic, the operand that is written, the inputs (operands 0, 1, ...: tiles or
// scalars) and the value.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_SIM_KERNELS_ELEMENTWISE_H
#define PTOAS_LIB_SIM_KERNELS_ELEMENTWISE_H

#include "Half.h"
#include "Kernels.h"
#include "Value.h"
#include "llvm/ADT/SmallVector.h"
#include <utility>

namespace pto::sim {

/// How an element type lies in memory and what expressions compute in.
template <typename StoredType, typename ValueType> struct Plain {
  using Stored = StoredType;
  using Value = ValueType;
  static Value load(Stored stored) { return Value(stored); }
  static Stored store(Value value) {
    if constexpr (value::Whole<Value>)
      return value.value;
    else
      return value;
  }
};
template <typename T> using WholeNumber = Plain<T, value::Wrapping<T>>;
struct HalfNumber {
  using Stored = uint16_t;
  using Value = float;
  static float load(uint16_t stored) { return widenF16(stored); }
  static uint16_t store(float value) { return narrowF16(value); }
};
struct BrainNumber {
  using Stored = uint16_t;
  using Value = float;
  static float load(uint16_t stored) { return widenBF16(stored); }
  static uint16_t store(float value) { return narrowBF16(value); }
};

/// Calls `visit.template operator()<Number>()` for the element's number type; false when it has
/// none.
template <typename Visit> bool dispatchElement(Element element, Visit visit) {
  switch (element) {
  case Element::I8:
    return visit.template operator()<WholeNumber<int8_t>>(), true;
  case Element::I16:
    return visit.template operator()<WholeNumber<int16_t>>(), true;
  case Element::I32:
    return visit.template operator()<WholeNumber<int32_t>>(), true;
  case Element::I64:
    return visit.template operator()<WholeNumber<int64_t>>(), true;
  case Element::U8:
    return visit.template operator()<WholeNumber<uint8_t>>(), true;
  case Element::U16:
    return visit.template operator()<WholeNumber<uint16_t>>(), true;
  case Element::U32:
    return visit.template operator()<WholeNumber<uint32_t>>(), true;
  case Element::U64:
    return visit.template operator()<WholeNumber<uint64_t>>(), true;
  case Element::F16:
    return visit.template operator()<HalfNumber>(), true;
  case Element::BF16:
    return visit.template operator()<BrainNumber>(), true;
  case Element::F32:
    return visit.template operator()<Plain<float, float>>(), true;
  case Element::F64:
    return visit.template operator()<Plain<double, double>>(), true;
  default:
    return false;
  }
}

/// Writes a scalar as an element of type `to`, converted as C++ does.
void encodeScalar(const ScalarOperand &scalar, Element to, std::byte *out);

/// The inputs of an elementwise call over the valid region of its output, packed by rows in the
/// output's element type.
class ElementwiseCall {
public:
  /// Reads `inputs` operands. Reports extents that disagree with the output's (library 3.1), and
  /// missing operands.
  ElementwiseCall(KernelContext &context, unsigned inputs, unsigned output);

  /// False when there is nothing to compute: reported, or an empty region.
  explicit operator bool() const { return !packed.empty(); }
  Element element() const { return destination->shape.element; }
  const TileOperand &output() const { return *destination; }
  int64_t elements() const { return region.elements(); }
  const Packed &input(unsigned index) const { return packed[index]; }
  Packed result() const { return Packed(region.rows, region.cols, bytesOf(element())); }
  /// Writes the packed result over the output's valid region.
  void finish(Packed &result) { writeTile(context, *destination, region, result); }
  /// The op has no meaning for this element type.
  void refuse() { context.fail("this operation does not compute on " + name(element()).str()); }

private:
  void readInput(const Operand &operand, unsigned index);

  KernelContext &context;
  const TileOperand *destination;
  Region region;
  llvm::SmallVector<Packed, 3> packed;
};

/// What one call of a map computes, for a number type.
template <typename Number, typename Function, size_t... Inputs>
void mapLoop(ElementwiseCall &call, Function function, std::index_sequence<Inputs...>) {
  using Stored = typename Number::Stored;
  using Value = typename Number::Value;
  Packed result = call.result();
  Stored *__restrict out = result.as<Stored>();
  const Stored *in[] = {call.input(Inputs).template as<Stored>()...};
  for (int64_t i = 0, e = call.elements(); i < e; ++i)
    out[i] = Number::store(Value(function(Number::load(in[Inputs][i])...)));
  call.finish(result);
}

template <typename Function, typename Value, size_t... Inputs>
constexpr bool acceptsValues(std::index_sequence<Inputs...>) {
  return std::is_invocable_v<Function, decltype((void)Inputs, std::declval<Value>())...>;
}
template <typename Function, size_t Inputs> constexpr bool acceptsInputs() {
  using Sequence = std::make_index_sequence<Inputs>;
  return acceptsValues<Function, float>(Sequence()) ||
         acceptsValues<Function, value::Wrapping<int32_t>>(Sequence());
}
/// The number of parameters of a generic lambda whose body is part of its signature.
template <typename Function> constexpr size_t arityOf() {
  if constexpr (acceptsInputs<Function, 1>())
    return 1;
  else if constexpr (acceptsInputs<Function, 2>())
    return 2;
  else {
    static_assert(acceptsInputs<Function, 3>(), "no element type fits this expression");
    return 3;
  }
}

template <unsigned Output, typename Function>
void mapKernel(KernelContext &context, Function function) {
  constexpr size_t arity = arityOf<Function>();
  using Sequence = std::make_index_sequence<arity>;
  ElementwiseCall call(context, arity, Output);
  if (!call)
    return;
  bool known = dispatchElement(call.element(), [&]<typename Number>() {
    if constexpr (acceptsValues<Function, typename Number::Value>(Sequence()))
      mapLoop<Number>(call, function, Sequence());
    else
      call.refuse();
  });
  if (!known)
    call.refuse();
}

} // namespace pto::sim

/// One row of the map table; to be used inside namespace pto::sim::value, whose functions the
/// expression may call.
#define PTO_SIM_MAP(MNEMONIC, OUTPUT, PARAMETERS, ...)                                             \
  {MNEMONIC, [](::pto::sim::KernelContext &context) {                                              \
     ::pto::sim::mapKernel<OUTPUT>(                                                                \
         context, [] PARAMETERS -> decltype(__VA_ARGS__) { return __VA_ARGS__; });                 \
   }},

#endif // PTOAS_LIB_SIM_KERNELS_ELEMENTWISE_H
