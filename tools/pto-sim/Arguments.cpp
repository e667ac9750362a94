//===- Arguments.cpp - Arrays and words that a launch passes ---------------===//

#include "Arguments.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace pto;
using namespace pto::sim;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static std::string describe(const Parameter &parameter) {
  std::string type = name(parameter.element).str();
  return parameter.name + ": " + (parameter.isPointer ? "ptr<" + type + ">" : type);
}

/// Arguments that the runtime gives without being asked.
static bool isFilledIn(const Parameter &parameter) {
  return parameter.special || parameter.name == "ffts_addr";
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

llvm::Error Arguments::addSpecs(std::vector<ArgumentSpec> specs) {
  llvm::Error errors = llvm::Error::success();
  for (ArgumentSpec &spec : specs) {
    bool twice = llvm::any_of(entries, [&](const Entry &e) { return e.spec.name == spec.name; });
    if (twice)
      errors =
          llvm::joinErrors(std::move(errors), error("argument '" + spec.name + "' is given twice"));
    Entry entry;
    entry.spec = std::move(spec);
    entry.root = entries.size();
    entries.push_back(std::move(entry));
  }
  return errors;
}

llvm::Expected<unsigned> Arguments::findArray(llvm::StringRef name) const {
  for (auto [i, entry] : llvm::enumerate(entries))
    if (!entry.spec.isScalar() &&
        (entry.spec.name == name || llvm::is_contained(entry.names, name)))
      return entry.root;
  std::vector<std::string> known;
  for (const Entry &entry : entries)
    if (!entry.spec.isScalar())
      known.push_back(entry.spec.name);
  return error(
      "no array argument is called '" + name + "'" +
      (known.empty() ? "; there are no arrays" : "; there are " + llvm::join(known, ", ")));
}

llvm::Error Arguments::resolveSame() {
  llvm::Error errors = llvm::Error::success();
  for (size_t i = 0; i < entries.size(); ++i) {
    // Each step follows one same:, so more steps than entries are a cycle.
    unsigned root = i, steps = 0;
    while (entries[root].spec.kind == ArgumentSpec::Same && steps++ < entries.size()) {
      const std::string &other = entries[root].spec.other;
      auto found = llvm::find_if(entries, [&](const Entry &e) {
        return e.spec.name == other || llvm::is_contained(e.names, other);
      });
      if (found == entries.end() || found->spec.isScalar()) {
        errors = llvm::joinErrors(std::move(errors),
                                  error("argument '" + entries[i].spec.name + "' is the same as '" +
                                        other + "', which is no array argument"));
        break;
      }
      root = found - entries.begin();
    }
    if (steps > entries.size())
      errors = llvm::joinErrors(std::move(errors), error("argument '" + entries[i].spec.name +
                                                         "' is the same as itself"));
    entries[i].root = root;
  }
  return errors;
}

std::optional<unsigned> Arguments::find(const Parameter &parameter, size_t position) const {
  for (const std::string &name : {parameter.name, llvm::utostr(position)})
    for (auto [i, entry] : llvm::enumerate(entries))
      if (entry.spec.name == name)
        return unsigned(i);
  return std::nullopt;
}

llvm::Expected<Arguments::Source> Arguments::bind(Parameter &parameter, unsigned index) {
  Entry &entry = entries[index];
  entry.used = true;
  if (!llvm::is_contained(entry.names, parameter.name))
    entry.names.push_back(parameter.name);
  if (parameter.isPointer) {
    if (entry.spec.isScalar())
      return error("argument '" + entry.spec.name + "' is a number, but the kernel takes " +
                   describe(parameter));
    entry.mayAlias |= parameter.mayAlias;
    return Source{Source::Pointer, index, parameter.element};
  }
  // The value is another one on every block.
  if (entry.spec.kind == ArgumentSpec::Block)
    parameter.special = SpecialValue::BlockIndex;
  for (unsigned rank = 0; rank < ranks; ++rank)
    if (auto value =
            scalarArgument(entry.spec, {int64_t(rank), int64_t(ranks), 0}, parameter.element);
        !value)
      return value.takeError();
  return Source{Source::Scalar, index, parameter.element};
}

std::vector<std::vector<std::optional<unsigned>>> Arguments::findAll(const Kernel &kernel) const {
  std::vector<std::vector<std::optional<unsigned>>> found;
  for (const CoreFunction &core : kernel.cores) {
    found.emplace_back();
    for (auto [i, parameter] : llvm::enumerate(core.parameters))
      found.back().push_back(find(parameter, i));
  }
  if (!kernel.isMixed())
    return found;
  // What one half calls otherwise stands at the same position in the other.
  size_t shared = std::min(found[0].size(), found[1].size());
  for (unsigned half : {0u, 1u})
    for (size_t i = 0; i < shared; ++i)
      if (!found[half][i] && !isFilledIn(kernel.cores[half].parameters[i]))
        found[half][i] = found[1 - half][i];
  return found;
}

llvm::Error Arguments::matchKernel(Kernel &kernel) {
  llvm::Error errors = llvm::Error::success();
  std::vector<std::vector<Source>> bound;
  auto found = findAll(kernel);
  for (auto [core, indices] : llvm::zip(kernel.cores, found)) {
    std::vector<Source> list;
    std::vector<std::string> missing, takes;
    for (auto [parameter, index] : llvm::zip(core.parameters, indices)) {
      if (!isFilledIn(parameter))
        takes.push_back(describe(parameter));
      if (!index) {
        if (!isFilledIn(parameter))
          missing.push_back(parameter.name);
        list.push_back({});
        continue;
      }
      parameter.special.reset(); // given by hand, so not filled in
      auto source = bind(parameter, *index);
      list.push_back(source ? *source : Source());
      if (!source)
        errors = llvm::joinErrors(std::move(errors), source.takeError());
    }
    if (!missing.empty()) {
      std::string function = mlir::func::FuncOp(core.function).getSymName().str();
      errors = llvm::joinErrors(std::move(errors),
                                error("no --arg for " + llvm::join(missing, ", ") + "; @" +
                                      function + " takes (" + llvm::join(takes, ", ") + ")"));
    }
    bound.push_back(std::move(list));
  }
  sources.push_back(std::move(bound));
  return errors;
}

llvm::Error Arguments::checkPointer(const Parameter &parameter, const Entry &entry) const {
  if (entry.spec.kind == ArgumentSpec::Same)
    return llvm::Error::success(); // its own type may be another view of the same bytes
  Element given = entry.contents.front().element, wanted = parameter.element;
  bool sameInteger = !isFloat(given) && !isFloat(wanted) && bytesOf(given) == bytesOf(wanted) &&
                     given != Element::I1 && wanted != Element::I1;
  if (given == wanted || sameInteger)
    return llvm::Error::success();
  std::string hint;
  if (entry.spec.kind == ArgumentSpec::File && !isFloat(given) && bytesOf(given) == bytesOf(wanted))
    hint = "; if its bits are " + name(wanted).str() + ", say " + entry.spec.path + ":" +
           name(wanted).str();
  return error("argument '" + entry.spec.name + "' holds " + name(given) +
               ", but the kernel takes " + describe(parameter) + hint);
}

/// Arrays that are asked for by their shape: what is given, and what the run holds.
llvm::Error Arguments::checkMemory(uint64_t limit) const {
  uint64_t bytes = 0;
  for (const Entry &entry : entries) {
    const ArgumentSpec &spec = entry.spec;
    bool isMade = spec.kind == ArgumentSpec::Zeros || spec.kind == ArgumentSpec::Random ||
                  spec.kind == ArgumentSpec::Window || spec.kind == ArgumentSpec::Poison;
    if (!isMade)
      continue;
    uint64_t array = bytesOf(spec.element.value_or(Element::I8));
    for (int64_t extent : spec.shape)
      array = llvm::SaturatingMultiply(array, uint64_t(extent));
    constexpr uint64_t copies = 2;
    array = llvm::SaturatingAdd(llvm::SaturatingMultiply(array, copies), spec.offset);
    bytes = llvm::SaturatingAdd(bytes, llvm::SaturatingMultiply(array, uint64_t(ranks)));
  }
  if (bytes <= limit)
    return llvm::Error::success();
  return error("the arrays of " + llvm::Twine(ranks) + (ranks == 1 ? " rank" : " ranks") +
               " need " + llvm::Twine(bytes >> 20) + " MiB, more than the " +
               llvm::Twine(limit >> 20) + " MiB of --memory-limit");
}

llvm::Error Arguments::loadArrays() {
  llvm::Error errors = llvm::Error::success();
  bool hasWindow =
      llvm::any_of(entries, [](const Entry &e) { return e.spec.kind == ArgumentSpec::Window; });
  for (Entry &entry : entries) {
    if (entry.spec.isScalar() || entry.spec.kind == ArgumentSpec::Same)
      continue;
    if (entry.spec.kind == ArgumentSpec::Context) {
      if (!hasWindow)
        errors = llvm::joinErrors(std::move(errors),
                                  error("argument '" + entry.spec.name +
                                        "' is the table of windows, but no argument is a "
                                        "window:OFFSET:SHAPE:ELEMENT"));
      Array table{Element::I64, {int64_t(ranks) + 1}, {}};
      entry.contents.assign(ranks, table);
      continue;
    }
    for (unsigned rank = 0; rank < ranks; ++rank) {
      auto array = arrayArgument(entry.spec, rank);
      if (!array) {
        errors = llvm::joinErrors(std::move(errors), array.takeError());
        array = Array{entry.spec.element.value_or(Element::F32), {}, {}};
      }
      entry.contents.push_back(std::move(*array));
    }
  }
  return errors;
}

llvm::Expected<Arguments> Arguments::match(std::vector<ArgumentSpec> specs,
                                           llvm::MutableArrayRef<Kernel> kernels, unsigned ranks,
                                           uint64_t memoryLimit) {
  Arguments result;
  result.ranks = ranks;
  llvm::Error errors = result.addSpecs(std::move(specs));
  for (Kernel &kernel : kernels)
    errors = llvm::joinErrors(std::move(errors), result.matchKernel(kernel));
  errors = llvm::joinErrors(std::move(errors), result.resolveSame());
  for (const Entry &entry : result.entries)
    if (!entry.used)
      errors = llvm::joinErrors(
          std::move(errors),
          error("--arg " + entry.spec.name + "= is not used: the kernel has no such argument"));
  if (errors)
    return errors;
  if (llvm::Error problem = result.checkMemory(memoryLimit))
    return problem;
  if (llvm::Error problem = result.loadArrays())
    return problem;
  for (auto [kernel, cores] : llvm::zip(kernels, result.sources))
    for (auto [core, list] : llvm::zip(kernel.cores, cores))
      for (auto [parameter, source] : llvm::zip(core.parameters, list))
        if (source.kind == Source::Pointer)
          errors = llvm::joinErrors(std::move(errors),
                                    result.checkPointer(parameter, result.entries[source.spec]));
  if (errors)
    return errors;
  return result;
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

void Arguments::allocate(RunInputs &run) const {
  uint64_t windowBytes = 0;
  for (const Entry &entry : entries)
    if (entry.spec.kind == ArgumentSpec::Window)
      windowBytes = std::max(windowBytes, entry.spec.offset + entry.contents.front().bytes.size());
  std::vector<uint64_t> windows;
  for (unsigned rank = 0; windowBytes && rank < ranks; ++rank)
    windows.push_back(run.memory.allocate(rank, "window", windowBytes));

  run.addresses.assign(entries.size(), std::vector<uint64_t>(ranks, 0));
  for (auto [i, entry] : llvm::enumerate(entries)) {
    if (entry.spec.isScalar() || entry.spec.kind == ArgumentSpec::Same)
      continue;
    for (unsigned rank = 0; rank < ranks; ++rank) {
      const Array &array = entry.contents[rank];
      uint64_t bytes = array.elements() * bytesOf(array.element);
      uint64_t address = entry.spec.kind == ArgumentSpec::Window
                             ? windows[rank] + entry.spec.offset
                             : run.memory.allocate(rank, entry.names.front(), bytes);
      run.addresses[i][rank] = address;
      if (entry.spec.kind == ArgumentSpec::Context)
        run.memory.store(address, windowContext(windows, rank).data(), bytes);
      else if (entry.spec.kind != ArgumentSpec::Poison)
        run.memory.store(address, array.bytes.data(), bytes);
    }
  }
  for (auto [i, entry] : llvm::enumerate(entries))
    run.addresses[i] = run.addresses[entry.root];
}

std::vector<uint64_t> Arguments::words(const RunInputs &run, llvm::ArrayRef<Source> sources,
                                       unsigned rank) const {
  std::vector<uint64_t> result;
  for (const Source &source : sources) {
    uint64_t word = 0;
    if (source.kind == Source::Pointer)
      word = run.addresses[source.spec][rank];
    else if (source.kind == Source::Scalar) // `bind` has made sure that it has a value
      word = llvm::cantFail(scalarArgument(entries[source.spec].spec,
                                           {int64_t(rank), int64_t(ranks), 0}, source.element))
                 .bits;
    result.push_back(word);
  }
  return result;
}

RunInputs Arguments::instantiate(llvm::ArrayRef<Kernel> kernels, unsigned blocks) const {
  RunInputs run;
  allocate(run);
  std::vector<ArgumentArray> arrays;
  for (auto [i, entry] : llvm::enumerate(entries)) {
    if (entry.spec.isScalar())
      continue;
    for (unsigned rank = 0; rank < ranks; ++rank)
      arrays.push_back({rank, entry.names.front(),
                        entry.mayAlias ? "pto.may_alias" : entries[entry.root].spec.name,
                        run.addresses[i][rank], entries[entry.root].contents[rank].bytes.size()});
  }
  for (auto [kernel, cores] : llvm::zip(kernels, sources)) {
    Launch launch;
    launch.blocks = blocks;
    launch.arrays = arrays;
    for (unsigned rank = 0; rank < ranks; ++rank) {
      std::vector<CoreLaunch> block;
      for (auto [core, list] : llvm::zip(kernel.cores, cores)) {
        // A mixed kernel has two vector cores beside each cube core, all others one core.
        unsigned subblocks = kernel.isMixed() && core.core == CoreKind::Vector ? 2 : 1;
        for (unsigned subblock = 0; subblock < subblocks; ++subblock)
          block.push_back({core.index, subblock, subblocks, words(run, list, rank)});
      }
      launch.ranks.push_back(std::move(block));
    }
    run.launches.push_back(std::move(launch));
  }
  return run;
}

Array Arguments::read(const RunInputs &run, unsigned index, unsigned rank) const {
  const Array &given = entries[index].contents[rank];
  Array result{given.element, given.shape, {}};
  result.bytes.resize(given.elements() * bytesOf(given.element));
  run.memory.load(run.addresses[index][rank], result.bytes.data(), result.bytes.size());
  return result;
}

bool Arguments::isComplete(const RunInputs &run, unsigned index, unsigned rank) const {
  const Array &given = entries[index].contents[rank];
  return run.memory.isInitialised(run.addresses[index][rank],
                                  given.elements() * bytesOf(given.element));
}

std::vector<Array> Arguments::readAll(const RunInputs &run) const {
  std::vector<Array> result;
  for (auto [i, entry] : llvm::enumerate(entries))
    for (unsigned rank = 0; !entry.contents.empty() && rank < ranks; ++rank)
      result.push_back(read(run, i, rank));
  return result;
}
