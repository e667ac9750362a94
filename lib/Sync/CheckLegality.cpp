//===- CheckLegality.cpp - C4: flags and barriers that exist --------------===//

#include "Checker.h"
#include "llvm/ADT/Twine.h"

using namespace pto;
using namespace pto::sync;
using namespace pto::sync::checker;

namespace {

class Legality {
public:
  Legality(const Program &program, std::vector<Finding> &findings)
      : program(program), findings(findings) {}

  void list(llvm::ArrayRef<NodeId> nodes, bool inMacro) {
    for (NodeId id : nodes) {
      const Node &node = program[id];
      if (node.kind == NodeKind::Set || node.kind == NodeKind::Wait)
        flag(id, inMacro);
      else if (node.kind == NodeKind::Barrier)
        barrier(id);
      else if (node.kind == NodeKind::Access && node.pipe == Pipe::ALL)
        report(id, "an access runs on one pipe, ALL is none");
      for (const std::vector<NodeId> &arm : node.arms)
        list(arm, inMacro || (node.kind == NodeKind::Macro && !node.transparent));
    }
  }

private:
  const Program &program;
  std::vector<Finding> &findings;

  void report(NodeId id, const llvm::Twine &what, bool warning = false) {
    Finding finding;
    finding.rule = Rule::C4;
    finding.later = id;
    finding.key = program[id].key;
    finding.what = what.str();
    finding.warning = warning;
    findings.push_back(std::move(finding));
  }

  /// Reports the first reason why the core has no such pipe.
  bool pipeExists(NodeId id, Pipe pipe) {
    if (coreHasPipe(program.core, pipe, program.arch))
      return true;
    report(id, "a " + llvm::Twine(name(program.core)) + " core of " + name(program.arch) +
                   " has no pipe " + name(pipe));
    return false;
  }

  void flag(NodeId id, bool inMacro) {
    const FlagKey &key = program[id].key;
    if (key.from == Pipe::ALL || key.to == Pipe::ALL)
      return report(id, "a flag connects two single pipes, ALL is none");
    if (key.from == key.to)
      return report(id, "a pipe has no flag to itself");
    if (!pipeExists(id, key.from) || !pipeExists(id, key.to))
      return;
    int64_t first = key.id.base, last = first + std::max<int64_t>(key.id.count, 1) - 1;
    if (key.id.known && (first < 0 || last >= int64_t(program.eventIds))) {
      std::string ids =
          first == last
              ? ("event id " + llvm::Twine(first) + " leaves").str()
              : ("event ids " + llvm::Twine(first) + " to " + llvm::Twine(last) + " leave").str();
      report(id, ids + " the range 0 to " + llvm::Twine(int64_t(program.eventIds) - 1));
    }
    // Inside a library call the vendor's own code is the list.
    if (!inMacro && !flagPairIsListed(key.from, key.to))
      report(id, "the vendor's list of flags does not name this pair of pipes (HQ2)", true);
  }

  void barrier(NodeId id) {
    Pipe pipe = program[id].pipe;
    if (!barrierIsLegal(pipe, program.arch))
      return report(id, "pipe_barrier(" + llvm::Twine(name(pipe)) + ") is not accepted on " +
                            name(program.arch) + ", where the pipe keeps its order without");
    pipeExists(id, pipe);
  }
};

} // namespace

void checker::checkLegality(const Program &program, std::vector<Finding> &findings) {
  Legality(program, findings).list(program.top, false);
}
