//===- FootprintTest.cpp - The access model against what really happens -------===//
//
// The simulator's kernels record every byte that they touch; the synchronisation model claims bytes
// from the records. Each touched byte must be claimed on its pipe and in its direction, or the
// checker accepts races. What is claimed and never touched costs flags that nobody needs: it must
// have a reason here.
//
//===----------------------------------------------------------------------===//

#include "Footprint.h"
#include "Model.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::reference;

namespace {
/// Claims that nothing touches, and why they stay. Empty fields fit everything.
struct Reason {
  llvm::StringRef op, operand;
  std::optional<bool> isWrite;
  std::optional<Pipe> pipe;
  std::optional<Arch> arch;
  const char *why;
};
constexpr const char *restStays = "the rest of the tile stays, so that the result depends on it";
constexpr const char *onA3Only = "a3 computes in its source, and a role has no arch";
const Reason reasons[] = {
    {"", "tmp", {}, {}, Arch::A5, "the library takes the operand and leaves it alone"},
    {"", "tmp", false, {}, {}, "the simulator overwrites scratch and has no use for it"},
    {"pto.mgather", "scratch", false, {}, {}, "as tmp"},
    {"pto.tprefetch", "dst", false, {}, {}, "as tmp"},
    {"pto.tinsert", "dst", false, {}, {}, restStays},
    {"pto.tsetval", "dst", false, {}, {}, restStays},
    {"pto.tquant", "src", true, {}, Arch::A5, onA3Only},
    {"pto.tquant.mx",
     "src",
     true,
     {},
     Arch::A5,
     "the call may overwrite its source; the simulator does not"},
    {"pto.trem", "", true, {}, Arch::A5, onA3Only},
    {"pto.trems", "src", true, {}, Arch::A5, onA3Only},
    {"pto.tfillpad", "src", false, Pipe::MTE2, {}, "in L1 only the padding is written"},
    {"pto.tconcatidx",
     "",
     {},
     Pipe::S,
     Arch::A3,
     "counts are data: the simulator takes the form that orders less"},
};

struct Tally {
  uint64_t claimed = 0, touched = 0;
  double best = 0; ///< share of one call
};
/// Of one operand of one operation, over all cases.
using Key = std::tuple<std::string, Arch, std::string, Pipe, bool>;

class Footprints : public ::testing::Test {
protected:
  Footprints() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {
    context.loadAllAvailableDialects();
  }
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry result;
    registerDialects(result);
    return result;
  }

  void judge(const Case &c, std::vector<std::string> &failures) {
    std::string refusal;
    auto module = buildModule(context, c, refusal);
    if (!module)
      return;
    Outcome outcome = runCase(*module, c);
    if (!outcome.refusal.empty() || !outcome.report.clean())
      return; // judged by the test of values
    auto function = *module->getOps<mlir::func::FuncOp>().begin();
    auto model = buildSyncModel(function, outcome.core);
    ASSERT_TRUE(mlir::succeeded(model)) << c.text;
    Arrays arrays;
    for (const Argument &a : c.arguments)
      if (a.kind == Argument::View)
        arrays[a.name] = {a.address, c.memory[unsigned(Space::GM)].size()};
    auto claims = claimsOf(*model, c.arch, arrays);
    Footprint touched = footprintOf(outcome.touches, outcome.program);
    ++cases;
    for (const std::string &message : unclaimed(touched, claims))
      failures.push_back(c.text + ": " + message);
    count(c.arch, claims, touched);
  }

  void count(Arch arch, llvm::ArrayRef<Claim> claims, const Footprint &touched) {
    for (const Claim &claim : claims) {
      Tally &tally =
          tallies[{claim.access.op, arch, claim.operand, claim.access.pipe, claim.access.isWrite}];
      uint64_t claimed = claim.bytes.bytes(), both = 0;
      if (auto found = touched.find(claim.access); found != touched.end())
        both = claim.bytes.commonWith(found->second).bytes();
      tally.claimed += claimed;
      tally.touched += both;
      if (claimed)
        tally.best = std::max(tally.best, double(both) / double(claimed));
    }
  }

  /// Claims that no case touched and no reason excuses.
  std::vector<std::string> idle() {
    std::vector<std::string> out;
    for (auto &[key, tally] : tallies) {
      auto &[op, arch, operand, pipe, isWrite] = key;
      if (tally.touched || !tally.claimed)
        continue;
      bool excused = llvm::any_of(reasons, [&](const Reason &r) {
        return (r.op.empty() || op == r.op) && (r.operand.empty() || operand == r.operand) &&
               r.isWrite.value_or(isWrite) == isWrite && r.pipe.value_or(pipe) == pipe &&
               r.arch.value_or(arch) == arch;
      });
      if (!excused)
        out.push_back(llvm::formatv("{0} on {1}: {2} is {3} on {4} by the model only", op,
                                    name(arch), operand, isWrite ? "written" : "read", name(pipe)));
    }
    return out;
  }

  void print() {
    uint64_t claimed = 0, touched = 0;
    std::vector<std::pair<double, std::string>> loose;
    for (auto &[key, tally] : tallies) {
      claimed += tally.claimed;
      touched += tally.touched;
      auto &[op, arch, operand, pipe, isWrite] = key;
      if (tally.touched && tally.best < 0.5)
        loose.push_back(
            {tally.best, llvm::formatv("{0} {1} {2} {3} {4}: {5:P}", op, name(arch), operand,
                                       isWrite ? "write" : "read", name(pipe), tally.best)});
    }
    llvm::sort(loose);
    llvm::outs() << cases << " calls, " << tallies.size()
                 << " claims (operand, pipe, direction); claimed bytes are "
                 << llvm::format("%.1f", double(claimed) / double(std::max<uint64_t>(touched, 1)))
                 << " times the touched ones over all sizes\n";
    for (auto &[share, text] : loose)
      llvm::outs() << "  at most this share is touched: " << text << "\n";
  }

  mlir::MLIRContext context;
  std::map<Key, Tally> tallies;
  unsigned cases = 0;
};
} // namespace

TEST_F(Footprints, OfEveryRecordLieInsideTheAccessModel) {
  llvm::StringRef only = std::getenv("PTOAS_ONLY") ? std::getenv("PTOAS_ONLY") : "";
  for (const OpInfo &info : allOpInfos()) {
    if (!findReference(info.name) || (!only.empty() && info.name != only))
      continue;
    std::vector<std::string> failures;
    uint64_t seed = 1;
    for (const pto::testing::Form &form : pto::testing::formsOf(info)) {
      for (const Geometry &g : geometries()) {
        llvm::StringRef size = g.name;
        bool isWanted =
            size == "whole" || size == "wide" || size == "window" || size == "odd" || size == "one";
        if (!isWanted || (form.attribute && size != "whole"))
          continue;
        if (auto c = makeCase(info, form, g, ++seed))
          judge(*c, failures);
      }
      std::vector<Case> special;
      addSpecialCases(info, form, ++seed, special);
      for (const Case &c : special)
        judge(c, failures);
    }
    for (size_t i = 0; i < std::min<size_t>(failures.size(), 3); ++i)
      ADD_FAILURE() << failures[i] << " (" << failures.size() << " such)";
  }
  for (const std::string &message : idle())
    ADD_FAILURE() << message;
  print();
}
