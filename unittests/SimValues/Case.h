//===- Case.h - One operation, on the simulator, alone ----------*- C++ -*-===//
//
// A case is a form of a record (unittests/IR/Draft.h) with everything that only run time knows:
// extents, addresses, strides, numbers in memory. It can be run, by the same way as a kernel, and
// its operands can be asked for by the name that the record gives them.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_UNITTESTS_SIMVALUES_CASE_H
#define PTOAS_UNITTESTS_SIMVALUES_CASE_H

#include "../IR/Draft.h"
#include "Numbers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "ptoas/Sim/Engine.h"
#include <array>
#include <random>

namespace pto::reference {

/// The run-time side of one operand of a record.
struct Argument {
  enum Kind : uint8_t { None, Tile, View, Scalar, Counts } kind = None;
  std::string name;
  Role role = Role::Value;
  TileShape shape;                ///< Tile: as it lies in memory, with run-time valid extents
  uint64_t address = 0;           ///< Tile: in its memory; View: in the array of all views
  Element element = Element::F32; ///< View, Scalar
  Layout layout = Layout::ND;     ///< View
  unsigned rank = 2;              ///< View: dimensions that the text has
  std::array<int64_t, 5> extent{}, step{}; ///< View
  double real = 0;                         ///< Scalar
  Int whole = 0;
  TileShape declared;    ///< Tile: what its type says
  bool isWindow = false; ///< Tile: a window of a larger one

  bool isTile() const { return kind == Tile; }
};

/// What the values in memory are like.
enum class Data : uint8_t {
  Wild,  ///< any, special ones among them
  Small, ///< whole numbers so small that sums and products are exact
  Mild   ///< floats of about 1
};

struct Case {
  const OpInfo *info = nullptr;
  Arch arch = Arch::A3;
  std::string text; ///< "pto.tadd, a3, f32, odd"
  testing::Draft draft;
  Data data = Data::Wild;
  std::vector<Argument> arguments;        ///< by record operand
  std::vector<uint8_t> memory[numSpaces]; ///< before; GM: one array
  int64_t part = 0; ///< the vector core whose UB is looked at, when the cube core writes there
  std::mt19937_64 random;

  const Argument *find(llvm::StringRef name) const;
  int64_t attribute(llvm::StringRef name) const; ///< its number, also when it is the default
  /// The type by which coverage is counted: that of the operand with an `elements` rule, else of
  /// the result.
  Element element() const;
};

/// Sizes for one case. Extents of `side` in a draft become `rows` or `cols`, what is a multiple of
/// it the same multiple.
struct Geometry {
  const char *name;
  int64_t rows, cols, inner;                ///< physical; inner: the common extent of a product
  int64_t validRows, validCols, validInner; ///< at run time
  bool isOpen;                              ///< valid extents are no part of the types
  bool inPlace = false;                     ///< the result lies over the first source of its type
  bool isWindow = false;                    ///< plain tiles are windows of larger ones
};
llvm::ArrayRef<Geometry> geometries();

/// The form in that geometry with places and contents; none when it makes no sense for the record.
std::optional<Case> makeCase(const OpInfo &info, const testing::Form &form,
                             const Geometry &geometry, uint64_t seed);
/// More cases of records for which sizes are not enough.
void addSpecialCases(const OpInfo &info, const testing::Form &form, uint64_t seed,
                     std::vector<Case> &out);

/// Does the operation write into memory that only the other kind of core has (a5)?
bool leavesCore(const Case &c);

/// A module with one function that runs the operation and drains; none, with the reason in
/// `refusal`, when the verifier refuses it.
mlir::OwningOpRef<mlir::ModuleOp> buildModule(mlir::MLIRContext &context, const Case &c,
                                              std::string &refusal);

struct Outcome {
  std::string refusal; ///< why nothing ran
  sim::Program program;
  CoreKind core = CoreKind::Vector; ///< that ran it
  sim::Report report;
  std::vector<uint8_t> memory[numSpaces];    ///< after
  std::vector<sim::Observer::Touch> touches; ///< GM: from 0 on
};
Outcome runCase(mlir::ModuleOp module, const Case &c);

/// The first byte of element (row, col), from the start of its memory (library 1.3).
uint64_t placeOf(const Argument &tile, int64_t row, int64_t col);
/// The same of an element of a view's matrix (library 1.1).
uint64_t placeOfView(const Argument &view, int64_t row, int64_t col);
int64_t rowsOfView(const Argument &view);
int64_t colsOfView(const Argument &view);

} // namespace pto::reference

#endif // PTOAS_UNITTESTS_SIMVALUES_CASE_H
