//===- SyncReport.cpp - JSON and text of what was inserted and proven ------===//

#include "ptoas/Transforms/SyncReport.h"
#include "llvm/Support/raw_ostream.h"

using namespace pto;
namespace json = llvm::json;

json::Value SyncReport::toJson() const {
  json::Array list;
  for (const SyncFunction &f : functions) {
    json::Object ids;
    for (auto &[pair, used] : f.eventIds)
      ids[pair] = json::Array(used);
    json::Array items, remarks;
    for (const SyncItem &i : f.items)
      items.push_back(json::Object{
          {"text", i.text}, {"before", i.before}, {"reasons", json::Array(i.reasons)}});
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
                                {"assumptions", json::Array(f.assumptions)},
                                {"inserted", std::move(items)},
                                {"remarks", std::move(remarks)}});
  }
  return json::Object{{"version", 1}, {"functions", std::move(list)}};
}

void SyncReport::explain(llvm::raw_ostream &os) const {
  for (const SyncFunction &f : functions) {
    os << "@" << f.name << " on the " << f.core << " core: ";
    if (f.judged)
      os << (f.accepted ? "proven, " : "NOT proven, ") << f.hazards << " hazards examined, ";
    os << f.handoffs << " handoffs inserted, " << f.barriers << " barriers, " << f.barriersAll
       << " PIPE_ALL, " << f.fences << " fences\n";
    for (const SyncItem &i : f.items) {
      os << "  " << i.text << ", before " << i.before << "\n";
      for (const std::string &r : i.reasons)
        os << "    because: " << r << "\n";
    }
    for (const SyncRemark &r : f.remarks)
      os << "  " << r.text << "\n";
    for (const std::string &a : f.assumptions)
      os << "  assumed: " << a << "\n";
  }
}
