//===- Access.cpp - Bounds, races and values of what is touched ------------===//

#include "Access.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

//===----------------------------------------------------------------------===//
// Finding the memory
//===----------------------------------------------------------------------===//

void Core::observe(const Occurrence &by, const Span &span, bool isWrite) {
  if (machine.options.observer)
    machine.options.observer->touched({number, by.place, by.pipe, span.space,
                                       span.base + span.begin, span.base + span.end, isWrite,
                                       span.residue});
}

Core::~Core() {
  machine.cores[number] = nullptr;
  machine.forgetLocals(number);
}

bool Core::locate(Space space, uint64_t address, uint64_t bytes, bool isWrite, const Occurrence &by,
                  Span &span, uint32_t owner) {
  span.space = space;
  if (space == Space::GM) {
    GlobalMemory::Allocation *array = machine.memory.find(address);
    if (!array || bytes > array->bytes - (address - array->address)) {
      reportOutOfBounds(space, address, bytes, isWrite, by);
      return false;
    }
    span.memory = array->memory.get();
    span.base = array->address;
  } else {
    span.memory = &machine.local(owner, space);
    span.base = 0;
    span.owner = owner;
    if (address > span.memory->size || bytes > span.memory->size - address) {
      reportOutOfBounds(space, address, bytes, isWrite, by);
      return false;
    }
  }
  span.begin = address - span.base;
  span.end = span.begin + bytes;
  return true;
}

std::string sim::nameOf(const Machine &machine, const Span &span, uint32_t core) {
  if (span.space != Space::GM && span.owner != core)
    return formatv("{0} of {1}", name(span.space), machine.coreName(span.owner));
  if (span.space != Space::GM)
    return name(span.space).str();
  const GlobalMemory::Allocation *array = machine.memory.find(span.base);
  return formatv("gm array '{0}' of rank {1}", array->name, array->rank);
}

std::optional<Occurrence> Core::maker(Space space, uint64_t address) const {
  for (const Operand &operand : operandsAtWork) {
    uint64_t begin = 0, bytes = 0;
    uint32_t place = 0;
    if (operand.kind == Operand::Tile && operand.tile.shape.space == space) {
      begin = operand.tile.address;
      bytes = operand.tile.shape.bytes();
      place = operand.tile.place;
    } else if (operand.kind == Operand::View && space == Space::GM) {
      const ViewOperand &view = operand.view;
      int64_t last = 0;
      for (unsigned d = 0; d < 5; ++d)
        last += std::max<int64_t>(view.shape[d] - 1, 0) * view.stride[d];
      begin = view.address;
      bytes = uint64_t(last + 1) * bytesOf(view.element);
      place = view.place;
    }
    if (!place || address - begin >= bytes) // below: a huge distance
      continue;
    Occurrence made;
    made.core = number;
    made.place = place;
    return made;
  }
  return std::nullopt;
}

void Core::reportOutOfBounds(Space space, uint64_t address, uint64_t bytes, bool isWrite,
                             const Occurrence &by) {
  std::optional<Occurrence> made = maker(space, address);
  Finding *finding = machine.report(FindingKind::OutOfBounds, by, made ? &*made : nullptr);
  if (!finding)
    return;
  finding->begin = address;
  finding->end = address + bytes;
  const char *verb = isWrite ? "writes" : "reads";
  if (space != Space::GM) {
    finding->memory = name(space).str();
    finding->what =
        formatv("{0} {1} bytes [{2}, {3}) of {4}, which has {5} bytes", finding->where.op, verb,
                address, address + bytes, finding->memory, capacity(space, machine.program.arch));
    finding->notes.push_back("give the tile a lower address or a smaller shape");
    return;
  }
  const GlobalMemory::Allocation *near = machine.memory.nearest(address);
  if (!near) {
    finding->memory = "gm";
    finding->what = formatv("{0} {1} {2} bytes at GM address {3:x}, but there is no array",
                            finding->where.op, verb, bytes, address);
    return;
  }
  finding->memory = formatv("gm array '{0}' of rank {1}", near->name, near->rank);
  finding->begin -= near->address;
  finding->end -= near->address;
  // Offsets are modulo 2^64: those below the array are huge.
  bool isBelow = address < near->address;
  if (!isBelow && finding->begin < near->bytes)
    finding->what =
        formatv("{0} {1} bytes [{2}, {3}) of {4}, which has {5} bytes", finding->where.op, verb,
                finding->begin, finding->end, finding->memory, near->bytes);
  else {
    uint64_t distance = isBelow ? near->address - address : finding->begin - near->bytes;
    std::string away = distance ? formatv("{0:N} bytes", distance).str() : "directly";
    finding->what =
        formatv("{0} {1} {2:N} bytes, {3} {4} {5} of {6:N} bytes", finding->where.op, verb, bytes,
                away, isBelow ? "before" : "behind", finding->memory, near->bytes);
  }
  finding->notes.push_back("check the offsets, extents and strides of the view against the array");
}

//===----------------------------------------------------------------------===//
// Races and poison
//===----------------------------------------------------------------------===//

/// Which edge would order the pair: the way out of a race.
static std::string missingEdge(const Where &first, const Where &second, bool sameCore) {
  if (first.pipe == dmaEngine)
    return formatv("missing edge: pto.comm.wait_async_event of {0} before {1}{2}", first.op,
                   second.op, sameCore ? "" : ", then dsb and TNOTIFY to the other core");
  if (second.pipe == dmaEngine && sameCore)
    return formatv("missing edge: set_flag({0}, S, id) after {1}, wait_flag({0}, S, id) before {2}",
                   name(first.pipe), first.op, second.op);
  if (!sameCore && first.rank == second.rank && first.block == second.block)
    return formatv(
        "missing edge: a flag between the two cores, set on {0} after {1} and waited for "
        "before {2}",
        name(first.pipe), first.op, second.op);
  if (!sameCore)
    return formatv("missing edge: after {0}, drain {1}, dsb, TNOTIFY; before {2}, TWAIT for it",
                   first.op, name(first.pipe), second.op);
  if (first.pipe == second.pipe)
    return formatv("missing edge: pipe_barrier(PIPE_{0}) between the two", name(first.pipe));
  return formatv("missing edge: set_flag({0}, {1}, id) after {2}, wait_flag({0}, {1}, id) "
                 "before {3}",
                 name(first.pipe), name(second.pipe), first.op, second.op);
}

void Core::reportRace(const Span &span, const Access &seen, bool seenWrites, const Access &now,
                      bool nowWrites, uint64_t begin, uint64_t end) {
  // The schedule may run the two in either order; the report goes by program order, between cores
  // by number.
  bool sameCore = seen.by.core == now.by.core;
  if (!sameCore && machine.isOverrun(span.space, span.owner, span.base + begin))
    return; // told as what it comes from
  bool swapped = sameCore ? seen.by.sequence > now.by.sequence : seen.by.core > now.by.core;
  const Access &first = swapped ? now : seen, &second = swapped ? seen : now;
  bool firstWrites = swapped ? nowWrites : seenWrites;
  bool secondWrites = swapped ? seenWrites : nowWrites;
  Hazard hazard = !firstWrites ? Hazard::WAR : secondWrites ? Hazard::WAW : Hazard::RAW;
  // Both inside one call: whatever the caller does, they race.
  bool isInside = sameCore && first.by.call && first.by.call == second.by.call;
  Finding *finding = machine.report(isInside ? FindingKind::LibraryDefect : FindingKind::Race,
                                    second.by, &first.by, hazard);
  if (!finding)
    return;
  finding->memory = nameOf(machine, span, second.by.core);
  finding->begin = begin;
  finding->end = end;
  finding->what = formatv(
      "race ({0}): {1} {2} bytes [{3}, {4}) of {5} on {6}, not ordered after {7} that {8} them "
      "on {9}",
      name(hazard), finding->where.op, secondWrites ? "writes" : "reads", begin, end,
      finding->memory, agentName(second.by.pipe), finding->other->op,
      firstWrites ? "writes" : "reads", agentName(first.by.pipe));
  if (isInside) {
    finding->what = "defect of the library, not of the kernel: " + finding->what;
    finding->notes.push_back("both are steps of one call; use its form with one receive tile");
    return;
  }
  finding->notes.push_back(missingEdge(*finding->other, finding->where, sameCore));
}

/// A scalar store that is over, but whose bytes may still be in its core's data cache (C8).
void Core::reportHidden(const Span &span, const Access &seen, const Access &now, bool nowWrites,
                        uint64_t begin, uint64_t end) {
  Finding *finding = machine.report(FindingKind::StaleCache, now.by, &seen.by,
                                    nowWrites ? Hazard::WAW : Hazard::RAW);
  if (!finding)
    return;
  finding->memory = nameOf(machine, span, now.by.core);
  finding->begin = begin;
  finding->end = end;
  finding->what = formatv("{0} {1} bytes [{2}, {3}) of {4} on {5}, but {6} may have left them in "
                          "the data cache of its scalar unit",
                          finding->where.op, nowWrites ? "writes" : "reads", begin, end,
                          finding->memory, agentName(now.by.pipe), finding->other->op);
  finding->notes.push_back(
      formatv("missing edge: after {0}, pto.cmo.cacheinvalid of its line, then "
              "pto.dsb, before {1} is released",
              finding->other->op, finding->where.op));
}

void Core::judgeRead(const Span &span, const Access &access, const Clock &clock) {
  observe(access.by, span, false);
  auto conflict = [&](const Access &seen, bool seenWrites, uint64_t begin, uint64_t end) {
    reportRace(span, seen, seenWrites, access, false, begin, end);
  };
  auto unwritten = [&](uint64_t begin, uint64_t end) {
    if (span.residue)
      return;
    std::optional<Occurrence> made = maker(span.space, span.base + begin);
    Finding *finding =
        machine.report(FindingKind::Uninitialised, access.by, made ? &*made : nullptr);
    if (!finding)
      return;
    finding->memory = nameOf(machine, span, access.by.core);
    finding->begin = begin;
    finding->end = end;
    finding->what = formatv("{0} reads bytes [{1}, {2}) of {3}, which nothing has written",
                            finding->where.op, begin, end, finding->memory);
    finding->notes.push_back("write them first, or shrink the valid extents to what is written");
  };
  auto hidden = [&](const Access &seen, uint64_t begin, uint64_t end) {
    reportHidden(span, seen, access, false, begin, end);
  };
  span.memory->checkRead(span.begin, span.end, access, clock, conflict, unwritten, hidden);
}

void Core::judgeWrite(const Span &span, const Access &access, const Clock &clock) {
  observe(access.by, span, true);
  auto conflict = [&](const Access &seen, bool seenWrites, uint64_t begin, uint64_t end) {
    reportRace(span, seen, seenWrites, access, true, begin, end);
  };
  auto hidden = [&](const Access &seen, uint64_t begin, uint64_t end) {
    reportHidden(span, seen, access, true, begin, end);
  };
  span.memory->write(span.begin, span.end, access, clock, conflict, hidden);
}

//===----------------------------------------------------------------------===//
// What kernels see
//===----------------------------------------------------------------------===//

ItemContext::ItemContext(Core &core, const Item &item, FlyingItem &flying)
    : core(core), item(item), flying(flying) {
  operands = item.operands;
  attributes = item.call->attributes;
  arch = core.machine.program.arch;
  part = item.part;
  core.operandsAtWork = item.operands;
}

ItemContext::~ItemContext() { core.operandsAtWork = {}; }

void ItemContext::note(std::vector<Span> &list, const Span &span) {
  if (!list.empty()) {
    Span &last = list.back(); // rows of a tile follow one another
    if (last.memory == span.memory && last.end == span.begin && last.residue == span.residue &&
        last.atomic == span.atomic) {
      last.end = span.end;
      return;
    }
  }
  list.push_back(span);
}

void ItemContext::readAny(Space space, uint64_t address, void *into, uint64_t bytes, bool residue) {
  Span span;
  if (bytes == 0)
    return;
  if (!core.locate(space, address, bytes, false, item.by, span)) {
    std::memset(into, 0xff, bytes);
    return;
  }
  span.residue = residue;
  span.memory->load(span.begin, into, bytes);
  readBytes[unsigned(space)] += bytes;
  note(reads, span);
}

void ItemContext::read(Space space, uint64_t address, void *into, uint64_t bytes) {
  readAny(space, address, into, bytes, false);
}

void ItemContext::readResidue(Space space, uint64_t address, void *into, uint64_t bytes) {
  readAny(space, address, into, bytes, true);
}

void ItemContext::stage(Space space, uint64_t address, const void *from, uint64_t bytes,
                        bool atomic, Element element) {
  Span span;
  uint32_t owner = item.target == none || space == Space::GM ? core.number : item.target;
  if (bytes == 0 || !core.locate(space, address, bytes, true, item.by, span, owner))
    return;
  span.atomic = atomic;
  writtenBytes[unsigned(space)] += bytes;
  note(writes, span);
  uint64_t offset = flying.data.size();
  auto *data = static_cast<const uint8_t *>(from);
  flying.data.insert(flying.data.end(), data, data + bytes);
  if (!flying.writes.empty()) {
    PendingWrite &last = flying.writes.back();
    if (last.space == space && last.address + last.bytes == address && last.atomic == atomic &&
        last.element == element) {
      last.bytes += bytes;
      return;
    }
  }
  flying.writes.push_back({space, owner, atomic, element, address, offset, bytes});
}

void ItemContext::write(Space space, uint64_t address, const void *from, uint64_t bytes) {
  stage(space, address, from, bytes, false, Element::U8);
}

void ItemContext::atomicAdd(uint64_t address, Element element, const void *from,
                            uint64_t elements) {
  stage(Space::GM, address, from, elements * bytesOf(element), true, element);
}

void ItemContext::print(const std::string &text) { core.machine.print(core.number, text); }

void ItemContext::fail(const std::string &what) {
  if (Finding *finding = core.machine.report(FindingKind::KernelFailure, item.by))
    finding->what = formatv("{0}: {1}", finding->where.op, what);
}

/// Sorts and joins, so that a tile that was walked in columns is one span as well.
static void normalise(std::vector<Span> &spans) {
  if (spans.size() < 2)
    return;
  auto key = [](const Span &s) {
    return std::tuple(s.space, s.base, s.residue, s.atomic, s.begin, s.end);
  };
  auto before = [&](const Span &a, const Span &b) { return key(a) < key(b); };
  if (!llvm::is_sorted(spans, before))
    std::sort(spans.begin(), spans.end(), before);
  size_t kept = 0;
  for (size_t i = 1; i < spans.size(); ++i) {
    Span &last = spans[kept];
    const Span &next = spans[i];
    if (last.memory == next.memory && last.residue == next.residue && last.atomic == next.atomic &&
        next.begin <= last.end)
      last.end = std::max(last.end, next.end);
    else
      spans[++kept] = next;
  }
  spans.resize(kept + 1);
}

void ItemContext::noteGmWrite(PipeState &pipe) const {
  auto span = llvm::find_if(writes, [](const Span &written) { return written.space == Space::GM; });
  if (span == writes.end())
    return;
  pipe.lastGmWrite = item.by.position;
  pipe.lastGmWriter = item.by;
  pipe.lastGmBegin = span->base + span->begin;
  pipe.lastGmEnd = span->base + span->end;
}

void ItemContext::judge(const Clock &clock, const Clock &gmClock, bool accumulates) {
  const Options &options = core.machine.options;
  auto clockOf = [&](const Span &span) -> const Clock & {
    return span.space == Space::GM ? gmClock : clock;
  };
  normalise(reads);
  normalise(writes);
  llvm::hash_code hash(0);
  for (const Span &span : writes)
    if (span.space != Space::GM) {
      hash = llvm::hash_combine(hash, unsigned(span.space), span.begin, span.end);
      onChip = uint64_t(size_t(hash)) | 1;
    }
  uint64_t values = item.isReplay ? uint64_t(size_t(llvm::hash_combine_range(flying.data))) : 0;
  auto classOf = [&](const Span &span, bool isWrite) {
    if (span.atomic)
      return AccessClass::Atomic;
    if (item.isReplay && isWrite && span.space == Space::GM)
      return AccessClass::Replay;
    if (span.space == Space::Acc && accumulates && options.accumulationIsOrdered)
      return AccessClass::Accumulate;
    bool isLoad =
        item.by.pipe == Pipe::MTE2 && isWrite && span.space != Space::GM && options.reloadIsOrdered;
    return isLoad ? AccessClass::Load : AccessClass::Plain;
  };
  for (const Span &span : reads)
    core.judgeRead(span, {item.by, classOf(span, false), onChip, 0}, clockOf(span));
  for (const Span &span : writes) {
    AccessClass kind = classOf(span, true);
    uint64_t footprint = kind == AccessClass::Replay ? values : onChip;
    core.judgeWrite(span, {item.by, kind, footprint, item.by.position}, clockOf(span));
  }
  core.checkLandings(item, reads, writes);
  for (const Span &span : reads)
    span.memory->recordRead(span.begin, span.end, {item.by, classOf(span, false), onChip, 0},
                            clockOf(span));
}

//===----------------------------------------------------------------------===//
// Completion
//===----------------------------------------------------------------------===//

/// memory += data, element by element in the element's own arithmetic.
static void addElements(Bytes &memory, uint64_t at, Element element, const uint8_t *data,
                        uint64_t bytes) {
  unsigned size = bytesOf(element);
  for (uint64_t i = 0; i + size <= bytes; i += size) {
    uint64_t old = 0;
    memory.load(at + i, &old, size);
    if (isFloat(element))
      encodeFloat(element, decodeFloat(element, &old) + decodeFloat(element, data + i), &old);
    else
      encodeInteger(element, decodeInteger(element, &old) + decodeInteger(element, data + i), &old);
    memory.store(at + i, &old, size);
  }
}

void Core::apply(const FlyingItem &item) {
  for (const PendingWrite &write : item.writes) {
    const uint8_t *data = item.data.data() + write.offset;
    if (write.space != Space::GM) {
      machine.local(write.owner, write.space).store(write.address, data, write.bytes);
      continue;
    }
    GlobalMemory::Allocation *array = machine.memory.find(write.address);
    uint64_t at = write.address - array->address;
    if (write.atomic)
      addElements(*array->memory, at, write.element, data, write.bytes);
    else
      array->memory->store(at, data, write.bytes);
    if (!machine.signals.empty())
      machine.noteWrite(write.address, write.bytes);
  }
}
