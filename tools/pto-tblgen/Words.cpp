//===- Words.cpp - The words of records, as readers know them --------------===//

#include "Records.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

std::string pto::tblgen::spellingOf(StringRef enumeration, StringRef word) {
  if (enumeration == "Element")
    return dialectElement(word);
  if (enumeration == "Space")
    return word.lower();
  return StringSwitch<std::string>(word)
      .Case("RowMajor", "row_major")
      .Case("ColMajor", "col_major")
      .Case("NoneBox", "none_box")
      .Default(word.str());
}

std::string pto::tblgen::listWords(StringRef check, ArrayRef<std::string> words) {
  size_t group = check == "triples"                                                          ? 3
                 : check == "pairs" || check == "convertsPlain" || check == "convertsScaled" ? 2
                                                                                             : 1;
  std::string out;
  for (size_t i = 0; i + group <= words.size(); i += group) {
    out += i ? ", " : "";
    out += group == 3   ? "(" + words[i] + "; " + words[i + 1] + ", " + words[i + 2] + ")"
           : group == 2 ? "(" + words[i] + ", " + words[i + 1] + ")"
                        : words[i];
  }
  return out;
}

std::string pto::tblgen::dialectElement(StringRef name) {
  StringRef letters = name.take_while(isAlpha);
  return (letters == "U" ? "ui" : letters.lower()) + name.drop_front(letters.size()).str();
}
