//===- ScalarCacheText.cpp - Stale lines in words --------------------------===//

#include "ScalarCache.h"
#include "SyncText.h"

using namespace pto;
using sync::Node;
using sync::NodeKind;
using sync::Program;

static std::string headline(const SyncModel &model, const StaleLine &line) {
  const Program &p = model.program;
  const Node &scalar = p[line.scalar], &other = p[line.other];
  std::string bytes = describeRegion(p, (line.isStore ? scalar.writes : scalar.reads).front());
  if (!line.isStore)
    return "may read " + bytes + " from the scalar data cache, as they were before " + other.label;
  bool tells = other.kind == NodeKind::Publish || other.pipe == Pipe::S;
  return (tells ? "tells of " : "uses ") + bytes + ", which " + scalar.label +
         " may have left in the scalar data cache";
}

std::string pto::describeAssumption(const SyncModel &model, const StaleLine &line) {
  sync::NodeId at = line.isStore ? line.other : line.scalar;
  return "not a fault, though only run time knows: " + model.program[at].label + " " +
         headline(model, line);
}

bool pto::emitStaleLine(const SyncModel &model, const StaleLine &line, bool warn, Author author) {
  const Program &p = model.program;
  const Node &scalar = p[line.scalar], &other = p[line.other];
  mlir::Operation *access = model.sources[scalar.source];
  bool isAtOther = line.isStore && other.source != sync::none;
  mlir::Operation *at = isAtOther ? model.sources[other.source] : access;
  auto diagnostic = warn ? at->emitWarning() : at->emitError();
  diagnostic << "'" << at->getName() << "' op " << (line.unproven ? "cannot be proven: " : "")
             << headline(model, line) << " [C8]";
  mlir::Operation *earlier = isAtOther                    ? access
                             : other.source == sync::none ? nullptr
                                                          : model.sources[other.source];
  if (earlier)
    diagnostic.attachNote(earlier->getLoc()) << "the earlier one is here: " << earlier->getName();
  if (line.unproven)
    diagnostic.attachNote(at->getLoc())
        << "only run time knows whether this is right; --assume takes it for right";
  if (author != Author::Inserter)
    diagnostic.attachNote(access->getLoc())
        << (line.isStore ? "put pto.cmo.cacheinvalid of its line, then pto.dsb, behind it"
                         : "put pto.cmo.cacheinvalid of its line before it")
        << ", or compile with --enable-insert-sync";
  return author == Author::Inserter;
}
