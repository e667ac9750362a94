//===- SyncAll.cpp - SYNCALL, the barrier of all cores ---------------------===//
//
// In hardware a chain of flags between cores, in software a counter in GM (cross-core 3).
//
//===----------------------------------------------------------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

/// The legs of the library's barrier (cross-core 3).
void Core::executeSyncAll(const Instruction &instruction) {
  constexpr int64_t cubes = 11, toCube = 12, toVectors = 13, vectors = 14;
  bool isCube = identity.kind == CoreKind::Cube, onA5 = machine.program.arch == Arch::A5;
  auto add = [&](MicroStep::Kind kind, Pipe pipe, CrossMode mode, int64_t id) {
    MicroStep &step = scalar.micro.emplace_back();
    step.kind = kind;
    step.pipe = pipe;
    step.cross = {mode, id};
  };
  auto meet = [&](Pipe pipe, int64_t id) {
    add(MicroStep::Kind::CrossSet, pipe, CrossMode::SameKind, id);
    add(MicroStep::Kind::CrossWait, Pipe::S, CrossMode::SameKind, id);
  };
  CrossMode across = onA5 ? CrossMode::Direct : CrossMode::CubeVector;
  add(MicroStep::Kind::BarrierAll, Pipe::S, across, 0);
  switch (SyncAllCores(instruction.kind)) {
  case SyncAllCores::Vector:
    if (!isCube)
      meet(Pipe::MTE3, vectors);
    return;
  case SyncAllCores::Cube:
    if (isCube)
      meet(Pipe::FIX, cubes);
    return;
  case SyncAllCores::Mix:
    break;
  }
  if (!isCube) {
    add(MicroStep::Kind::CrossSet, Pipe::MTE3, across, toCube);
    add(MicroStep::Kind::CrossWait, Pipe::S, across, toVectors);
    return;
  }
  add(MicroStep::Kind::CrossWait, Pipe::S, across, toCube);
  if (onA5)
    add(MicroStep::Kind::CrossWait, Pipe::S, across, toCube + secondVectorCore);
  meet(Pipe::FIX, cubes);
  add(MicroStep::Kind::CrossSet, onA5 ? Pipe::S : Pipe::MTE3, across, toVectors);
  if (onA5)
    add(MicroStep::Kind::CrossSet, Pipe::S, across, toVectors + secondVectorCore);
}

/// How many cores the library waits for when the caller does not say.
static int64_t participants(SyncAllCores cores, CoreKind kind, unsigned blocks,
                            unsigned vectorCores) {
  if (cores != SyncAllCores::Mix)
    return blocks;
  return int64_t(blocks) * (1 + (kind == CoreKind::Cube ? 1 : vectorCores));
}

void Core::executeSyncAllSoft(const Instruction &instruction) {
  auto cores = SyncAllCores(instruction.kind);
  bool isMeant = cores == SyncAllCores::Mix ||
                 (cores == SyncAllCores::Cube) == (identity.kind == CoreKind::Cube);
  if (!isMeant)
    return;
  int64_t used = instruction.in[1] == none ? 0 : int64_t(words[instruction.in[1]]);
  unsigned blocks = machine.launch.blocks;
  unsigned vectorCores = machine.coresOfCluster(number, CoreKind::Vector).size();
  if (used <= 0) {
    used = participants(cores, identity.kind, blocks, vectorCores);
    if (cores == SyncAllCores::Mix && vectorCores > 1)
      machine.reportDefect(
          here(),
          formatv("soft SYNCALL of cube and vector cores waits for {0} cores on the cube core and "
                  "for {1} on the vector cores",
                  participants(cores, CoreKind::Cube, blocks, vectorCores),
                  participants(cores, CoreKind::Vector, blocks, vectorCores)),
          "say how many cores take part");
  }
  auto add = [&](MicroStep::Kind kind) -> MicroStep & {
    MicroStep &step = scalar.micro.emplace_back();
    step.kind = kind;
    step.view.element = Element::I32;
    step.view.address = words[instruction.in[0]];
    step.count = used;
    return step;
  };
  add(MicroStep::Kind::BarrierAll);
  add(MicroStep::Kind::Fence);
  add(MicroStep::Kind::Arrive);
  add(MicroStep::Kind::AwaitCount);
  add(MicroStep::Kind::Fence);
  add(MicroStep::Kind::BarrierAll);
}
