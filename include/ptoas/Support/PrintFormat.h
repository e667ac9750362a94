//===- PrintFormat.h - Formats of pto.print ---------------------*- C++ -*-===//
#ifndef PTOAS_SUPPORT_PRINTFORMAT_H
#define PTOAS_SUPPORT_PRINTFORMAT_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace pto {

/// One conversion of a printf format, "%-8.3f" or "%lld".
struct PrintConversion {
  size_t begin = 0, end = 0; ///< in the format, from the percent sign on
  llvm::StringRef flags;     ///< flags, width and precision: "-8.3"
  enum Length : uint8_t { Byte, Short, Int, Long, LongLong, Size } length = Int;
  char letter = 'd';
  bool isFloat = false;
};

/// The conversions of `format`, without `%%`; none when one is unknown or takes a width from an
/// argument. The flags point into `format`.
std::optional<llvm::SmallVector<PrintConversion, 1>> findConversions(llvm::StringRef format);

/// What printf makes of a format with at most one conversion, of its kind of number. Integers are
/// narrowed to the length that the conversion names.
std::string formatFloat(llvm::StringRef format, double value);
std::string formatInteger(llvm::StringRef format, int64_t value);

} // namespace pto

#endif // PTOAS_SUPPORT_PRINTFORMAT_H
