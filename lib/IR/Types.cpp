//===- Types.cpp - Text and checks of the dialect's types ------------------===//

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "ptoas/IR/Pto.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using mlir::AsmParser;
using mlir::AsmPrinter;
using mlir::Type;

#define GET_TYPEDEF_CLASSES
#include "ptoas/IR/Types.cpp.inc"

void PtoDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ptoas/IR/Types.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

bool pto::isExecutedCounts(mlir::Type type) {
  auto vector = llvm::dyn_cast<mlir::VectorType>(type);
  return vector && vector.getShape() == llvm::ArrayRef<int64_t>{4} &&
         vector.getElementType().isSignlessInteger(16) && !vector.isScalable();
}

std::optional<Element> pto::elementOf(Type type) {
  if (type.isIndex())
    return Element::Index;
  if (auto integer = llvm::dyn_cast<mlir::IntegerType>(type)) {
    bool u = integer.isUnsigned();
    switch (integer.getWidth()) {
    case 1:
      return Element::I1;
    case 8:
      return u ? Element::U8 : Element::I8;
    case 16:
      return u ? Element::U16 : Element::I16;
    case 32:
      return u ? Element::U32 : Element::I32;
    case 64:
      return u ? Element::U64 : Element::I64;
    }
    return std::nullopt;
  }
  return llvm::TypeSwitch<Type, std::optional<Element>>(type)
      .Case<mlir::Float16Type>([](auto) { return Element::F16; })
      .Case<mlir::BFloat16Type>([](auto) { return Element::BF16; })
      .Case<mlir::Float32Type>([](auto) { return Element::F32; })
      .Case<mlir::Float64Type>([](auto) { return Element::F64; })
      .Case<mlir::Float8E4M3FNType, mlir::Float8E4M3Type>([](auto) { return Element::F8E4M3; })
      .Case<mlir::Float8E5M2Type>([](auto) { return Element::F8E5M2; })
      .Case<HiF8Type>([](auto) { return Element::HIF8; })
      .Case<F8E8M0Type>([](auto) { return Element::F8E8M0; })
      .Case<F4E1M2x2Type>([](auto) { return Element::F4E1M2x2; })
      .Case<F4E2M1x2Type>([](auto) { return Element::F4E2M1x2; })
      .Default([](Type) { return std::nullopt; });
}

Type pto::pointee(Type pointer) {
  auto ptr = llvm::dyn_cast<PtrType>(pointer);
  return ptr ? ptr.getElementType() : Type();
}
Type pto::pointerTo(Type view) {
  auto tensor = llvm::dyn_cast<TensorViewType>(view);
  return tensor ? PtrType::get(tensor.getElementType()) : Type();
}

Type pto::elementOfTile(Type tile) {
  auto type = llvm::dyn_cast<TileBufType>(tile);
  return type ? type.getElementType() : Type();
}

//===----------------------------------------------------------------------===//
// Pointers and views
//===----------------------------------------------------------------------===//

namespace {
/// Short hardware names, as printed; the long ones are read too (library 8.4).
constexpr std::pair<llvm::StringLiteral, Space> pointerSpaces[] = {
    {"gm", Space::GM},    {"ub", Space::Vec},     {"l1", Space::Mat},
    {"l0a", Space::Left}, {"l0b", Space::Right},  {"l0c", Space::Acc},
    {"bt", Space::Bias},  {"fb", Space::Scaling}, {"vec", Space::Vec},
    {"mat", Space::Mat},  {"left", Space::Left},  {"right", Space::Right},
    {"acc", Space::Acc},  {"bias", Space::Bias},  {"scaling", Space::Scaling}};
} // namespace

Type PtrType::parse(AsmParser &parser) {
  Type element;
  if (parser.parseLess() || parser.parseType(element))
    return {};
  Space space = Space::GM;
  if (mlir::succeeded(parser.parseOptionalComma())) {
    llvm::StringRef word;
    auto loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&word))
      return {};
    auto *it = llvm::find_if(pointerSpaces, [&](auto &row) { return row.first == word; });
    if (it == std::end(pointerSpaces))
      return parser.emitError(loc, "unknown address space '")
                 << word << "'; known are gm, ub, l1, l0a, l0b, l0c, bt, fb",
             Type();
    space = it->second;
  }
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), element, space);
}

void PtrType::print(AsmPrinter &printer) const {
  auto *it = llvm::find_if(pointerSpaces, [&](auto &row) { return row.second == getSpace(); });
  printer << '<' << getElementType() << ", " << it->first << '>';
}

namespace {
template <typename View> Type parseView(AsmParser &parser) {
  llvm::SmallVector<int64_t> shape;
  Type element;
  if (parser.parseLess() || parser.parseDimensionList(shape, /*allowDynamic=*/true) ||
      parser.parseType(element) || parser.parseGreater())
    return {};
  return View::get(parser.getContext(), shape, element);
}
template <typename View> void printView(View view, AsmPrinter &printer) {
  printer << '<';
  for (int64_t d : view.getShape()) {
    if (mlir::ShapedType::isDynamic(d))
      printer << '?';
    else
      printer << d;
    printer << 'x';
  }
  printer << view.getElementType() << '>';
}
} // namespace

Type TensorViewType::parse(AsmParser &parser) { return parseView<TensorViewType>(parser); }
void TensorViewType::print(AsmPrinter &printer) const { printView(*this, printer); }
Type PartitionTensorViewType::parse(AsmParser &parser) {
  return parseView<PartitionTensorViewType>(parser);
}
void PartitionTensorViewType::print(AsmPrinter &printer) const { printView(*this, printer); }
Type LegacyTileType::parse(AsmParser &parser) { return parseView<LegacyTileType>(parser); }
void LegacyTileType::print(AsmPrinter &printer) const { printView(*this, printer); }

//===----------------------------------------------------------------------===//
// tile_buf
//===----------------------------------------------------------------------===//

TileShape TileBufType::getTileShape() const {
  return {getSpace(),     elementOf(getElementType()).value_or(Element::I8),
          getRows(),      getCols(),
          getValidRows(), getValidCols(),
          getBlayout(),   getSlayout(),
          getFractal(),   getPad(),
          getCompact()};
}

namespace {
constexpr llvm::StringLiteral blayoutNames[] = {"row_major", "col_major"};
constexpr llvm::StringLiteral slayoutNames[] = {"none_box", "row_major", "col_major"};

/// The memory that `scaling` means: parameters of the FIX pipe, or scales of an operand.
Space scalingSpace(SLayout slayout, int32_t fractal) {
  if (fractal != 32 || slayout == SLayout::NoneBox)
    return Space::Scaling;
  return slayout == SLayout::RowMajor ? Space::ScaleLeft : Space::ScaleRight;
}
bool isScaling(Space space) { return space >= Space::Scaling; }

/// What both textual forms fill in.
struct TileFields {
  Space space = Space::Vec;
  Type element;
  int64_t rows = 0, cols = 0, validRows = -2, validCols = -2; ///< -2: as the shape
  int64_t blayout = 0, slayout = 0, fractal = 512, pad = 0, compact = 0;
};

/// Reads one tile_buf; on failure a diagnostic has been given.
class TileParser {
public:
  explicit TileParser(AsmParser &parser, bool ring = false) : parser(parser), ring(ring) {}
  /// What stands between the angle brackets, they included.
  Type parse();
  /// The same without the brackets.
  TileBufType parseInner();
  int64_t count = 0; ///< of a ring

private:
  mlir::ParseResult parseLong();
  mlir::ParseResult parseCompact(llvm::StringRef space, llvm::SMLoc at);
  mlir::ParseResult key(llvm::StringRef name);
  mlir::ParseResult space(llvm::StringRef word, llvm::SMLoc at);
  mlir::ParseResult word(std::string &out);
  mlir::ParseResult choice(llvm::StringRef what, llvm::ArrayRef<llvm::StringLiteral> names,
                           int64_t &out);
  mlir::ParseResult number(llvm::StringRef what, int64_t &out, int64_t most);
  mlir::ParseResult extent(int64_t &out, bool minusOne);
  mlir::ParseResult fractal();
  mlir::ParseResult option(llvm::StringRef name, llvm::SMLoc at);

  AsmParser &parser;
  bool ring; ///< `count` is an option
  bool saysLayout = false;
  TileFields f;
};

mlir::ParseResult TileParser::word(std::string &out) {
  llvm::StringRef keyword;
  if (mlir::succeeded(parser.parseOptionalKeyword(&keyword))) {
    out = keyword.str();
    return mlir::success();
  }
  return parser.parseString(&out);
}

mlir::ParseResult TileParser::space(llvm::StringRef text, llvm::SMLoc at) {
  for (unsigned i = 1; i <= unsigned(Space::Scaling); ++i)
    if (name(Space(i)) == text) {
      f.space = Space(i);
      return mlir::success();
    }
  return parser.emitError(at, "unknown loc: ")
         << text << "; a tile lives in mat, left, right, acc, vec, bias or scaling";
}

mlir::ParseResult TileParser::choice(llvm::StringRef what,
                                     llvm::ArrayRef<llvm::StringLiteral> names, int64_t &out) {
  auto at = parser.getCurrentLocation();
  std::string text;
  if (word(text))
    return mlir::failure();
  auto it = llvm::find(names, text);
  if (it == names.end())
    return parser.emitError(at, "unknown ") << what << ": " << text;
  out = it - names.begin();
  return mlir::success();
}

mlir::ParseResult TileParser::number(llvm::StringRef what, int64_t &out, int64_t most) {
  auto at = parser.getCurrentLocation();
  if (parser.parseInteger(out))
    return mlir::failure();
  if (out < 0 || out > most)
    return parser.emitError(at, "unknown ")
           << what << ": " << out << "; it is a number from 0 to " << most;
  return mlir::success();
}

mlir::ParseResult TileParser::extent(int64_t &out, bool minusOne) {
  if (mlir::succeeded(parser.parseOptionalQuestion())) {
    out = TileBufType::dynamic;
    return mlir::success();
  }
  auto at = parser.getCurrentLocation();
  if (parser.parseInteger(out))
    return mlir::failure();
  if (out < (minusOne ? -1 : 0))
    return parser.emitError(at, "expected a valid extent that is not negative, or '?', but got ")
           << out;
  return mlir::success();
}

/// Which sizes exist is the type's own check; here the number must only fit.
mlir::ParseResult TileParser::fractal() {
  auto at = parser.getCurrentLocation();
  if (parser.parseInteger(f.fractal))
    return mlir::failure();
  if (f.fractal != int32_t(f.fractal))
    return parser.emitError(at, "unknown fractal: ") << f.fractal << "; it is 32, 512 or 1024";
  return mlir::success();
}

mlir::ParseResult TileParser::key(llvm::StringRef name) {
  return mlir::failure(parser.parseComma() || parser.parseKeyword(name) || parser.parseEqual());
}

/// After `loc`: = L, dtype=T, rows=R, cols=C, v_row=VR, v_col=VC, blayout=B, slayout=S, fractal=F,
/// pad=P[, compact=K].
mlir::ParseResult TileParser::parseLong() {
  std::string text;
  if (parser.parseEqual())
    return mlir::failure();
  saysLayout = true;
  auto at = parser.getCurrentLocation();
  if (word(text) || space(text, at) || key("dtype") || parser.parseType(f.element) || key("rows") ||
      parser.parseInteger(f.rows) || key("cols") || parser.parseInteger(f.cols) || key("v_row") ||
      extent(f.validRows, true) || key("v_col") || extent(f.validCols, true) || key("blayout") ||
      choice("blayout", blayoutNames, f.blayout) || key("slayout") ||
      choice("slayout", slayoutNames, f.slayout) || key("fractal") || fractal() || key("pad") ||
      number("pad", f.pad, 3))
    return mlir::failure();
  if (mlir::succeeded(parser.parseOptionalComma()))
    return mlir::failure(parser.parseKeyword("compact") || parser.parseEqual() ||
                         number("compact", f.compact, 2));
  return mlir::success();
}

mlir::ParseResult TileParser::option(llvm::StringRef name, llvm::SMLoc at) {
  if (name == "valid") {
    // Lexed by hand: a dimension list cannot start with `?x?` followed by no type.
    llvm::SmallVector<int64_t> dims;
    if (parser.parseDimensionList(dims, /*allowDynamic=*/true, /*withTrailingX=*/false))
      return mlir::failure();
    if (dims.size() != 2)
      return parser.emitError(at, "expected two valid extents, but got ") << dims.size();
    f.validRows = mlir::ShapedType::isDynamic(dims[0]) ? TileBufType::dynamic : dims[0];
    f.validCols = mlir::ShapedType::isDynamic(dims[1]) ? TileBufType::dynamic : dims[1];
    return mlir::success();
  }
  if (name == "blayout") {
    saysLayout = true;
    return choice(name, blayoutNames, f.blayout);
  }
  if (name == "slayout")
    return choice(name, slayoutNames, f.slayout);
  if (name == "fractal")
    return fractal();
  if (name == "pad")
    return number(name, f.pad, 3);
  if (name == "compact")
    return number(name, f.compact, 2);
  if (name == "count" && ring)
    return parser.parseInteger(count);
  return parser.emitError(at, "unknown tile_buf option '")
         << name << "'; known are valid, blayout, slayout, fractal, pad, compact";
}

/// After the space: , RxCxT [, option=value]*.
mlir::ParseResult TileParser::parseCompact(llvm::StringRef text, llvm::SMLoc at) {
  llvm::SmallVector<int64_t> dims;
  if (space(text, at) || parser.parseComma())
    return mlir::failure();
  auto dimsAt = parser.getCurrentLocation();
  if (parser.parseDimensionList(dims, /*allowDynamic=*/true) || parser.parseType(f.element))
    return mlir::failure();
  if (dims.size() != 2)
    return parser.emitError(dimsAt, "expected exactly two shape dims, but got ") << dims.size();
  if (mlir::ShapedType::isDynamicShape(dims))
    return parser.emitError(dimsAt, "expected a static shape; only valid extents may be '?'");
  f.rows = dims[0];
  f.cols = dims[1];
  llvm::SmallVector<llvm::StringRef> seen;
  while (mlir::succeeded(parser.parseOptionalComma())) {
    auto optionAt = parser.getCurrentLocation();
    llvm::StringRef name;
    if (parser.parseKeyword(&name))
      return mlir::failure();
    if (llvm::is_contained(seen, name))
      return parser.emitError(optionAt, "duplicate ") << name;
    seen.push_back(name);
    if (parser.parseEqual() || option(name, optionAt))
      return mlir::failure();
  }
  return mlir::success();
}

TileBufType TileParser::parseInner() {
  auto begin = parser.getCurrentLocation(), at = begin;
  std::string first;
  if (word(first) || (first == "loc" ? parseLong() : parseCompact(first, at)))
    return {};
  if (f.space == Space::Scaling)
    f.space = scalingSpace(SLayout(f.slayout), int32_t(f.fractal));
  if (f.validRows == -2)
    f.validRows = f.rows;
  if (f.validCols == -2)
    f.validCols = f.cols;
  auto tile = TileBufType::getChecked([&] { return parser.emitError(begin); }, parser.getContext(),
                                      f.space, f.element, f.rows, f.cols, f.validRows, f.validCols,
                                      BLayout(f.blayout), SLayout(f.slayout), int32_t(f.fractal),
                                      PadValue(f.pad), CompactMode(f.compact));
  if (tile && saysLayout && f.space == Space::Left)
    parser.getContext()->getLoadedDialect<PtoDialect>()->explicitLeftTiles.emplace_back(
        parser.getEncodedSourceLoc(begin), tile);
  return tile;
}

Type TileParser::parse() {
  if (parser.parseLess())
    return {};
  TileBufType tile = parseInner();
  return !tile || parser.parseGreater() ? Type() : Type(tile);
}
} // namespace

Type TileBufType::parse(AsmParser &parser) { return TileParser(parser).parse(); }

void TileBufType::print(AsmPrinter &printer) const {
  auto extent = [&](int64_t d) -> std::string { return d == dynamic ? "?" : std::to_string(d); };
  printer << '<' << pto::name(isScaling(getSpace()) ? Space::Scaling : getSpace()) << ", "
          << getRows() << 'x' << getCols() << 'x' << getElementType();
  if (getValidRows() != getRows() || getValidCols() != getCols())
    printer << ", valid=" << extent(getValidRows()) << 'x' << extent(getValidCols());
  if (getBlayout() != BLayout::RowMajor)
    printer << ", blayout=" << blayoutNames[unsigned(getBlayout())];
  if (getSlayout() != SLayout::NoneBox)
    printer << ", slayout=" << slayoutNames[unsigned(getSlayout())];
  if (getFractal() != 512)
    printer << ", fractal=" << getFractal();
  if (getPad() != PadValue::Null)
    printer << ", pad=" << unsigned(getPad());
  if (getCompact() != CompactMode::Null)
    printer << ", compact=" << unsigned(getCompact());
  printer << '>';
}

mlir::LogicalResult TileBufType::verify(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                                        Space space, Type element, int64_t rows, int64_t cols,
                                        int64_t validRows, int64_t validCols, BLayout,
                                        SLayout slayout, int32_t fractal, PadValue, CompactMode) {
  // Extents are bounded so that no byte count can overflow; the largest memory holds 2^19 elements.
  constexpr int64_t most = int64_t(1) << 24;
  if (rows <= 0 || cols <= 0 || rows > most || cols > most)
    return emitError() << "tile_buf needs rows and cols in 1.." << most << ", but has " << rows
                       << "x" << cols;
  if (validRows > rows || validCols > cols)
    return emitError() << "tile_buf has a valid region of " << validRows << "x" << validCols
                       << " that exceeds its shape " << rows << "x" << cols;
  if (fractal != 32 && fractal != 512 && fractal != 1024)
    return emitError() << "tile_buf has fractal size " << fractal << "; it is 32, 512 or 1024";
  if (!elementOf(element) || element.isIndex())
    return emitError() << "tile_buf cannot hold elements of type " << element;
  // No text says so; a pass might.
  if (isScaling(space) && space != scalingSpace(slayout, fractal))
    return emitError() << "tile_buf in " << pto::name(space) << " has the layout of one in "
                       << pto::name(scalingSpace(slayout, fractal));
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// multi_tile_buf
//===----------------------------------------------------------------------===//

Type MultiTileBufType::parse(AsmParser &parser) {
  auto begin = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  TileBufType slot;
  int64_t count = 0;
  Type nested;
  if (auto parsed = parser.parseOptionalType(nested); parsed.has_value()) {
    slot = llvm::dyn_cast_if_present<TileBufType>(nested);
    if (mlir::failed(*parsed))
      return {};
    if (!slot)
      return parser.emitError(begin, "a multi_tile_buf holds a tile_buf, but it names ") << nested,
             Type();
    if (parser.parseComma() || parser.parseKeyword("count") || parser.parseEqual() ||
        parser.parseInteger(count))
      return {};
  } else {
    TileParser inner(parser, /*ring=*/true);
    slot = inner.parseInner();
    count = inner.count;
  }
  if (!slot || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(begin); }, parser.getContext(), slot, count);
}

void MultiTileBufType::print(AsmPrinter &printer) const {
  printer << '<' << Type(getSlot()) << ", count=" << getCount() << '>';
}

mlir::LogicalResult
MultiTileBufType::verify(llvm::function_ref<mlir::InFlightDiagnostic()> emitError, TileBufType,
                         int64_t count) {
  if (count < 2 || count > 16)
    return emitError() << "multi_tile_buf has count " << count << "; it is 2 to 16";
  return mlir::success();
}

uint64_t MultiTileBufType::getStride() const {
  return llvm::alignTo(getSlot().getTileShape().bytes(), alignment(getSlot().getSpace()));
}

uint64_t MultiTileBufType::getBytes() const {
  return getStride() * uint64_t(getCount() - 1) + getSlot().getTileShape().bytes();
}
