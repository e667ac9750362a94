//===- DraftRules.cpp - Bending drafts to their rules ----------------------===//

#include "DraftRules.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::testing;

namespace {
class Obey {
public:
  Obey(Draft &draft, const Form &form) : draft(draft), form(form) {}

  void rule(const RuleInfo &r) {
    llvm::SmallVector<DraftValue *, 4> subjects;
    for (uint8_t i : r.operands)
      if (draft.operands[i])
        subjects.push_back(&*draft.operands[i]);
    if (subjects.empty())
      return;
    bool isScaled = llvm::any_of(llvm::enumerate(draft.info->operands), [&](auto o) {
      return (o.value().name == "fp" || o.value().name == "preQuantScalar") &&
             draft.operands[o.index()];
    });
    if ((r.check == rules::convertsPlain && isScaled) ||
        (r.check == rules::convertsScaled && !isScaled))
      return;
    if (r.check == rules::elements || r.check == rules::elementIs || r.check == rules::triples ||
        isPairs(r))
      return pin(r, subjects);
    if (r.check == rules::sameElement || r.check == rules::sameBytes)
      return copyElement(subjects);
    if (r.check == rules::scalarIsElement || r.check == rules::scalarSuits)
      return subjects[0]->setElement(subjects[1]->elementType());
    shape(r, subjects);
  }

private:
  static bool isPairs(const RuleInfo &r) {
    return r.check == rules::pairs || r.check == rules::convertsPlain ||
           r.check == rules::convertsScaled;
  }
  void pin(const RuleInfo &r, llvm::ArrayRef<DraftValue *> subjects) {
    for (auto [i, v] : llvm::enumerate(subjects)) {
      if (r.check == rules::triples)
        v->setElement(Element(r.numbers[form.choice * 3 + i]));
      else if (r.check == rules::pairs)
        v->setElement(Element(r.numbers[pairOf(r) + i]));
      else if (isPairs(r))
        v->setElement(Element(r.numbers[form.choice % (r.numbers.size() / 2) * 2 + i]));
      else if (r.check == rules::elementIs)
        v->setElement(form.element && llvm::is_contained(r.numbers, int64_t(*form.element))
                          ? *form.element
                          : Element(r.numbers[form.choice % r.numbers.size()]));
      else if (form.element)
        v->setElement(*form.element);
      else
        // f16 or f32 where they are legal: nearly every other rule takes them.
        v->setElement(preferred(draft.info->elements[unsigned(form.arch)]));
      v->pinned = true;
    }
  }
  /// Where the pair of the form begins: the first one of its element, else by its choice.
  size_t pairOf(const RuleInfo &r) const {
    for (size_t at = 0; form.element && at < r.numbers.size(); at += 2)
      if (Element(r.numbers[at]) == *form.element)
        return at;
    return form.choice * 2 % r.numbers.size();
  }
  static Element preferred(ElementMask mask) {
    for (Element e : {Element::F32, Element::F16})
      if (mask & maskOf(e))
        return e;
    return Element(llvm::countr_zero(mask));
  }
  void copyElement(llvm::ArrayRef<DraftValue *> subjects) {
    auto *from = llvm::find_if(subjects, [](DraftValue *v) { return v->pinned; });
    bool pinned = from != subjects.end();
    Element element = (pinned ? *from : subjects.front())->elementType();
    for (DraftValue *v : subjects) {
      v->setElement(element);
      v->pinned |= pinned;
    }
  }
  void shape(const RuleInfo &r, llvm::ArrayRef<DraftValue *> subjects) {
    for (DraftValue *v : subjects) {
      bool isRouted = form.route && (v == named("src") || v == named("dst"));
      if (r.check == rules::inSpace && !isRouted)
        v->tile.space = Space(r.numbers[form.choice % r.numbers.size()]);
      if (r.check == rules::blockLayout) {
        v->tile.blayout = BLayout(r.numbers[0]);
        v->tile.slayout = SLayout(r.numbers[1]);
      }
      if (r.check == rules::validRows)
        v->tile.validRows = r.numbers[0];
      if (r.check == rules::physicalRows)
        v->tile.rows = v->tile.validRows = r.numbers[0];
      if (r.check == rules::sameType)
        v->tile = subjects.front()->tile;
      if (r.check == rules::minCols)
        v->tile.cols = v->tile.validCols = r.numbers[0];
      if (r.check == rules::matrixSource && v == subjects.front()) {
        v->tile.blayout = BLayout::ColMajor;
        v->tile.slayout = SLayout::RowMajor;
      }
      if (r.check == rules::fractalSize)
        v->tile.fractal = int32_t(r.numbers[0]);
      if (r.check == rules::scaleWords) {
        v->setElement(Element::I64);
        v->pinned = true;
        v->tile.rows = v->tile.validRows = 1;
      }
      if (r.check == rules::maskScratch && v == subjects.front() && subjects.size() > 1)
        v->tile.rows = v->tile.validRows = 2 * side;
      if (r.check == rules::padGiven)
        v->tile.pad = PadValue::Zero;
      if (r.check == rules::noBoxes)
        v->tile.slayout = SLayout::NoneBox;
    }
    if (r.check == rules::concatFits)
      subjects[2]->tile.cols = subjects[2]->tile.validCols = 2 * side;
    if (r.check == rules::rowResult)
      subjects[1]->tile.validCols = 1;
    if (r.check == rules::valuePerRow) {
      subjects[0]->tile.cols = subjects[0]->tile.validCols = 1;
      subjects[0]->tile.blayout = BLayout::ColMajor;
    }
    if (r.check == rules::quantizedTo)
      subjects[0]->setElement(subjects.size() == 2 ? Element::U8 : Element::I8);
    if (r.check == rules::scratchForFloats)
      subjects[0]->setElement(subjects.back()->elementType());
    if (subjects.size() > 1) {
      gather(r, subjects);
      scale(r, subjects);
    }
    if (r.check == rules::perRow) {
      subjects[1]->tile.cols = subjects[1]->tile.validCols = 1;
      subjects[1]->tile.blayout = BLayout::ColMajor;
    }
  }
  /// Gathers, sorts, merges.
  void gather(const RuleInfo &r, llvm::ArrayRef<DraftValue *> subjects) {
    TileShape &first = subjects[0]->tile, &second = subjects[1]->tile;
    if (r.check == rules::integersAsWide) {
      unsigned bytes = std::max<unsigned>(bytesOf(subjects[1]->elementType()), r.numbers[0]);
      first.element = bytes == 1   ? Element::I8
                      : bytes == 2 ? Element::I16
                      : bytes == 4 ? Element::I32
                                   : Element::I64;
    }
    if (r.check == rules::spreads) {
      // P0101, P1010: 2; P0001 to P1000: 4; P1111: 1.
      int64_t pattern = valueOf("maskPattern"), step = pattern < 2 ? 2 : pattern < 6 ? 4 : 1;
      (valueOf("axis") ? second.rows : second.cols) = side * step;
      second.validRows = second.rows;
      second.validCols = second.cols;
    }
    if (r.check == rules::histogramIndex && valueOf("byte") > 1)
      first.element = Element::U32;
    if (r.check == rules::histogramIndex && bytesOf(first.element) == 2) {
      second.blayout = BLayout::ColMajor;
      second.cols = second.validCols = 1;
    }
    if (r.check == rules::tableIndices && valueOf("coalesce") == 0)
      first.rows = first.validRows = 1;
    if (r.check == rules::sortRecords)
      second.cols = second.validCols = first.validCols * (8 / bytesOf(first.element));
    if (r.check == rules::mergeLength) {
      for (TileShape *shape : {&first, &subjects[2]->tile})
        shape->cols = shape->validCols = 256;
      subjects[1]->constant = 64;
    }
    if (r.check == rules::mergeRoom && subjects.size() > 2) {
      first.cols = 0;
      for (DraftValue *source : subjects.drop_front(2))
        first.cols += source->tile.cols;
      first.validCols = first.cols;
    }
  }
  /// Transfers, packed pairs, numbers that share a scale.
  void scale(const RuleInfo &r, llvm::ArrayRef<DraftValue *> subjects) {
    TileShape &first = subjects[0]->tile, &second = subjects[1]->tile;
    if (r.check == rules::sameMatrix)
      subjects[0]->shape = {second.validRows, second.validCols};
    if (r.check == rules::wholeGroups) {
      first.cols = first.validCols = 2 * side;
      second.rows = second.validRows = 2 * side;
    }
    if (r.check == rules::scaleTile) {
      bool left = second.space == Space::Left;
      first.space = left ? Space::ScaleLeft : Space::ScaleRight;
      first.blayout = left ? BLayout::RowMajor : BLayout::ColMajor;
      first.slayout = left ? SLayout::RowMajor : SLayout::ColMajor;
      first.fractal = 32;
    }
    if (r.check == rules::scaleExtents) {
      auto per = second.numbersPerElement();
      first.rows = first.validRows = second.validRows * per[0];
      first.cols = first.validCols = second.validCols * per[1];
      bool left = second.space == Space::Left;
      (left ? first.validCols : first.validRows) /= 32;
      // Stored in whole boxes.
      (left ? first.cols : first.rows) = llvm::alignTo(left ? first.validCols : first.validRows, 2);
    }
    // What has half as many elements as numbers.
    if ((r.check == rules::sameShape || r.check == rules::sameValid) && subjects.size() == 2) {
      int64_t from = first.numbersPerElement()[1], to = second.numbersPerElement()[1];
      if (from != to) {
        first.cols = first.validCols = side / from * 2;
        second.cols = second.validCols = side / to * 2;
      }
    }
    if (r.check == rules::mxResult) {
      bool four = valueOf("quant_type") == 3;
      subjects[1]->setElement(four ? Element::F4E2M1x2 : Element::I8);
      if (four && bytesOf(first.element) != 2 && !form.element)
        first.element = Element::F16;
      bool nz = valueOf("storeMode") == 1;
      second.blayout = nz ? BLayout::ColMajor : BLayout::RowMajor;
      second.slayout = nz ? SLayout::RowMajor : SLayout::NoneBox;
    }
    if (r.check == rules::groupCount) {
      int64_t groups = first.validRows * first.validCols / 32;
      for (DraftValue *of : subjects.drop_front()) {
        of->tile.rows = of->tile.validRows = 1;
        of->tile.cols = of->tile.validCols = groups;
      }
    }
  }
  /// Of a case its place among the cases.
  int64_t valueOf(llvm::StringRef attribute) const {
    return draft.attributes[draft.info->attribute(attribute)].value_or(0);
  }

  const DraftValue *named(llvm::StringRef name) const {
    for (auto [info, value] : llvm::zip(draft.info->operands, draft.operands))
      if (info.name == name && value)
        return &*value;
    return nullptr;
  }

  Draft &draft;
  const Form &form;
};
} // namespace

void testing::obey(Draft &draft, const Form &form, const RuleInfo &rule) {
  Obey(draft, form).rule(rule);
}
