//===- SyncReport.cpp - JSON and text of what was inserted and proven ------===//

#include "ptoas/Transforms/SyncReport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
namespace json = llvm::json;

namespace {
json::Array pipesToJson(llvm::ArrayRef<PipeSummary> pipes) {
  json::Array list;
  for (const PipeSummary &p : pipes) {
    json::Array sides;
    json::Object origins;
    for (auto &[what, origin] : p.origins)
      origins[what] = origin;
    for (const PipeSide &s : p.sides)
      sides.push_back(json::Object{{"core", s.core},
                                   {"function", s.function},
                                   {"place", s.place},
                                   {"addresses", json::Array(s.addresses)}});
    list.push_back(json::Object{{"id", p.id ? json::Value(*p.id) : json::Value(nullptr)},
                                {"direction", p.direction},
                                {"memory", p.memory},
                                {"slotSize", p.slotSize},
                                {"slotNum", p.slotNum},
                                {"localSlotNum", p.localSlotNum},
                                {"syncPeriod", p.syncPeriod},
                                {"flagBase", p.flagBase},
                                {"flags", p.flags},
                                {"noSplit", p.noSplit},
                                {"unitFlag", p.unitFlag},
                                {"accPushEpilogue", p.epilogue},
                                {"origins", std::move(origins)},
                                {"sides", std::move(sides)}});
  }
  return list;
}
} // namespace

static json::Value modelledToJson(const SyncFunction &f) {
  if (!f.modelled)
    return nullptr;
  const SyncFunction::Modelled &m = *f.modelled;
  return json::Object{{"flags", int64_t(m.flags)},
                      {"barriers", int64_t(m.barriers)},
                      {"barriersAll", int64_t(m.barriersAll)},
                      {"fences", int64_t(m.fences)},
                      {"cycles", int64_t(m.cycles)},
                      {"cyclesWithFreeSync", int64_t(m.free)}};
}

json::Value SyncReport::toJson() const {
  json::Array list;
  for (const SyncFunction &f : functions) {
    json::Object ids;
    for (auto &[pair, used] : f.eventIds)
      ids[pair] = json::Array(used);
    json::Array items, remarks;
    json::Array full;
    for (const SyncItem &i : f.items) {
      json::Object item{
          {"text", i.text}, {"before", i.before}, {"reasons", json::Array(i.reasons)}};
      if (f.modelled)
        item["executed"] = int64_t(i.executed);
      if (f.modelled && i.stalled)
        item["stalledCycles"] = int64_t(*i.stalled);
      items.push_back(std::move(item));
      if (i.isFull)
        full.push_back(json::Object{
            {"before", i.before}, {"inLoop", i.inLoop}, {"reasons", json::Array(i.reasons)}});
    }
    for (const SyncRemark &r : f.remarks)
      remarks.push_back(r.text);
    list.push_back(json::Object{{"function", f.name},
                                {"core", f.core},
                                {"judged", f.judged},
                                {"accepted", f.accepted},
                                {"hazards", int64_t(f.hazards)},
                                {"handoffs", f.handoffs},
                                {"flags", f.flags},
                                {"barriers", f.barriers},
                                {"barriersAll", f.barriersAll},
                                {"fences", f.fences},
                                {"eventIds", std::move(ids)},
                                {"insertedBarriersAll", std::move(full)},
                                {"modelled", modelledToJson(f)},
                                {"assumptions", json::Array(f.assumptions)},
                                {"inserted", std::move(items)},
                                {"remarks", std::move(remarks)}});
  }
  json::Object report{{"version", 1}, {"functions", std::move(list)}};
  if (!pipes.empty())
    report["pipes"] = pipesToJson(pipes);
  return report;
}

void SyncReport::explain(llvm::raw_ostream &os) const {
  for (const SyncFunction &f : functions) {
    os << "@" << f.name << " on the " << f.core << " core: ";
    if (f.judged)
      os << (f.accepted ? "proven, " : "NOT proven, ") << f.hazards << " hazards examined, ";
    os << f.handoffs << " handoffs inserted, " << f.barriers << " barriers, " << f.barriersAll
       << " PIPE_ALL, " << f.fences << " fences\n";
    if (f.modelled)
      os << llvm::formatv("  in the pipe model {0} cycles, {1} with free synchronisation ",
                          f.modelled->cycles, f.modelled->free);
    if (f.modelled && f.modelled->cycles < f.modelled->free)
      os << "(less: not all is waited for that has to be)\n";
    else if (f.modelled)
      os << llvm::formatv("({0:P2} more)\n",
                          f.modelled->free ? double(f.modelled->cycles) / f.modelled->free - 1 : 0);
    for (const SyncItem &i : f.items) {
      os << "  " << i.text << ", before " << i.before;
      if (f.modelled)
        os << "; costs " << i.stalled.value_or(0) << " cycles of waiting in " << i.executed
           << (i.executed == 1 ? " execution" : " executions");
      os << "\n";
      for (const std::string &r : i.reasons)
        os << "    because: " << r << "\n";
    }
    for (const SyncRemark &r : f.remarks)
      os << "  " << r.text << "\n";
    for (const std::string &a : f.assumptions)
      os << "  assumed: " << a << "\n";
  }
}

void SyncReport::printPipes(llvm::raw_ostream &os) const {
  auto boolean = [](bool x) { return x ? "true" : "false"; };
  for (const PipeSummary &p : pipes) {
    os << "pipe";
    if (p.id)
      os << " id = " << *p.id;
    os << ": " << p.direction << " through " << p.memory << " memory, slot_size = " << p.slotSize
       << ", slot_num = " << p.slotNum << ", local_slot_num = " << p.localSlotNum << ", flags "
       << p.flagBase << ".." << p.flagBase + p.flags - 1 << ", nosplit = " << boolean(p.noSplit)
       << ", unit_flag = " << boolean(p.unitFlag) << ", cons_sync_period = " << p.syncPeriod;
    if (!p.epilogue.empty())
      os << ", acc_push_epilogue = " << p.epilogue;
    os << "\n";
    for (const PipeSide &s : p.sides) {
      os << "  " << s.core << " side: @" << s.function << " at " << s.place;
      for (auto [i, address] : llvm::enumerate(s.addresses))
        os << (i ? ", " : ", local addresses ") << address;
      os << "\n";
    }
    if (p.sides.size() < 2)
      os << "  the other side is not in this module: that both finish is not proven\n";
    if (p.sides.size() > 2)
      os << "  more than one kernel takes a side: that they finish together is not proven\n";
    for (llvm::StringRef origin : {"given", "derived", "default"}) {
      std::string names;
      for (auto &[what, from] : p.origins)
        if (from == origin)
          names += (names.empty() ? "" : ", ") + what;
      if (!names.empty())
        os << "  " << origin << ": " << names << "\n";
    }
  }
}
