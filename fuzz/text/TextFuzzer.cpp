//===- TextFuzzer.cpp - The compiler under libFuzzer -----------------------===//
//
// Built with -DPTOAS_FUZZER=ON; scripts/soak.sh runs it on the corpus of examples and tests.
//
//===----------------------------------------------------------------------===//

#include "CompileText.h"
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pto::fuzz::compileText(llvm::StringRef(reinterpret_cast<const char *>(data), size));
  return 0;
}
