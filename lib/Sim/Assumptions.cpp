//===- Assumptions.cpp - What nobody knows about the chip, by name ---------===//

#include "ptoas/Sim/Assumptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace pto;
using namespace pto::sim;
using llvm::StringRef;

static constexpr Assumption table[] = {
    {"flag", "HQ1", "counter|bit", "counter"},
    {"pairs", "HQ2", "allow|warn|refuse", "warn"},
    {"round-trip", "HQ3", "flag|dsb", "flag"},
    {"order-V", "HQ4", "yes|no", "no on a3, yes on a5"},
    {"order-M", "HQ4", "yes|no", "no"},
    {"order-MTE1", "HQ4", "yes|no", "no"},
    {"order-MTE2", "HQ4", "yes|no", "no"},
    {"order-MTE3", "HQ4", "yes|no", "no"},
    {"order-FIX", "HQ4", "yes|no", "no"},
    {"accumulate", "HQ4", "ordered|unordered", "ordered"},
    {"reload", "HQ4", "ordered|unordered", "ordered"},
    {"queue", "HQ5", "NUMBER|unbounded", "unbounded"},
    {"sync-cycles", "HQ6", "NUMBER", "of the cost model"},
    {"event-ids", "HQ7", "NUMBER", "8"},
    {"count", "HQ8", "NUMBER", "15"},
    {"publish", "HQ9", "flag|dsb", "flag"},
    {"leftover", "HQ10", "cleared|kept", "cleared"},
    {"cache", "", "kept|coherent", "kept"},
};

llvm::ArrayRef<Assumption> sim::assumptions() { return table; }

/// The place of `value` among the words of `values`, or none.
static std::optional<unsigned> choiceOf(const Assumption &assumption, StringRef value) {
  llvm::SmallVector<StringRef, 4> words;
  assumption.values.split(words, '|');
  auto found = llvm::find(words, value);
  if (found == words.end() || value == "NUMBER")
    return std::nullopt;
  return unsigned(found - words.begin());
}

static void setChoice(StringRef name, unsigned choice, Options &options, bool &keepsFlags) {
  if (name == "flag")
    options.flags = choice ? FlagModel::SingleBit : FlagModel::Counter;
  else if (name == "pairs")
    options.unlistedPairs = UnlistedPairs(choice);
  else if (name == "round-trip")
    options.flagOrdersRoundTrip = choice == 0;
  else if (name.consume_front("order-"))
    options.keepsOrder[unsigned(*parsePipe(name))] = choice == 0;
  else if (name == "accumulate")
    options.accumulationIsOrdered = choice == 0;
  else if (name == "reload")
    options.reloadIsOrdered = choice == 0;
  else if (name == "queue")
    options.queueDepth = 0; // the only word that it takes
  else if (name == "publish")
    options.crossFlagPublishes = choice == 0;
  else if (name == "leftover")
    keepsFlags = choice == 1;
  else if (name == "cache")
    options.cachesScalars = choice == 0;
}

static void setNumber(StringRef name, unsigned number, Options &options) {
  if (name == "queue")
    options.queueDepth = number;
  else if (name == "sync-cycles")
    options.cost.sync = number;
  else if (name == "event-ids")
    options.eventIds = number;
  else if (name == "count")
    options.crossCount = number;
}

llvm::Error sim::assume(StringRef text, Options &options, bool &keepsFlags) {
  auto error = [](const llvm::Twine &message) {
    return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
  };
  auto [name, value] = text.split('=');
  const Assumption *found =
      llvm::find_if(table, [name = name](const Assumption &a) { return a.name == name; });
  if (found == std::end(table)) {
    std::string known =
        llvm::join(llvm::map_range(table, [](const Assumption &a) { return a.name.str(); }), ", ");
    return error("there is no assumption '" + name + "'; there are " + known);
  }
  if (std::optional<unsigned> choice = choiceOf(*found, value)) {
    setChoice(name, *choice, options, keepsFlags);
    return llvm::Error::success();
  }
  unsigned number = 0;
  constexpr unsigned most = 1000000;
  bool takesNumber = found->values.contains("NUMBER");
  if (takesNumber && !value.getAsInteger(10, number) && number >= 1 && number <= most) {
    setNumber(name, number, options);
    return llvm::Error::success();
  }
  return error("'" + text + "': " + name + " takes " + found->values +
               (takesNumber ? " (1 to " + llvm::Twine(most) + ")" : llvm::Twine("")));
}
