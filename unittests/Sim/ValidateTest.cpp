//===- ValidateTest.cpp - Programs that the engine could not run are refused ===//

#include "EngineTesting.h"

using namespace pto;
using namespace pto::sim;
using namespace pto::sim::testing;

namespace {
/// A function with one instruction of each kind that has a rule of its own.
KernelText everything() {
  KernelText k({"x"}, CoreKind::Vector, Arch::A5);
  for (KernelFunction &kernel : k.program.combine)
    kernel = findMapKernel("pto.tadd");
  Handle gm = k.view(0), tile = k.tile(0), accumulator = k.tile(1024);
  k.load(gm, tile);
  k.put(gm, gm, tile);
  k.b.collective(CollectiveOp::ReduceSum, 0, gm, accumulator, tile, none, {gm, gm});
  FifoShape shape;
  shape.slotSize = 1024;
  k.b.endFifo(k.b.fifo(k.program.addFifo(shape), 0, none, none));
  k.b.asyncCopy(none, gm, gm);
  k.b.crossSet(Pipe::MTE3, CrossMode::CubeVector, 1);
  k.b.getBuffer(Pipe::V, 1);
  k.b.releaseBuffer(Pipe::V, 1);
  k.b.loadLocal(k.b.localArray(2), 2, k.b.constant(0));
  k.b.print("%d", Element::I32, k.b.constant(0));
  k.b.setIteration(0);
  Label end = k.b.newLabel();
  k.b.jump(end);
  k.b.place(end);
  k.b.finish();
  return k;
}

struct Damage {
  const char *words;
  void (*make)(Program &, Function &);
};

Instruction &the(Function &f, Opcode opcode) {
  return *llvm::find_if(f.code, [&](const Instruction &i) { return i.opcode == opcode; });
}

const Damage damages[] = {
    {"kernel: the last instruction is not a return",
     [](Program &, Function &f) { f.code.pop_back(); }},
    {"kernel: fewer registers than arguments", [](Program &, Function &f) { f.registers = 0; }},
    {"operand 999 is not one of",
     [](Program &, Function &f) { the(f, Opcode::MakeTile).in[0] = 999; }},
    {"result 999 is not one of",
     [](Program &, Function &f) { the(f, Opcode::MakeView).result = 999; }},
    {"place out of range", [](Program &, Function &f) { f.code[0].place = 999; }},
    {"iteration register out of range",
     [](Program &, Function &f) { the(f, Opcode::Jump).iteration = 999; }},
    {"operand list out of range", [](Program &, Function &f) { f.pool.clear(); }},
    {"jump out of range", [](Program &, Function &f) { the(f, Opcode::Jump).target = 999; }},
    {"tile shape out of range", [](Program &p, Function &) { p.shapes.clear(); }},
    {"a view takes a pointer, 5 extents and 5 strides",
     [](Program &, Function &f) { the(f, Opcode::MakeView).poolCount = 3; }},
    {"local array out of range",
     [](Program &, Function &f) { the(f, Opcode::LoadLocal).immediate = 9; }},
    {"format out of range", [](Program &p, Function &) { p.texts.clear(); }},
    {"call out of range", [](Program &p, Function &) { p.calls.clear(); }},
    {"pto.tload has no kernel", [](Program &p, Function &) { p.calls[0].kernel = nullptr; }},
    {"pto.tload runs on pipe FIX, which a vector core of a5 does not have",
     [](Program &p, Function &) { p.calls[0].pipe = Pipe::FIX; }},
    {"pto.tload takes 3 operands, not 2",
     [](Program &p, Function &) { p.calls[0].operands.emplace_back(); }},
    {"a flag between cores goes out on one pipe",
     [](Program &, Function &f) { the(f, Opcode::CrossSet).pipe = Pipe::ALL; }},
    {"a buffer is taken by a pipe that the core has not",
     [](Program &, Function &f) { the(f, Opcode::GetBuffer).pipe = Pipe::M; }},
    {"an asynchronous copy takes dst and src",
     [](Program &, Function &f) { the(f, Opcode::AsyncCopy).poolCount = 1; }},
    {"FIFO shape out of range", [](Program &p, Function &) { p.fifos.clear(); }},
    {"a FIFO needs slots", [](Program &p, Function &) { p.fifos[0].slots = 0; }},
    {"a FIFO of a3 lies in global memory",
     [](Program &p, Function &) { p.arch = Arch::A3, p.fifos[0].isLocal = true; }},
    {"a collective takes a group of ranks, and a root in it",
     [](Program &, Function &f) { the(f, Opcode::Collective).immediate = 2; }},
    {"the program names no kernels for collectives",
     [](Program &p, Function &) { p.combine[1] = nullptr; }},
    {"the program names no kernels for TPUT and TGET",
     [](Program &p, Function &) { p.load = nullptr; }},
    {"a transfer takes dst, src and one or two tiles",
     [](Program &, Function &f) { the(f, Opcode::Transfer).poolCount = 2; }},
};
} // namespace

TEST(Validate, NamesWhatCannotRun) {
  KernelText good = everything();
  ASSERT_EQ(validate(good.program), "");
  for (const Damage &damage : damages) {
    KernelText k = everything();
    damage.make(k.program, k.program.functions[0]);
    EXPECT_NE(validate(k.program).find(damage.words), std::string::npos)
        << damage.words << "\nbut: " << validate(k.program);
  }
}

/// Rules that only a program with nothing else in it reaches.
TEST(Validate, KernelsAndCoresOfSingleInstructions) {
  auto errorOf = [](CoreKind core, bool hasKernels, llvm::function_ref<void(KernelText &)> fill) {
    KernelText k({"x"}, core);
    if (!hasKernels)
      k.program.load = k.program.store = nullptr;
    fill(k);
    k.b.finish();
    return validate(k.program);
  };
  auto put = [](KernelText &k) { k.put(k.view(0), k.view(0), k.tile(0)); };
  auto gather = [](KernelText &k) {
    k.b.collective(CollectiveOp::Gather, 0, k.view(0), none, k.tile(0), none, {k.view(0)});
  };
  auto fifo = [](KernelText &k) {
    FifoShape shape;
    shape.slotSize = 1024;
    k.b.fifo(k.program.addFifo(shape), 0, none, none);
  };
  EXPECT_EQ(errorOf(CoreKind::Vector, true, put), "");
  EXPECT_NE(errorOf(CoreKind::Cube, true, put).find("TPUT and TGET run on the vector core"),
            std::string::npos);
  EXPECT_EQ(errorOf(CoreKind::Vector, true, gather), "");
  EXPECT_NE(errorOf(CoreKind::Cube, true, gather).find("collectives run on the vector core"),
            std::string::npos);
  EXPECT_EQ(errorOf(CoreKind::Vector, true, fifo), "");
  EXPECT_NE(
      errorOf(CoreKind::Vector, false, fifo).find("the program names no kernels for TPUSH and"),
      std::string::npos);
}
