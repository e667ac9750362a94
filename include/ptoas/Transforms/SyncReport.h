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
  std::map<std::string, std::vector<unsigned>> eventIds; ///< "MTE2>V" -> ids in use
  std::vector<std::string> assumptions;                  ///< "%a and %b are distinct memory"
  std::vector<SyncItem> items;
  std::vector<SyncRemark> remarks;
};

struct SyncReport {
  std::vector<SyncFunction> functions;
  llvm::json::Value toJson() const;
  /// The text of --explain-sync.
  void explain(llvm::raw_ostream &os) const;
};

} // namespace pto

#endif // PTOAS_TRANSFORMS_SYNCREPORT_H
