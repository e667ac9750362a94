//===- KernelMutationTest.cpp - Every inserted item is needed, and missed --===//
//
// Deletes each inserted flag pair, barrier and fence of the flagship kernels, one at a time. The
// checker must reject the mutant and the simulator must find something under every schedule: two
// judges that share no code with the inserter or with one another.
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"
#include "ptoas/Analysis/SyncModel.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Sync/Check.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Program.h"
#include <gtest/gtest.h>

using namespace pto;
using mlir::Operation;

namespace {

struct KernelCase {
  const char *name;
  Level level;
  std::vector<std::string> simArguments;
};

const KernelCase kernels[] = {
    {"vector_add",
     Level::Level2,
     {"--arg=x=random:2048x64:f32:1", "--arg=y=random:2048x64:f32:2",
      "--arg=z=poison:2048x64:f32"}},
    {"matmul",
     Level::Level2,
     {"--arg=a=random:128x512:f16:1", "--arg=b=random:512x128:f16:2",
      "--arg=c=poison:128x128:f32"}},
    {"three_slot",
     Level::Level2,
     {"--arg=x=random:2048x64:f32:1", "--arg=z=random:2048x64:f32:2",
      "--arg=y=poison:2048x64:f32"}},
    {"ring_shuffle",
     Level::Level3,
     {"--function=ring_shuffle", "--ranks=2", "--arg=inp=random:1x64:f32:1",
      "--arg=src=window:0:1x64:f32", "--arg=dst=window:256:1x64:f32",
      "--arg=sig=window:512:1x1:i32", "--arg=out=poison:1x64:f32", "--arg=ctx=ctx",
      "--arg=peer=peer"}},
};

class KernelMutation : public testing::TestWithParam<KernelCase> {
protected:
  KernelMutation() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {}
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry r;
    registerDialects(r);
    return r;
  }
  static std::string path() {
    return std::string(PTOAS_EXAMPLES) + "/" + GetParam().name + "/" + GetParam().name + ".pto";
  }

  void SetUp() override {
    llvm::SourceMgr sources;
    auto file = llvm::MemoryBuffer::getFile(path());
    ASSERT_TRUE(bool(file)) << path();
    sources.AddNewSourceBuffer(std::move(*file), llvm::SMLoc());
    module = parseProgram(sources, context);
    ASSERT_TRUE(module);
    CompileOptions options;
    options.level = GetParam().level;
    options.sync = SyncMode::Insert;
    mlir::PassManager passes(&context);
    buildPipeline(passes, options, nullptr);
    ASSERT_TRUE(mlir::succeeded(passes.run(*module)));
  }

  SyncModel modelOf(mlir::ModuleOp m) {
    auto root = rootFunctions(m).front();
    auto model = buildSyncModel(root, coresOf(root).front());
    EXPECT_TRUE(mlir::succeeded(model));
    return std::move(*model);
  }

  /// Number of findings of pto-sim on `m`, whose synchronisation is taken as it stands; -1 when the
  /// run itself failed.
  int simulate(mlir::ModuleOp m, const std::string &schedule) {
    llvm::SmallString<128> file, report;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("mutant", "pto", file));
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("mutant", "json", report));
    {
      std::error_code error;
      llvm::raw_fd_ostream os(file, error);
      m.print(os, mlir::OpPrintingFlags().printNameLocAsPrefix());
    }
    std::vector<std::string> command{
        PTOAS_SIM,           file.str().str(),         "--pto-level=level3",
        "--verify-sync=off", "--schedule=" + schedule, "--report=" + report.str().str()};
    llvm::append_range(command, GetParam().simArguments);
    std::vector<llvm::StringRef> refs(command.begin(), command.end());
    std::optional<llvm::StringRef> quiet[] = {llvm::StringRef(), llvm::StringRef(),
                                              llvm::StringRef()};
    int code = llvm::sys::ExecuteAndWait(PTOAS_SIM, refs, std::nullopt, quiet);
    int findings = -1;
    if (auto text = llvm::MemoryBuffer::getFile(report))
      if (auto json = llvm::json::parse((*text)->getBuffer()))
        if (auto *object = json->getAsObject())
          if (auto *list = object->getArray("findings"))
            findings = int(list->size());
    EXPECT_EQ(code, findings == 0 ? 0 : 1);
    llvm::sys::fs::remove(file);
    llvm::sys::fs::remove(report);
    return findings;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

TEST_P(KernelMutation, EveryDeletionIsFoundTwice) {
  for (const char *schedule : {"eager", "lazy", "random"})
    EXPECT_EQ(simulate(*module, schedule), 0) << "the kernel itself must be clean";
  SyncModel model = modelOf(*module);
  EXPECT_TRUE(sync::check(model.program).accepted());

  llvm::DenseMap<Operation *, unsigned> number;
  module->walk([&](Operation *op) { number.try_emplace(op, number.size()); });
  unsigned mutants = 0, byChecker = 0, bySimulator = 0;
  for (const auto &item : sync::judge::deletableItems(model.program, 1)) {
    std::vector<unsigned> doomed;
    for (sync::NodeId id : item) {
      Operation *op = model.sources[model.program[id].source];
      if (findOpInfo(op)->family == "sync") // not the barrier inside a library call
        doomed.push_back(number[op]);
    }
    if (doomed.empty())
      continue;
    ++mutants;
    mlir::OwningOpRef<mlir::ModuleOp> mutant = module->clone();
    std::vector<Operation *> all;
    mutant->walk([&](Operation *op) { all.push_back(op); });
    for (unsigned n : doomed)
      all[n]->erase();
    SyncModel broken = modelOf(*mutant);
    bool rejected = !sync::check(broken.program).accepted();
    bool found = true;
    for (const char *schedule : {"eager", "lazy", "random"})
      found &= simulate(*mutant, schedule) > 0;
    byChecker += rejected;
    bySimulator += found;
    EXPECT_TRUE(rejected) << "the checker accepts it; deleted: "
                          << model.program[item.front()].label << " "
                          << sync::describe(model.program, model.program[item.front()].key);
    if (!found)
      std::printf("the simulator finds nothing; deleted: %s\n",
                  sync::describe(model.program, model.program[item.front()].key).c_str());
  }
  std::printf("%-12s %3u mutants, %3u rejected by the checker, %3u found by the simulator under "
              "every schedule\n",
              GetParam().name, mutants, byChecker, bySimulator);
  EXPECT_EQ(bySimulator, mutants);
  EXPECT_GT(mutants, 4u);
}

INSTANTIATE_TEST_SUITE_P(Flagship, KernelMutation, testing::ValuesIn(kernels),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
