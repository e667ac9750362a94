//===- VariantsTest.cpp - The verifier against the headers of the library --===//
//
// Every form of every record is changed in one way at a time, and verifier and compiler are asked
// whether they take it. What the verifier accepts must compile. What it refuses although the
// headers take it must be for a reason in the table below: the library asserts more at run time
// than at compile time, and some calls it takes and gets wrong.
//
//===----------------------------------------------------------------------===//

#include "Variants.h"
#include "../../lib/IR/Rules.h"
#include "HostCompiler.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"
#include "gtest/gtest.h"
#include <map>

using namespace pto;
using namespace pto::test;
using namespace pto::testing;

namespace {

/// A rule that is stricter than the headers, for all records or for those whose name matches.
struct Stricter {
  RuleFunction check;
  llvm::StringLiteral records; ///< regular expression, or empty
  llvm::StringLiteral why;
};
#include "StricterRules.inc"

/// Is each broken rule one that the headers do not know?
bool isExplained(const Verdict &verdict) {
  return !verdict.broken.empty() && llvm::all_of(verdict.broken, [&](const RuleInfo *rule) {
    return llvm::any_of(stricter, [&](const Stricter &s) {
      return s.check == rule->check &&
             (s.records.empty() || llvm::Regex(s.records).match(verdict.info->name));
    });
  });
}

/// What stands for many messages: without the numbers.
std::string shapeOf(llvm::StringRef message) {
  std::string out;
  for (char c : message)
    if (!llvm::isDigit(c))
      out += c;
    else if (out.empty() || out.back() != '#')
      out += '#';
  return out;
}

class Variants : public ::testing::Test {
protected:
  Variants() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }

  /// Every `step`-th variant of the legal forms of all records.
  std::vector<Verdict> verdicts(Arch arch, unsigned step) {
    std::vector<Verdict> out;
    unsigned next = 0;
    for (const OpInfo &info : allOpInfos()) {
      if (info.rules.empty() || info.cpp.empty())
        continue;
      for (const Form &form : formsOf(info)) {
        Draft draft = draftOf(info, form);
        if (form.arch != arch || !isLegal(draft))
          continue;
        for (const Variant &variant : variantsOf(draft, form.text))
          if (next++ % step == 0)
            if (auto verdict = judge(&context, variant))
              out.push_back(std::move(*verdict));
      }
    }
    return out;
  }

  bool isLegal(const Draft &draft) {
    for (auto &v : draft.operands)
      if (v && v->kind != DraftValue::Counts && !typeOf(&context, v->elementType()))
        return false;
    auto verdict = judge(&context, {draft, ""});
    return verdict && verdict->messages.empty();
  }

  mlir::MLIRContext context;
};

TEST_F(Variants, AreAcceptedByBothOrByNone) {
  // All of them with make soak; a fixed sample else, which a prime spreads over all changes.
  unsigned step = getenv("PTOAS_ALL_VARIANTS") ? 1 : 101;
  for (Arch arch : {Arch::A3, Arch::A5}) {
    std::vector<Verdict> all = verdicts(arch, step);
    std::map<std::string, std::vector<std::string>> tooLax, tooStrict;
    unsigned both = 0, none = 0, explained = 0;
    // What should compile and what should not go to different files: the first kind is quick.
    for (bool accepted : {true, false}) {
      std::vector<llvm::StringRef> codes;
      std::vector<const Verdict *> printed;
      for (const Verdict &verdict : all)
        if (!verdict.code.empty() && verdict.messages.empty() == accepted) {
          codes.push_back(verdict.code);
          printed.push_back(&verdict);
        }
      auto messages = compileForms(codes, arch);
      for (auto [i, verdict] : llvm::enumerate(printed)) {
        bool compiles = !messages.count(i);
        std::string name = verdict->info->name.str();
        if (accepted == compiles) {
          ++(accepted ? both : none);
        } else if (accepted) {
          tooLax[name + ": " + reasonOf(messages[i])].push_back(verdict->what + messages[i] + "\n" +
                                                                verdict->code);
        } else if (isExplained(*verdict)) {
          ++explained;
        } else {
          for (const std::string &message : verdict->messages)
            tooStrict[name + ": " + shapeOf(message)].push_back(verdict->what);
        }
      }
    }
    for (const auto &[what, where] : tooLax)
      ADD_FAILURE() << "accepted, but the library refuses it: " << what << ", " << where.size()
                    << " times, first in " << where.front();
    for (const auto &[what, where] : tooStrict)
      ADD_FAILURE() << "refused, but the library takes it: " << what << ", " << where.size()
                    << " times, first in " << where.front();
    std::printf("%s: %zu variants: %u accepted by verifier and library, %u refused by both, %u "
                "refused by a rule that is stricter\n",
                pto::name(arch).str().c_str(), all.size(), both, none, explained);
  }
}

} // namespace
