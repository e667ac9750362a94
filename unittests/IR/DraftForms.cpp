//===- DraftForms.cpp - Forms of an operation ----------------------------===//

#include "../../lib/IR/Rules.h"
#include "Draft.h"
#include "llvm/ADT/STLExtras.h"

using namespace pto;
using namespace pto::testing;

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
