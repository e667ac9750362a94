//===- Pipes.h - Pipes between cores and their entries ----------*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_PIPES_H
#define PTOAS_TARGET_CPP_PIPES_H

#include "ptoas/IR/Pipes.h"
#include <string>

namespace pto::cpp {

class Printer;

/// `auto p = TPipe<...>(gm, c2v, v2c);`
void printPipe(Printer &p, const PipeInit &init);
/// `Tile<...> t;`, without TASSIGN: the pop binds it.
void printDeclareTile(Printer &p, DeclareTileOp op);
void printFree(Printer &p, TFreeOp op);

/// `TPipe<...>, Tile<...>, TileSplitAxis::...`: the template list of a call.
std::string pipeTypes(Printer &p, RecordOp op);
/// `, (int32_t)i` where the call names its vector core.
std::string subblock(Printer &p, RecordOp op);

/// The pointer behind the slots, null for a ring in local memory.
mlir::Value slotPointer(const PipeInit &init);
/// The pipe that gives an entry its address.
std::optional<PipeInit> pipeOfEntry(DeclareGlobalOp entry);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_PIPES_H
