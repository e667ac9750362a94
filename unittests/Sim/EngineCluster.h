//===- EngineCluster.h - Hand-built mixed kernels for the engine's tests -*- C++ -*-===//
//
// A cube function and a vector function of one program. As in EngineTesting.h one statement is one
// line, and the lines count on from half to half.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIM_ENGINECLUSTER_H
#define PTOAS_UNITTESTS_SIM_ENGINECLUSTER_H

#include "EngineTesting.h"

namespace pto::sim::testing {

/// Writes the value of operand 1 to every element of the f32 tile in operand 0.
inline void fillKernel(KernelContext &context) {
  const TileOperand &tile = context.operands[0].tile;
  std::vector<float> values(tile.shape.rows * tile.shape.cols,
                            float(context.operands[1].scalar.asInteger()));
  context.write(tile.shape.space, tile.address, values.data(), values.size() * sizeof(float));
}

/// Takes the tile in operand 0 for use on its pipe.
inline void useKernel(KernelContext &context) {
  const TileOperand &tile = context.operands[0].tile;
  std::vector<float> values(tile.shape.rows * tile.shape.cols);
  context.read(tile.shape.space, tile.address, values.data(), values.size() * sizeof(float));
}

class Cluster;

class Half {
public:
  Half(Cluster &cluster, CoreKind core, std::vector<std::string> arguments);

  int line(std::string op);
  Handle tile(Space space, int64_t address, int64_t rows, int64_t cols);
  Handle view(Register pointer, int64_t rows, int64_t cols) {
    Register r = b.constant(rows), c = b.constant(cols), one = b.constant(1);
    return b.view(Element::F32, Layout::ND, pointer, {r, c}, {c, one});
  }
  int issue(const std::string &op, KernelFunction kernel, Pipe pipe,
            std::vector<Operand::Kind> kinds, std::vector<uint32_t> operands);
  int fill(Handle tile, Register value) {
    return issue("pto.fill", fillKernel, core == CoreKind::Cube ? Pipe::M : Pipe::V,
                 {Operand::Tile, Operand::Scalar}, {tile, value});
  }
  int use(Handle tile, Pipe pipe = Pipe::V) {
    return issue("pto.use", useKernel, pipe, {Operand::Tile}, {tile});
  }
  int load(Handle view, Handle tile) {
    return issue("pto.tload", findKernel("load"), Pipe::MTE2, {Operand::View, Operand::Tile},
                 {view, tile});
  }
  int store(Handle tile, Handle view, Pipe pipe = Pipe::MTE3) {
    return issue("pto.tstore", findKernel("store"), pipe,
                 {Operand::Tile, Operand::Scalar, Operand::View}, {tile, none, view});
  }
  void handoff(Pipe from, Pipe to, int64_t id = 0) {
    line("pto.set_flag");
    b.setFlag(from, to, id);
    b.waitFlag(from, to, id);
  }
  int crossSet(Pipe pipe, CrossMode mode, int64_t id) {
    int at = line("pto.sync.set");
    b.crossSet(pipe, mode, id);
    return at;
  }
  int crossWait(Pipe pipe, CrossMode mode, int64_t id) {
    int at = line("pto.sync.wait");
    b.crossWait(pipe, mode, id);
    return at;
  }
  int push(Handle fifo, Handle tile, FifoSplit split = FifoSplit::UpDown) {
    int at = line("pto.tpush");
    b.push(fifo, tile, split);
    return at;
  }
  int pop(Handle fifo, Handle tile, FifoSplit split = FifoSplit::UpDown) {
    int at = line("pto.tpop");
    b.pop(fifo, tile, split);
    return at;
  }
  /// for (i = 0; i < count; ++i) body(i)
  void loop(int64_t count, llvm::function_ref<void(Register)> body);
  /// Drains the core, as kernels do at their end, ends `fifos` and the function.
  void finish(std::initializer_list<Handle> fifos = {});

  const CoreKind core;
  FunctionBuilder b;

private:
  Cluster &cluster;
};

class Cluster {
public:
  explicit Cluster(std::vector<std::string> arguments, Arch arch = Arch::A3)
      : program(makeProgram(arch)), cube(*this, CoreKind::Cube, arguments),
        vector(*this, CoreKind::Vector, arguments) {}

  /// One cube core and two vector cores per block; call after both halves are finished.
  Launch launch(std::vector<uint64_t> arguments, unsigned blocks = 1) {
    EXPECT_EQ(validate(program), "");
    Launch result;
    result.blocks = blocks;
    result.ranks.resize(1);
    for (uint32_t i = 0; i < 2; ++i)
      if (program.functions[i].core == CoreKind::Cube)
        result.ranks[0].push_back({i, 0, 1, arguments});
    for (uint32_t i = 0; i < 2; ++i)
      for (unsigned sub = 0; sub < 2 && program.functions[i].core == CoreKind::Vector; ++sub)
        result.ranks[0].push_back({i, sub, 2, arguments});
    return result;
  }

  Program program;
  int lines = 0;
  Half cube, vector;

private:
  static Program makeProgram(Arch arch) {
    Program program;
    program.arch = arch;
    program.load = findKernel("load");
    program.store = findKernel("store");
    return program;
  }
};

inline Half::Half(Cluster &cluster, CoreKind core, std::vector<std::string> arguments)
    : core(core), b(cluster.program, std::string(name(core)), core, std::move(arguments)),
      cluster(cluster) {}

inline int Half::line(std::string op) {
  std::string location = "k.pto:" + std::to_string(++cluster.lines) + ":3";
  b.setPlace(cluster.program.addPlace({location, std::move(op), ""}));
  return cluster.lines;
}

inline Handle Half::tile(Space space, int64_t address, int64_t rows, int64_t cols) {
  TileShape shape;
  shape.space = space;
  shape.rows = shape.validRows = rows;
  shape.cols = shape.validCols = cols;
  if (space == Space::Mat || space == Space::Acc) {
    shape.blayout = BLayout::ColMajor;
    shape.slayout = SLayout::RowMajor;
    shape.fractal = space == Space::Acc ? 1024 : 512;
  }
  return b.tile(cluster.program.addShape(shape), b.constant(address));
}

inline int Half::issue(const std::string &op, KernelFunction kernel, Pipe pipe,
                       std::vector<Operand::Kind> kinds, std::vector<uint32_t> operands) {
  Call call;
  call.op = op;
  call.kernel = kernel;
  call.pipe = pipe;
  for (Operand::Kind kind : kinds)
    call.operands.push_back({kind, Element::I64});
  int at = line(op);
  b.issue(cluster.program.addCall(std::move(call)), operands);
  return at;
}

inline void Half::loop(int64_t count, llvm::function_ref<void(Register)> body) {
  constexpr unsigned signedGreaterEqual = 5;
  Register i = b.newRegister(), end = b.constant(count), one = b.constant(1);
  b.copy(i, b.constant(0));
  Label head = b.newLabel(), exit = b.newLabel();
  b.place(head);
  b.jumpIf(b.compareI(signedGreaterEqual, Element::I64, i, end), exit);
  b.setIteration(i);
  body(i);
  b.setIteration(none);
  b.copy(i, b.arith(ArithOp::AddI, Element::I64, i, one));
  b.jump(head);
  b.place(exit);
}

inline void Half::finish(std::initializer_list<Handle> fifos) {
  line("return");
  b.barrier(Pipe::ALL);
  for (Handle fifo : fifos)
    b.endFifo(fifo);
  b.finish();
}

} // namespace pto::sim::testing

#endif // PTOAS_UNITTESTS_SIM_ENGINECLUSTER_H
