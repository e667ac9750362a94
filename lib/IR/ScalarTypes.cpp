//===- ScalarTypes.cpp - Text and checks of the scalar unit's variables ----===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "ptoas/IR/Pto.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace pto;
using mlir::LogicalResult;
using mlir::Type;

using ErrorAt = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The stack of a core has a few kilobytes; beyond this no compiler would take the program.
static constexpr int64_t mostElements = int64_t(1) << 20;

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

Type LocalArrayType::parse(mlir::AsmParser &parser) {
  auto begin = parser.getCurrentLocation();
  llvm::SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/true) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(begin); }, parser.getContext(),
                    llvm::ArrayRef<int64_t>(shape), element);
}

void LocalArrayType::print(mlir::AsmPrinter &printer) const {
  printer << '<';
  for (int64_t extent : getShape())
    printer << extent << 'x';
  printer << getElementType() << '>';
}

LogicalResult LocalArrayType::verify(ErrorAt emitError, llvm::ArrayRef<int64_t> shape,
                                     Type element) {
  if (shape.empty())
    return emitError() << "local_array needs at least one dimension";
  int64_t elements = 1;
  for (int64_t extent : shape) {
    if (extent <= 0)
      return emitError() << "local_array needs static positive extents";
    if (extent > mostElements / elements)
      return emitError() << "local_array has more than " << mostElements
                         << " elements, which no stack of a core can hold";
    elements *= extent;
  }
  if (!elementOf(element) || element.isIndex())
    return emitError() << "local_array cannot hold elements of type " << element
                       << "; it holds integers and floats";
  return mlir::success();
}

int64_t LocalArrayType::getNumElements() const {
  return std::accumulate(getShape().begin(), getShape().end(), int64_t(1), std::multiplies<>());
}

LogicalResult EventIdArrayType::verify(ErrorAt emitError, int64_t size) {
  if (size < 1 || size > mostElements)
    return emitError() << "eventid_array holds " << size << " ids; it holds 1 to " << mostElements;
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Structs
//===----------------------------------------------------------------------===//

static bool isField(Type type) {
  return llvm::isa<StructType>(type) || type.isF16() || type.isBF16() || type.isF32() ||
         type.isF64() || type.isSignlessInteger(8) || type.isSignlessInteger(16) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

LogicalResult StructType::verify(ErrorAt emitError, llvm::ArrayRef<Type> fields) {
  if (fields.empty())
    return emitError() << "struct needs at least one field";
  for (Type field : fields)
    if (!isField(field))
      return emitError() << "struct cannot hold a field of type " << field
                         << "; it holds i8, i16, i32, i64, f16, bf16, f32, f64 and structs";
  return mlir::success();
}

Type StructType::at(llvm::ArrayRef<int64_t> path) const {
  Type type = *this;
  for (int64_t index : path) {
    auto inner = llvm::dyn_cast<StructType>(type);
    if (!inner || index < 0 || index >= int64_t(inner.getFields().size()))
      return {};
    type = inner.getFields()[index];
  }
  return type;
}

int64_t StructType::getNumScalars() const {
  int64_t scalars = 0;
  for (Type field : getFields()) {
    auto inner = llvm::dyn_cast<StructType>(field);
    scalars += inner ? inner.getNumScalars() : 1;
  }
  return scalars;
}
