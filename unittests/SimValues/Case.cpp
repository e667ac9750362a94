//===- Case.cpp - Sizes, places and addresses of a case ---------------------===//

#include "Case.h"
#include "Contents.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::reference;
using testing::Draft;
using testing::DraftValue;
using testing::Form;

static constexpr int64_t side = 32; // of the drafts

llvm::ArrayRef<Geometry> reference::geometries() {
  static constexpr Geometry all[] = {
      {"whole", 32, 32, 32, 32, 32, 32, false},
      {"odd", 32, 32, 32, 5, 19, 21, true},
      {"one", 32, 32, 32, 1, 1, 1, true},
      {"wide", 32, 288, 64, 3, 277, 49, true},
      {"no rows", 32, 32, 32, 0, 19, 21, true},
      {"no columns", 32, 32, 32, 5, 0, 21, true},
      {"nothing", 32, 32, 32, 0, 0, 0, true},
      {"in place", 32, 32, 32, 7, 25, 32, true, true},
      {"window", 32, 32, 32, 6, 13, 17, true, false, true},
  };
  return all;
}

const Argument *Case::find(llvm::StringRef name) const {
  for (const Argument &a : arguments)
    if (a.name == name && a.kind != Argument::None)
      return &a;
  return nullptr;
}

int64_t Case::attribute(llvm::StringRef name) const {
  for (auto [a, chosen] : llvm::zip(info->attributes, draft.attributes))
    if (a.name == name) {
      if (!chosen)
        return a.defaultValue;
      return a.cases.empty() ? *chosen : a.cases[*chosen].value;
    }
  return -1;
}

Element Case::element() const {
  for (const RuleInfo &r : info->rules)
    if (r.text.contains("an element type of the table above") && draft.operands[r.operands[0]])
      return draft.operands[r.operands[0]]->elementType();
  for (auto &v : llvm::reverse(draft.operands))
    if (v && v->kind == DraftValue::Tile)
      return v->tile.element;
  return Element::I1;
}

//===----------------------------------------------------------------------===//
// Places of elements
//===----------------------------------------------------------------------===//

uint64_t reference::placeOf(const Argument &tile, int64_t row, int64_t col) {
  const TileShape &t = tile.shape;
  auto size = int64_t(sizeOf(t.element));
  int64_t rows = t.rows, cols = t.cols, offset;
  if (t.slayout == SLayout::NoneBox) {
    offset = t.blayout == BLayout::RowMajor ? row * cols + col : col * rows + row;
  } else if (rows == 1) {
    offset = col;
  } else {
    int64_t r, c; // of a box
    if (t.space == Space::Acc || t.fractal == 1024)
      r = c = 16;
    else if (t.slayout == SLayout::RowMajor)
      r = 16, c = t.fractal == 32 ? 2 : 32 / size;
    else
      r = t.fractal == 32 ? 2 : 32 / size, c = 16;
    bool isOperand = t.space == Space::Left || t.space == Space::Right || t.space == Space::Acc;
    if (t.compact == CompactMode::Normal && isOperand) {
      rows = (t.validRows + r - 1) / r * r;
      cols = (t.validCols + c - 1) / c * c;
    }
    int64_t boxRow = row / r, boxCol = col / c, i = row % r, j = col % c;
    int64_t box = t.blayout == BLayout::RowMajor ? boxRow * (cols / c) + boxCol
                                                 : boxCol * (rows / r) + boxRow;
    offset = box * r * c + (t.slayout == SLayout::RowMajor ? i * c + j : j * r + i);
  }
  return tile.address + uint64_t(offset * size);
}

int64_t reference::rowsOfView(const Argument &v) {
  const auto &s = v.extent;
  return v.layout == Layout::ND   ? s[0] * s[1] * s[2] * s[3]
         : v.layout == Layout::DN ? s[3]
                                  : s[2] * s[3];
}
int64_t reference::colsOfView(const Argument &v) {
  const auto &s = v.extent;
  return v.layout == Layout::ND   ? s[4]
         : v.layout == Layout::DN ? s[0] * s[1] * s[2] * s[4]
                                  : s[0] * s[1] * s[4];
}

uint64_t reference::placeOfView(const Argument &v, int64_t row, int64_t col) {
  const auto &s = v.extent;
  std::array<int64_t, 5> at{};
  auto split = [&](int64_t n, std::initializer_list<int> dims) { // innermost first
    for (int d : dims) {
      at[d] = n % s[d];
      n /= s[d];
    }
  };
  if (v.layout == Layout::ND)
    at[4] = col, split(row, {3, 2, 1, 0});
  else if (v.layout == Layout::DN)
    at[3] = row, split(col, {4, 2, 1, 0});
  else
    split(row, {3, 2}), split(col, {4, 1, 0});
  int64_t offset = 0;
  for (int d = 0; d < 5; ++d)
    offset += at[d] * v.step[d];
  return v.address + uint64_t(offset) * sizeOf(v.element);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

namespace {
/// Which extent of the geometry a side of an operand is.
enum class Extent : char { Rows = 'R', Cols = 'C', Inner = 'K' };

std::pair<Extent, Extent> extentsOf(const OpInfo &info, llvm::StringRef operand) {
  using P = std::pair<Extent, Extent>;
  P plain(Extent::Rows, Extent::Cols);
  if (info.name == "pto.ttrans" && operand != "src")
    return {Extent::Cols, Extent::Rows};
  if (info.family != "matmul")
    return plain;
  return llvm::StringSwitch<P>(operand)
      .Cases({"lhs", "a"}, {Extent::Rows, Extent::Inner})
      .Cases({"rhs", "b"}, {Extent::Inner, Extent::Cols})
      .Default(plain);
}

int64_t scaled(int64_t n, int64_t to) { return n % side == 0 ? n / side * to : n; }

void resize(TileShape &shape, std::pair<Extent, Extent> extents, const Geometry &g) {
  auto one = [&](Extent e) {
    return e == Extent::Rows   ? std::pair(g.rows, g.validRows)
           : e == Extent::Cols ? std::pair(g.cols, g.validCols)
                               : std::pair(g.inner, g.validInner);
  };
  auto [rows, validRows] = one(extents.first);
  auto [cols, validCols] = one(extents.second);
  shape.validRows = scaled(shape.validRows, validRows);
  shape.validCols = scaled(shape.validCols, validCols);
  shape.rows = scaled(shape.rows, rows);
  shape.cols = scaled(shape.cols, cols);
}

/// The source that the result may lie over.
std::optional<unsigned> sourceLike(const Draft &draft, unsigned result) {
  for (unsigned i = 0; i < result; ++i) {
    auto &source = draft.operands[i];
    if (!source || source->kind != DraftValue::Tile || draft.info->operands[i].role != Role::In)
      continue;
    const TileShape &a = source->tile, &b = draft.operands[result]->tile;
    if (a.space == b.space && a.element == b.element && a.rows == b.rows && a.cols == b.cols &&
        a.validRows == b.validRows && a.validCols == b.validCols && a.blayout == b.blayout &&
        a.slayout == b.slayout && a.fractal == b.fractal && a.pad == b.pad)
      return i;
  }
  return std::nullopt;
}
} // namespace

void reference::describeArguments(Case &c) {
  c.arguments.clear();
  for (auto [operand, value] : llvm::zip(c.info->operands, c.draft.operands)) {
    Argument &a = c.arguments.emplace_back();
    a.name = operand.name.str();
    a.role = operand.role;
    if (!value)
      continue;
    switch (value->kind) {
    case DraftValue::Tile:
      a.kind = Argument::Tile;
      a.shape = a.declared = value->tile;
      break;
    case DraftValue::Part:
    case DraftValue::View:
      a.kind = Argument::View;
      a.element = value->element;
      a.rank = unsigned(value->shape.size());
      a.extent.fill(1);
      for (unsigned d = 0; d < a.rank; ++d)
        a.extent[5 - a.rank + d] = value->shape[d];
      break;
    case DraftValue::Counts:
      a.kind = Argument::Counts;
      break;
    default:
      a.kind = Argument::Scalar;
      a.element = value->element;
      a.whole = value->constant.value_or(0);
      break;
    }
  }
}

/// Steps of a dense view with `gap` elements between its lines.
static void layOut(Argument &view, int64_t gap) {
  int fast = view.layout == Layout::DN ? 3 : 4, slow = view.layout == Layout::DN ? 4 : 3;
  view.step[fast] = 1;
  view.step[slow] = view.extent[fast] + (view.layout == Layout::NZ ? 0 : gap);
  int64_t block = view.step[slow] * view.extent[slow];
  for (int d : {2, 1, 0}) {
    view.step[d] = block + gap;
    block = view.step[d] * view.extent[d];
  }
}

void reference::place(Case &c, int64_t gap) {
  std::array<uint64_t, numSpaces> end{};
  auto put = [&](Space space, uint64_t bytes, uint64_t align) {
    uint64_t at = llvm::alignTo(end[unsigned(space)] + 64, align);
    end[unsigned(space)] = at + bytes;
    return at;
  };
  // Scratch comes last: the library writes behind some of it.
  for (bool scratch : {false, true})
    for (auto [i, a] : llvm::enumerate(c.arguments)) {
      auto &value = c.draft.operands[i];
      if (!value || value->same || (a.role == Role::Scratch) != scratch)
        continue;
      if (a.kind == Argument::Tile) {
        if (a.isWindow) {
          a.shape.rows = a.declared.rows;
          a.shape.cols = a.declared.cols + 64 / sizeOf(a.shape.element);
        }
        a.address = put(a.shape.space,
                        uint64_t(a.shape.rows * a.shape.cols) * sizeOf(a.shape.element), 512) +
                    (a.isWindow ? 32 : 0);
      } else if (a.kind == Argument::View) {
        layOut(a, gap);
        int64_t elements = 1;
        for (int d = 0; d < 5; ++d)
          elements += (a.extent[d] - 1) * a.step[d];
        a.address =
            put(Space::GM, uint64_t(std::max<int64_t>(elements, 0)) * sizeOf(a.element), 64);
      }
    }
  for (auto [i, a] : llvm::enumerate(c.arguments))
    if (auto &value = c.draft.operands[i]; value && value->same) {
      std::string name = a.name;
      Role role = a.role;
      a = c.arguments[*value->same];
      a.name = name;
      a.role = role;
    }
  for (unsigned space = 0; space < numSpaces; ++space)
    c.memory[space].assign(end[space] ? end[space] + 8192 : 0, 0);
  for (auto &bytes : c.memory)
    for (size_t i = 0; i < bytes.size(); i += 8) {
      uint64_t word = c.random();
      std::memcpy(bytes.data() + i, &word, std::min<size_t>(8, bytes.size() - i));
    }
  for (unsigned space = 1; space < numSpaces; ++space) {
    uint64_t most = capacity(Space(space), c.arch);
    if (c.memory[space].size() > most)
      c.memory[space].resize(most);
  }
  fillContents(c);
}

/// The references know the element types of the form.
static bool canBuild(const Draft &draft) {
  bool hasScales = draft.info->name.contains(".mx");
  return llvm::all_of(draft.operands, [&](auto &v) {
    if (!v)
      return true;
    Element e = v->elementType();
    return e != Element::HIF8 && (hasScales || e != Element::F8E8M0) && e != Element::F4E1M2x2 &&
           e != Element::F4E2M1x2;
  });
}

/// What the records do not say and the simulator reports: a3 adds to the accumulator that it
/// writes, and scales are reordered into boxes.
void reference::adaptToLibrary(Case &c) {
  const OpInfo &info = *c.info;
  if (info.name == "pto.tmov" && c.draft.operands[info.operand("tmp")]) {
    TileShape &dst = c.draft.operands[info.operand("dst")]->tile;
    dst.slayout = SLayout::RowMajor;
    dst.fractal = 32;
  }
  if (c.arch != Arch::A3)
    return;
  if (info.name.ends_with(".acc"))
    c.draft.operands[info.operand("dst")]->same = info.operand("acc_in");
}

/// Scales follow the numbers that share them: 32 along the inner extent of a product, 32 of a row
/// of what is quantised.
static void adaptScales(Draft &draft) {
  auto tile = [&](llvm::StringRef name) -> TileShape * {
    for (auto [o, v] : llvm::zip(draft.info->operands, draft.operands))
      if (o.name == name && v)
        return &v->tile;
    return nullptr;
  };
  auto groups = [](int64_t numbers) { return (numbers + 31) / 32; };
  if (TileShape *a = tile("a"), *scale = tile("a_scale"); a && scale) {
    scale->cols = groups(a->cols);
    scale->validCols = groups(a->validCols);
  }
  if (TileShape *b = tile("b"), *scale = tile("b_scale"); b && scale) {
    scale->rows = groups(b->rows);
    scale->validRows = groups(b->validRows);
  }
  if (draft.info->name == "pto.tquant.mx")
    for (auto [o, v] : llvm::zip(draft.info->operands, draft.operands)) {
      bool isMatrix = o.name == "src" || o.name == "dst";
      if (v)
        v->tile.cols = v->tile.validCols = 64;
      if (v)
        v->tile.rows = v->tile.validRows = isMatrix ? 32 : 1;
    }
}

std::optional<Case> reference::makeCase(const OpInfo &info, const Form &form,
                                        const Geometry &geometry, uint64_t seed) {
  Case c;
  c.info = &info;
  c.arch = form.arch;
  c.random.seed(seed);
  c.draft = testing::draftOf(info, form);
  if (!canBuild(c.draft))
    return std::nullopt;
  c.text = (info.name + ", " + form.text + ", " + geometry.name).str();
  c.data = dataFor(c, seed);
  adaptToLibrary(c);
  unsigned result = c.draft.operands.size();
  for (auto [i, value] : llvm::enumerate(c.draft.operands)) {
    if (!value || value->kind != DraftValue::Tile) {
      if (value && (value->kind == DraftValue::Part || value->kind == DraftValue::View)) {
        value->shape.front() = scaled(value->shape.front(), geometry.validRows);
        value->shape.back() = scaled(value->shape.back(), geometry.validCols);
      }
      continue;
    }
    resize(value->tile, extentsOf(info, info.operands[i].name), geometry);
    if (info.operands[i].role == Role::Out && result == c.draft.operands.size())
      result = i;
  }
  if (info.name == "pto.tquant.mx" && geometry.isOpen)
    return std::nullopt; // groups are whole
  adaptScales(c.draft);
  if (geometry.inPlace) {
    if (result == c.draft.operands.size())
      return std::nullopt;
    auto source = sourceLike(c.draft, result);
    if (!source)
      return std::nullopt;
    c.draft.operands[result]->same = *source;
  }
  describeArguments(c);
  for (auto [a, value] : llvm::zip(c.arguments, c.draft.operands))
    if (a.isTile()) {
      a.isWindow = geometry.isWindow && a.shape.space == Space::Vec && !a.shape.isBoxed() &&
                   a.shape.blayout == BLayout::RowMajor && a.shape.compact == CompactMode::Null;
      if (geometry.isOpen)
        value->tile.validRows = value->tile.validCols = TileBufType::dynamic;
    }
  if (geometry.isWindow && llvm::none_of(c.arguments, [](const Argument &a) { return a.isWindow; }))
    return std::nullopt;
  place(c, geometry.isOpen ? 3 : 0);
  return c;
}
