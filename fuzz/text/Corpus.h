//===- Corpus.h - Programs to start from ------------------------*- C++ -*-===//
#ifndef PTOAS_FUZZ_TEXT_CORPUS_H
#define PTOAS_FUZZ_TEXT_CORPUS_H

#include <string>
#include <vector>

namespace pto::fuzz {

/// The text of every .pto file below `paths`, in the order of their names. Files that the lit tests
/// of several texts hold (`// -----`) count as several. Ends the program when a path cannot be read
/// or there is none.
std::vector<std::string> readCorpus(const std::vector<std::string> &paths);

} // namespace pto::fuzz

#endif // PTOAS_FUZZ_TEXT_CORPUS_H
