//===- TextFuzzer.cpp - The compiler under libFuzzer -----------------------===//
//
// Built with -DPTOAS_FUZZER=ON; scripts/soak.sh runs it on the corpus of examples and tests. The
// grammar-aware mutator does most edits, libFuzzer's own the others, and libFuzzer keeps what
// reaches new code.
//
//===----------------------------------------------------------------------===//

#include "CompileText.h"
#include "Corpus.h"
#include "Mutator.h"
#include <algorithm>
#include <cstring>

using namespace pto::fuzz;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  compileText(text);
  simulateText(text, size);
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  static const Mutator mutator(readCorpus({PTOAS_SOURCE "/test", PTOAS_SOURCE "/examples"}),
                               compileText);
  Random random(seed);
  if (below(random, 4) == 0)
    return LLVMFuzzerMutate(data, size, most);
  std::string text(reinterpret_cast<const char *>(data), size);
  text = mutator.edit(text, random);
  size_t length = std::min(text.size(), most);
  std::memcpy(data, text.data(), length);
  return length;
}
