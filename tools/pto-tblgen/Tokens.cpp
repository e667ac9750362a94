//===- Tokens.cpp - Flags inside a library call ----------------------------===//

#include "Records.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace pto::tblgen;

std::string pto::tblgen::tokenProblem(const Form &form) {
  std::map<std::string, bool> pending;
  std::vector<std::map<std::string, bool>> loops;
  for (const Step &s : form.steps) {
    std::string key = s.pipe + ">" + s.to + " " + llvm::utostr(s.id);
    if (s.kind == "Set" || s.kind == "Wait") {
      bool &there = pending[key];
      if (there == (s.kind == "Set"))
        return (there ? "sets " : "waits for ") + key + (there ? " twice" : " before it is set");
      there = s.kind == "Set";
    } else if (s.kind == "LoopBegin") {
      loops.push_back(pending);
    } else if (s.kind == "LoopEnd") {
      if (loops.empty())
        return "closes a loop that it never opened";
      for (auto &[k, v] : pending)
        if (loops.back()[k] != v)
          return "leaves " + k + " pending at one end of a loop only";
      loops.pop_back();
    }
  }
  if (!loops.empty())
    return "leaves a loop open";
  for (auto &[key, there] : pending)
    if (there)
      return "leaves " + key + " pending";
  return "";
}
