//===- DraftForms.cpp - Which forms a record has ---------------------------===//

#include "Draft.h"
#include "DraftRules.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::testing;

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

namespace {
bool hasRule(const OpInfo &info, RuleFunction check, unsigned arch) {
  return llvm::any_of(info.rules,
                      [&](const RuleInfo &r) { return r.check == check && (r.archs >> arch & 1); });
}

/// How many values of Form::choice tell different forms apart.
unsigned choicesOf(const OpInfo &info, unsigned arch) {
  size_t most = 1;
  for (const RuleInfo &r : info.rules)
    if (r.archs >> arch & 1) {
      if (r.check == rules::triples)
        most = std::max(most, r.numbers.size() / 3);
      else if (r.check == rules::pairs)
        most = std::max(most, r.numbers.size() / 2);
      else if (r.check == rules::inSpace || r.check == rules::elementIs)
        most = std::max(most, r.numbers.size());
      else if (r.check == rules::convertsPlain || r.check == rules::convertsScaled)
        most = std::max(most, r.numbers.size() / 2);
      else if (r.check == rules::oneOf)
        most = std::max(most, r.operands.size() + r.numbers.size());
      else if (r.check == rules::atMostOne)
        most = std::max(most, r.operands.size());
    }
  return unsigned(most);
}

} // namespace

std::vector<std::pair<unsigned, std::string>> testing::settingsOf(const OpInfo &info,
                                                                  unsigned index, unsigned arch) {
  const AttributeInfo &attribute = info.attributes[index];
  std::vector<std::pair<unsigned, std::string>> all;
  for (unsigned c = 0; c < attribute.cases.size(); ++c)
    all.push_back({c, std::to_string(attribute.cases[c].value)});
  if (!all.empty())
    return all;
  for (const RuleInfo &r : info.rules)
    if (r.check == rules::attributeIn && r.numbers[0] == int64_t(index) && (r.archs >> arch & 1))
      for (int64_t n : r.numbers.drop_front())
        all.push_back({unsigned(n), std::to_string(n)});
  if (all.empty() && (attribute.defaultValue == 0 || attribute.defaultValue == 1))
    all.push_back({unsigned(1 - attribute.defaultValue), "set"});
  return all;
}

namespace {
void addForms(const OpInfo &info, Form base, std::vector<Form> &out) {
  unsigned arch = unsigned(base.arch);
  bool hasOptional = llvm::any_of(info.operands, [](const OperandInfo &o) { return o.optional; });
  auto add = [&](Form form, const llvm::Twine &text) {
    form.text = (base.text + text).str();
    out.push_back(std::move(form));
  };
  for (unsigned c = 0, n = choicesOf(info, arch); c < n; ++c) {
    base.choice = c;
    std::string number = n > 1 ? ", choice " + std::to_string(c) : "";
    add(base, number);
    Form with = base;
    with.optionals = true;
    if (hasOptional)
      add(with, number + ", with its optional operands");
  }
  base.choice = 0;
  if (hasRule(info, rules::elements, arch))
    for (unsigned e = 0; e < numElements; ++e)
      if (info.elements[arch] >> e & 1) {
        Form form = base;
        form.element = Element(e);
        add(form, ", " + name(Element(e)));
      }
  // With each of the optional operands that exclude one another, too.
  unsigned exclusive = hasOptional;
  for (const RuleInfo &r : info.rules)
    if (r.check == rules::atMostOne && (r.archs >> arch & 1))
      exclusive = std::max(exclusive, unsigned(r.operands.size()));
  for (auto [a, attribute] : llvm::enumerate(info.attributes))
    for (auto [c, text] : settingsOf(info, a, arch)) {
      Form form = base;
      form.attribute = {unsigned(a), c};
      add(form, ", " + attribute.name + " " + text);
      form.optionals = true;
      for (form.choice = 0; form.choice < exclusive; ++form.choice)
        add(form, ", " + attribute.name + " " + text + ", with optional operand " +
                      llvm::Twine(form.choice));
    }
}
} // namespace

std::vector<Form> testing::formsOf(const OpInfo &info) {
  std::vector<Form> out;
  for (Arch arch : {Arch::A3, Arch::A5}) {
    if (!existsOn(info, arch))
      continue;
    Form base;
    base.arch = arch;
    base.text = name(arch).str();
    if (info.routes.empty()) {
      addForms(info, base, out);
      continue;
    }
    for (const RouteInfo &r : info.routes)
      if (r.archs >> unsigned(arch) & 1) {
        base.route = r;
        base.text = (name(arch) + ", " + name(r.from) + " > " + name(r.to)).str();
        addForms(info, base, out);
      }
  }
  return out;
}

//===----------------------------------------------------------------------===//
// Presence
//===----------------------------------------------------------------------===//

namespace {
DraftValue initial(const OperandInfo &operand) {
  DraftValue v;
  v.tile.rows = v.tile.cols = v.tile.validRows = v.tile.validCols = side;
  if (operand.type.starts_with("tile buffer"))
    return v;
  if (isGlobal(operand.role)) {
    v.kind = DraftValue::Part;
    v.shape = {side, side};
    return v;
  }
  if (operand.type == "vector<4xi16>") {
    v.kind = DraftValue::Counts;
    return v;
  }
  v.kind = DraftValue::Scalar;
  if (operand.type == "scalar") // of any type: the tile's, as far as no rule says more
    return v;
  v.element = operand.type.contains("32-bit")   ? Element::I32
              : operand.type.contains("64-bit") ? Element::I64
                                                : Element::Index;
  if (v.element == Element::Index)
    v.constant = 0;
  return v;
}

bool applies(const Draft &draft, const RuleCondition &when) {
  auto &operand = draft.operands[when.kind <= RuleCondition::InSpace ? when.index : 0];
  switch (when.kind) {
  case RuleCondition::Always:
    return true;
  case RuleCondition::Present:
    return operand.has_value();
  case RuleCondition::InSpace:
    return operand && operand->kind == DraftValue::Tile &&
           (when.spaces >> unsigned(operand->tile.space) & 1);
  case RuleCondition::AttributeSet: {
    const AttributeInfo &a = draft.info->attributes[when.index];
    std::optional<int64_t> chosen = draft.attributes[when.index];
    return chosen && (a.cases.empty() ? *chosen : a.cases[*chosen].value) != a.defaultValue;
  }
  }
  return true;
}

/// The alternative of a `oneOf` rule, operands first: what the form's attribute needs, else the
/// form's choice.
unsigned alternative(const OpInfo &info, const RuleInfo &rule, const Form &form) {
  auto indexOf = [&](auto operands, auto attributes) -> std::optional<unsigned> {
    for (auto [i, operand] : llvm::enumerate(rule.operands))
      if (llvm::is_contained(operands, operand))
        return i;
    for (auto [i, attribute] : llvm::enumerate(rule.numbers))
      if (llvm::is_contained(attributes, attribute))
        return rule.operands.size() + i;
    return std::nullopt;
  };
  if (form.attribute) {
    int64_t wanted = form.attribute->first;
    if (auto found = indexOf(llvm::ArrayRef<uint8_t>(), llvm::ArrayRef(wanted)))
      return *found;
    for (const RuleInfo &r : info.rules)
      if (r.check == rules::attributeWith && r.numbers[0] == wanted)
        if (auto found = indexOf(r.operands, r.numbers.drop_front()))
          return *found;
  }
  return form.choice % (rule.operands.size() + rule.numbers.size());
}

/// Which optional operands and attributes go together.
void choosePresence(Draft &draft, const Form &form) {
  const OpInfo &info = *draft.info;
  auto present = [&](unsigned i, bool is) {
    draft.operands[i] = is ? std::optional(initial(info.operands[i])) : std::nullopt;
  };
  for (const RuleInfo &r : info.rules) {
    if (!(r.archs >> unsigned(form.arch) & 1))
      continue;
    auto others = r.operands.drop_front(std::min<size_t>(r.operands.size(), 1));
    bool accompanied = llvm::any_of(others, [&](uint8_t i) { return bool(draft.operands[i]); });
    if (r.check == rules::oneOf) {
      unsigned chosen = alternative(info, r, form);
      for (auto [i, index] : llvm::enumerate(r.operands))
        present(index, i == chosen);
      for (auto [i, index] : llvm::enumerate(r.numbers))
        if (r.operands.size() + i != chosen)
          draft.attributes[index].reset();
        else if (!draft.attributes[index])
          draft.attributes[index] = 0;
    } else if (r.check == rules::attributeIn && !info.attributes[r.numbers[0]].cases.empty()) {
      // The first legal case in place of an illegal one that nobody asked for.
      const AttributeInfo &a = info.attributes[r.numbers[0]];
      std::optional<int64_t> &chosen = draft.attributes[r.numbers[0]];
      bool asked = form.attribute && int64_t(form.attribute->first) == r.numbers[0];
      auto isLegal = [&](int64_t c) {
        return llvm::is_contained(r.numbers.drop_front(), a.cases[c].value);
      };
      if (chosen && !asked && !isLegal(*chosen))
        for (unsigned c = 0; c < a.cases.size() && !isLegal(*chosen); ++c)
          chosen = c;
    } else if (r.check == rules::attributeWith && r.operands.size() == 1 && r.numbers.size() == 1 &&
               form.attribute && int64_t(form.attribute->first) == r.numbers[0]) {
      present(r.operands[0], true);
    } else if (r.check == rules::givenWith) {
      present(r.operands[0], accompanied);
    } else if (r.check == rules::onlyWith && !accompanied) {
      present(r.operands[0], false);
    } else if (r.check == rules::gatherScratch) {
      // Only elements need it.
      std::optional<int64_t> &coalesce = draft.attributes[info.attribute("coalesce")];
      if (form.optionals && accompanied)
        coalesce = 1;
      present(r.operands[0], accompanied && coalesce == 1);
    } else if (r.check == rules::quantizedTo) {
      bool hasOffset = form.attribute ? form.attribute->second == 1 : form.optionals;
      draft.attributes[info.attribute("quant_type")] = hasOffset;
      present(r.operands[1], hasOffset);
    } else if ((r.check == rules::given && applies(draft, r.when)) ||
               // Of these the scratch may be missing from the text and not from the call.
               (r.check == rules::scratchRows && applies(draft, r.when)) ||
               r.check == rules::scratchBytes || r.check == rules::scratchForFloats ||
               r.check == rules::remainderScratch || r.check == rules::maskScratch) {
      present(r.operands[0], true);
    }
  }
}
} // namespace

Draft testing::draftOf(const OpInfo &info, const Form &form) {
  Draft draft{&info, form.arch, {}, {}};
  for (const OperandInfo &o : info.operands)
    draft.operands.push_back(o.optional && !form.optionals ? std::nullopt
                                                           : std::optional(initial(o)));
  for (auto [i, a] : llvm::enumerate(info.attributes)) {
    draft.attributes.push_back(a.optional ? std::nullopt : std::optional<int64_t>(0));
    if (form.attribute && form.attribute->first == i)
      draft.attributes[i] = form.attribute->second;
  }
  if (form.route) {
    auto place = [&](llvm::StringRef name, Space space) {
      bool exists = llvm::any_of(info.operands, [&](auto &o) { return o.name == name; });
      if (space == Space::GM || !exists)
        return;
      TileShape &tile = draft.operands[info.operand(name)]->tile;
      tile.space = space;
      // The layout of a scale tile is what tells its memory.
      if (space == Space::ScaleLeft || space == Space::ScaleRight) {
        tile.fractal = 32;
        tile.slayout = space == Space::ScaleLeft ? SLayout::RowMajor : SLayout::ColMajor;
      }
    };
    place("src", form.route->from);
    place("dst", form.route->to);
  }
  for (const RuleInfo &r : info.rules)
    if ((r.check == rules::atMostOne || r.check == rules::absent || r.check == rules::noPadding) &&
        (r.archs >> unsigned(form.arch) & 1))
      for (auto [i, index] : llvm::enumerate(r.operands))
        if (r.check != rules::atMostOne || i != form.choice % r.operands.size())
          draft.operands[index].reset();
  choosePresence(draft, form);
  // One rule may hand on what a later one decides (bias has the element type of dst, dst one of the
  // table).
  for (int round = 0; round < 3; ++round)
    for (const RuleInfo &r : info.rules)
      if ((r.archs >> unsigned(form.arch) & 1) && applies(draft, r.when))
        obey(draft, form, r);
  return draft;
}
