//===- CppTypes.cpp - C++ spelling of types --------------------------------===//

#include "CppTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::cpp;

namespace {
/// Spelling of an element or scalar, indexed by Element.
constexpr llvm::StringLiteral elementNames[numElements] = {
    "bool",          "int8_t",     "int16_t",         "int32_t",         "int64_t",
    "uint8_t",       "uint16_t",   "uint32_t",        "uint64_t",        "half",
    "bfloat16_t",    "float",      "double",          "float8_e4m3_t",   "float8_e5m2_t",
    "float8_e8m0_t", "hifloat8_t", "float4_e1m2x2_t", "float4_e2m1x2_t", "int64_t"};

/// Qualifier of a pointer into a memory, indexed by Space; the bias table has none (library 6.1).
constexpr llvm::StringLiteral qualifiers[numSpaces] = {"__gm__",   "__cbuf__", "__ca__", "__cb__",
                                                       "__cc__",   "__ubuf__", "",       "__fbuf__",
                                                       "__fbuf__", "__fbuf__"};

constexpr llvm::StringLiteral tileTypes[numSpaces] = {
    "", "Mat", "Left", "Right", "Acc", "Vec", "Bias", "Scaling", "ScaleLeft", "ScaleRight"};
constexpr llvm::StringLiteral blayouts[] = {"RowMajor", "ColMajor"};
constexpr llvm::StringLiteral slayouts[] = {"NoneBox", "RowMajor", "ColMajor"};
constexpr llvm::StringLiteral pads[] = {"Null", "Zero", "Max", "Min"};
constexpr llvm::StringLiteral compacts[] = {"Null", "Normal", "RowPlusOne"};
constexpr llvm::StringLiteral layouts[] = {"ND", "DN", "NZ", "MX_A_ZZ", "MX_B_NN"};
} // namespace

std::string cpp::cppType(mlir::Type type) {
  if (auto pointer = llvm::dyn_cast<PtrType>(type)) {
    std::string element = cppType(pointer.getElementType());
    llvm::StringRef qualifier = qualifiers[unsigned(pointer.getSpace())];
    return element.empty() || qualifier.empty() ? "" : qualifier.str() + " " + element + "*";
  }
  if (auto tile = llvm::dyn_cast<TileBufType>(type))
    return tileType(tile.getTileShape());
  // 0.41 hands the address of the cross-core flags over as a memref.
  if (auto memref = llvm::dyn_cast<mlir::MemRefType>(type))
    return "__gm__ " + cppType(memref.getElementType()) + "*";
  if (llvm::isa<AsyncSessionType>(type))
    return "pto::comm::AsyncSession";
  if (llvm::isa<PrefetchAsyncContextType>(type))
    return "pto::PrefetchAsyncContext";
  if (llvm::isa<AsyncEventType>(type))
    return "pto::comm::AsyncEvent";
  if (isExecutedCounts(type))
    return "pto::MrgSortExecutedNumList";
  auto element = elementOf(type);
  return element ? elementNames[unsigned(*element)].str() : "";
}

std::string cpp::unsignedType(mlir::Type type) {
  return type.isIndex() ? "uint64_t" : "uint" + std::to_string(type.getIntOrFloatBitWidth()) + "_t";
}

std::string cpp::tileType(TileShape shape) {
  // The library counts numbers where the dialect counts pairs (library 1.8).
  auto per = shape.numbersPerElement();
  auto numbers = [&](int64_t elements, int64_t factor) {
    return std::to_string(elements < 0 ? elements : elements * factor);
  };
  llvm::SmallVector<std::string> arguments = {"TileType::" + tileTypes[unsigned(shape.space)].str(),
                                              elementNames[unsigned(shape.element)].str(),
                                              numbers(shape.rows, per[0]),
                                              numbers(shape.cols, per[1]),
                                              "BLayout::" + blayouts[unsigned(shape.blayout)].str(),
                                              numbers(shape.validRows, per[0]),
                                              numbers(shape.validCols, per[1]),
                                              "SLayout::" + slayouts[unsigned(shape.slayout)].str(),
                                              std::to_string(shape.fractal),
                                              "PadValue::" + pads[unsigned(shape.pad)].str(),
                                              "CompactMode::" +
                                                  compacts[unsigned(shape.compact)].str()};
  return "Tile<" + llvm::join(arguments, ", ") + ">";
}

std::string cpp::dimsType(llvm::StringRef name, const Dims &dims) {
  auto numbers = llvm::map_range(dims, [](int64_t d) { return std::to_string(d); });
  return ("pto::" + name + "<" + llvm::join(numbers, ", ") + ">").str();
}

std::string cpp::globalTensorType(mlir::Type element, const Dims &shape, const Dims &strides,
                                  Layout layout) {
  return "GlobalTensor<" + cppType(element) + ", " + dimsType("Shape", shape) + ", " +
         dimsType("Stride", strides) + ", pto::Layout::" + layouts[unsigned(layout)].str() + ">";
}
