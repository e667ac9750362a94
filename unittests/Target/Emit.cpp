//===- Emit.cpp - From text to C++ in one call -----------------------------===//

#include "Emit.h"
#include "ptoas/Parse/Parse.h"
#include "gtest/gtest.h"

using namespace pto;
using namespace pto::test;

Emitted test::emit(llvm::StringRef source, const CppOptions &options) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  Emitted result;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    std::string place = locationText(diagnostic.getLocation());
    llvm::StringRef line = llvm::StringRef(place).rsplit(':').first.rsplit(':').second;
    result.errors.push_back((line + ": " + diagnostic.str()).str());
  });
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(source, "test.pto"),
                             llvm::SMLoc());
  auto module = parseProgram(sources, context);
  result.parsed = bool(module);
  if (!module)
    return result;
  llvm::raw_string_ostream os(result.text);
  result.printed = mlir::succeeded(emitCpp(*module, os, options));
  return result;
}

std::string test::emitOk(llvm::StringRef source, const CppOptions &options) {
  Emitted result = emit(source, options);
  EXPECT_TRUE(result.parsed && result.printed);
  for (const std::string &error : result.errors)
    ADD_FAILURE() << error;
  return result.text;
}

std::string test::bodyOf(llvm::StringRef text) {
  llvm::StringRef function = text.rsplit("AICORE").second.split("{\n").second;
  std::string body;
  while (!function.empty()) {
    auto [line, rest] = function.split('\n');
    if (line == "  return;" || line == "}")
      break;
    body += line.ltrim().str() + "\n";
    function = rest;
  }
  return body;
}

std::vector<std::string> test::rejected(llvm::StringRef source) {
  Emitted result = emit(source);
  EXPECT_TRUE(result.parsed);
  EXPECT_FALSE(result.printed);
  EXPECT_EQ(result.text, "");
  for (const std::string &error : result.errors)
    if (!result.parsed)
      ADD_FAILURE() << error;
  return result.errors;
}
