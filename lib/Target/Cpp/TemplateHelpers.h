//===- TemplateHelpers.h - Template lists that a record asks for -*- C++ -*-===//
#ifndef PTOAS_TARGET_CPP_TEMPLATEHELPERS_H
#define PTOAS_TARGET_CPP_TEMPLATEHELPERS_H

#include "ptoas/IR/Pto.h"

namespace pto::cpp {

class Printer;
/// Makes the text that stands for `{name}` in the C++ form of a record.
using TemplateHelper = std::string (*)(Printer &p, RecordOp op);
/// The helper of that name, null when there is none.
TemplateHelper findTemplateHelper(llvm::StringRef name);

} // namespace pto::cpp

#endif // PTOAS_TARGET_CPP_TEMPLATEHELPERS_H
