//===- FootprintKernelsTest.cpp - Whole kernels, between cores and ranks -------===//
//
// The same comparison as FootprintTest for what takes a whole kernel: pushes and pops, entries,
// transfers to other ranks, signals. Kernels of test/Sim and examples are compiled as pto-sim
// compiles them; what each core touches must lie inside what the access model of its function
// claims. Slots are the one exception: the pipe orders them by itself (cross-core 4, 6), so the
// model has only the tile side of a push or a pop; that the other side lies in the ring is checked.
// And cells of signals, those of a soft SYNCALL too, are no data: their calls order others
// (sync 10), nobody is ordered for them.
//
//===----------------------------------------------------------------------===//

#include "Footprint.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/SimLower/Lower.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::reference;

namespace {
struct KernelText {
  const char *file;                 ///< below the root of the project
  const char *functions;            ///< as for --function
  int64_t number;                   ///< of every argument that is one
  std::vector<const char *> wanted; ///< operations that must have touched something
  const char *ring = "";            ///< the array of a pipe's slots
  Level level = Level::Level2;
};

const KernelText texts[] = {
    {"test/Sim/pipes.pto", "cube,vector", 12, {"pto.tpush", "pto.tpop"}, "ring"},
    {"test/Sim/pipes-a5.pto", "cube,vector", 12, {"pto.tpush"}},
    {"test/Sim/pipes-converted.pto", "cube,vector", 12, {"pto.tpush", "pto.tpop"}, "ring"},
    {"test/Sim/pipes-subblock.pto", "cube,vector", 12, {"pto.tpush", "pto.tpop"}, "ring"},
    {"examples/linear_relu/linear_relu.pto",
     "linear_relu_cube,linear_relu_vector",
     256,
     {"pto.tpush", "pto.tpop"},
     "slots"},
    {"examples/rms_linear/rms_linear.pto",
     "rms_linear_vector,rms_linear_cube",
     128,
     {"pto.tload", "pto.tstore"}},
    {"examples/ring_shuffle/ring_shuffle.pto",
     "ring_shuffle",
     1,
     {"pto.comm.tput"},
     "",
     Level::Level3},
    {"test/Sim/async.pto", "polled", 0, {"pto.comm.tput_async"}, "", Level::Level3},
    {"test/Sim/async.pto", "fetched", 0, {"pto.comm.tget_async"}, "", Level::Level3},
};

constexpr uint64_t arrayBytes = 1 << 20;

class Watcher : public sim::Observer {
public:
  explicit Watcher(unsigned cores) : touches(cores) {}
  void touched(const Touch &touch) override { touches[touch.core].push_back(touch); }
  std::vector<std::vector<Touch>> touches; ///< by core
};

class FootprintKernels : public ::testing::TestWithParam<KernelText> {};
} // namespace

TEST_P(FootprintKernels, LieInsideTheAccessModel) {
  const KernelText &text = GetParam();
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  auto buffer = llvm::MemoryBuffer::getFile(std::string(PTOAS_SOURCE) + "/" + text.file);
  ASSERT_TRUE(bool(buffer)) << text.file;
  sources.AddNewSourceBuffer(std::move(*buffer), {});
  auto module = parseProgram(sources, context);
  ASSERT_TRUE(bool(module)) << text.file;
  CompileOptions compileOptions;
  compileOptions.sync = SyncMode::Insert;
  compileOptions.level = text.level;
  ASSERT_TRUE(mlir::succeeded(compile(*module, compileOptions)));
  std::vector<std::string> names;
  for (llvm::StringRef name : llvm::split(text.functions, ','))
    names.push_back(name.str());
  auto kernels = sim::findKernels(*module, names);
  ASSERT_TRUE(mlir::succeeded(kernels));
  auto program = sim::lowerKernels(*module, *kernels);
  ASSERT_TRUE(mlir::succeeded(program));

  // One array per name of a pointer, the same for all cores; contents do not matter.
  sim::GlobalMemory memory;
  Arrays arrays;
  std::vector<uint8_t> zeros(arrayBytes, 0);
  sim::Launch launch;
  launch.ranks.resize(1);
  std::vector<const sim::CoreFunction *> ofCore;
  for (const sim::CoreFunction &function : kernels->front().cores) {
    sim::CoreLaunch core;
    core.function = function.index;
    for (const sim::Parameter &parameter : function.parameters) {
      if (!parameter.isPointer) {
        core.arguments.push_back(uint64_t(text.number));
        continue;
      }
      auto [array, isNew] = arrays.try_emplace(parameter.name);
      if (isNew) {
        uint64_t at = memory.allocate(0, parameter.name, arrayBytes);
        memory.store(at, zeros.data(), arrayBytes);
        array->second = {at, at + arrayBytes};
      }
      core.arguments.push_back(array->second.first);
    }
    bool isPair = kernels->front().isMixed() && function.core == CoreKind::Vector;
    core.subblocks = isPair ? 2 : 1;
    for (core.subblock = 0; core.subblock < core.subblocks; ++core.subblock) {
      launch.ranks[0].push_back(core);
      ofCore.push_back(&function);
    }
  }
  Watcher watcher(unsigned(ofCore.size()));
  sim::Options options;
  options.observer = &watcher;
  options.primedCredits = false;
  std::string printed;
  llvm::raw_string_ostream log(printed);
  options.output = &log;
  sim::Report report = sim::run(*program, memory, launch, options);
  for (const sim::Finding &finding : report.findings)
    EXPECT_TRUE(isWarning(finding.kind)) << finding.what;

  std::set<std::string> ops;
  for (auto [core, function] : llvm::enumerate(ofCore)) {
    auto model = buildSyncModel(function->function, function->core);
    ASSERT_TRUE(mlir::succeeded(model));
    std::vector<sim::Observer::Touch> &touches = watcher.touches[core];
    llvm::erase_if(touches, [&](const sim::Observer::Touch &touch) {
      llvm::StringRef op = program->places[touch.place].op;
      bool isCube = function->core == CoreKind::Cube;
      if (op == "pto.comm.tnotify" || op == "pto.comm.twait" || op == "pto.comm.ttest")
        return touch.pipe == Pipe::S && touch.end - touch.begin == sizeof(int32_t);
      if (!op.starts_with("pto.tpush") && !op.starts_with("pto.tpop"))
        return false;
      if (touch.space != Space::GM) // of the other kind of core, on a5
        return isCube == (touch.space == Space::Vec);
      auto ring = arrays.find(text.ring);
      EXPECT_TRUE(ring != arrays.end() && ring->second.first <= touch.begin &&
                  touch.end <= ring->second.second)
          << text.file << ": " << op.str() << " touches global memory outside the ring";
      return true;
    });
    // What the DMA engine moves stands in the model where S issues it (sync 10).
    for (sim::Observer::Touch &touch : touches)
      if (touch.pipe == Pipe::ALL)
        touch.pipe = Pipe::S;
    Footprint touched = footprintOf(touches, *program);
    for (auto &[access, bytes] : touched)
      ops.insert(access.op);
    for (const std::string &message : unclaimed(touched, claimsOf(*model, program->arch, arrays)))
      ADD_FAILURE() << text.file << ", core " << core << ": " << message;
  }
  for (const char *op : text.wanted)
    EXPECT_TRUE(llvm::any_of(
        ops, [&](const std::string &name) { return llvm::StringRef(name).starts_with(op); }))
        << op << " touches nothing; there are " << llvm::join(ops, ", ");
}

INSTANTIATE_TEST_SUITE_P(Kernels, FootprintKernels, ::testing::ValuesIn(texts),
                         [](const auto &each) {
                           std::string name = llvm::sys::path::stem(each.param.file).str();
                           name +=
                               std::string("_") + each.param.functions; // one file can have several
                           for (char &c : name)
                             c = llvm::isAlnum(c) ? c : '_';
                           return name;
                         });
