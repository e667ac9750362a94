//===- TextSoak.cpp - Mutated programs through compiler and simulator ------===//
//
// text-soak --programs N --seed S [--keep FILE] PATHS...: takes every .pto file of PATHS as corpus,
// compiles N mutants and runs them in the simulator. A mutant may be refused, with an error
// message, and a run may have findings; a crash, a hang of ten seconds, an assertion or a sanitizer
// report ends the program, and the mutant is in FILE.
//
//===----------------------------------------------------------------------===//

#include "CompileText.h"
#include "Corpus.h"
#include "Mutator.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include <unistd.h>

using namespace pto::fuzz;
namespace cl = llvm::cl;

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::opt<uint64_t> programs("programs", cl::init(1000), cl::desc("How many mutants"));
  cl::opt<uint64_t> seed("seed", cl::init(1),
                         cl::desc("Seed of the first one; the next has one more"));
  cl::opt<std::string> keep("keep", cl::init("text-soak.pto"),
                            cl::desc("Where the mutant at work is written"));
  cl::opt<unsigned> patience("patience", cl::init(10), cl::desc("Seconds until a mutant hangs"));
  cl::list<std::string> paths(cl::Positional, cl::OneOrMore, cl::desc("<folders>"));
  cl::ParseCommandLineOptions(argc, argv,
                              "text-soak: mutated programs through compiler and simulator\n");

  std::vector<std::string> corpus = readCorpus(paths);
  Mutator mutator(corpus, compileText);
  uint64_t compiled = 0, simulated = 0;
  for (uint64_t i = 0; i < programs; ++i) {
    std::string text = mutator.mutant(seed + i);
    {
      std::error_code error;
      llvm::raw_fd_ostream(keep, error) << "// seed " << seed + i << "\n" << text;
    }
    alarm(patience);
    compiled += compileText(text);
    simulated += simulateText(text, seed + i);
  }
  alarm(0);
  llvm::sys::fs::remove(keep);
  llvm::outs() << "text-soak: " << programs << " mutants of " << corpus.size() << " programs, "
               << compiled << " compiled, " << simulated
               << " simulated, the others were refused with a message\n";
  return 0;
}
