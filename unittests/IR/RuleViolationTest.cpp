//===- RuleViolationTest.cpp - Every rule of every record, broken ----------===//
//
// For each kind of rule: the smallest changes that break it, and the message that must answer. The
// numbers in a message are part of it. Each change must show its effect on every record that has
// the rule, unless the record is waived.
//
//===----------------------------------------------------------------------===//

#include "../../lib/IR/Rules.h"
#include "Messages.h"
#include "RuleViolations.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/Support/Regex.h"
#include <gtest/gtest.h>
#include <map>

using namespace pto;
using namespace pto::testing;

namespace {

std::vector<RuleKind> scalarKinds() {
  return {
      {rules::scalarIsElement,
       "scalarIsElement",
       {{"a wider scalar",
         "^needs a scalar of the element type [a-z0-9]+ of [a-z]+, but [a-zA-Z]+ is i64$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::I64); }}}},
      {rules::scalarSuits,
       "scalarSuits",
       {{"another kind of number",
         "^needs (a float|an integer) for elements of type [a-z0-9]+, but scalar is [a-z0-9]+$",
         [](auto &s, auto &, auto &) {
           s[0]->setElement(isFloat(s[1]->elementType()) ? Element::I32 : Element::F32);
         }},
        {"the other half float",
         "^needs a scalar that converts to f16, but scalar is bf16; convert it through f32$",
         [](auto &s, const Draft &d, auto &) {
           for (const auto &v : d.operands) // tiles of one element type
             if (v && v->kind == DraftValue::Tile && &*v != s[0])
               const_cast<DraftValue &>(*v).setElement(Element::F16);
           s[0]->setElement(Element::BF16);
         }},
        {"an index",
         "^needs (a float|an integer) for elements of type [a-z0-9]+, but scalar is index$",
         [](auto &s, auto &, auto &) { s[0]->setElement(Element::Index); }}}},
      {rules::notNegative,
       "notNegative",
       {{"a negative constant", "^needs scalar that is not negative, but it is -1$",
         [](auto &s, auto &, auto &) { s[0]->constant = -1; }}}},
      {rules::elementInside,
       "elementInside",
       {{"behind the last element",
         "^needs offset inside the 1024 elements of (src|dst), but it is 1024$",
         [](auto &s, auto &, auto &) { s[0]->constant = 1024; }},
        {"a negative index", "^needs offset inside the 1024 elements of (src|dst), but it is -1$",
         [](auto &s, auto &, auto &) { s[0]->constant = -1; }}}},
      {rules::oneOf,
       "oneOf",
       {{"none",
         "^needs exactly one of [a-zA-Z0-9, ]+ and [a-zA-Z0-9]+, but it has (neither|none of "
         "them)$",
         [](auto &, Draft &d, const RuleInfo &r) {
           for (uint8_t i : r.operands)
             d.operands[i].reset();
           for (int64_t i : r.numbers)
             d.attributes[i].reset();
         }}}},
      {rules::given,
       "given",
       {{"it is missing", "^needs its operand tmp: the library has no call without it$",
         [](auto &, Draft &d, const RuleInfo &r) { d.operands[r.operands[0]].reset(); }}}},
  };
}

std::vector<RuleKind> allKinds() {
  std::vector<RuleKind> all;
  for (auto &&part : {elementKinds(), layoutKinds(), extentKinds(), reduceKinds(), productKinds(),
                      scalarKinds(), moveKinds(), transferKinds(), maskKinds(), scratchKinds(),
                      formKinds(), gatherKinds(), generateKinds(), scaleKinds()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Changes that cannot show their effect on a record, and why.
const std::map<std::string, std::string> waived = {
    {"pto.tload pairsStay: the other axis", "only a make_tensor_view says how a view lies"},
    {"pto.tstore pairsStay: the other axis", "only a make_tensor_view says how a view lies"}};

class RuleViolations : public ::testing::Test {
protected:
  RuleViolations() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }

  enum class Outcome { NotShown, AmongOthers, Alone };

  /// Breaks `rule` in the draft; the answer of the whole verifier counts, not only that of the
  /// rule.
  Outcome attempt(Draft draft, const RuleInfo &rule, const Violation &violation) {
    Subjects subjects;
    for (uint8_t i : rule.operands)
      if (draft.operands[i])
        subjects.push_back(&*draft.operands[i]);
    bool isOfForms = rule.check == rules::oneOf || rule.check == rules::givenWith ||
                     rule.check == rules::onlyWith || rule.check == rules::attributeWith ||
                     rule.check == rules::gatherScratch || rule.check == rules::atMostOne ||
                     rule.check == rules::absent || rule.check == rules::noPadding;
    if (subjects.size() < rule.operands.size() && !isOfForms)
      return Outcome::NotShown;
    violation.apply(subjects, draft, rule);
    for (auto &v : draft.operands) // a type cannot hold more
      if (v) {
        v->tile.validRows = std::min(v->tile.validRows, v->tile.rows);
        v->tile.validCols = std::min(v->tile.validCols, v->tile.cols);
      }
    for (auto &v : draft.operands)
      if (v && !typeOf(&context, v->elementType()))
        return Outcome::NotShown;
    auto module = build(&context, draft);
    mlir::Operation *op = recordOf(*module);
    std::vector<std::string> own, all;
    {
      Messages messages(context);
      if (mlir::succeeded(rule.check(op, *draft.info, rule)))
        return Outcome::NotShown;
      own = messages.all();
    }
    {
      Messages messages(context);
      if (mlir::succeeded(verifyRecord(op)))
        return Outcome::NotShown;
      all = messages.all();
    }
    std::string prefix = "'" + draft.info->name.str() + "' op ";
    if (own.size() != 1 || !llvm::is_contained(all, own.front()) ||
        !llvm::StringRef(own.front()).starts_with(prefix) ||
        !llvm::Regex(violation.message)
             .match(llvm::StringRef(own.front()).drop_front(prefix.size()))) {
      last = own.empty() ? "no message" : own.front();
      return Outcome::NotShown;
    }
    return all.size() == 1 ? Outcome::Alone : Outcome::AmongOthers;
  }

  mlir::MLIRContext context;
  std::string last;
};

TEST_F(RuleViolations, EveryRuleOfEveryRecordIsRefusedInItsOwnWords) {
  std::map<RuleFunction, RuleKind> kinds;
  for (RuleKind &kind : allKinds())
    kinds.emplace(kind.check, std::move(kind));
  unsigned rules = 0, shown = 0, alone = 0;
  std::map<std::string, unsigned> used, waivedUsed;
  for (const OpInfo &info : allOpInfos()) {
    std::vector<std::pair<Form, Draft>> legal;
    for (const Form &form : info.rules.empty() ? std::vector<Form>() : formsOf(info)) {
      Draft draft = draftOf(info, form);
      if (llvm::any_of(draft.operands,
                       [&](auto &v) { return v && !typeOf(&context, v->elementType()); }))
        continue;
      Messages messages(context);
      if (mlir::succeeded(verifyAll(*build(&context, draft))))
        legal.push_back({form, std::move(draft)});
    }
    for (auto [number, rule] : llvm::enumerate(info.rules)) {
      ++rules;
      auto kind = kinds.find(rule.check);
      ASSERT_TRUE(kind != kinds.end())
          << info.name.str() << ": " << rule.text.str() << ": no violation is known";
      for (Arch arch : {Arch::A3, Arch::A5}) {
        if (!(rule.archs >> unsigned(arch) & 1) || !existsOn(info, arch))
          continue;
        for (const Violation &violation : kind->second.violations) {
          Outcome best = Outcome::NotShown;
          last = "the rule holds or another stands before it";
          for (auto &[form, draft] : legal)
            if (form.arch == arch && best != Outcome::Alone)
              best = std::max(best, attempt(draft, rule, violation));
          std::string what = kind->second.name.str() + ": " + violation.what.str();
          used[what] += best != Outcome::NotShown;
          shown += best != Outcome::NotShown;
          alone += best == Outcome::Alone;
          std::string key = info.name.str() + " " + what;
          if (waived.count(key))
            ++waivedUsed[key];
          EXPECT_EQ(best == Outcome::NotShown, waived.count(key) != 0)
              << key << " on " << name(arch).str() << " (rule " << number << ", " << rule.text.str()
              << "): " << last;
        }
      }
    }
  }
  for (auto &[check, kind] : kinds)
    for (const Violation &v : kind.violations)
      EXPECT_GT(used[kind.name.str() + ": " + v.what.str()], 0u)
          << kind.name.str() << ": " << v.what.str() << " shows nowhere";
  for (auto &[key, why] : waived)
    EXPECT_GT(waivedUsed[key], 0u) << "the waiver '" << key << "' (" << why << ") is not needed";
  std::printf("%zu kinds of rules, %u rules, %u violations refused in their own words, %u of them "
              "with no other message\n",
              kinds.size(), rules, shown, alone);
}

} // namespace
