//===- LibraryStepsTest.cpp - The simulator's steps against the records ---===//
//
// Both sides know what a library call does inside: the records for inserter and checker, the
// simulator for itself. They are compared here and nowhere else.
//
//===----------------------------------------------------------------------===//

#include "ptoas/IR/OpInfo.h"
#include "ptoas/Sim/Kernel.h"
#include "gmock/gmock.h"

using namespace pto;
using namespace pto::sim;

namespace {
std::string flag(const char *verb, Pipe from, Pipe to, unsigned id) {
  return (verb + name(from) + ">" + name(to) + " " + llvm::Twine(id)).str();
}

/// Accesses by their pipe, sets and waits by their key.
std::vector<std::string> stepsOf(const MicroForm &form) {
  std::vector<std::string> steps;
  for (const pto::MicroStep &step : form.steps)
    switch (step.kind) {
    case pto::MicroStep::Access:
      if (!step.reads.empty() ||
          !step.writes.empty()) // "V: ->" occupies the pipe and touches nothing
        steps.push_back(name(step.pipe).str());
      break;
    case pto::MicroStep::Set:
      steps.push_back(flag("set ", step.pipe, step.to, step.id));
      break;
    case pto::MicroStep::Wait:
      steps.push_back(flag("wait ", step.pipe, step.to, step.id));
      break;
    case pto::MicroStep::Barrier:
      steps.push_back("barrier " + name(step.pipe).str());
      break;
    default:
      steps.push_back("a step that the simulator has not");
    }
  return steps;
}

std::vector<std::string> stepsOf(llvm::ArrayRef<LibraryStep> library) {
  std::vector<std::string> steps;
  for (const LibraryStep &step : library) {
    steps.push_back(step.kind == LibraryStep::Run    ? name(step.pipe).str()
                    : step.kind == LibraryStep::Set  ? flag("set ", step.pipe, step.to, step.id)
                    : step.kind == LibraryStep::Wait ? flag("wait ", step.pipe, step.to, step.id)
                                                     : "barrier " + name(step.pipe).str());
  }
  return steps;
}

/// No attribute, then each one alone with the value 1: what sets `axis` or `exhausted`.
std::vector<std::vector<Attribute>> attributesOf(const OpInfo &info) {
  std::vector<std::vector<Attribute>> out{{}};
  for (const AttributeInfo &attribute : info.attributes)
    out.push_back({{attribute.name.str(), 1}});
  return out;
}
} // namespace

TEST(LibrarySteps, AreThoseOfTheRecords) {
  unsigned compared = 0;
  for (const OpInfo &info : allOpInfos())
    for (Arch arch : {Arch::A3, Arch::A5})
      for (Element element : {Element::I32, Element::F32}) {
        if (!info.engine.empty() || !(info.elements[unsigned(arch)] & maskOf(element)))
          continue;
        // An instruction like any other is a form of one access, or none at all.
        std::vector<std::vector<std::string>> forms;
        for (const MicroForm &form : info.micro)
          if (form.name.starts_with(name(arch)) || form.name == "drained")
            forms.push_back(stepsOf(form));
        std::vector<Operand> operands(info.operands.size());
        for (Operand &operand : operands) {
          operand.kind = Operand::Tile;
          TileShape &shape = operand.tile.shape;
          shape.element = element;
          shape.rows = shape.validRows = 16;
          shape.cols = shape.validCols = 128;
        }
        StepsFunction find = findSteps(info.kernel);
        for (const std::vector<Attribute> &attributes : attributesOf(info)) {
          std::string where = (info.name + " on " + name(arch) + ", " + name(element)).str() +
                              (attributes.empty() ? "" : ", " + attributes[0].name);
          auto steps = find ? find(arch, operands, attributes) : llvm::ArrayRef<LibraryStep>();
          if (steps.empty()) {
            // A call with a pipe of its own has forms only for its exceptions.
            EXPECT_TRUE(forms.empty() || info.pipeRule == PipeRule::ByRoute ||
                        llvm::any_of(forms, [](auto &f) { return f.size() == 1; }))
                << where;
            continue;
          }
          ++compared;
          std::vector<std::string> simulated = stepsOf(steps);
          // A record may have one list for all elements, whose first vector access integers do
          // without: an access too many asks for more order, never for less.
          std::vector<std::string> more = simulated;
          more.insert(more.begin(), "V");
          EXPECT_TRUE(llvm::is_contained(forms, simulated) || llvm::is_contained(forms, more))
              << where;
        }
      }
  EXPECT_GE(compared, 10u); // on a3 tshl and tshr of integers, tpow of both, tmrgsort on both archs
}
