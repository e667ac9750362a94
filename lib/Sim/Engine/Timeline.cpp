//===- Timeline.cpp - What a core draws into the trace ---------------------===//

#include "Core.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static std::string extents(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

/// What tells one execution of an operation from another: where its operands lie and how much of
/// them is valid.
static std::string textOf(const Operand &operand, const GlobalMemory &memory) {
  switch (operand.kind) {
  case Operand::None:
    return "absent";
  case Operand::Tile: {
    const TileShape &shape = operand.tile.shape;
    return formatv("{0} at {1:x}: {2} {3}, valid {4}", name(shape.space), operand.tile.address,
                   extents({shape.rows, shape.cols}), name(shape.element),
                   extents({shape.validRows, shape.validCols}));
  }
  case Operand::View: {
    const ViewOperand &view = operand.view;
    std::string what = formatv(": {0} {1}", extents(view.shape), name(view.element));
    const GlobalMemory::Allocation *array = memory.find(view.address);
    if (!array)
      return formatv("gm at {0:x}, outside every array", view.address).str() + what;
    return formatv("gm array '{0}' of rank {1}, byte {2}", array->name, array->rank,
                   view.address - array->address)
               .str() +
           what;
  }
  case Operand::Scalar:
    if (isFloat(operand.scalar.element))
      return formatv("{0} {1}", operand.scalar.asDouble(), name(operand.scalar.element));
    return formatv("{0} {1}", operand.scalar.asInteger(), name(operand.scalar.element));
  }
  return "";
}

void Core::draw(SliceKind kind, llvm::StringRef name, const Occurrence &by, uint64_t begin,
                uint64_t end, llvm::ArrayRef<Operand> operands) {
  if (!machine.trace || (kind == SliceKind::Stall && begin == end))
    return;
  const Place &place = machine.program.places[by.place];
  Trace &trace = *machine.trace;
  Trace::Slice &slice = trace.slices.emplace_back();
  slice.core = number;
  slice.pipe = by.pipe;
  slice.kind = kind;
  slice.begin = begin;
  slice.end = end;
  slice.name = trace.text(name);
  slice.location = trace.text(place.location);
  slice.calledAt = trace.text(place.calledAt);
  if (by.hasIteration)
    slice.iteration = by.iteration;
  for (const Operand &operand : operands)
    slice.operands.push_back(trace.text(textOf(operand, machine.memory)));
}

void Core::drawOp(SliceKind kind, const Occurrence &by, uint64_t begin, uint64_t end,
                  llvm::ArrayRef<Operand> operands) {
  if (machine.trace)
    draw(kind, machine.opName(by), by, begin, end, operands);
}

void Core::drawFlag(SliceKind kind, const char *verb, const FlagKey &key, const Occurrence &by,
                    uint64_t begin, uint64_t end) {
  if (machine.trace)
    draw(kind, verb + (" " + key.label()), by, begin, end);
}

void Core::drawArrow(llvm::StringRef name, uint32_t fromCore, Pipe from, Pipe to, uint64_t begin,
                     uint64_t end) {
  if (machine.trace)
    machine.trace->arrows.push_back(
        {fromCore, number, from, to, begin, end, machine.trace->text(name)});
}
