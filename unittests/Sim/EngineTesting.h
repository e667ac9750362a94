//===- EngineTesting.h - Hand-built kernels for the engine's tests -*- C++ -*-===//
//
// One statement, one line: every call returns the line number that findings will name.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIM_ENGINETESTING_H
#define PTOAS_UNITTESTS_SIM_ENGINETESTING_H

#include "ptoas/Sim/Engine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace pto::sim::testing {

class KernelText {
public:
  explicit KernelText(std::vector<std::string> arguments, CoreKind core = CoreKind::Vector,
                      Arch arch = Arch::A3)
      : b(program, "kernel", core, std::move(arguments)) {
    program.arch = arch;
    program.load = findKernel("load");
    program.store = findKernel("store");
    loadCall = call("pto.tload", findKernel("load"), Pipe::MTE2, {Operand::View, Operand::Tile});
    storeCall = call("pto.tstore", findKernel("store"), Pipe::MTE3,
                     {Operand::Tile, Operand::Scalar, Operand::View});
    addCall = call("pto.tadd", findMapKernel("pto.tadd"), Pipe::V,
                   {Operand::Tile, Operand::Tile, Operand::Tile});
  }

  /// An f32 tile in UB; -1 makes an extent dynamic, then `validRows` / `validCols` say how it
  /// starts.
  Handle tile(int64_t address, int64_t rows = 1, int64_t cols = 64) {
    TileShape shape;
    shape.rows = shape.validRows = rows;
    shape.cols = shape.validCols = cols;
    return b.tile(program.addShape(shape), b.constant(address));
  }
  Handle dynamicTile(int64_t address, int64_t rows, int64_t cols, int64_t validRows,
                     int64_t validCols) {
    TileShape shape;
    shape.rows = rows;
    shape.cols = cols;
    shape.validRows = shape.validCols = -1;
    return b.tile(program.addShape(shape), b.constant(address), b.constant(validRows),
                  b.constant(validCols));
  }
  /// rows x cols f32 elements, contiguous, from a pointer in a register.
  Handle view(Register pointer, int64_t rows = 1, int64_t cols = 64, Element type = Element::F32) {
    Register r = b.constant(rows), c = b.constant(cols), one = b.constant(1);
    return b.view(type, Layout::ND, pointer, {r, c}, {c, one});
  }
  Handle signal(Register pointer) { return view(pointer, 1, 1, Element::I32); }

  int load(Handle view, Handle tile) { return issue("pto.tload", loadCall, {view, tile}); }
  int store(Handle tile, Handle view) { return issue("pto.tstore", storeCall, {tile, none, view}); }
  int add(Handle x, Handle y, Handle into) { return issue("pto.tadd", addCall, {x, y, into}); }
  int set(Pipe from, Pipe to, int64_t id) {
    int at = line("pto.set_flag");
    b.setFlag(from, to, id);
    return at;
  }
  int wait(Pipe from, Pipe to, int64_t id) {
    int at = line("pto.wait_flag");
    b.waitFlag(from, to, id);
    return at;
  }
  void handoff(Pipe from, Pipe to, int64_t id) {
    set(from, to, id);
    wait(from, to, id);
  }
  int barrier(Pipe pipe) {
    int at = line("pto.barrier");
    b.barrier(pipe);
    return at;
  }
  int fence() {
    int at = line("pto.fence");
    b.fence();
    return at;
  }
  int put(Handle dst, Handle src, Handle tile, Handle second = none) {
    int at = line("pto.comm.tput");
    b.transfer(TransferOp::Put, dst, src, tile, second);
    return at;
  }
  int get(Handle dst, Handle src, Handle tile, Handle second = none) {
    int at = line("pto.comm.tget");
    b.transfer(TransferOp::Get, dst, src, tile, second);
    return at;
  }
  int notify(Handle signal, Register value, NotifyOp op = NotifyOp::Set) {
    int at = line("pto.comm.tnotify");
    b.notify(op, signal, value);
    return at;
  }
  int await(Handle signal, Register value, WaitCompare compare = WaitCompare::GE) {
    int at = line("pto.comm.twait");
    b.await(compare, signal, value);
    return at;
  }
  /// Starts a new line for whatever the caller emits next.
  int line(std::string op) {
    b.setPlace(program.addPlace({"k.pto:" + std::to_string(++lines) + ":3", std::move(op), ""}));
    return lines;
  }
  uint32_t call(std::string op, KernelFunction kernel, Pipe pipe,
                std::vector<Operand::Kind> kinds) {
    Call call;
    call.op = std::move(op);
    call.kernel = kernel;
    call.pipe = pipe;
    for (Operand::Kind kind : kinds)
      call.operands.push_back({kind, Element::F32});
    return program.addCall(std::move(call));
  }
  int issue(std::string op, uint32_t call, std::vector<uint32_t> operands) {
    int at = line(std::move(op));
    b.issue(call, operands);
    return at;
  }

  /// Ends the function; the program is ready to run.
  const Program &finish() {
    line("return");
    b.finish();
    EXPECT_EQ(validate(program), "");
    return program;
  }

  Program program;
  FunctionBuilder b;

private:
  uint32_t loadCall, storeCall, addCall;
  int lines = 0;
};

inline uint64_t floats(GlobalMemory &memory, unsigned rank, std::string name, size_t count,
                       float first) {
  uint64_t address = memory.allocate(rank, std::move(name), count * sizeof(float));
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = first + float(i);
  memory.store(address, values.data(), count * sizeof(float));
  return address;
}

inline std::vector<float> readFloats(const GlobalMemory &memory, uint64_t address, size_t count) {
  std::vector<float> values(count);
  EXPECT_TRUE(memory.load(address, values.data(), count * sizeof(float)));
  return values;
}

inline Launch oneCore(std::vector<uint64_t> arguments) {
  Launch launch;
  launch.ranks.resize(1);
  launch.ranks[0].push_back({0, 0, 1, std::move(arguments)});
  return launch;
}

inline std::string textOf(const Report &report) {
  std::string text;
  llvm::raw_string_ostream os(text);
  report.print(os);
  return text;
}

inline std::string at(int line) { return "k.pto:" + std::to_string(line) + ":3"; }

/// The finding of a kind at a line; null when there is none.
inline const Finding *find(const Report &report, FindingKind kind, int line = 0, int other = 0) {
  for (const Finding &finding : report.findings)
    if (finding.kind == kind && (!line || finding.where.location == at(line)) &&
        (!other || (finding.other && finding.other->location == at(other))))
      return &finding;
  return nullptr;
}

/// Does a finding of the kind at the line say these words, in its sentence or in a note?
inline ::testing::AssertionResult says(const Report &report, FindingKind kind, int line,
                                       llvm::StringRef words) {
  for (const Finding &finding : report.findings)
    if (finding.kind == kind && (!line || finding.where.location == at(line)) &&
        (llvm::StringRef(finding.what).contains(words) ||
         llvm::any_of(finding.notes, [&](llvm::StringRef note) { return note.contains(words); })))
      return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "not said: " << words.str() << "\n" << textOf(report);
}

/// Eager, lazy and `seeds` random schedules.
inline std::vector<Options> schedules(unsigned seeds) {
  std::vector<Options> all(2);
  all[0].schedule = Schedule::Eager;
  all[1].schedule = Schedule::Lazy;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Options options;
    options.schedule = Schedule::Random;
    options.seed = seed;
    all.push_back(options);
  }
  return all;
}

} // namespace pto::sim::testing

#endif // PTOAS_UNITTESTS_SIM_ENGINETESTING_H
