//===- Cache.cpp - The data cache of the scalar unit -----------------------===//
//
// Scalar accesses of GM go through lines of 64 bytes that the pipes and the other cores bypass
// (sync 10). The verdict does not depend on the schedule: a line is taken to stay from the access
// that brought it in until the program cleans it, and a store to stay in it until then. The values
// do: an eager schedule is coherent, a lazy one keeps every line, a random one now and then drops
// one, as a cache under pressure does.
//
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "llvm/Support/FormatVariadic.h"

using namespace pto;
using namespace pto::sim;
using llvm::formatv;

static constexpr unsigned scalarPipe = unsigned(Pipe::S);
static constexpr uint64_t lineBytes = 64;

static uint64_t lineOf(uint64_t address) { return address / lineBytes * lineBytes; }

/// A bit per byte of the line that lies in [begin, end).
static uint64_t lineMask(uint64_t line, uint64_t begin, uint64_t end) {
  begin = std::max(begin, line) - line;
  end = std::min(end, line + lineBytes) - line;
  uint64_t upTo = end == lineBytes ? ~uint64_t(0) : (uint64_t(1) << end) - 1;
  return begin < end ? upTo & ~((uint64_t(1) << begin) - 1) : 0;
}

/// The part of a line that lies in its array, as a span.
static Span spanOf(GlobalMemory &memory, uint64_t line) {
  Span span;
  GlobalMemory::Allocation *array = memory.find(line); // arrays begin at multiples of 512
  span.memory = array->memory.get();
  span.base = array->address;
  span.begin = line - array->address;
  span.end = std::min(span.begin + lineBytes, array->bytes);
  return span;
}

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

CacheLine &Core::fetchLine(uint64_t line, const Occurrence &by) {
  auto [found, isNew] = cache.try_emplace(line);
  if (isNew) {
    found->second.fetched = scalar.known;
    found->second.by = by;
  }
  return found->second;
}

/// The line with its bytes, for schedules that keep them.
CacheLine &Core::filledLine(uint64_t address, CacheLine &line) {
  if (machine.options.schedule == Schedule::Random) {
    uint64_t draw = (machine.options.seed + sequence) * 0x9e3779b97f4a7c15 ^ address / lineBytes;
    draw = (draw ^ (draw >> 29)) * 0xbf58476d1ce4e5b9;
    if ((draw >> 32) % 4 == 0)
      writeBack(address, line);
  }
  if (!line.isFilled) {
    Span span = spanOf(machine.memory, address);
    span.memory->load(span.begin, line.data.data(), span.end - span.begin);
    line.isFilled = true;
  }
  return line;
}

bool Core::cachedLoad(const Occurrence &by, uint64_t address, void *into, uint64_t bytes) {
  Access access{by, AccessClass::Plain, 0, 0};
  Span span;
  if (!locate(Space::GM, address, bytes, false, by, span)) {
    std::memset(into, 0xff, bytes);
    return false;
  }
  const Clock &clock = pipes[scalarPipe].clock;
  scalarTouches(span, false);
  judgeRead(span, access, clock);
  span.memory->recordRead(span.begin, span.end, access, clock);
  span.memory->load(span.begin, into, bytes);
  if (!machine.options.cachesScalars)
    return true;
  for (uint64_t at = lineOf(address); at < address + bytes; at += lineBytes) {
    bool isHit = cache.count(at);
    CacheLine &line = fetchLine(at, by);
    uint64_t begin = std::max(at, address), end = std::min(at + lineBytes, address + bytes);
    if (isHit) {
      Span part = span;
      part.begin = begin - span.base;
      part.end = end - span.base;
      checkStale(part, line, by);
    }
    if (machine.options.schedule != Schedule::Eager)
      std::memcpy(static_cast<uint8_t *>(into) + (begin - address),
                  filledLine(at, line).data.data() + (begin - at), end - begin);
  }
  return true;
}

void Core::cachedStore(const Occurrence &by, uint64_t address, const void *from, uint64_t bytes) {
  bool isCached = machine.options.cachesScalars;
  Access access{by, AccessClass::Plain, 0, isCached ? Access::cached : 0};
  Span span;
  if (!locate(Space::GM, address, bytes, true, by, span))
    return;
  scalarTouches(span, true);
  judgeWrite(span, access, pipes[scalarPipe].clock);
  for (uint64_t at = lineOf(address); isCached && at < address + bytes; at += lineBytes) {
    CacheLine &line = fetchLine(at, by);
    noteLineStore(at, lineMask(at, address, address + bytes), line.fetched.get(), access);
    if (machine.options.schedule == Schedule::Eager)
      continue;
    uint64_t begin = std::max(at, address), end = std::min(at + lineBytes, address + bytes);
    std::memcpy(filledLine(at, line).data.data() + (begin - at),
                static_cast<const uint8_t *>(from) + (begin - address), end - begin);
    dirtyLines += !std::exchange(line.isDirty, true);
  }
  if (isCached && machine.options.schedule != Schedule::Eager)
    return; // memory gets it when the line is written back
  span.memory->store(span.begin, from, bytes);
  if (!machine.signals.empty())
    machine.noteWrite(address, bytes);
}

/// A line goes back as a whole: stores have no byte mask.
void Core::writeBack(uint64_t address, CacheLine &line) {
  if (std::exchange(line.isDirty, false)) {
    --dirtyLines;
    Span span = spanOf(machine.memory, address);
    span.memory->store(span.begin, line.data.data(), span.end - span.begin);
    if (!machine.signals.empty())
      machine.noteWrite(address, span.end - span.begin);
  }
  line.isFilled = false;
}

//===----------------------------------------------------------------------===//
// Cleaning
//===----------------------------------------------------------------------===//

void Core::setVisible(uint64_t line, uint64_t from, uint64_t to) {
  Span span = spanOf(machine.memory, line);
  span.memory->setVisible(span.begin, span.end, number, from, to);
  auto stored = machine.storedLines.find(line);
  if (stored == machine.storedLines.end())
    return;
  for (LineStore &entry : stored->second)
    if (entry.store.by.core == number && entry.store.visible == from)
      entry.store.visible = to;
}

void Core::cleanLine(uint64_t address) {
  uint64_t line = lineOf(address);
  auto cached = cache.find(line);
  if (cached == cache.end())
    return;
  writeBack(line, cached->second);
  cache.erase(cached);
  setVisible(line, Access::cached, Access::cleaned);
  cleanedLines.push_back(line);
}

void Core::cleanAllLines() {
  while (!cache.empty())
    cleanLine(cache.begin()->first);
}

void Core::flushValues() {
  if (dirtyLines)
    for (auto &[address, line] : cache)
      writeBack(address, line);
}

/// At a dsb: what has been cleaned is visible to whoever knows of it.
void Core::publishLines() {
  if (cleanedLines.empty())
    return;
  Occurrence by = here();
  beginScalarAccess(by);
  for (uint64_t line : cleanedLines)
    setVisible(line, Access::cleaned, by.position);
  cleanedLines.clear();
}

//===----------------------------------------------------------------------===//
// Findings
//===----------------------------------------------------------------------===//

/// A load that hits: has anybody written the bytes since the line came in?
void Core::checkStale(const Span &span, const CacheLine &line, const Occurrence &by) {
  const Clock &now = pipes[scalarPipe].clock;
  span.memory->forEachWriter(
      span.begin, span.end, [&](const Access &writer, uint64_t begin, uint64_t end) {
        if (writer.by.core == number && writer.by.pipe == Pipe::S)
          return;
        bool inTime = isOrdered(writer, number, *line.fetched) &&
                      isVisible(writer, number, Pipe::S, *line.fetched);
        if (inTime || !isOrdered(writer, number, now)) // without an order it is a race
          return;
        Finding *finding = machine.report(FindingKind::StaleCache, by, &writer.by, Hazard::RAW);
        if (!finding)
          return;
        finding->memory = nameOf(machine, span, number);
        finding->begin = begin;
        finding->end = end;
        finding->what = formatv("{0} may read bytes [{1}, {2}) of {3} from the data cache, as they "
                                "were before {4} wrote them on {5}",
                                finding->where.op, begin, end, finding->memory, finding->other->op,
                                agentName(writer.by.pipe));
        finding->notes.push_back(formatv("the line came into the cache at {0}", text(line.by)));
        finding->notes.push_back(formatv("missing edge: pto.cmo.cacheinvalid of the line after {0} "
                                         "is complete and before {1}",
                                         finding->other->op, finding->where.op));
      });
}

void Core::reportSharedLine(uint64_t line, const Occurrence &by, const Occurrence &other) {
  Finding *finding = machine.report(FindingKind::SharedLine, by, &other);
  if (!finding)
    return;
  Span span = spanOf(machine.memory, line);
  finding->memory = nameOf(machine, span, number);
  finding->begin = span.begin;
  finding->end = span.end;
  finding->what =
      formatv("{0} and {1} write different bytes of one cache line, bytes [{2}, {3}) of "
              "{4}; a scalar store writes the whole line back, so that one may be lost",
              finding->where.op, finding->other->op, span.begin, span.end, finding->memory);
  finding->notes.push_back("give each its own 64 bytes, or hand the line over: "
                           "pto.cmo.cacheinvalid, pto.dsb, a signal, pto.cmo.cacheinvalid");
}

/// A scalar store into `bytes` of a line that came in when `fetched` was known: did others write
/// the rest of it since?
void Core::noteLineStore(uint64_t line, uint64_t bytes, const Clock *fetched, const Access &store) {
  const Clock &known = fetched ? *fetched : pipes[scalarPipe].clock;
  std::vector<LineStore> &stores = machine.storedLines[line];
  LineStore *own = nullptr;
  for (LineStore &entry : stores) {
    if (entry.store.by.core == number) {
      own = &entry;
      continue;
    }
    bool inTime =
        isOrdered(entry.store, number, known) && isVisible(entry.store, number, Pipe::S, known);
    if (!inTime && !(entry.bytes & bytes)) // the same bytes are a race
      reportSharedLine(line, store.by, entry.store.by);
  }
  Span span = spanOf(machine.memory, line);
  span.memory->forEachWriter(span.begin, span.end,
                             [&](const Access &writer, uint64_t begin, uint64_t end) {
                               if (writer.by.pipe != Pipe::S && !isOrdered(writer, number, known) &&
                                   !(lineMask(line, span.base + begin, span.base + end) & bytes))
                                 reportSharedLine(line, store.by, writer.by);
                             });
  if (!own) {
    stores.push_back({store, bytes});
    return;
  }
  own->store = store;
  own->bytes |= bytes;
}

/// Other writes of GM: is a scalar store in the same line that may still be written back?
void Core::checkSharedLines(llvm::ArrayRef<Span> spans, const Occurrence &by, const Clock &clock) {
  if (machine.storedLines.empty())
    return;
  for (const Span &span : spans) {
    if (span.space != Space::GM)
      continue;
    uint64_t begin = span.base + span.begin, end = span.base + span.end;
    for (auto it = machine.storedLines.lower_bound(lineOf(begin));
         it != machine.storedLines.end() && it->first < end; ++it)
      for (const LineStore &entry : it->second) {
        bool isOwn = entry.store.by.core == number && by.pipe == Pipe::S;
        bool isOver =
            isOrdered(entry.store, number, clock) && isVisible(entry.store, number, by.pipe, clock);
        if (!isOwn && !isOver && !(entry.bytes & lineMask(it->first, begin, end)))
          reportSharedLine(it->first, by, entry.store.by);
      }
  }
}
