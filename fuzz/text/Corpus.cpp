//===- Corpus.cpp - Programs to start from ---------------------------------===//

#include "Corpus.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

std::vector<std::string> pto::fuzz::readCorpus(const std::vector<std::string> &paths) {
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
  llvm::sort(files);
  std::vector<std::string> corpus;
  for (const std::string &file : files)
    if (auto buffer = llvm::MemoryBuffer::getFile(file)) {
      llvm::SmallVector<llvm::StringRef> parts;
      (*buffer)->getBuffer().split(parts, "// -----");
      corpus.insert(corpus.end(), parts.begin(), parts.end());
    }
  if (corpus.empty()) {
    llvm::errs() << "Error: no .pto file below the given folders\n";
    exit(1);
  }
  return corpus;
}
