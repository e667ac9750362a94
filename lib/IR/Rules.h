//===- Rules.h - One function per kind of rule ------------------*- C++ -*-===//
//
// Constraints.inc names these; a rule of a record without a function here does not compile. All
// speak with one voice:
// `'pto.x' op <what is wrong, with the numbers>`.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_LIB_IR_RULES_H
#define PTOAS_LIB_IR_RULES_H

#include "ptoas/IR/Pto.h"

namespace pto::rules {

#define PTO_RULE(name)                                                                             \
  mlir::LogicalResult name(mlir::Operation *op, const OpInfo &info, const RuleInfo &rule)
PTO_RULE(minValid);
PTO_RULE(tiles);
PTO_RULE(elements);
PTO_RULE(sameElement);
PTO_RULE(sameBytes);
PTO_RULE(sameValid);
PTO_RULE(sameShape);
PTO_RULE(sameRows);
PTO_RULE(sameCols);
PTO_RULE(noBoxes);
PTO_RULE(rowResult);
PTO_RULE(perRow);
PTO_RULE(sameType);
PTO_RULE(rowMajor);
PTO_RULE(inSpace);
PTO_RULE(validPositive);
PTO_RULE(positiveDims);
PTO_RULE(staticExtents);
PTO_RULE(sameExtents);
PTO_RULE(viewRank);
PTO_RULE(blockLayout);
PTO_RULE(fractalSize);
PTO_RULE(distinct);
PTO_RULE(scalarIsElement);
PTO_RULE(scalarSuits);
PTO_RULE(notNegative);
PTO_RULE(elementInside);
PTO_RULE(given);
PTO_RULE(oneOf);
PTO_RULE(givenWith);
PTO_RULE(onlyWith);
PTO_RULE(attributeWith);
PTO_RULE(attributeIn);
PTO_RULE(integersAsWide);
PTO_RULE(fullCols);
PTO_RULE(packs);
PTO_RULE(spreads);
PTO_RULE(blockOffsets);
PTO_RULE(minCols);
PTO_RULE(histogramIndex);
PTO_RULE(gatherScratch);
PTO_RULE(tableIndices);
PTO_RULE(atomicElements);
PTO_RULE(sortRecords);
PTO_RULE(sortIndices);
PTO_RULE(sortTail);
PTO_RULE(mergeLength);
PTO_RULE(mergeRoom);
PTO_RULE(elementIs);
PTO_RULE(sameMatrix);
PTO_RULE(pairsStay);
PTO_RULE(noPadding);
PTO_RULE(scaleTile);
PTO_RULE(scaleExtents);
PTO_RULE(wholeGroups);
PTO_RULE(mxResult);
PTO_RULE(groupCount);
PTO_RULE(validRows);
PTO_RULE(physicalRows);
PTO_RULE(validColsCover);
PTO_RULE(triples);
PTO_RULE(matmulShape);
PTO_RULE(window);
PTO_RULE(wholeFractals);
PTO_RULE(route);
PTO_RULE(pairs);
PTO_RULE(equalityOnly);
PTO_RULE(maskRoom);
PTO_RULE(maskHolds);
PTO_RULE(partialValid);
PTO_RULE(disjoint);
PTO_RULE(scratchRows);
PTO_RULE(scratchBytes);
PTO_RULE(maskScratch);
PTO_RULE(countScratch);
PTO_RULE(convertScratch);
PTO_RULE(scratchForFloats);
PTO_RULE(remainderScratch);
PTO_RULE(quantizedTo);
PTO_RULE(valuePerRow);
PTO_RULE(atMostOne);
PTO_RULE(absent);
PTO_RULE(attributeAbsent);
PTO_RULE(attributeOneOf);
PTO_RULE(convertsPlain);
PTO_RULE(convertsScaled);
PTO_RULE(vecWindow);
PTO_RULE(matrixSource);
PTO_RULE(sameLayout);
PTO_RULE(scaleWords);
PTO_RULE(rowBytes);
PTO_RULE(maxCols);
PTO_RULE(shapeCovers);
PTO_RULE(padGiven);
PTO_RULE(fitsTransposed);
PTO_RULE(transposeScratch);
PTO_RULE(concatFits);
PTO_RULE(loadLayout);
PTO_RULE(storeLayout);
PTO_RULE(addedElements);
#undef PTO_RULE

/// Does the rule speak about this operation: its arch, operands and attributes?
bool applies(mlir::Operation *op, const OpInfo &info, const RuleInfo &rule);

/// The present values that a rule speaks of, with their names in the record.
struct Subject {
  llvm::StringRef name;
  mlir::Value value;
};
llvm::SmallVector<Subject, 4> subjects(mlir::Operation *op, const OpInfo &info,
                                       const RuleInfo &rule);

/// What scratch tiles hold (library 3.5, 3.6): a row of the result and a mask, the valid region of
/// a source turned round in whole blocks, a row of bits, the intermediate values of a conversion
/// (0: none).
int64_t remainderBytes(TileBufType dst);
std::array<int64_t, 2> transposedShape(std::array<int64_t, 2> valid, TileBufType dst);
int64_t maskRowBytes(int64_t cols, Element element);
int64_t convertBytes(mlir::Operation *op, TileBufType src, TileBufType dst,
                     std::array<int64_t, 2> valid);

/// "16x64", with `?` for an extent known at run time.
std::string extents(llvm::ArrayRef<int64_t> shape);
/// "f32", or MLIR's own spelling for what the library has no element for.
std::string elementName(mlir::Type type);
/// The element type of a tile, a view, a pointer or a scalar.
mlir::Type elementTypeOf(mlir::Type type);
/// The static part of the valid shape of a tile: -1 where only run time knows.
std::array<int64_t, 2> validShape(mlir::Value tile);
/// Rows and columns with which the library declares a tile: those of its source for a window that
/// keeps the lines of its source (library 1.7).
std::array<int64_t, 2> storedShape(mlir::Value tile);
/// Rows and columns of a tile in numbers: packed pairs count twice along their axis (library 1.8).
std::array<int64_t, 2> numbersIn(mlir::Value tile, std::array<int64_t, 2> elements);

} // namespace pto::rules

/// Begins the definition of one of the rules above.
#define PTO_RULE(name)                                                                             \
  mlir::LogicalResult pto::rules::name(mlir::Operation *op, const pto::OpInfo &info,               \
                                       const pto::RuleInfo &rule)

#endif // PTOAS_LIB_IR_RULES_H
