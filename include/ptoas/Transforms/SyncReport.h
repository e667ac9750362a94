//===- SyncReport.h - What was inserted and what was proven -----*- C++ -*-===//
//
// Filled by the sync passes, printed by --explain-sync (text) and --sync-report (JSON).
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_TRANSFORMS_SYNCREPORT_H
#define PTOAS_TRANSFORMS_SYNCREPORT_H

#include "ptoas/Support/Hardware.h"
#include "llvm/Support/JSON.h"
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pto {

/// One synchronisation instruction that the inserter added.
struct SyncItem {
  std::string text; ///< "set_flag MTE2>V 0", "pipe_barrier V"
  std::string
      before; ///< what stands after it: "pto.tadd at k.pto:12:5", or "the end of the function"
  std::vector<std::string>
      reasons; ///< "RAW on %x: written by pto.tload at k.pto:10:5, read by pto.tadd at ..."
  bool inLoop = false;
  bool isFull = false;                  ///< PIPE_ALL
  uint64_t executed = 0;                ///< times, in the model
  std::optional<uint64_t> stalled = {}; ///< waits and full barriers: cycles of standing still
};

/// What holds without any item of ours: an order that a library call's own flags give.
struct SyncRemark {
  std::string text;
};

/// One core program: a root function on one core kind.
struct SyncFunction {
  std::string name;
  std::string core;         ///< "vector" or "cube"
  bool handWritten = false; ///< the source of the module had flags, barriers or fences
  bool judged = false;      ///< the checker ran
  bool accepted = false;
  uint64_t hazards = 0;  ///< ordered pairs that the checker examined
  unsigned handoffs = 0; ///< set/wait pairs by static text, inserted
  unsigned flags = 0;    ///< set and wait instructions in the text, all
  unsigned barriers = 0; ///< pipe_barrier of one pipe, all
  unsigned barriersAll = 0;
  unsigned fences = 0;
  /// In the model of pipes, where a loop of unknown length runs eight times: how often the items of
  /// the text run, and until when; none when the program is too long for it.
  struct Modelled {
    uint64_t flags = 0, barriers = 0, barriersAll = 0, fences = 0;
    uint64_t cycles = 0, free = 0; ///< free: no synchronisation, every dependence kept at no cost
  };
  std::optional<Modelled> modelled;
  std::map<std::string, std::vector<unsigned>> eventIds; ///< "MTE2>V" -> ids in use
  std::vector<std::string> assumptions;                  ///< "%a and %b are distinct memory"
  std::vector<SyncItem> items;
  std::vector<SyncRemark> remarks;
};

/// One core that opens a pipe.
struct PipeSide {
  std::string core;               ///< "cube" or "vector"
  std::string function;           ///< that opens it
  std::string place;              ///< "k.pto:12:5"
  std::vector<int64_t> addresses; ///< where the consumer keeps tiles: none, one, or C2V and V2C
};

/// A pipe between the cores of a block, with everything that its TPipe is given.
struct PipeSummary {
  std::optional<int64_t> id; ///< the front-end's number
  std::string direction;     ///< "C2V", "V2C" or "BOTH"
  std::string memory;        ///< of the slots: "global" or "local"
  int64_t slotSize = 0, slotNum = 0, localSlotNum = 0;
  int64_t syncPeriod = 0;          ///< entries after which the consumer gives slots back
  int64_t flagBase = 0, flags = 0; ///< the first flag and how many
  bool noSplit = false, unitFlag = false;
  std::string epilogue; ///< what a push from an accumulator does on the way, empty: nothing
  /// Where each of them comes from, in the order of the text: "given", "derived" or "default".
  std::vector<std::pair<std::string, std::string>> origins;
  std::vector<PipeSide> sides; ///< both sides; one when the other is in another module
};

struct SyncReport {
  bool detailed = false;   ///< somebody will read items, remarks and times
  bool refusedOwn = false; ///< the checker refused what the inserter made: our bug
  std::vector<SyncFunction> functions;
  std::vector<PipeSummary> pipes;
  llvm::json::Value toJson() const;
  /// The text of --pto-print-pipes.
  void printPipes(llvm::raw_ostream &os) const;
  /// The text of --explain-sync.
  void explain(llvm::raw_ostream &os) const;
};

} // namespace pto

#endif // PTOAS_TRANSFORMS_SYNCREPORT_H
