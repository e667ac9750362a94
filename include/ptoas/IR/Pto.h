//===- Pto.h - The pto dialect ----------------------------------*- C++ -*-===//
#ifndef PTOAS_IR_PTO_H
#define PTOAS_IR_PTO_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "ptoas/IR/OpInfo.h"
#include "ptoas/Support/Element.h"

namespace pto {
/// The memories that effects name.
struct TileMemory : mlir::SideEffects::Resource::Base<TileMemory> {
  llvm::StringRef getName() final { return "tile memory"; }
};
struct GlobalMemory : mlir::SideEffects::Resource::Base<GlobalMemory> {
  llvm::StringRef getName() final { return "global memory"; }
};
struct SignalMemory : mlir::SideEffects::Resource::Base<SignalMemory> {
  llvm::StringRef getName() final { return "signals"; }
};
struct ScalarMemory : mlir::SideEffects::Resource::Base<ScalarMemory> {
  llvm::StringRef getName() final { return "variables of the scalar unit"; }
};
mlir::LogicalResult verifyReturnedDestination(mlir::Operation *op);
/// The result of such an operation, where its text has one, is its operand `dst` by another name.
template <typename Concrete>
class ReturnsDestination : public mlir::OpTrait::TraitBase<Concrete, ReturnsDestination> {
public:
  static mlir::LogicalResult verifyTrait(mlir::Operation *op) {
    return verifyReturnedDestination(op);
  }
};
/// The operand `dst` of an operation that has it as its result; null for all others.
mlir::Value returnedDestination(mlir::Operation *op);
/// The type of the counts that a merge leaves behind, vector<4xi16>.
bool isExecutedCounts(mlir::Type type);
} // namespace pto

#include "ptoas/IR/Dialect.h.inc"
#include "ptoas/IR/Enums.h.inc"
#include "ptoas/IR/Interfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "ptoas/IR/Attrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ptoas/IR/Types.h.inc"

namespace pto {
/// Attribute and type names that are part of the language (library 8.3).
inline constexpr llvm::StringLiteral targetArchAttr = "pto.target_arch";
inline constexpr llvm::StringLiteral kernelKindAttr = "pto.kernel_kind";
inline constexpr llvm::StringLiteral entryAttr = "pto.entry";
inline constexpr llvm::StringLiteral mayAliasAttr = "pto.may_alias";
inline constexpr llvm::StringLiteral backendAttr = "pto.backend";
inline constexpr llvm::StringLiteral tailHintAttr = "pto.auto_sync_tail_hint";

/// Element of a builtin or dialect type; none when it has no storage form.
std::optional<Element> elementOf(mlir::Type type);
/// Element type of a pointer; pointer to the element type of a view (for TypesMatchWith).
mlir::Type pointee(mlir::Type pointer);
mlir::Type pointerTo(mlir::Type view);
mlir::Type elementOfTile(mlir::Type tile);
/// The constant that a value is, looked through index casts, extensions and truncations.
std::optional<int64_t> constantOf(mlir::Value value);
/// The hardware pipe of an attribute value; ALL included.
Pipe toPipe(PipeKind kind);
PipeKind fromPipe(Pipe pipe);
} // namespace pto

#define GET_OP_CLASSES
#include "ptoas/IR/Ops.h.inc"

namespace pto {
/// The scratch operand that the library needs and the text leaves out: its index in the record, and
/// a tile that suffices.
std::optional<std::pair<unsigned, TileBufType>> missingScratch(mlir::Operation *op);
} // namespace pto

#endif // PTOAS_IR_PTO_H
