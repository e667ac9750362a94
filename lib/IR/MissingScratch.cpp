//===- MissingScratch.cpp - The scratch tile that a text leaves out --------===//
//
// Later grammars leave scratch tiles out. Where the library needs one, the rule that says so also
// says how large it is (library 3.5); who plans memory adds it before the rules are checked.
//
//===----------------------------------------------------------------------===//

#include "Rules.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using mlir::Operation;

namespace {
constexpr int64_t block = 32; // bytes of which a row is a multiple

/// A plain tile in UB; rows end at whole blocks.
TileBufType plainTile(mlir::Type element, int64_t rows, int64_t cols) {
  auto known = elementOf(element);
  if (!known || rows <= 0 || cols <= 0)
    return {};
  cols = int64_t(llvm::alignTo(uint64_t(cols), block / bytesOf(*known)));
  return TileBufType::get(element.getContext(), Space::Vec, element, rows, cols, rows, cols,
                          BLayout::RowMajor, SLayout::NoneBox, 512, PadValue::Null,
                          CompactMode::Null);
}
class Needs {
public:
  Needs(Operation *op, const OpInfo &info) : op(op), info(info) {}

  /// The tile that `rule` finds missing; null when it asks for none.
  TileBufType of(const RuleInfo &rule) const {
    using namespace rules;
    if (rule.check == given && rule.operands.size() > 1)
      return like(rule.operands[1], rule.numbers[0]);
    if (rule.check == maskScratch)
      return mask(tile(rule.operands[1]));
    if (rule.check == scratchRows)
      return rowsOf(rule.operands[1], rule.numbers[0]);
    if (rule.check == scratchForFloats) {
      TileBufType as = tile(rule.operands[1]);
      return as && llvm::isa<mlir::FloatType>(as.getElementType()) ? rowsOf(rule.operands[1], 0)
                                                                   : TileBufType();
    }
    if (rule.check == remainderScratch)
      return remainder(tile(rule.operands[1]));
    if (rule.check == scratchBytes)
      return plainTile(mlir::IntegerType::get(op->getContext(), 32), 1, rule.numbers[0] / 4);
    if (rule.check == sortTail)
      return tile(rule.operands[0]) && rules::validShape(value(rule.operands[0]))[1] % 32
                 ? rowsOf(rule.operands[0], 0)
                 : TileBufType();
    if (rule.check == givenWith)
      return besides(rule);
    if (rule.check == transposeScratch)
      return transposed(rule.operands[1], tile(rule.operands[2]));
    if (rule.check == convertScratch)
      return converted(rule);
    return {};
  }

private:
  mlir::Value value(unsigned operand) const {
    auto values = llvm::cast<RecordOp>(op).getRecordOperands(operand);
    return values.empty() ? mlir::Value() : *values.begin();
  }
  TileBufType tile(unsigned operand) const {
    mlir::Value v = value(operand);
    auto type = v ? llvm::dyn_cast<TileBufType>(v.getType()) : TileBufType();
    return type && elementOf(type.getElementType()) ? type : TileBufType();
  }
  int64_t sizeOf(TileBufType t) const { return bytesOf(*elementOf(t.getElementType())); }
  /// Valid extents, physical ones where only run time knows.
  std::array<int64_t, 2> validOf(unsigned operand) const {
    auto known = rules::validShape(value(operand));
    return {known[0] < 0 ? tile(operand).getRows() : known[0],
            known[1] < 0 ? tile(operand).getCols() : known[1]};
  }

  /// The shape and valid shape of another tile, or so many rows of it; -2: half of them.
  TileBufType rowsOf(unsigned operand, int64_t rows) const {
    TileBufType as = tile(operand);
    if (!as)
      return {};
    auto [validRows, validCols] = validOf(operand);
    if (rows)
      return plainTile(as.getElementType(),
                       rows < 0 ? int64_t(llvm::divideCeil(validRows, -rows)) : rows, as.getCols());
    TileBufType plain = plainTile(as.getElementType(), as.getRows(), as.getCols());
    return plain ? TileBufType::get(plain.getContext(), plain.getSpace(), plain.getElementType(),
                                    plain.getRows(), plain.getCols(), validRows, validCols,
                                    plain.getBlayout(), plain.getSlayout(), plain.getFractal(),
                                    plain.getPad(), plain.getCompact())
                 : TileBufType();
  }
  static TileBufType mask(TileBufType of) {
    if (!of)
      return {};
    auto byte = mlir::IntegerType::get(of.getContext(), 8, mlir::IntegerType::Unsigned);
    return plainTile(byte, of.getRows() + 1,
                     rules::maskRowBytes(of.getCols(), *elementOf(of.getElementType())));
  }
  /// The same with rows of at least so many blocks.
  TileBufType like(unsigned operand, int64_t blocks) const {
    TileBufType as = tile(operand);
    if (!as)
      return {};
    int64_t least = blocks * block / sizeOf(as);
    return as.getCols() >= least ? rowsOf(operand, 0)
                                 : plainTile(as.getElementType(), as.getRows(), least);
  }
  TileBufType remainder(TileBufType dst) const {
    int64_t row = dst ? dst.getCols() * sizeOf(dst) : 0;
    return row ? plainTile(dst.getElementType(),
                           int64_t(llvm::divideCeil(rules::remainderBytes(dst), row)),
                           dst.getCols())
               : TileBufType();
  }
  /// Merged lists: a row for all of them. Indices: as large as they are.
  TileBufType besides(const RuleInfo &rule) const {
    TileBufType first;
    int64_t sum = 0, result = 0;
    for (const RuleInfo &room : info.rules)
      if (room.check == rules::mergeRoom)
        for (auto [i, operand] : llvm::enumerate(room.operands.drop_front()))
          if (TileBufType t = tile(operand)) {
            first = t;
            (i ? sum : result) += t.getCols();
          }
    for (uint8_t other : rule.operands.drop_front())
      if (tile(other))
        return first ? plainTile(first.getElementType(), 1, std::max(sum, result))
                     : rowsOf(other, 0);
    return {};
  }
  TileBufType transposed(unsigned src, TileBufType dst) const {
    if (!tile(src) || !dst)
      return {};
    auto [rows, cols] = rules::transposedShape(validOf(src), dst);
    return plainTile(dst.getElementType(), rows, cols);
  }
  TileBufType converted(const RuleInfo &rule) const {
    TileBufType src = tile(rule.operands[1]), dst = tile(rule.operands[2]);
    int64_t bytes = src && dst ? rules::convertBytes(op, src, dst, validOf(rule.operands[1])) : 0;
    return bytes ? plainTile(src.getElementType(), 1, int64_t(llvm::divideCeil(bytes, sizeOf(src))))
                 : TileBufType();
  }

  Operation *op;
  const OpInfo &info;
};
} // namespace

std::optional<std::pair<unsigned, TileBufType>> pto::missingScratch(Operation *op) {
  const OpInfo *info = findOpInfo(op);
  if (!info)
    return std::nullopt;
  auto record = llvm::cast<RecordOp>(op);
  for (auto [i, operand] : llvm::enumerate(info->operands)) {
    if (operand.role != Role::Scratch || !operand.optional || !record.getRecordOperands(i).empty())
      continue;
    for (const RuleInfo &rule : info->rules) {
      // The tail of a sort is the one thing that a rule without the scratch tile says.
      bool isAbout =
          rule.check == rules::sortTail || llvm::is_contained(rule.operands.take_front(), i);
      if (!isAbout || !rules::applies(op, *info, rule))
        continue;
      if (TileBufType type = Needs(op, *info).of(rule))
        return std::pair(unsigned(i), type);
    }
  }
  return std::nullopt;
}
