//===- OpInfo.h - The op-info table -----------------------------*- C++ -*-===//
//
// What the op records say, as constant data: pto-tblgen writes the rows (OpInfo.inc,
// Constraints.inc), everything else asks them. Passes, printer, sync model and simulator lowering
// never name an operation (law 2).
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPINFO_H
#define PTOAS_IR_OPINFO_H

#include "mlir/IR/Operation.h"
#include "ptoas/Support/Element.h"
#include "llvm/ADT/ArrayRef.h"

namespace pto {

/// How an operand takes part in memory traffic.
enum class Role : uint8_t {
  Value,     ///< a scalar, an index, a pointer that is only passed on
  In,        ///< tile read
  Out,       ///< tile written
  InOut,     ///< tile read and written
  Scratch,   ///< tile overwritten; contents mean nothing before and after
  GmIn,      ///< global memory read
  GmOut,     ///< global memory written
  GmInOut,   ///< global memory read and written
  SignalIn,  ///< signal cell waited for
  SignalOut, ///< signal cell given
};
inline bool reads(Role r) {
  return r == Role::In || r == Role::InOut || r == Role::Scratch || r == Role::GmIn ||
         r == Role::GmInOut;
}
inline bool writes(Role r) {
  return r == Role::Out || r == Role::InOut || r == Role::Scratch || r == Role::GmOut ||
         r == Role::GmInOut;
}
inline bool isTile(Role r) { return r >= Role::In && r <= Role::Scratch; }
inline bool isGlobal(Role r) { return r >= Role::GmIn; }

struct OperandInfo {
  llvm::StringLiteral name;
  Role role;
  bool optional, variadic;
  llvm::StringLiteral type; ///< "tile buffer", "index": for the reference page
  /// The call goes by the physical extents of the tile: of a window it may touch all that lies
  /// between its lines.
  bool isWhole;
};

struct AttributeCase {
  int64_t value;
  llvm::StringLiteral cpp; ///< "pto::AccPhase::Final"
};
struct AttributeInfo {
  llvm::StringLiteral name;
  bool optional;
  int64_t defaultValue; ///< of an enum, a number or a flag (0, 1); -1: has none
  llvm::ArrayRef<AttributeCase> cases;
};

enum class PipeRule : uint8_t { None, Fixed, ByRoute, ByMicro };

struct RouteInfo {
  Space from, to;
  Pipe pipe;
  uint8_t archs; ///< bit per Arch
};

/// A piece of the C++ statement.
struct CppPiece {
  enum Kind : uint8_t {
    Text,
    Operand,          ///< value of operand `index`
    OptionalOperand,  ///< the same behind `text`, nothing when absent
    Attribute,        ///< the C++ spelling of attribute `index`
    TemplateArgument, ///< "<...>" of attribute `index` when it is not the default
    Helper            ///< text made by the function `text` of Target/Cpp/Helpers.cpp
  } kind;
  uint8_t index;
  llvm::StringLiteral text;
};

/// When a rule applies.
struct RuleCondition {
  enum Kind : uint8_t { Always, Present, InSpace, AttributeSet } kind = Always;
  uint8_t index = 0;   ///< of the operand or attribute
  uint32_t spaces = 0; ///< bit per Space
};

struct RuleInfo;
/// Decides one rule; on failure emits one error at `op` and returns failure.
using RuleFunction = mlir::LogicalResult (*)(mlir::Operation *op, const struct OpInfo &info,
                                             const RuleInfo &rule);
struct RuleInfo {
  RuleFunction check;
  llvm::ArrayRef<uint8_t> operands; ///< indices into OpInfo::operands
  llvm::ArrayRef<int64_t>
      numbers; ///< spaces, elements, layouts or plain numbers, as the rule defines
  uint8_t archs;
  RuleCondition when;
  llvm::StringLiteral text; ///< for the reference page
  int attribute = -1;       ///< index of the attribute that the rule is about, if it is about one
};

/// One step of a library call that uses flags inside (library 5).
struct MicroStep {
  /// Signal: as Access, a message between cores that keeps the order of its own pipe.
  enum Kind : uint8_t { Access, Signal, Set, Wait, Barrier, LoopBegin, LoopEnd } kind;
  Pipe pipe = Pipe::S;                   ///< Access, Signal, Barrier; source of Set and Wait
  Pipe to = Pipe::S;                     ///< Set, Wait
  uint8_t id = 0;                        ///< event id; LoopBegin: the least number of iterations
  llvm::ArrayRef<uint8_t> reads, writes; ///< operand indices
  enum Part : uint8_t {
    Whole,
    Upper,
    Lower
  } part = Whole; ///< Access: which half of the rows of its tiles
};
struct MicroForm {
  llvm::StringLiteral name;
  llvm::ArrayRef<MicroStep> steps;
};

struct OpInfo {
  llvm::StringLiteral name; ///< "pto.tadd"
  llvm::StringLiteral summary;
  llvm::StringLiteral family;
  PipeRule pipeRule;
  Pipe pipe;                            ///< with PipeRule::Fixed
  llvm::ArrayRef<OperandInfo> operands; ///< ODS order: ins, then outs
  llvm::ArrayRef<AttributeInfo> attributes;
  llvm::ArrayRef<RouteInfo> routes;
  ElementMask elements[2]; ///< per Arch
  llvm::ArrayRef<RuleInfo> rules;
  llvm::ArrayRef<CppPiece> cpp; ///< empty: printed by hand-written code of its family
  llvm::ArrayRef<MicroForm> micro;
  llvm::StringLiteral map, kernel, engine; ///< semantics: exactly one is not empty
  llvm::StringLiteral since, until;
  llvm::StringLiteral
      modelled; ///< what the simulator has chosen where the library's pages are silent
  llvm::ArrayRef<llvm::StringLiteral> was;

  /// Index of an operand or attribute by name; asserts that it exists.
  unsigned operand(llvm::StringRef name) const;
  unsigned attribute(llvm::StringRef name) const;
};

/// All records, sorted by name.
llvm::ArrayRef<OpInfo> allOpInfos();
/// The record of a registered operation of the dialect.
const OpInfo &lookupOpInfo(llvm::StringRef name);
/// The record, or null for operations of other dialects.
const OpInfo *findOpInfo(mlir::Operation *op);

/// The arch of the module around `op` (`pto.target_arch`, A3 when absent or unknown).
Arch archOf(mlir::Operation *op);
/// The pipe on which `op` runs, none for ops without one, for ByMicro and for illegal routes.
std::optional<Pipe> pipeOf(mlir::Operation *op);
/// The micro forms that a call may take by arch, core, element type and static shapes, the most
/// general one first; empty when its forms are told apart by other facts (transfers), and when a
/// call whose pipe depends on its route is one instruction.
llvm::SmallVector<llvm::StringRef, 2> formsByShape(mlir::Operation *op);
/// How many bytes behind the tile of an operand the call overwrites: the a2/a3 form of TGATHER that
/// compares keeps its tables behind its scratch tile (library 5.5). 0 for nearly everything.
uint64_t bytesBehind(mlir::Operation *op, unsigned operand);
/// The number of an attribute by name (a flag is 0 or 1), its default when absent, `otherwise` when
/// it has no default.
int64_t attributeValue(mlir::Operation *op, llvm::StringRef name, int64_t otherwise = 0);

/// The number of an enum attribute of the dialect, none for other attributes.
std::optional<int64_t> enumNumber(mlir::Attribute attr);

/// The generic verifier: arch availability and all rules of the record, every failure reported.
mlir::LogicalResult verifyRecord(mlir::Operation *op);

} // namespace pto

#endif // PTOAS_IR_OPINFO_H
