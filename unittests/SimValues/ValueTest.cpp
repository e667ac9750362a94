//===- ValueTest.cpp - What every operation computes -------------------------===//
//
// Walks all records, forms, element types and geometries; runs each on the simulator; compares
// memory with the references. Tolerances stand where a reference puts a number: none for moves and
// integers, one rounding for floats, more where it is said why.
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::reference;

namespace {
struct Counts {
  unsigned cases = 0, checked = 0, refused = 0, skipped = 0;
  std::vector<std::string> failures, reasons;
};

class Values : public ::testing::Test {
protected:
  Values() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {
    context.loadAllAvailableDialects();
  }
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry result;
    registerDialects(result);
    return result;
  }

  /// What goes to UB from the cube core is looked for in that of both vector cores.
  void judge(Case c, const Reference &reference, Counts &counts) {
    const Argument *src = c.find("src");
    bool toBoth = leavesCore(c) && src->shape.space == Space::Acc;
    for (c.part = 0; c.part < (toBoth ? 2 : 1); ++c.part)
      judgePart(c, reference, counts);
  }

  void judgePart(const Case &c, const Reference &reference, Counts &counts) {
    ++counts.cases;
    std::string refusal;
    auto module = buildModule(context, c, refusal);
    if (!module) {
      ++counts.refused;
      counts.reasons.push_back(c.text + ": " + refusal);
      return;
    }
    Outcome outcome = runCase(*module, c);
    if (!outcome.refusal.empty()) {
      counts.failures.push_back(c.text + ": not run: " + outcome.refusal);
      return;
    }
    Model model(c);
    reference(model);
    if (!model.skipped.empty()) {
      ++counts.skipped;
      return;
    }
    ++counts.checked;
    covered.insert({c.info->name.str(), c.arch, c.element()});
    for (const sim::Finding &finding : outcome.report.findings) {
      if (needsPartner(finding, c))
        return;
      counts.failures.push_back(c.text + ": finding: " + finding.what);
      return;
    }
    if (auto wrong = model.check(outcome); !wrong.empty())
      counts.failures.push_back(c.text + ": " + llvm::join(wrong, "; "));
  }

  /// The handshake of an accumulator has two ends, and here is one operation.
  static bool needsPartner(const sim::Finding &finding, const Case &c) {
    bool isAlone = finding.kind == sim::FindingKind::TokenLeft ||
                   finding.kind == sim::FindingKind::Deadlock ||
                   finding.kind == sim::FindingKind::StarvedWait;
    return isAlone && (c.attribute("accPhase") > 0 || c.attribute("stPhase") > 0);
  }

  mlir::MLIRContext context;
  std::set<std::tuple<std::string, Arch, Element>> covered;
};

/// Every form in every size would say the same thing often: attributes and choices get fewer.
bool isWorth(const pto::testing::Form &form, const Geometry &g) {
  return !form.attribute || llvm::StringRef(g.name) == "whole" || llvm::StringRef(g.name) == "odd";
}

bool isKnown(Element e) {
  return e != Element::HIF8 && e != Element::F8E8M0 && e != Element::F4E1M2x2 &&
         e != Element::F4E2M1x2;
}
} // namespace

TEST_F(Values, OfEveryRecordAreThoseOfItsReference) {
  std::vector<std::string> missing, unchecked, uncovered;
  Counts all;
  unsigned records = 0, types = 0;
  llvm::StringRef only = std::getenv("PTOAS_ONLY") ? std::getenv("PTOAS_ONLY") : "";
  for (const OpInfo &info : allOpInfos()) {
    const Reference *reference = findReference(info.name);
    if (info.engine.empty() && !reference)
      missing.push_back(info.name.str());
    if (!reference || (!only.empty() && info.name != only))
      continue;
    ++records;
    Counts counts;
    uint64_t seed = 1;
    for (const pto::testing::Form &form : pto::testing::formsOf(info)) {
      for (const Geometry &g : geometries())
        if (isWorth(form, g))
          if (auto c = makeCase(info, form, g, ++seed))
            judge(*c, *reference, counts);
      std::vector<Case> special;
      addSpecialCases(info, form, ++seed, special);
      for (const Case &c : special)
        judge(c, *reference, counts);
    }
    if (counts.checked == 0)
      unchecked.push_back(info.name.str());
    if (!only.empty())
      for (const std::string &reason : counts.reasons)
        llvm::outs() << reason << "\n";
    for (size_t i = 0; i < std::min<size_t>(counts.failures.size(), only.empty() ? 3 : 100); ++i)
      ADD_FAILURE() << counts.failures[i] << " (" << counts.failures.size() << " of "
                    << counts.checked << ")";
    for (unsigned arch : {0u, 1u})
      for (unsigned e = 0; e < numElements; ++e)
        if ((info.elements[arch] >> e & 1) && isKnown(Element(e))) {
          ++types;
          if (!covered.contains({info.name.str(), Arch(arch), Element(e)}))
            uncovered.push_back(
                (info.name + " of " + name(Element(e)) + " on " + name(Arch(arch))).str());
        }
    all.cases += counts.cases;
    all.checked += counts.checked;
    all.refused += counts.refused;
    all.skipped += counts.skipped;
  }
  EXPECT_TRUE(missing.empty()) << "without a reference: " << llvm::join(missing, ", ");
  EXPECT_TRUE(unchecked.empty()) << "no case of: " << llvm::join(unchecked, ", ");
  EXPECT_TRUE(uncovered.empty()) << "no case of: " << llvm::join(uncovered, ", ");
  llvm::outs() << records << " records, " << types - uncovered.size() << " of " << types
               << " pairs of record and element type (by arch), " << all.checked
               << " calls compared; of " << all.cases << " cases " << all.refused
               << " are refused by the verifier and " << all.skipped
               << " have no meaning by the specification\n";
}

/// What the engine does by itself is no kernel with a reference: a program of test/Sim or an
/// example shows it, with numbers or verdicts. Excused is what has no value that a program could
/// compare.
TEST(EngineRecords, AppearInProgramsThatRun) {
  const std::set<std::string> without{
      "pto.tsync", // no operation of the dialect makes an event object, so pto-sim refuses it
  };
  std::string programs;
  auto read = [&](llvm::StringRef folder) {
    std::error_code error;
    for (llvm::sys::fs::recursive_directory_iterator at(folder, error), end; at != end && !error;
         at.increment(error))
      if (llvm::StringRef(at->path()).ends_with(".pto") ||
          llvm::StringRef(at->path()).ends_with(".py"))
        if (auto file = llvm::MemoryBuffer::getFile(at->path()))
          programs += (*file)->getBuffer();
  };
  read(PTOAS_SOURCE "/test/Sim");
  read(PTOAS_SOURCE "/examples");
  for (const OpInfo &info : allOpInfos()) {
    if (info.engine.empty() || without.count(info.name.str()))
      continue;
    bool found = false;
    for (size_t at = 0; !found && (at = programs.find(info.name.str(), at)) != std::string::npos;
         ++at) {
      char next = at + info.name.size() < programs.size() ? programs[at + info.name.size()] : ' ';
      found = !llvm::isAlnum(next) && next != '_' && next != '.';
    }
    EXPECT_TRUE(found) << "no program in test/Sim or examples has " << info.name.str();
  }
}
