//===- LibrarySteps.cpp - Library calls that use flags inside ---------------===//
//
// All of them hand over to S and back with event id 0. Where the library does so for every row, one
// handover for all rows orders the call the same way: both pipes run in order.
//
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Gather.h"
#include "Generate.h"
#include "llvm/ADT/StringSwitch.h"

using namespace pto;
using namespace pto::sim;
using Kind = LibraryStep::Kind;
using Steps = llvm::ArrayRef<LibraryStep>;
using Attributes = llvm::ArrayRef<Attribute>;

//===----------------------------------------------------------------------===//
// Parts that are no operation of their own
//===----------------------------------------------------------------------===//

static void copyOntoItself(KernelContext &context, const TileOperand &tile) {
  Region region = validRegion(tile);
  if (region.empty())
    return;
  Packed values(region.rows, region.cols, bytesOf(tile.shape.element));
  readTile(context, tile, region, values);
  writeTile(context, tile, region, values);
}

/// The scalar end of a call whose vector part has computed the result: it writes it again.
static void finishOnScalar(KernelContext &context) {
  if (const TileOperand *dst = tileAt(context, context.operands.size() - 1))
    copyOntoItself(context, *dst);
}

/// The same for TPOW on floats: its special cases (library 4) are found in the inputs.
static void finishPower(KernelContext &context) {
  for (unsigned i : {0, 1})
    if (context.operands[i].kind == Operand::Tile)
      if (const TileOperand *tile = tileAt(context, i); tile && !validRegion(*tile).empty()) {
        Region region = validRegion(*tile);
        Packed values(region.rows, region.cols, bytesOf(tile->shape.element));
        readTile(context, *tile, region, values);
      }
  finishOnScalar(context);
}

/// TSELS puts its scalar where the vector unit can read it.
static void storeScalar(KernelContext &context) {
  const TileOperand *tmp = tileAt(context, 2);
  if (!tmp)
    return;
  std::byte value[8];
  encodeScalar(context.operands[3].scalar, tmp->shape.element, value);
  context.write(tmp->shape.space, tmp->address, value, bytesOf(tmp->shape.element));
}

/// TDEQUANT fetches the parameters of each row.
static void fetchRowParameters(KernelContext &context) {
  for (unsigned i : {1, 2}) {
    const TileOperand *tile = tileAt(context, i);
    if (!tile || validRegion(*tile).empty())
      continue;
    Packed values(tile->shape.validRows, 1, bytesOf(tile->shape.element));
    readTile(context, *tile, {0, 0, tile->shape.validRows, 1}, values);
  }
}

/// TROWEXPAND fetches the first element of each row before the vector unit spreads it.
static void fetchRowHeads(KernelContext &context) {
  const TileOperand *src = tileAt(context, 0);
  if (!src || validRegion(*src).empty())
    return;
  Packed heads(src->shape.validRows, 1, bytesOf(src->shape.element));
  readTile(context, *src, {0, 0, src->shape.validRows, 1}, heads);
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

static constexpr LibraryStep setScalar = {Kind::Set, Pipe::V, Pipe::S, 0, nullptr};
static constexpr LibraryStep awaitVector = {Kind::Wait, Pipe::V, Pipe::S, 0, nullptr};
static constexpr LibraryStep setVector = {Kind::Set, Pipe::S, Pipe::V, 0, nullptr};
static constexpr LibraryStep awaitScalar = {Kind::Wait, Pipe::S, Pipe::V, 0, nullptr};

/// `kernel` null: that of the operation.
static constexpr LibraryStep run(Pipe pipe, KernelFunction kernel = nullptr) {
  return {Kind::Run, pipe, pipe, 0, kernel};
}

static constexpr LibraryStep scalarLoop[] = {setScalar, awaitVector, run(Pipe::S), setVector,
                                             awaitScalar};
static constexpr LibraryStep vectorThenScalar[] = {
    run(Pipe::V), setScalar, awaitVector, run(Pipe::S, finishOnScalar), setVector, awaitScalar};
static constexpr LibraryStep vectorThenPower[] = {
    run(Pipe::V), setScalar, awaitVector, run(Pipe::S, finishPower), setVector, awaitScalar};
static constexpr LibraryStep setScalarByLoad = {Kind::Set, Pipe::MTE2, Pipe::S, 0, nullptr};
static constexpr LibraryStep awaitLoad = {Kind::Wait, Pipe::MTE2, Pipe::S, 0, nullptr};
static constexpr LibraryStep concatInsideBlock[] = {
    run(Pipe::V, concatFirstKernel), setScalar, awaitVector, setScalarByLoad, awaitLoad,
    run(Pipe::S, concatSecondKernel)};
static constexpr LibraryStep countsThenVector[] = {
    setScalarByLoad, awaitLoad,   run(Pipe::S, concatIndexReadKernel),
    setVector,       awaitScalar, run(Pipe::V)};
static constexpr LibraryStep flagThenVector[] = {setScalar, awaitVector, run(Pipe::V)};
static constexpr LibraryStep scalarThenVector[] = {
    setScalar, awaitVector, run(Pipe::S, fetchRowHeads), setVector, awaitScalar, run(Pipe::V)};
static constexpr LibraryStep parametersThenVector[] = {
    setScalar, awaitVector, run(Pipe::S, fetchRowParameters), setVector, awaitScalar, run(Pipe::V)};
/// Nothing in the call orders what comes after it.
static constexpr LibraryStep openScalarLoop[] = {setScalar, awaitVector, run(Pipe::S)};
static constexpr LibraryStep scalarToScratch[] = {run(Pipe::S, storeScalar), setVector, awaitScalar,
                                                  run(Pipe::V)};

static constexpr LibraryStep drained[] = {{Kind::BarrierAll, Pipe::ALL, Pipe::ALL, 0, nullptr},
                                          run(Pipe::S)};
static constexpr LibraryStep gatherByComparison[] = {
    run(Pipe::S, buildGatherTable), setVector, awaitScalar, setScalar,   awaitVector,
    run(Pipe::S, fetchThresholds),  setVector, awaitScalar, run(Pipe::V)};
static constexpr LibraryStep scatterOneByOne[] = {
    run(Pipe::V, clearScatterResult), setScalar, awaitVector,
    run(Pipe::S, scatterOnScalar),    setVector, awaitScalar};
static constexpr LibraryStep set(Pipe from, Pipe to) { return {Kind::Set, from, to, 0, nullptr}; }
static constexpr LibraryStep await(Pipe from, Pipe to) {
  return {Kind::Wait, from, to, 0, nullptr};
}
static constexpr LibraryStep onScalar[] = {run(Pipe::S)};
// Drains what may still use the tiles, reads the indices, moves, hands back.
static constexpr LibraryStep gatherTableToUb[] = {setScalar,
                                                  awaitVector,
                                                  set(Pipe::MTE2, Pipe::S),
                                                  await(Pipe::MTE2, Pipe::S),
                                                  set(Pipe::MTE3, Pipe::S),
                                                  await(Pipe::MTE3, Pipe::S),
                                                  run(Pipe::S, fetchTableIndices),
                                                  set(Pipe::S, Pipe::MTE2),
                                                  await(Pipe::S, Pipe::MTE2),
                                                  run(Pipe::MTE2),
                                                  set(Pipe::MTE2, Pipe::V),
                                                  await(Pipe::MTE2, Pipe::V),
                                                  set(Pipe::MTE2, Pipe::MTE3),
                                                  await(Pipe::MTE2, Pipe::MTE3),
                                                  setVector,
                                                  awaitScalar,
                                                  set(Pipe::S, Pipe::MTE3),
                                                  await(Pipe::S, Pipe::MTE3)};
static constexpr LibraryStep gatherTableToL1[] = {
    set(Pipe::MTE2, Pipe::S),        await(Pipe::MTE2, Pipe::S),
    set(Pipe::MTE3, Pipe::S),        await(Pipe::MTE3, Pipe::S),
    run(Pipe::S, fetchTableIndices), set(Pipe::S, Pipe::MTE2),
    await(Pipe::S, Pipe::MTE2),      run(Pipe::MTE2),
    set(Pipe::MTE2, Pipe::MTE3),     await(Pipe::MTE2, Pipe::MTE3),
    set(Pipe::S, Pipe::MTE3),        await(Pipe::S, Pipe::MTE3)};
static constexpr LibraryStep gatherTableToUbOnA5[] = {setScalar,
                                                      awaitVector,
                                                      run(Pipe::S, fetchTableIndices),
                                                      set(Pipe::S, Pipe::MTE2),
                                                      await(Pipe::S, Pipe::MTE2),
                                                      setVector,
                                                      awaitScalar,
                                                      run(Pipe::V)};
static constexpr LibraryStep gatherTableToL1OnA5[] = {run(Pipe::S, fetchTableIndices),
                                                      set(Pipe::S, Pipe::MTE2),
                                                      await(Pipe::S, Pipe::MTE2), run(Pipe::MTE2)};
static constexpr LibraryStep scatterTable[] = {setScalar,
                                               awaitVector,
                                               set(Pipe::MTE2, Pipe::S),
                                               await(Pipe::MTE2, Pipe::S),
                                               set(Pipe::MTE3, Pipe::S),
                                               await(Pipe::MTE3, Pipe::S),
                                               run(Pipe::S, fetchTableIndices),
                                               set(Pipe::S, Pipe::MTE3),
                                               await(Pipe::S, Pipe::MTE3),
                                               run(Pipe::MTE3),
                                               set(Pipe::MTE3, Pipe::MTE2),
                                               await(Pipe::MTE3, Pipe::MTE2),
                                               set(Pipe::MTE3, Pipe::V),
                                               await(Pipe::MTE3, Pipe::V),
                                               set(Pipe::S, Pipe::MTE2),
                                               await(Pipe::S, Pipe::MTE2),
                                               setVector,
                                               awaitScalar};
static constexpr LibraryStep scatterTableOnA5[] = {
    setScalar, awaitVector, run(Pipe::S, fetchTableIndices), setVector, awaitScalar, run(Pipe::V)};
static constexpr LibraryStep mergeUntilExhausted[] = {run(Pipe::V), setScalar, awaitVector};

//===----------------------------------------------------------------------===//
// Operations (library 5.1): on a5 all but TDIVS are vector instructions
//===----------------------------------------------------------------------===//

static const TileShape &shapeOf(llvm::ArrayRef<Operand> operands, size_t index) {
  return operands[index].tile.shape;
}

static Steps print(Arch, llvm::ArrayRef<Operand>, Attributes) { return drained; }

static Steps shift(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(scalarLoop) : Steps();
}

static Steps power(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  if (arch != Arch::A3)
    return {};
  bool isReal = isFloat(shapeOf(operands, operands.size() - 1).element);
  return isReal ? Steps(vectorThenPower) : Steps(scalarLoop);
}

static Steps rowProduct(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(vectorThenScalar) : Steps();
}

/// Sum, largest, smallest: only integers need S for the last step.
static Steps rowReduction(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  return isFloat(shapeOf(operands, 0).element) ? Steps() : rowProduct(arch, operands, {});
}

/// A row of one repeat has no candidates to compare on S.
static Steps rowArgument(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  constexpr int64_t repeatBytes = 256;
  const TileShape &src = shapeOf(operands, 0);
  return src.validCols * bytesOf(src.element) <= repeatBytes ? Steps()
                                                             : rowProduct(arch, operands, {});
}

/// A full vector of 2- or 4-byte elements into one block a row goes without S.
static Steps rowExpand(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  constexpr int64_t blockBytes = 32;
  const TileShape &src = shapeOf(operands, 0), &dst = shapeOf(operands, 1);
  auto isFull = [](const TileShape &shape) {
    return shape.validRows == shape.rows && shape.validCols == shape.cols;
  };
  unsigned bytes = bytesOf(src.element);
  bool fillsBlocks = (bytes == 2 || bytes == 4) && (src.rows == 1 || src.cols == 1) &&
                     src.rows * src.cols == dst.rows && dst.cols * bytes == blockBytes &&
                     isFull(src) && isFull(dst) && !operands[0].tile.isOpen &&
                     !operands[1].tile.isOpen;
  return arch == Arch::A3 && !fillsBlocks ? Steps(scalarThenVector) : Steps();
}

/// The scalar is stored without waiting for earlier uses of tmp; then only the way back is ordered.
static Steps selectScalar(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(scalarToScratch) : Steps();
}

static Steps dequantize(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(parametersThenVector) : Steps();
}

/// TDIVS: floats and, on a5, 64-bit integers are divided on V.
static Steps divideScalar(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  Element element = shapeOf(operands, operands.size() - 1).element;
  if (isFloat(element))
    return {};
  if (arch == Arch::A3)
    return scalarLoop;
  return bytesOf(element) == 8 ? Steps() : Steps(openScalarLoop);
}

/// The last operand, the counts, belongs to the comparison.
static Steps gather(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  bool compares = operands.back().kind == Operand::Tile;
  return arch == Arch::A3 && compares ? Steps(gatherByComparison) : Steps();
}

/// Whole rows are copied by V; everything else is a loop on S.
static Steps scatter(Arch arch, llvm::ArrayRef<Operand>, Attributes attributes) {
  bool wholeRows = attributeOf(attributes, "axis", 0) == 1;
  return arch == Arch::A3 && !wholeRows ? Steps(scatterOneByOne) : Steps();
}

/// S reads the counts, on both archs.
static Steps merge(Arch, llvm::ArrayRef<Operand>, Attributes attributes) {
  return attributeOf(attributes, "exhausted", 0) ? Steps(mergeUntilExhausted) : Steps();
}

/// With a scratch tile, and on a5, V counts.
static Steps countUp(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  return arch == Arch::A3 && operands[1].kind == Operand::None ? Steps(onScalar) : Steps();
}

static Steps gatherTable(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  bool inL1 = shapeOf(operands, operands.size() - 1).space == Space::Mat;
  if (arch == Arch::A3)
    return inL1 ? Steps(gatherTableToL1) : Steps(gatherTableToUb);
  return inL1 ? Steps(gatherTableToL1OnA5) : Steps(gatherTableToUbOnA5);
}

static Steps putTable(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(scatterTable) : Steps(scatterTableOnA5);
}

static bool isInVec(llvm::ArrayRef<Operand> operands) {
  return operands.front().tile.shape.space == Space::Vec &&
         operands.back().tile.shape.space == Space::Vec;
}

/// A window that is declared as one element inside vec, on both archs.
static Steps oneElement(llvm::ArrayRef<Operand> operands, const TileOperand &window) {
  bool isOne = window.shape.validRows == 1 && window.shape.validCols == 1 && !window.isOpen;
  return isInVec(operands) && isOne ? Steps(scalarLoop) : Steps();
}
static Steps extractWindow(Arch, llvm::ArrayRef<Operand> operands, Attributes) {
  return oneElement(operands, operands.back().tile);
}
static Steps insertWindow(Arch, llvm::ArrayRef<Operand> operands, Attributes) {
  return oneElement(operands, operands.front().tile);
}

/// Rows of the result that are no whole repeats of the transposing instruction.
static Steps transpose(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  const TileShape &dst = operands.back().tile.shape;
  bool inBlocks = dst.cols % (bytesOf(dst.element) == 1 ? 32 : 16) == 0;
  return arch == Arch::A3 && !inBlocks ? Steps(scalarLoop) : Steps();
}

static Steps concat(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  const TileShape &first = shapeOf(operands, 0);
  bool inBlocks = first.validCols * bytesOf(first.element) % 32 == 0;
  return arch == Arch::A3 && !inBlocks ? Steps(concatInsideBlock) : Steps();
}

/// The counts are data, so whether S copies too is not known here: what is taken orders less.
static Steps concatByIndex(Arch arch, llvm::ArrayRef<Operand>, Attributes) {
  return arch == Arch::A3 ? Steps(countsThenVector) : Steps();
}

static Steps fillPad(Arch arch, llvm::ArrayRef<Operand> operands, Attributes) {
  bool isByte = bytesOf(shapeOf(operands, 0).element) == 1;
  return arch == Arch::A3 && isByte && isInVec(operands) ? Steps(flagThenVector) : Steps();
}

StepsFunction pto::sim::findSteps(llvm::StringRef kernel) {
  return llvm::StringSwitch<StepsFunction>(kernel)
      .Cases({"shift_left", "shift_right"}, shift)
      .Case("print", print)
      .Case("pow", power)
      .Case("row_prod", rowProduct)
      .Cases({"row_sum", "row_max", "row_min"}, rowReduction)
      .Cases({"row_argmax", "row_argmin"}, rowArgument)
      .Case("row_expand", rowExpand)
      .Case("select_scalar", selectScalar)
      .Case("dequantize", dequantize)
      .Case("divide_scalar", divideScalar)
      .Case("gather", gather)
      .Case("scatter", scatter)
      .Case("merge_sort", merge)
      .Case("count_up", countUp)
      .Case("table_gather", gatherTable)
      .Case("table_scatter", putTable)
      .Case("extract", extractWindow)
      .Case("insert", insertWindow)
      .Case("transpose", transpose)
      .Case("concat", concat)
      .Case("concat_index", concatByIndex)
      .Case("fill_pad", fillPad)
      .Default(nullptr);
}
