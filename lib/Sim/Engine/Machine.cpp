//===- Machine.cpp - What the cores of one launch share --------------------===//

#include "Core.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;

Finding *Findings::add(FindingKind kind, const Occurrence &where, const Occurrence *other,
                       std::optional<Hazard> hazard) {
  Key key{where.place,
          kind,
          where.phase,
          other ? other->place : none,
          other ? other->phase : Phase::Self,
          hazard ? int(*hazard) : -1};
  auto [it, isNew] = index.try_emplace(key, entries.size());
  if (!isNew) {
    ++entries[it->second].finding.count;
    return nullptr;
  }
  errors += !isWarning(kind);
  entries.push_back({key, {}});
  Finding &finding = entries.back().finding;
  finding.kind = kind;
  finding.hazard = hazard;
  return &finding;
}

std::vector<Finding> Findings::take() {
  std::vector<uint32_t> racing;
  for (const Entry &entry : entries)
    if (entry.finding.kind == FindingKind::Race) {
      racing.push_back(std::get<0>(entry.key));
      racing.push_back(std::get<3>(entry.key));
    }
  llvm::sort(racing);
  llvm::erase_if(entries, [&](const Entry &entry) {
    return entry.finding.kind == FindingKind::Uninitialised &&
           llvm::binary_search(racing, std::get<0>(entry.key));
  });
  llvm::sort(entries, [](const Entry &a, const Entry &b) { return a.key < b.key; });
  std::vector<Finding> result;
  for (Entry &entry : entries)
    result.push_back(std::move(entry.finding));
  entries.clear();
  index.clear();
  return result;
}

Machine::Machine(const Program &program, GlobalMemory &memory, const Launch &launch,
                 const Options &options, Trace *trace)
    : program(program), memory(memory), launch(launch), options(options), trace(trace),
      crossFlags(*this) {
  load.op = store.op = storeAdd.op = fixStore.op = "library transfer";
  load.kernel = program.load;
  load.pipe = Pipe::MTE2;
  combine.op = load.op;
  combine.pipe = Pipe::V;
  copy.op = load.op;
  copy.pipe = dmaEngine;
  store.kernel = storeAdd.kernel = fixStore.kernel = program.store;
  fixStore.pipe = Pipe::FIX;
  toVector.op = toCube.op = load.op;
  toVector.kernel = findKernel("extract");
  toVector.pipe = Pipe::FIX;
  toCube.kernel = findKernel("insert");
  toCube.pipe = Pipe::MTE3;
  store.pipe = storeAdd.pipe = Pipe::MTE3;
  storeAdd.attributes.push_back({"atomicType", 1});
  for (unsigned rank = 0; rank < launch.ranks.size(); ++rank)
    for (unsigned core = 0; core < launch.ranks[rank].size(); ++core)
      coresOfBlock.push_back({rank, core});
  coresPerBlock = coresOfBlock.size();
  cores.resize(coreCount());
  returned.resize(coreCount());
  locals.resize(coreCount());
  for (unsigned p = 0; p < numPipes; ++p)
    ordered[p] = options.keepsOrder[p].value_or(pto::keepsOrder(Pipe(p), program.arch));
}

Bytes &Machine::local(uint32_t core, Space space) {
  auto &memory = locals[core][unsigned(space)];
  if (memory)
    return *memory;
  memory = std::make_unique<Bytes>(capacity(space, program.arch));
  if (options.observer)
    if (std::vector<uint8_t> bytes = options.observer->initial(core, space); !bytes.empty()) {
      memory->store(0, bytes.data(), std::min<uint64_t>(bytes.size(), memory->size));
      memory->markWritten(0, std::min<uint64_t>(bytes.size(), memory->size));
    }
  return *memory;
}

void Machine::forgetLocals(uint32_t core) {
  if (program.arch == Arch::A3)
    return forgetLocal(core);
  CrossFlags::Cores block = coresOfCluster(core, CoreKind::Cube);
  block.append(coresOfCluster(core, CoreKind::Vector));
  if (llvm::any_of(block, [&](uint32_t other) { return other >= nextCore || cores[other]; }))
    return;
  for (uint32_t each : block)
    forgetLocal(each);
}

void Machine::forgetLocal(uint32_t core) {
  for (unsigned space = 0; space < numSpaces; ++space) {
    Bytes *memory = locals[core][space].get();
    if (!memory)
      continue;
    touchTimes.erase(memory);
    if (!options.observer)
      continue;
    std::vector<uint8_t> bytes(memory->size);
    memory->load(0, bytes.data(), bytes.size());
    options.observer->final(core, Space(space), bytes);
  }
  locals[core] = {};
}

bool Machine::isOverrun(Space space, uint32_t owner, uint64_t address) const {
  return llvm::any_of(overruns, [&](const Overrun &ring) {
    return ring.space == space && (space == Space::GM || ring.owner == owner) &&
           ring.begin <= address && address < ring.end;
  });
}

CoreIdentity Machine::identity(uint32_t core) const {
  auto [rank, index] = coresOfBlock[core % coresPerBlock];
  return {program.functions[launch.ranks[rank][index].function].core, rank, core / coresPerBlock,
          index};
}

const CoreLaunch &Machine::launchOf(uint32_t core) const {
  auto [rank, index] = coresOfBlock[core % coresPerBlock];
  return launch.ranks[rank][index];
}

CrossFlags::Cores Machine::coresOfCluster(uint32_t core, CoreKind kind) const {
  CrossFlags::Cores cluster;
  unsigned rank = identity(core).rank;
  uint32_t first = core - core % coresPerBlock;
  for (uint32_t other = first; other < first + coresPerBlock; ++other)
    if (CoreIdentity id = identity(other); id.rank == rank && id.kind == kind)
      cluster.push_back(other);
  return cluster;
}

CrossFlags::Cores Machine::coresOfRank(uint32_t core, CoreKind kind) const {
  CrossFlags::Cores all;
  unsigned rank = identity(core).rank;
  for (uint32_t other = 0; other < coreCount(); ++other)
    if (CoreIdentity id = identity(other); id.rank == rank && id.kind == kind)
      all.push_back(other);
  return all;
}

std::string Machine::coreName(uint32_t core) const {
  CoreIdentity id = identity(core);
  return llvm::formatv("rank {0} block {1} {2} {3}", id.rank, id.block, name(id.kind),
                       launchOf(core).subblock);
}

static constexpr const char *phases[] = {"", "load", "store", "sync"};

void Machine::print(uint32_t core, llvm::StringRef text) const {
  if (!options.output)
    return;
  for (llvm::StringRef line : llvm::split(text.rtrim('\n'), '\n'))
    *options.output << coreName(core) << ": " << line << '\n';
}

std::string Machine::opName(const Occurrence &occurrence) const {
  const std::string &op = program.places[occurrence.place].op;
  return occurrence.phase == Phase::Self ? op : op + " " + phases[unsigned(occurrence.phase)];
}

Where Machine::where(const Occurrence &occurrence) const {
  const Place &place = program.places[occurrence.place];
  CoreIdentity id = identity(occurrence.core);
  Where where;
  where.location = place.location;
  where.op = place.op;
  where.calledAt = place.calledAt;
  where.phase = phases[unsigned(occurrence.phase)];
  where.pipe = occurrence.pipe;
  where.core = id.kind;
  where.rank = id.rank;
  where.block = id.block;
  where.subblock = launchOf(occurrence.core).subblock;
  if (occurrence.hasIteration)
    where.iteration = occurrence.iteration;
  return where;
}

Finding *Machine::report(FindingKind kind, const Occurrence &at, const Occurrence *other,
                         std::optional<Hazard> hazard) {
  bool isOfOrder = kind == FindingKind::Race || kind == FindingKind::FlagCollision ||
                   kind == FindingKind::TokenLeft || kind == FindingKind::IncompleteAtExit;
  if (options.freeSync && isOfOrder)
    return nullptr; // nobody looked at what orders them
  if (options.stopAtFirst && !findings.empty())
    return nullptr; // the run ends at the next step
  Finding *finding = findings.add(kind, at, other, hazard);
  if (!finding)
    return nullptr;
  finding->where = where(at);
  if (other)
    finding->other = where(*other);
  return finding;
}

/// A wait learns from the first signal from which on its condition holds. When every core that can
/// still wait knows what an entry made known, it cannot matter that a wait stops there and not
/// earlier.
void Machine::trimHistory(SignalCell &cell) const {
  if (cell.history.size() < cell.trimAt)
    return;
  size_t kept = 0;
  if (nextCore == coreCount()) // cores that have not started know nothing
    while (kept + 1 < cell.history.size() && isKnownToAll(cell.history[kept + 1].released))
      ++kept;
  cell.history.erase(cell.history.begin(), cell.history.begin() + kept);
  cell.forgotten += kept;
  cell.trimAt = std::max<size_t>(256, 2 * cell.history.size());
}

bool Machine::isKnownToAll(const RemoteRef &released) const {
  return llvm::all_of(cores, [&](const Core *core) { return !core || core->knows(released); });
}

void Machine::reportDefect(const Occurrence &at, const std::string &what,
                           const std::string &wayOut) {
  Finding *finding = report(FindingKind::LibraryDefect, at);
  if (!finding)
    return;
  finding->what = "defect of the library, not of the kernel: " + what;
  finding->notes.push_back(wayOut);
}

void Machine::noteWrite(uint64_t address, uint64_t bytes) {
  // A cell that begins up to three bytes below the range overlaps it too.
  for (auto it = signals.lower_bound(address < 3 ? 0 : address - 3);
       it != signals.end() && it->first < address + bytes; ++it) {
    int32_t value = 0;
    memory.load(it->first, &value, sizeof value);
    auto &history = it->second.history;
    history.push_back({value, history.back().released, history.back().time, none, 0, 0});
    trimHistory(it->second);
  }
  signalled = true;
}
