//===- Variables.cpp - Arrays and structs of the scalar unit ---------------===//

#include "Printer.h"
#include "llvm/ADT/SetVector.h"

using namespace pto;
using namespace pto::cpp;

/// A name that tells structs with other fields apart: fields by type, a nested struct with how many
/// it has. "PtoStruct_2_i32_f32" inside another one is its second half.
static std::string mangled(mlir::Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto structure = llvm::dyn_cast<StructType>(type);
  if (!structure) {
    os << type;
    return text;
  }
  os << structure.getFields().size();
  for (mlir::Type field : structure.getFields())
    os << '_' << mangled(field);
  return text;
}

static std::string structName(StructType type) { return "PtoStruct_" + mangled(type); }

void cpp::printVariable(Printer &p, mlir::Value variable) {
  mlir::Type type = variable.getType();
  std::string name = p.declare(variable);
  if (auto structure = llvm::dyn_cast<StructType>(type))
    return p.line(structName(structure) + " " + name + ";");
  if (auto ids = llvm::dyn_cast<EventIdArrayType>(type))
    return p.line("int64_t " + name + "[" + llvm::Twine(ids.getSize()) + "];");
  auto array = llvm::cast<LocalArrayType>(type);
  std::string extents;
  for (int64_t extent : array.getShape())
    extents += "[" + std::to_string(extent) + "]";
  p.line(cppType(array.getElementType()) + " " + name + extents + ";");
}

/// A struct after those inside it.
static void collect(StructType type, llvm::SetVector<mlir::Type> &structs) {
  for (mlir::Type field : type.getFields())
    if (auto inner = llvm::dyn_cast<StructType>(field))
      collect(inner, structs);
  structs.insert(type);
}

void cpp::printStructs(mlir::ModuleOp module, llvm::raw_ostream &os, llvm::StringSet<> &globals) {
  llvm::SetVector<mlir::Type> structs;
  module.walk([&](DeclareStructOp op) { collect(op.getStructure().getType(), structs); });
  for (mlir::Type type : structs) {
    auto structure = llvm::cast<StructType>(type);
    globals.insert(structName(structure));
    os << "\nstruct " << structName(structure) << " {\n";
    for (auto [i, field] : llvm::enumerate(structure.getFields())) {
      auto inner = llvm::dyn_cast<StructType>(field);
      os << "  " << (inner ? structName(inner) : cppType(field)) << " f" << i << ";\n";
    }
    os << "};\n";
  }
}
