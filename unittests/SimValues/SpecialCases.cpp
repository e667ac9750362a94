//===- SpecialCases.cpp - Layouts, windows, tables, regions that differ -------===//

#include "Case.h"
#include "Contents.h"

using namespace pto;
using namespace pto::reference;
using testing::Draft;
using testing::DraftValue;

namespace {
class Special {
public:
  Special(const OpInfo &info, const testing::Form &form, uint64_t seed, std::vector<Case> &out)
      : info(info), form(form), seed(seed), out(out), base(testing::draftOf(info, form)) {}

  void run() {
    llvm::StringRef op = info.name;
    plainAttributes();
    if (op == "pto.tload" || op == "pto.tstore")
      transfers();
    else if (op == "pto.textract" || op == "pto.tinsert")
      windows();
    else if (op.starts_with("pto.trowexpand") && op != "pto.trowexpand")
      blocksPerRow();
    else if (op.starts_with("pto.tpart"))
      smallerSources();
    else if (op.starts_with("pto.trow"))
      columnResult();
    else if (op == "pto.mgather" || op == "pto.mscatter")
      tables();
    else if (op == "pto.tfillpad")
      pads();
    else if (op == "pto.tconcat" || op == "pto.tconcatidx")
      concat();
    else if (op == "pto.tmov")
      moves();
    else if (op == "pto.tgather" || op == "pto.tscatter" || op == "pto.tmrgsort")
      add("as drafted", [](Draft &) { return true; });
  }

private:
  /// Flags and numbers, more than forms try.
  void plainAttributes() {
    static constexpr std::pair<llvm::StringLiteral, int64_t> values[] = {
        {"isBinary", 1}, {"descending", 1}, {"exhausted", 1}, {"upperOrLower", 1},
        {"byte", 0},     {"byte", 3},       {"rounds", 7},    {"offset", 11}};
    for (auto [i, attribute] : llvm::enumerate(info.attributes))
      for (auto [attributeName, value] : values)
        if (attribute.cases.empty() && attribute.name == attributeName)
          add(attributeName + " " + llvm::Twine(value), [&](Draft &d) {
            d.attributes[i] = value;
            if (attributeName == "descending" && operand(d, "tmp"))
              operand(d, "S")->constant = 0;
            if (attributeName == "isBinary" && !operand(d, "tmp"))
              return false;
            return true;
          });
  }

  DraftValue *operand(Draft &d, llvm::StringRef name) {
    for (auto [o, v] : llvm::zip(info.operands, d.operands))
      if (o.name == name && v)
        return &*v;
    return nullptr;
  }
  const DraftValue *operand(llvm::StringRef name) { return operand(base, name); }

  /// `change` says what the types are, with run-time extents; false: not for this form. `arrange`
  /// sees the operands before they get their places.
  void add(const llvm::Twine &name, llvm::function_ref<bool(Draft &)> change,
           llvm::function_ref<void(Case &)> arrange = nullptr, bool isOpen = true,
           int64_t gap = 5) {
    Case c;
    c.info = &info;
    c.arch = form.arch;
    c.random.seed(seed + out.size());
    c.draft = base;
    for (auto &v : c.draft.operands)
      if (v && (v->elementType() == Element::HIF8 || v->elementType() == Element::F8E8M0 ||
                v->elementType() == Element::F4E1M2x2 || v->elementType() == Element::F4E2M1x2))
        return;
    if (!change(c.draft))
      return;
    c.text = (info.name + ", " + form.text + ", " + name).str();
    c.data = dataFor(c, seed);
    describeArguments(c);
    if (arrange)
      arrange(c);
    for (auto [a, value] : llvm::zip(c.arguments, c.draft.operands)) {
      if (!value)
        continue;
      if (a.isTile() && isOpen)
        value->tile.validRows = value->tile.validCols = TileBufType::dynamic;
      if (a.kind == Argument::View) // the extents are the view's, whatever its rank
        value->shape.assign(a.extent.end() - a.rank, a.extent.end());
    }
    place(c, gap);
    out.push_back(std::move(c));
  }

  static void setShape(DraftValue *v, int64_t rows, int64_t cols, int64_t validRows,
                       int64_t validCols) {
    v->tile.rows = rows;
    v->tile.cols = cols;
    v->tile.validRows = validRows;
    v->tile.validCols = validCols;
  }
  static void setLayout(DraftValue *v, BLayout b, SLayout s) {
    v->tile.blayout = b;
    v->tile.slayout = s;
  }
  static void setView(Case &c, llvm::StringRef name, Layout layout, std::array<int64_t, 5> extent) {
    for (Argument &a : c.arguments)
      if (a.name == name) {
        a.layout = layout;
        a.rank = 5;
        a.extent = extent;
      }
  }

  //===--------------------------------------------------------------------===//
  // TLOAD, TSTORE
  //===--------------------------------------------------------------------===//

  void transfers() {
    bool isLoad = info.name == "pto.tload";
    const char *tile = isLoad ? "dst" : "src", *view = isLoad ? "src" : "dst";
    int64_t c0 = 32 / sizeOf(operand(tile)->tile.element);
    std::vector<Space> spaces{operand(tile)->tile.space};
    if (isLoad && !form.attribute)
      spaces = {Space::Vec, Space::Mat};
    for (Space space : spaces) {
      auto inSpace = [&](Draft &d, BLayout b, SLayout s) {
        operand(d, tile)->tile.space = space;
        operand(d, tile)->tile.fractal = space == Space::Acc ? 1024 : 512;
        setLayout(operand(d, tile), b, s);
      };
      std::string in = name(space).str() + " ";
      if (space != Space::Acc) {
        add(
            in + "ND in groups",
            [&](Draft &d) {
              inSpace(d, BLayout::RowMajor, SLayout::NoneBox);
              setShape(operand(d, tile), 32, 4 * c0, 24, 3 * c0);
              return true;
            },
            [&](Case &c) { setView(c, view, Layout::ND, {2, 1, 3, 4, 3 * c0}); });
        add(
            in + "DN in groups",
            [&](Draft &d) {
              inSpace(d, BLayout::ColMajor, SLayout::NoneBox);
              setShape(operand(d, tile), 32, 16, 32, 12);
              return true;
            },
            [&](Case &c) { setView(c, view, Layout::DN, {2, 1, 2, 32, 3}); });
        add(
            in + "odd rows",
            [&](Draft &d) {
              inSpace(d, BLayout::RowMajor, SLayout::NoneBox);
              setShape(operand(d, tile), 16, 64, 7, 37);
              return space == Space::Vec;
            },
            [&](Case &c) { setView(c, view, Layout::ND, {1, 1, 1, 7, 37}); });
        add(
            in + "NZ",
            [&](Draft &d) {
              inSpace(d, BLayout::ColMajor, SLayout::RowMajor);
              setShape(operand(d, tile), 48, 3 * c0, 32, 2 * c0);
              return true;
            },
            [&](Case &c) { setView(c, view, Layout::NZ, {1, 2, 2, 16, c0}); }, true, 16 * c0);
      }
      if (isLoad && space == Space::Vec)
        padded(c0);
      if (isLoad && space == Space::Mat) {
        add(
            "ND to Nz",
            [&](Draft &d) {
              inSpace(d, BLayout::ColMajor, SLayout::RowMajor);
              setShape(operand(d, tile), 48, 3 * c0, 21, 2 * c0 + 1);
              return true;
            },
            [&](Case &c) { setView(c, view, Layout::ND, {1, 1, 1, 21, 2 * c0 + 1}); });
        add(
            "DN to Zn",
            [&](Draft &d) {
              inSpace(d, BLayout::RowMajor, SLayout::ColMajor);
              setShape(operand(d, tile), 3 * c0, 48, 2 * c0 + 1, 21);
              return true;
            },
            [&](Case &c) { setView(c, view, Layout::DN, {1, 1, 1, 2 * c0 + 1, 21}); });
        add(
            "DN to Nz",
            [&](Draft &d) {
              inSpace(d, BLayout::ColMajor, SLayout::RowMajor);
              setShape(operand(d, tile), 48, 3 * c0, 21, 2 * c0 + 1);
              return form.arch == Arch::A5;
            },
            [&](Case &c) { setView(c, view, Layout::DN, {1, 1, 1, 21, 2 * c0 + 1}); });
      }
      if (space == Space::Acc)
        accumulators(tile, view);
    }
    if (!isLoad)
      add(
          "one row into DN",
          [&](Draft &d) {
            setLayout(operand(d, tile), BLayout::RowMajor, SLayout::NoneBox);
            setShape(operand(d, tile), 1, 64, 1, 29);
            return operand(tile)->tile.space == Space::Vec;
          },
          [&](Case &c) { setView(c, view, Layout::DN, {1, 1, 1, 1, 29}); });
  }

  void padded(int64_t c0) {
    for (PadValue pad : {PadValue::Zero, PadValue::Max, PadValue::Min})
      for (bool byRows : {true, false})
        add(
            "padded " + llvm::Twine(unsigned(pad)) + (byRows ? " ND" : " DN"),
            [&](Draft &d) {
              DraftValue *dst = operand(d, "dst");
              dst->tile.space = Space::Vec;
              dst->tile.pad = pad;
              setLayout(dst, byRows ? BLayout::RowMajor : BLayout::ColMajor, SLayout::NoneBox);
              setShape(dst, byRows ? 8 : 4 * c0, byRows ? 4 * c0 : 8, byRows ? 5 : c0 + 1,
                       byRows ? c0 + 1 : 5);
              return true;
            },
            [&](Case &c) {
              setView(c, "src", byRows ? Layout::ND : Layout::DN,
                      {1, 1, 1, byRows ? 5 : c0 + 1, byRows ? c0 + 1 : 5});
            });
  }

  void accumulators(const char *tile, const char *view) {
    for (CompactMode compact : {CompactMode::Null, CompactMode::Normal}) {
      auto shaped = [&](Draft &d, int64_t rows, int64_t cols) {
        setShape(operand(d, tile), 48, 64, rows, cols);
        operand(d, tile)->tile.compact = compact;
        return true;
      };
      llvm::StringRef how = compact == CompactMode::Null ? "" : "compact ";
      add(
          how + "to ND", [&](Draft &d) { return shaped(d, 21, 37); },
          [&](Case &c) { setView(c, view, Layout::ND, {1, 1, 1, 21, 37}); });
      add(
          how + "to NZ", [&](Draft &d) { return shaped(d, 32, 32); },
          [&](Case &c) {
            int64_t width = 32 / sizeOf(operand(c.draft, view)->element);
            setView(c, view, Layout::NZ, {1, 32 / width, 2, 16, width});
          });
      add(
          how + "to DN", [&](Draft &d) { return form.arch == Arch::A5 && shaped(d, 21, 37); },
          [&](Case &c) { setView(c, view, Layout::DN, {1, 1, 1, 21, 37}); });
    }
  }

  //===--------------------------------------------------------------------===//
  // Windows and moves
  //===--------------------------------------------------------------------===//

  void windows() {
    bool isExtract = info.name == "pto.textract";
    const char *outer = isExtract ? "src" : "dst", *inner = isExtract ? "dst" : "src";
    const TileShape &o = operand(outer)->tile;
    int64_t unit = 32; // a multiple of every box and block
    auto at = [&](Draft &d, int64_t row, int64_t col) {
      operand(d, "indexRow")->constant = row;
      operand(d, "indexCol")->constant = col;
    };
    add("at the end", [&](Draft &d) {
      setShape(operand(d, outer), 96, 96, 96, 96);
      setShape(operand(d, inner), 32, 32, 32, 32);
      at(d, 2 * unit, 2 * unit);
      return true;
    });
    add("inside", [&](Draft &d) {
      setShape(operand(d, outer), 96, 96, 96, 96);
      setShape(operand(d, inner), 32, 32, 11, 19);
      at(d, unit, unit);
      return true;
    });
    add("at an odd row", [&](Draft &d) {
      setShape(operand(d, outer), 96, 96, 96, 96);
      setShape(operand(d, inner), 32, 32, 11, 19);
      at(d, 3, unit);
      return !o.isBoxed() && operand(inner)->tile.space == Space::Vec;
    });
    add(
        "one element",
        [&](Draft &d) {
          setShape(operand(d, outer), 96, 96, 96, 96);
          setShape(operand(d, inner), 1, 32, 1, 1);
          at(d, 5, unit);
          return !o.isBoxed() && operand(inner)->tile.space == Space::Vec && o.space == Space::Vec;
        },
        nullptr, false);
    add("transposed", [&](Draft &d) {
      setShape(operand(d, outer), 96, 64, 96, 64);
      setShape(operand(d, inner), 32, 32, 32, 32);
      setLayout(operand(d, outer), BLayout::RowMajor, SLayout::ColMajor);
      at(d, unit, unit);
      Space to = operand(inner)->tile.space;
      return to == Space::Left || to == Space::Right;
    });
    add("Nz in vec", [&](Draft &d) {
      for (const char *name : {outer, inner}) {
        setLayout(operand(d, name), BLayout::ColMajor, SLayout::RowMajor);
        operand(d, name)->tile.fractal = 512;
      }
      setShape(operand(d, outer), 96, 96, 96, 96);
      setShape(operand(d, inner), 32, 32, 16, 32);
      at(d, unit, unit);
      return o.space == Space::Vec && operand(inner)->tile.space == Space::Vec;
    });
  }

  void moves() {
    const TileShape &s = operand("src")->tile, &t = operand("dst")->tile;
    bool toMatrix = t.space == Space::Left || t.space == Space::Right;
    auto shaped = [&](Draft &d, int64_t validRows, int64_t validCols) {
      for (const char *name : {"src", "dst"})
        setShape(operand(d, name), 64, 96, validRows, validCols);
      return true;
    };
    add("transposing", [&](Draft &d) {
      setLayout(operand(d, "src"), BLayout::RowMajor, SLayout::ColMajor);
      return toMatrix && shaped(d, 64, 96);
    });
    add("part of the valid region", [&](Draft &d) {
      bool ok = s.space != Space::Acc && shaped(d, 64, 96);
      operand(d, "dst")->tile.validRows = 33;
      operand(d, "dst")->tile.validCols = 40;
      // Scales that are reordered fill boxes.
      return ok && !operand(d, "tmp") && (toMatrix || t.space == Space::Vec);
    });
    add("compact", [&](Draft &d) {
      operand(d, "dst")->tile.compact = CompactMode::Normal;
      return toMatrix && shaped(d, 33, 40);
    });
    add("compact source", [&](Draft &d) {
      operand(d, "src")->tile.compact = CompactMode::Normal;
      return s.space == Space::Acc && shaped(d, 33, 40);
    });
    add("Nz in vec", [&](Draft &d) {
      for (const char *name : {"src", "dst"})
        setLayout(operand(d, name), BLayout::ColMajor, SLayout::RowMajor);
      return s.space == Space::Vec && t.space == Space::Vec && shaped(d, 64, 96);
    });
    add("ND to Nz", [&](Draft &d) {
      setLayout(operand(d, "src"), BLayout::RowMajor, SLayout::NoneBox);
      setLayout(operand(d, "dst"), BLayout::ColMajor, SLayout::RowMajor);
      return s.space == Space::Vec && t.space == Space::Mat && shaped(d, 37, 50);
    });
  }

  //===--------------------------------------------------------------------===//
  // Vector operations
  //===--------------------------------------------------------------------===//

  /// A block of copies per row, and the operands exchanged.
  void blocksPerRow() {
    int64_t block = 32 / sizeOf(operand("dst")->tile.element);
    for (bool swapped : {false, true})
      for (bool byColumn : {false, true})
        add(llvm::Twine(byColumn ? "a column" : "a block") + (swapped ? " first" : " second"),
            [&](Draft &d) {
              DraftValue *whole = operand(d, swapped ? "src1" : "src0");
              DraftValue *values = operand(d, swapped ? "src0" : "src1");
              whole->tile = operand(base, "dst")->tile;
              values->tile = whole->tile;
              for (DraftValue *v : {whole, operand(d, "dst")})
                setShape(v, 32, 96, 9, 71);
              setShape(values, 32, byColumn ? 1 : block, 9, byColumn ? 1 : block);
              if (byColumn)
                setLayout(values, BLayout::ColMajor, SLayout::NoneBox);
              return true;
            });
  }

  void smallerSources() {
    bool isArg = operand("src0Idx");
    for (bool firstIsSmall : {true, false})
      for (auto [rows, cols] : {std::pair(2, 19), std::pair(7, 5), std::pair(3, 4)})
        add("a smaller source", [&](Draft &d) {
          for (const char *name : {"src0", "src1", "dst", "src0Idx", "src1Idx", "dstIdx"})
            if (DraftValue *v = operand(d, name))
              setShape(v, 32, 32, 7, 19);
          const char *small = firstIsSmall ? "src0" : "src1";
          setShape(operand(d, small), 32, 32, rows, cols);
          if (isArg)
            setShape(operand(d, firstIsSmall ? "src0Idx" : "src1Idx"), 32, 32, rows, cols);
          return true;
        });
  }

  void columnResult() {
    add("into a column", [&](Draft &d) {
      if (info.name == "pto.trowexpand")
        return false;
      setShape(operand(d, "src"), 32, 96, 11, 85);
      if (DraftValue *tmp = operand(d, "tmp"))
        setShape(tmp, 32, 96, 11, 85);
      setShape(operand(d, "dst"), 32, 1, 11, 1);
      setLayout(operand(d, "dst"), BLayout::ColMajor, SLayout::NoneBox);
      return true;
    });
  }

  void concat() {
    add("unlike widths", [&](Draft &d) {
      setShape(operand(d, "src0"), 16, 64, 9, 37);
      setShape(operand(d, "src1"), 16, 32, 9, 22);
      setShape(operand(d, "dst"), 16, 96, 9, 59);
      for (const char *name : {"src0Idx", "src1Idx"})
        if (DraftValue *v = operand(d, name))
          setShape(v, 16, 32, 9, 1);
      return true;
    });
  }

  void pads() {
    int64_t c0 = 32 / sizeOf(operand("dst")->tile.element);
    bool isMat = operand("dst")->tile.space == Space::Mat;
    for (PadValue pad : {PadValue::Zero, PadValue::Max, PadValue::Min})
      for (bool same : {false, true})
        add("pad " + llvm::Twine(unsigned(pad)) + (same ? " on both" : ""), [&](Draft &d) {
          operand(d, "dst")->tile.pad = pad;
          if (same)
            operand(d, "src")->tile.pad = pad;
          setShape(operand(d, "src"), 16, 4 * c0, 5, c0 + 3);
          setShape(operand(d, "dst"), 24, 5 * c0, 9, 4 * c0);
          return !isMat;
        });
    add("in place", [&](Draft &d) {
      setShape(operand(d, "src"), 16, 4 * c0, 5, c0 + 3);
      operand(d, "dst")->tile.pad = operand(d, "src")->tile.pad = PadValue::Max;
      setShape(operand(d, "dst"), 16, 4 * c0, 5, c0 + 3);
      d.operands[1]->same = 0;
      return !isMat;
    });
    add("in L1", [&](Draft &d) {
      for (const char *name : {"src", "dst"})
        setShape(operand(d, name), 64, 4 * c0, 37, c0 + 3);
      return isMat;
    });
  }

  //===--------------------------------------------------------------------===//
  // Tables in GM
  //===--------------------------------------------------------------------===//

  void tables() {
    bool isGather = info.name == "pto.mgather";
    const char *tile = isGather ? "dst" : "src", *table = isGather ? "src" : "dst";
    bool byRows = base.attributes[info.attribute("coalesce")].value_or(0) == 0;
    for (bool beyond : {false, true})
      add(
          beyond ? "indices beyond the table" : "indices inside",
          [&](Draft &d) {
            bool inL1 = operand(d, tile)->tile.space == Space::Mat;
            setShape(operand(d, tile), 32, 32, inL1 ? 32 : 6, inL1 ? 32 : 19);
            if (DraftValue *idx = operand(d, "idx"))
              setShape(idx, byRows ? 1 : 32, 32, byRows ? 1 : 6, byRows ? 6 : 19);
            return true;
          },
          [&](Case &c) {
            int64_t rows = c.find(tile)->shape.validRows, cols = c.find(tile)->shape.validCols;
            setView(c, table, Layout::ND, {1, 1, 1, 23, byRows ? cols : 31});
            if (c.find("gmIdx"))
              setView(c, "gmIdx", Layout::ND, {1, 1, 1, byRows ? 1 : rows, byRows ? rows : cols});
            if (c.find("scratch"))
              setView(c, "scratch", Layout::ND, {1, 1, 1, rows, cols});
            tableRows = byRows ? 23 : 23 * 31;
          });
    // The last two cases get indices that mean something.
    for (size_t i = out.size() - std::min<size_t>(out.size(), 2); i < out.size(); ++i)
      if (out[i].info == &info)
        fillTableIndices(out[i], tableRows, llvm::StringRef(out[i].text).contains("beyond"));
  }

  const OpInfo &info;
  const testing::Form &form;
  uint64_t seed;
  std::vector<Case> &out;
  Draft base;
  int64_t tableRows = 1;
};
} // namespace

void reference::addSpecialCases(const OpInfo &info, const testing::Form &form, uint64_t seed,
                                std::vector<Case> &out) {
  Special(info, form, seed, out).run();
}
