//===- PipeClausesTest.cpp - No clause of a pipe is lost on the way --------===//
//
// The clauses are those of the records of the initialize ops, so that a new one is covered when it
// is written: without a row in the table below the test fails, and with one it is followed from the
// text through every pass of the pipeline, whatever passes there are, to the report and to the C++.
// And each side of a pipe must say the same: a clause that differs is refused by its name.
//
//===----------------------------------------------------------------------===//

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Parse/Parse.h"
#include "ptoas/Pipelines/Compile.h"
#include "ptoas/Target/Cpp.h"
#include <gtest/gtest.h>

using namespace pto;
using mlir::Operation;

namespace {

struct ClauseRow {
  llvm::StringLiteral name;
  llvm::StringLiteral text;     ///< no default; all of them are legal together
  llvm::StringLiteral other;    ///< what the peer says to disagree; empty: need not agree
  llvm::StringLiteral reported; ///< by --pto-print-pipes
};
constexpr ClauseRow rows[] = {
    {"id", "2", "", "id = 2"}, // the two sides count for themselves
    {"dir_mask", "1", "2", "C2V"},
    {"slot_size", "1024", "2048", "slot_size = 1024"},
    {"slot_num", "6", "4", "slot_num = 6"},
    {"local_slot_num", "3", "2", "local_slot_num = 3"},
    {"cons_sync_period", "3", "2", "cons_sync_period = 3"},
    {"flag_base", "4", "6", "flags 4..5"},
    {"nosplit", "true", "false", "nosplit = true"},
    {"unit_flag", "true", "false", "unit_flag = true"},
    {"acc_push_epilogue",
     "#pto.acc_push_epilogue<layout = nz2nd, quant = f32_f16, relu = normal_relu>",
     "#pto.acc_push_epilogue<layout = nz2nd, quant = no_convert, relu = no_relu>",
     "acc_push_epilogue = #pto.acc_push_epilogue<layout = nz2nd, quant = f32_f16"},
};

/// One way to open a pipe.
struct Form {
  const char *name;
  const char *arch;
  llvm::ArrayRef<llvm::StringRef> (*clauses)();
  const char *cube, *vector; ///< the operation, with `{}` for its clauses
  const char *cpp;           ///< of the object, up to its arguments
};

template <typename Op> llvm::ArrayRef<llvm::StringRef> clausesOf() {
  return Op::getAttributeNames();
}

const Form forms[] = {
    {"gm_slot_tensor on a3", "a3", clausesOf<AicInitializePipeOp>,
     "pto.aic_initialize_pipe {} (gm_slot_tensor = %slots : !slot)",
     "pto.aiv_initialize_pipe {} (gm_slot_tensor = %slots : !slot)",
     "TPipe<0, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
    {"gm_slot_tensor on a5", "a5", clausesOf<AicInitializePipeOp>,
     "pto.aic_initialize_pipe {} (gm_slot_tensor = %slots : !slot)",
     "pto.aiv_initialize_pipe {} (gm_slot_tensor = %slots : !slot)",
     "TPipe<0, Direction::DIR_C2V_GM, 1024, 6, 3, true, true>("},
    {"gm_slot_tensor with tiles on a5", "a5", clausesOf<AicInitializePipeOp>,
     "pto.aic_initialize_pipe {} (gm_slot_tensor = %slots : !slot, c2v_consumer_buf = %local : "
     "i32)",
     "pto.aiv_initialize_pipe {} (gm_slot_tensor = %slots : !slot, c2v_consumer_buf = %local : "
     "i32)",
     "TPipe<0, Direction::DIR_C2V_GM, 1024, 6, 3, true, true>("},
    {"gm_slot_buffer on a3", "a3", clausesOf<AivInitializePipeOp>,
     "pto.aic_initialize_pipe {} (gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %local "
     ": i32)",
     "pto.aiv_initialize_pipe {} (gm_slot_buffer = %gm : !pto.ptr<f32>, c2v_consumer_buf = %local "
     ": i32)",
     "TPipe<0, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
    {"local ring on a5", "a5", clausesOf<AivInitializePipeOp>,
     "pto.aic_initialize_pipe {} (c2v_consumer_buf = %local : i32)",
     "pto.aiv_initialize_pipe {} (c2v_consumer_buf = %local : i32)",
     "TPipe<0, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
    {"initialize_l2g2l_pipe of addresses", "a3", clausesOf<InitializeL2G2LPipeOp>,
     "%p = pto.initialize_l2g2l_pipe {} (%slots : !slot) -> !pto.pipe",
     "%p = pto.initialize_l2g2l_pipe {} (%slots : !slot) -> !pto.pipe",
     "TPipe<4, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
    {"initialize_l2g2l_pipe of tiles", "a3", clausesOf<InitializeL2G2LPipeOp>,
     "%p = pto.initialize_l2g2l_pipe {} (%gm : !pto.ptr<f32>, %local : i32) -> !pto.pipe",
     "%p = pto.initialize_l2g2l_pipe {} (%gm : !pto.ptr<f32>, %local : i32) -> !pto.pipe",
     "TPipe<4, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
    {"initialize_l2g2l_pipe on a5", "a5", clausesOf<InitializeL2G2LPipeOp>,
     "%p = pto.initialize_l2g2l_pipe {} (%gm : !pto.ptr<f32>, %local : i32) -> !pto.pipe",
     "%p = pto.initialize_l2g2l_pipe {} (%gm : !pto.ptr<f32>, %local : i32) -> !pto.pipe",
     "TPipe<4, Direction::DIR_C2V_GM, 1024, 6, 3, true, true>("},
    {"initialize_l2l_pipe", "a5", clausesOf<InitializeL2LPipeOp>,
     "%p = pto.initialize_l2l_pipe {} (%local : i32) -> !pto.pipe",
     "%p = pto.initialize_l2l_pipe {} (%local : i32) -> !pto.pipe",
     "TPipe<4, Direction::DIR_C2V, 1024, 6, 3, true, true>("},
};

const ClauseRow *rowOf(llvm::StringRef clause) {
  auto *row = llvm::find_if(rows, [&](const ClauseRow &r) { return r.name == clause; });
  return row == std::end(rows) ? nullptr : row;
}

/// The clauses of a form: what stands in its record beside its operands.
llvm::SmallVector<llvm::StringRef> clausesOf(const Form &form) {
  llvm::SmallVector<llvm::StringRef> names;
  for (llvm::StringRef name : form.clauses())
    if (name != "operandSegmentSizes")
      names.push_back(name);
  return names;
}

/// Both functions; the vector side says `differs` otherwise.
std::string moduleOf(const Form &form, llvm::StringRef differs = "") {
  auto opened = [&](llvm::StringRef op, bool isVector) {
    std::string clauses;
    for (llvm::StringRef name : clausesOf(form))
      if (const ClauseRow *row = rowOf(name))
        clauses += (clauses.empty() ? "" : ", ") + name.str() + " = " +
                   (isVector && name == differs ? row->other : row->text).str();
    auto [before, after] = op.split("{}");
    return (before + "{" + clauses + "}" + after).str();
  };
  auto function = [&](llvm::StringRef name, llvm::StringRef reserve, const std::string &op) {
    return ("func.func @" + name +
            "(%gm: !pto.ptr<f32>) attributes {pto.kernel_kind = #pto.kernel_kind<" + name +
            ">} {\n  %c1 = arith.constant 1 : index\n  %c16 = arith.constant 16 : index\n"
            "  %slots = pto.make_tensor_view %gm, shape = [%c16, %c16], strides = [%c16, %c1] : "
            "!slot\n  %local = " +
            reserve + " -> i32\n  " + op + "\n  return\n}\n")
        .str();
  };
  return ("!slot = !pto.tensor_view<16x16xf32>\nmodule attributes {pto.target_arch = \"" +
          llvm::Twine(form.arch) + "\"} {\n" +
          function("cube", "pto.import_reserved_buffer {name = \"a\", peer_func = @vector}",
                   opened(form.cube, false)) +
          function("vector",
                   "pto.reserve_buffer {name = \"a\", size = 8192, location = "
                   "#pto.address_space<vec>, auto = true}",
                   opened(form.vector, true)) +
          "}\n")
      .str();
}

bool opensPipe(Operation *op) {
  return llvm::isa<AicInitializePipeOp, AivInitializePipeOp, InitializeL2G2LPipeOp,
                   InitializeL2LPipeOp>(op);
}

/// Looks at every initialize op after every pass.
class Follower : public mlir::PassInstrumentation {
public:
  explicit Follower(std::map<std::string, mlir::Attribute> given) : given(std::move(given)) {}
  void runAfterPass(mlir::Pass *pass, Operation *root) override {
    unsigned sides = 0;
    root->walk([&](Operation *op) {
      if (!opensPipe(op))
        return;
      ++sides;
      for (auto &[name, value] : given)
        EXPECT_EQ(op->getAttr(name), value) << name << " after " << pass->getArgument().str()
                                            << " on " << op->getName().getStringRef().str();
    });
    EXPECT_EQ(sides, 2u) << "after " << pass->getArgument().str();
    ++passes;
  }
  unsigned passes = 0;

private:
  std::map<std::string, mlir::Attribute> given;
};

class PipeClauses : public testing::TestWithParam<Form> {
protected:
  PipeClauses() : context(registry(), mlir::MLIRContext::Threading::DISABLED) {
    context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
      told += diagnostic.str() + "\n";
      return mlir::success();
    });
  }
  static mlir::DialectRegistry registry() {
    mlir::DialectRegistry r;
    registerDialects(r);
    return r;
  }
  mlir::OwningOpRef<mlir::ModuleOp> parse(const std::string &text) {
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text), llvm::SMLoc());
    return parseProgram(sources, context);
  }

  mlir::MLIRContext context;
  std::string told;
};

TEST_P(PipeClauses, EveryClauseHasARow) {
  for (llvm::StringRef name : clausesOf(GetParam()))
    EXPECT_NE(rowOf(name), nullptr)
        << name.str() << " is a clause of a pipe: give it a value that is legal beside the others";
}

TEST_P(PipeClauses, SurvivesEveryPass) {
  auto module = parse(moduleOf(GetParam()));
  ASSERT_TRUE(module) << told;
  std::map<std::string, mlir::Attribute> given;
  module->walk([&](Operation *op) {
    if (opensPipe(op))
      for (llvm::StringRef name : clausesOf(GetParam())) {
        given[name.str()] = op->getAttr(name);
        EXPECT_TRUE(op->getAttr(name)) << name.str() << " is lost in the text";
      }
  });
  CompileOptions options;
  options.sync = SyncMode::Insert;
  options.prepareForCpp = true;
  SyncReport report;
  mlir::PassManager passes(&context);
  buildPipeline(passes, options, &report);
  auto follower = std::make_unique<Follower>(given);
  Follower &seen = *follower;
  passes.addInstrumentation(std::move(follower));
  ASSERT_TRUE(mlir::succeeded(passes.run(*module))) << told;
  EXPECT_GE(seen.passes, 10u);

  std::string printed, cpp;
  llvm::raw_string_ostream printedStream(printed), cppStream(cpp);
  report.printPipes(printedStream);
  for (llvm::StringRef name : clausesOf(GetParam()))
    if (const ClauseRow *row = rowOf(name))
      EXPECT_NE(printed.find(row->reported), std::string::npos)
          << name.str() << " is not reported:\n"
          << printed;
  ASSERT_TRUE(mlir::succeeded(emitCpp(*module, cppStream))) << told;
  size_t first = cpp.find(GetParam().cpp);
  ASSERT_NE(first, std::string::npos) << cpp;
  EXPECT_NE(cpp.find(GetParam().cpp, first + 1), std::string::npos) << "on one side only\n" << cpp;
  EXPECT_NE(cpp.find("FixpipeParams<QuantMode_t::F322F16, ReluPreMode::NormalRelu"),
            std::string::npos)
      << cpp;
}

TEST_P(PipeClauses, SidesMustAgree) {
  for (llvm::StringRef name : clausesOf(GetParam())) {
    const ClauseRow *row = rowOf(name);
    if (!row || row->other.empty())
      continue;
    told.clear();
    auto module = parse(moduleOf(GetParam(), name));
    bool isTaken = bool(module);
    if (module) {
      mlir::PassManager passes(&context);
      buildPipeline(passes, CompileOptions(), nullptr);
      isTaken = mlir::succeeded(passes.run(*module));
    }
    EXPECT_FALSE(isTaken) << name.str() << " may differ between the two sides";
    EXPECT_TRUE(llvm::StringRef(told).contains(name) ||
                llvm::StringRef(told).contains("direction = V2C here and C2V there") ||
                (name == "dir_mask" && llvm::StringRef(told).contains("c2v_consumer_buf")))
        << name.str() << ": " << told;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, PipeClauses, testing::ValuesIn(forms), [](const auto &form) {
  std::string name;
  for (char c : std::string(form.param.name))
    name += std::isalnum(c) ? c : '_';
  return name;
});

} // namespace
