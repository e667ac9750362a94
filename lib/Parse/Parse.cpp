//===- Parse.cpp - From text to a verified module --------------------------===//

#include "ptoas/Parse/Parse.h"
#include "Normalize.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Verifier.h"
#include "ptoas/IR/TileHandle.h"
#include "ptoas/Parse/Text.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace pto;
using mlir::Operation;

void pto::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<PtoDialect, mlir::affine::AffineDialect, mlir::arith::ArithDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, mlir::math::MathDialect,
                  mlir::scf::SCFDialect>();
}

llvm::StringRef pto::sourceName(mlir::Value value) {
  auto name = llvm::dyn_cast<mlir::NameLoc>(value.getLoc());
  return name ? name.getName().getValue() : llvm::StringRef();
}

mlir::Location pto::placeOf(mlir::Location location) {
  while (auto named = llvm::dyn_cast<mlir::NameLoc>(location))
    location = named.getChildLoc();
  return location;
}

std::string pto::locationText(mlir::Location location) {
  std::string text;
  location->walk([&](mlir::Location inner) {
    auto file = llvm::dyn_cast<mlir::FileLineColLoc>(inner);
    if (!file)
      return mlir::WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + llvm::Twine(file.getLine()) + ":" +
            llvm::Twine(file.getColumn()))
               .str();
    return mlir::WalkResult::interrupt();
  });
  return text;
}

namespace {
/// The identifier at a definition: the text between '%' and the first character that cannot be part
/// of a name.
llvm::StringRef identifier(llvm::SMRange range) {
  llvm::StringRef text(range.Start.getPointer(), range.End.getPointer() - range.Start.getPointer());
  text.consume_front("%");
  return text.take_while(
      [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.' || c == '-'; });
}

void rememberNames(const mlir::AsmParserState &state, mlir::MLIRContext &context) {
  auto named = [&](llvm::StringRef name, mlir::Location inner) -> mlir::Location {
    return mlir::NameLoc::get(mlir::StringAttr::get(&context, name), inner);
  };
  for (const auto &def : state.getOpDefs()) {
    // A group `%a:2 = ...` has one name for several values; only single results keep theirs.
    if (def.op->getNumResults() == 1 && def.resultGroups.size() == 1)
      def.op->setLoc(named(identifier(def.resultGroups.front().definition.loc), def.op->getLoc()));
  }
  for (const auto &def : state.getBlockDefs())
    for (auto [argument, definition] : llvm::zip(def.block->getArguments(), def.arguments))
      argument.setLoc(named(identifier(definition.loc), argument.getLoc()));
}
} // namespace

/// MLIR leaves a loop that never ends, or whose bounds mean something else, to its users.
static bool countsUpwards(mlir::scf::ForOp loop) {
  auto step = mlir::getConstantIntValue(loop.getStep());
  if (!step || *step > 0)
    return true;
  loop.emitOpError() << "has step " << *step << "; a loop counts upwards, by 1 at least";
  return false;
}

/// The parser leaves a null operand where a name was used outside a function and defined inside it
/// only; MLIR's own verifier would read it.
static bool usesNull(Operation *op) {
  return llvm::any_of(op->getOperands(), [](mlir::Value value) { return !value; });
}

mlir::LogicalResult pto::verifyAll(mlir::ModuleOp module) {
  bool ok = true;
  module.walk([&](Operation *op) {
    if (usesNull(op)) {
      op->emitOpError() << "uses a value that is defined only inside a function, or later";
      ok = false;
    }
  });
  if (!ok)
    return mlir::failure();
  module.walk<mlir::WalkOrder::PreOrder>([&](Operation *op) {
    auto info = op->getName().getRegisteredInfo();
    if (!info)
      return;
    for (mlir::NamedAttribute attr : op->getDiscardableAttrs())
      if (mlir::Dialect *dialect = attr.getNameDialect())
        ok &= mlir::succeeded(dialect->verifyOperationAttribute(op, attr));
    // Nested operations are visited by this walk; a failure here must not hide theirs.
    if (mlir::failed(info->verifyInvariants(op)))
      ok = false;
    else if (op->getNumRegions() && mlir::failed(info->verifyRegionInvariants(op)))
      ok = false;
    else if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op))
      ok &= countsUpwards(loop);
  });
  // Tiles that come from elsewhere. What makes or views a tile checks its own.
  auto check = [&](Operation *op, mlir::TypeRange types) {
    for (mlir::Type type : types)
      if (auto tile = llvm::dyn_cast<TileBufType>(type))
        ok &= mlir::succeeded(verifyTileLayout(op, tile));
  };
  module.walk([&](Operation *op) {
    if (auto function = llvm::dyn_cast<mlir::func::FuncOp>(op)) {
      check(op, function.getArgumentTypes());
      check(op, function.getResultTypes());
    } else if (llvm::isa<RecordOp>(op) && !llvm::isa<AllocTileOp, TileView, TAssignOp>(op)) {
      check(op, op->getResultTypes());
    }
  });
  // Dominance and terminators, which no single operation can see. Runs alone, so that nothing is
  // reported twice.
  return mlir::success(ok && mlir::succeeded(mlir::verify(module)));
}

namespace {
/// A module of modules is how front-ends keep units apart that go to different backends: their
/// functions become one file. What a nested module says of its functions goes along.
mlir::LogicalResult flatten(mlir::ModuleOp module) {
  bool ok = true;
  for (auto nested : llvm::make_early_inc_range(module.getOps<mlir::ModuleOp>())) {
    ok &= mlir::succeeded(flatten(nested));
    mlir::Attribute kind = nested->getAttr(kernelKindAttr), arch = nested->getAttr(targetArchAttr);
    if (arch && module->hasAttr(targetArchAttr) && arch != module->getAttr(targetArchAttr)) {
      nested.emitOpError() << "is for " << arch << ", but the module around it for "
                           << module->getAttr(targetArchAttr) << "; one file is for one chip";
      ok = false;
    } else if (arch) {
      module->setAttr(targetArchAttr, arch);
    }
    for (Operation &op : llvm::make_early_inc_range(*nested.getBody())) {
      auto symbol = mlir::SymbolTable::getSymbolName(&op);
      if (symbol)
        if (Operation *other = mlir::SymbolTable::lookupSymbolIn(module, symbol)) {
          op.emitOpError() << "is @" << symbol.getValue()
                           << " for the second time; nested modules become one file";
          other->emitRemark() << "the first one";
          ok = false;
        }
      if (kind && llvm::isa<mlir::func::FuncOp>(op) && !op.hasAttr(kernelKindAttr))
        op.setAttr(kernelKindAttr, kind);
      op.moveBefore(nested);
    }
    nested.erase();
  }
  return mlir::success(ok);
}

/// `pto.tassign ins(%t, %a)` as a statement moves %t: what comes behind it in its block means the
/// result.
void followMoves(mlir::ModuleOp module) {
  module.walk([](TAssignOp move) {
    if (!move.getResult().use_empty())
      return;
    move.getSource().replaceUsesWithIf(move.getResult(), [&](mlir::OpOperand &use) {
      Operation *at = move->getBlock()->findAncestorOpInBlock(*use.getOwner());
      return at && move->isBeforeInBlock(at);
    });
  });
}

bool holdsOtherLeftTiles(mlir::ModuleOp module, BLayout wanted) {
  auto isOther = [&](mlir::Type type) {
    auto tile = llvm::dyn_cast<TileBufType>(type);
    if (auto ring = llvm::dyn_cast<MultiTileBufType>(type))
      tile = ring.getSlot();
    return tile && tile.getSpace() == Space::Left && tile.getBlayout() != wanted;
  };
  auto found = module.walk([&](Operation *op) {
    bool any = llvm::any_of(op->getResultTypes(), isOther);
    for (mlir::Region &region : op->getRegions())
      for (mlir::Block &block : region)
        any |= llvm::any_of(block.getArgumentTypes(), isOther);
    if (auto function = llvm::dyn_cast<mlir::func::FuncOp>(op); function && function.isExternal())
      any |= llvm::any_of(function.getArgumentTypes(), isOther);
    return any ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return found.wasInterrupted();
}

/// The cube reads its left operand in one outer layout per arch, whatever the text says (library
/// 1.4). A text that says the other one is told so, once per type.
void fixLeftTiles(mlir::ModuleOp module, Arch arch) {
  BLayout wanted = arch == Arch::A3 ? BLayout::RowMajor : BLayout::ColMajor;
  llvm::SmallPtrSet<mlir::Type, 4> told;
  auto *dialect = module.getContext()->getOrLoadDialect<PtoDialect>();
  for (auto [where, type] : std::exchange(dialect->explicitLeftTiles, {})) {
    auto tile = llvm::cast<TileBufType>(type);
    if (tile.getBlayout() != wanted && told.insert(tile).second)
      mlir::emitRemark(where) << "blayout=" << (arch == Arch::A3 ? "col_major" : "row_major")
                              << " of " << tile << " is taken as "
                              << (arch == Arch::A3 ? "row_major" : "col_major")
                              << ": that is how the cube of " << name(arch)
                              << " reads its left operand";
  }
  if (!holdsOtherLeftTiles(module, wanted))
    return;
  mlir::AttrTypeReplacer replacer;
  replacer.addReplacement([&](TileBufType t) -> std::optional<mlir::Type> {
    if (t.getSpace() != Space::Left)
      return std::nullopt;
    return TileBufType::get(t.getContext(), t.getSpace(), t.getElementType(), t.getRows(),
                            t.getCols(), t.getValidRows(), t.getValidCols(), wanted, t.getSlayout(),
                            t.getFractal(), t.getPad(), t.getCompact());
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}
} // namespace

mlir::OwningOpRef<mlir::ModuleOp> pto::parseProgram(const llvm::SourceMgr &sources,
                                                    mlir::MLIRContext &context,
                                                    std::optional<Arch> arch, bool addsScratch) {
  mlir::Block block;
  mlir::ParserConfig config(&context, /*verifyAfterParse=*/false);
  const llvm::MemoryBuffer *buffer = sources.getMemoryBuffer(sources.getMainFileID());
  auto location = mlir::FileLineColLoc::get(&context, buffer->getBufferIdentifier(), 0, 0);
  if (mlir::isBytecode(*buffer)) {
    if (mlir::failed(mlir::readBytecodeFile(*buffer, &block, config)))
      return nullptr;
  } else {
    if (mlir::failed(checkText(*buffer, context)))
      return nullptr;
    llvm::SourceMgr text; // the parser takes nothing else; places and names are those of `sources`
    text.AddNewSourceBuffer(textOf(*buffer), llvm::SMLoc());
    mlir::AsmParserState state;
    if (mlir::failed(mlir::parseAsmSourceFile(text, &block, config, &state)))
      return nullptr;
    rememberNames(state, context);
  }

  // One module, written out or implied.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  if (llvm::hasSingleElement(block) && llvm::isa<mlir::ModuleOp>(block.front())) {
    module = llvm::cast<mlir::ModuleOp>(block.front());
    module->getOperation()->remove();
  } else {
    module = mlir::ModuleOp::create(location);
    module->getBody()->getOperations().splice(module->getBody()->end(), block.getOperations());
  }

  if (mlir::failed(flatten(*module)))
    return nullptr;
  if (!arch)
    if (mlir::Attribute given = (*module)->getAttr(targetArchAttr)) {
      auto text = llvm::dyn_cast<mlir::StringAttr>(given);
      arch = text ? parseArch(text.getValue()) : std::nullopt;
      if (!arch) {
        mlir::emitError(module->getLoc()) << "module attribute '" << targetArchAttr << "' is "
                                          << given << "; it is \"a2\", \"a3\", \"a2a3\" or \"a5\"";
        return nullptr;
      }
    }
  (*module)->setAttr(targetArchAttr,
                     mlir::StringAttr::get(&context, name(arch.value_or(Arch::A3))));
  fixLeftTiles(*module, arch.value_or(Arch::A3));
  followMoves(*module);
  bool isWhole =
      !module
           ->walk([](Operation *op) {
             return usesNull(op) ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
           })
           .wasInterrupted();
  if (isWhole) {
    replaceReturnedDestinations(*module);
    if (addsScratch)
      addMissingScratch(*module);
  }
  if (mlir::failed(verifyAll(*module)) || mlir::failed(checkCallDepth(*module)))
    return nullptr;
  return module;
}
