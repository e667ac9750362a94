//===- TextSoak.cpp - Mutated programs through the whole compiler ----------===//
//
// text-soak --programs N --seed S [--keep FILE] PATHS...: takes every .pto file of PATHS as corpus
// and compiles N mutants. A mutant may be refused, with an error message; a crash, a hang of ten
// seconds, an assertion or a sanitizer report ends the program, and the mutant is in FILE.
//
//===----------------------------------------------------------------------===//

#include "CompileText.h"
#include "Mutator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <unistd.h>

using namespace pto::fuzz;
namespace cl = llvm::cl;

/// Every .pto file below `paths`, in the order of their names.
static std::vector<std::string> readCorpus(const std::vector<std::string> &paths) {
  std::vector<std::string> files;
  for (const std::string &path : paths) {
    std::error_code error;
    for (llvm::sys::fs::recursive_directory_iterator it(path, error), end; it != end && !error;
         it.increment(error))
      if (llvm::sys::path::extension(it->path()) == ".pto")
        files.push_back(it->path());
    if (error) {
      llvm::errs() << "Error: " << path << ": " << error.message() << "\n";
      exit(1);
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const std::string &file : files)
    if (auto buffer = llvm::MemoryBuffer::getFile(file))
      corpus.push_back((*buffer)->getBuffer().str());
  return corpus;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::opt<uint64_t> programs("programs", cl::init(1000), cl::desc("How many mutants"));
  cl::opt<uint64_t> seed("seed", cl::init(1),
                         cl::desc("Seed of the first one; the next has one more"));
  cl::opt<std::string> keep("keep", cl::init("text-soak.pto"),
                            cl::desc("Where the mutant at work is written"));
  cl::list<std::string> paths(cl::Positional, cl::OneOrMore, cl::desc("<folders>"));
  cl::ParseCommandLineOptions(argc, argv, "text-soak: mutated programs through the compiler\n");

  std::vector<std::string> corpus = readCorpus(paths);
  if (corpus.empty()) {
    llvm::errs() << "Error: no .pto file below the given folders\n";
    return 1;
  }
  Mutator mutator(corpus);
  uint64_t compiled = 0;
  for (uint64_t i = 0; i < programs; ++i) {
    std::string text = mutator.mutant(seed + i);
    {
      std::error_code error;
      llvm::raw_fd_ostream(keep, error) << "// seed " << seed + i << "\n" << text;
    }
    alarm(10);
    compiled += compileText(text);
  }
  alarm(0);
  llvm::sys::fs::remove(keep);
  llvm::outs() << "text-soak: " << programs << " mutants of " << corpus.size() << " programs, "
               << compiled << " compiled, the others were refused with a message\n";
  return 0;
}
