//===- Variants.cpp - Forms of records with one thing changed --------------===//

#include "Variants.h"
#include "../../lib/IR/Rules.h"
#include "../IR/Messages.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Target/Cpp.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::test;
using namespace pto::testing;

namespace {
struct Change {
  std::string what;
  std::function<void(DraftValue &)> apply;
};

void addElements(std::vector<Change> &out) {
  for (Element element :
       {Element::I8, Element::U8, Element::I16, Element::U16, Element::I32, Element::U32,
        Element::I64, Element::U64, Element::F16, Element::BF16, Element::F32, Element::F8E4M3})
    out.push_back(
        {"element " + name(element).str(), [=](DraftValue &v) { v.setElement(element); }});
}

const std::vector<Change> &tileChanges() {
  static const std::vector<Change> all = [] {
    std::vector<Change> out;
    addElements(out);
    auto shape = [&](const char *what, auto apply) {
      out.push_back({what, [=](DraftValue &v) { apply(v.tile); }});
    };
    auto valid = [&](const char *what, int64_t rows, int64_t cols) { // 0 of the shape: -2
      shape(what, [=](TileShape &t) {
        t.validRows = rows == -2 ? t.rows : rows;
        t.validCols = cols == -2 ? t.cols : cols;
      });
    };
    auto size = [&](const char *what, auto rows, auto cols) {
      shape(what, [=](TileShape &t) {
        bool fullRows = t.validRows == t.rows, fullCols = t.validCols == t.cols;
        t.rows = rows(t.rows);
        t.cols = cols(t.cols);
        t.validRows = fullRows ? t.rows : t.validRows;
        t.validCols = fullCols ? t.cols : t.validCols;
      });
    };
    auto same = [](int64_t n) { return n; };
    auto one = [](int64_t) { return int64_t(1); };
    auto twice = [](int64_t n) { return 2 * n; };
    auto odd = [](int64_t n) { return n + 1; };
    size("1 row", one, same);
    size("1 column", same, one);
    size("rows doubled", twice, same);
    size("columns doubled", same, twice);
    size("a row more", odd, same);
    size("a column more", same, odd);
    size("8192 rows", [](int64_t) { return int64_t(8192); }, same);
    valid("valid 0x0", 0, 0);
    valid("valid 0xC", 0, -2);
    valid("valid Rx0", -2, 0);
    valid("valid 1xC", 1, -2);
    valid("valid Rx1", -2, 1);
    valid("valid 15x13", 15, 13);
    valid("valid ?xC", -1, -2);
    valid("valid ?x?", -1, -1);
    auto layout = [&](const char *what, BLayout b, SLayout s) {
      shape(what, [=](TileShape &t) {
        t.blayout = b;
        t.slayout = s;
      });
    };
    layout("ND", BLayout::RowMajor, SLayout::NoneBox);
    layout("DN", BLayout::ColMajor, SLayout::NoneBox);
    layout("Nz", BLayout::ColMajor, SLayout::RowMajor);
    layout("Zz", BLayout::RowMajor, SLayout::RowMajor);
    layout("Zn", BLayout::RowMajor, SLayout::ColMajor);
    layout("Nn", BLayout::ColMajor, SLayout::ColMajor);
    for (int32_t fractal : {32, 512, 1024})
      shape(fractal == 32    ? "fractal 32"
            : fractal == 512 ? "fractal 512"
                             : "fractal 1024",
            [=](TileShape &t) { t.fractal = fractal; });
    for (Space space : {Space::Vec, Space::Mat, Space::Left, Space::Right, Space::Acc, Space::Bias,
                        Space::Scaling})
      out.push_back({"in " + name(space).str(), [=](DraftValue &v) { v.tile.space = space; }});
    shape("no pad", [](TileShape &t) { t.pad = PadValue::Null; });
    shape("pad max", [](TileShape &t) { t.pad = PadValue::Max; });
    shape("compact", [](TileShape &t) { t.compact = CompactMode::Normal; });
    shape("a row more in storage", [](TileShape &t) { t.compact = CompactMode::RowPlusOne; });
    return out;
  }();
  return all;
}

const std::vector<Change> &viewChanges() {
  static const std::vector<Change> all = [] {
    std::vector<Change> out;
    addElements(out);
    using Shape = llvm::SmallVector<int64_t>;
    for (const Shape &shape :
         {Shape{0, 32}, Shape{32, 0}, Shape{1, 32}, Shape{32, 1}, Shape{31, 32}, Shape{32, 31},
          Shape{1024}, Shape{2, 16, 32}, Shape{2, 2, 16, 16}, Shape{1, 2, 2, 16, 16},
          Shape{1, 4, 2, 16, 8}, Shape{1, 1, 1, 1, 1, 32}, Shape{8192, 32},
          Shape{mlir::ShapedType::kDynamic, 32}}) {
      std::string what = "view of";
      for (int64_t n : shape)
        what += " " + std::to_string(n);
      out.push_back({what, [shape](DraftValue &v) { v.shape = shape; }});
    }
    return out;
  }();
  return all;
}

bool exists(const Draft &draft) {
  static mlir::MLIRContext context;
  context.getOrLoadDialect<PtoDialect>(); // types of the dialect are made in it
  return llvm::all_of(draft.operands, [&](auto &v) {
    return !v || v->kind == DraftValue::Counts || typeOf(&context, v->elementType());
  });
}

/// Makes of a changed draft what a type can say.
void clamp(Draft &draft) {
  for (auto &v : draft.operands)
    if (v && v->kind == DraftValue::Tile) {
      v->tile.validRows = std::min(v->tile.validRows, v->tile.rows);
      v->tile.validCols = std::min(v->tile.validCols, v->tile.cols);
    }
}
} // namespace

std::vector<Variant> test::variantsOf(const Draft &draft, llvm::StringRef form) {
  std::vector<Variant> out;
  auto add = [&](Draft changed, const llvm::Twine &what) {
    clamp(changed);
    if (exists(changed))
      out.push_back({std::move(changed), (form + "; " + what).str()});
  };
  auto inLayout = [](Draft changed, Layout layout) {
    for (auto &v : changed.operands)
      if (v && v->kind == DraftValue::Part)
        v->layout = layout;
    return changed;
  };
  bool hasView =
      llvm::any_of(draft.operands, [](auto &v) { return v && v->kind == DraftValue::Part; });
  for (auto [i, v] : llvm::enumerate(draft.operands)) {
    if (!v || v->same || (v->kind != DraftValue::Tile && v->kind != DraftValue::Part))
      continue;
    for (const Change &change : v->kind == DraftValue::Tile ? tileChanges() : viewChanges()) {
      Draft changed = draft;
      change.apply(*changed.operands[i]);
      changed = inLayout(std::move(changed), Layout::ND);
      add(std::move(changed), draft.info->operands[i].name + ": " + change.what);
    }
  }
  // All tiles alike: what must be equal stays so.
  static constexpr std::pair<Layout, llvm::StringLiteral> layouts[] = {
      {Layout::ND, ""}, {Layout::DN, ", views in DN"}, {Layout::NZ, ", views in NZ"}};
  for (const Change &change : tileChanges()) {
    Draft changed = draft;
    for (auto &v : changed.operands)
      if (v && v->kind == DraftValue::Tile)
        change.apply(*v);
    for (auto [layout, name] : llvm::ArrayRef(layouts).take_front(hasView ? 3 : 1))
      add(inLayout(changed, layout), "all tiles: " + change.what + name);
  }
  return out;
}

std::optional<Verdict> test::judge(mlir::MLIRContext *context, const Variant &variant) {
  Verdict out{variant.draft.info, variant.draft.arch, variant.what, {}, {}, ""};
  auto module = build(context, variant.draft);
  mlir::Operation *op = recordOf(*module);
  makePrintable(*module, op);
  Messages messages(*context);
  bool ok = mlir::succeeded(verifyAll(*module));
  std::vector<std::string> said = messages.all();
  std::string prefix = "'" + out.info->name.str() + "' op ";
  for (const std::string &message : said)
    if (llvm::StringRef(message).starts_with(prefix))
      out.messages.push_back(message.substr(prefix.size()));
    else // a view that cannot be made, a tile that cannot lie anywhere
      return std::nullopt;
  if (ok != out.messages.empty())
    return std::nullopt;
  for (const RuleInfo &rule : out.info->rules)
    if (!ok && rules::applies(op, *out.info, rule) && mlir::failed(rule.check(op, *out.info, rule)))
      out.broken.push_back(&rule);
  std::string file;
  llvm::raw_string_ostream os(file);
  size_t before = messages.all().size();
  if (mlir::succeeded(emitCpp(*module, os)))
    out.code = splitPrelude(file).second.str();
  else if (ok)
    for (size_t i = before; i < messages.all().size(); ++i)
      out.messages.push_back(messages.all()[i]);
  return out;
}
