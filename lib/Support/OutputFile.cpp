//===- OutputFile.cpp - Files that are written as a whole ------------------===//

#include "ptoas/Support/OutputFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

using namespace pto;
namespace fs = llvm::sys::fs;
using Print = llvm::function_ref<void(llvm::raw_ostream &)>;

/// Prints and takes the error of the stream, which it would abort for at its end.
static std::error_code printTo(llvm::raw_fd_ostream &os, Print print) {
  print(os);
  os.flush();
  std::error_code error = os.error();
  os.clear_error();
  return error;
}

/// A rename would replace what is no plain file, such as /dev/null or a pipe.
static std::error_code writeInto(llvm::StringRef path, Print print) {
  std::error_code error;
  llvm::raw_fd_ostream os(path, error);
  return error ? error : printTo(os, print);
}

static llvm::Error replaceFile(llvm::StringRef path, Print print) {
  llvm::SmallString<128> target(path);
  if (fs::exists(path)) // a link stays, what it points to is replaced
    if (std::error_code error = fs::real_path(path, target))
      return llvm::errorCodeToError(error);
  auto temporary = fs::TempFile::create(target + ".%%%%%%.tmp");
  if (!temporary)
    return temporary.takeError();
  std::error_code error;
  {
    llvm::raw_fd_ostream os(temporary->FD, /*shouldClose=*/false);
    error = printTo(os, print);
  }
  if (!error)
    return temporary->keep(target);
  return llvm::joinErrors(llvm::errorCodeToError(error), temporary->discard());
}

llvm::Error pto::writeOutputFile(llvm::StringRef path, Print print) {
  if (path == "-") {
    if (std::error_code error = printTo(llvm::outs(), print))
      return llvm::createFileError("standard output", error);
    return llvm::Error::success();
  }
  bool isPlain = !fs::exists(path) || fs::is_regular_file(path);
  llvm::Error problem =
      isPlain ? replaceFile(path, print) : llvm::errorCodeToError(writeInto(path, print));
  if (!problem)
    return llvm::Error::success();
  // TempFile names the temporary, which nobody has heard of.
  std::string why;
  llvm::handleAllErrors(
      std::move(problem), [&](llvm::FileError &info) { why = info.messageWithoutFileInfo(); },
      [&](const llvm::ErrorInfoBase &info) { why = why.empty() ? info.message() : why; });
  return llvm::createFileError(path, llvm::createStringError(why));
}
